"""What the runtime finds wrong: the database, its files, keys, backups."""

SYSTEM = {
    # Settings
    "setting-not-a-choice": "This must be one of %(choices)s.",
    "setting-not-a-time-zone": "This is not the name of a time zone. Write one such as Asia/Shanghai.",
    "setting-not-an-address": "This must begin with postgresql://.",
    "setting-not-map-tiles": (
        "This must be an http:// or https:// address that contains {z}, {x} and {y}, or a path that begins with /."
    ),
    "setting-not-an-origin": "This must be a scheme and a host name without a slash after it, as in https://city.example.org.",
    "setting-not-a-switch": "This must be 1 or empty.",
    # YAML files
    "file-unreadable": "The file cannot be read: %(error)s",
    "yaml-error": "This is not valid YAML: %(error)s",
    "field-repeated": "This field is given a second time.",
    "shape-error": "This does not fit: %(error)s.",
    # The embedded database
    "database-account": (
        "PostgreSQL cannot run as user %(user)s here, and this machine allows no other way. Run CityLoop as an "
        "ordinary user who is named in /etc/passwd, or set CITYLOOP_DATABASE_URL."
    ),
    "database-programs": (
        "There are no usable PostgreSQL programs in %(place)s. Install CityLoop again, set CITYLOOP_POSTGRES_BIN to a "
        "folder that has them, or set CITYLOOP_DATABASE_URL to the address of a server."
    ),
    "database-version": (
        "%(what)s is of PostgreSQL %(found)s; the programs in %(programs)s are PostgreSQL %(ours)s and cannot read it. "
        "Set CITYLOOP_POSTGRES_BIN to the programs of PostgreSQL %(found)s. To change to another version, make a "
        "backup with the programs that can read it, move the folder away, and restore the backup."
    ),
    "database-not-started": "The database did not start: %(error)s (the whole log is in %(log)s)",
    "database-not-made": "The database could not be created: %(error)s",
    "database-folder-foreign": (
        "%(folder)s is not a PostgreSQL folder; nothing in it was changed. Move it away, or choose another home."
    ),
    "home-of-another": "%(folder)s belongs to %(owner)s. Run the command as its owner, or choose another home.",
    "folder-not-writable": (
        "This user may not write in %(folder)s (%(error)s). Run the command as its owner, or choose another folder."
    ),
    "socket-path-too-long": (
        "The path %(path)s is too long for a socket (at most %(most)s bytes), and there is no temporary folder with a "
        "shorter one. Use a home with a shorter path, or set XDG_RUNTIME_DIR."
    ),
    # Keys and checkpoints
    "key-missing": "The key %(path)s is missing. Restore it from the backup.",
    "key-damaged": "%(path)s is no longer a key. Restore it from the backup.",
    "keys-of-another-city": (
        "The keys in %(home)s are not those of the city in this database. Use the home that it was made with."
    ),
    "checkpoints-damaged": "The end of %(path)s was altered. Restore the file from the backup.",
    # Backups
    "backup-failed": "The database could not be read: %(error)s",
    "restore-failed": "The database could not be restored: %(error)s",
    "database-in-use": (
        "Others are using the database. Stop the city and every other command that uses it, and restore again."
    ),
    "database-not-empty": (
        "The database is not empty (it contains %(name)s). Say so if its contents are to be replaced."
    ),
    "archive-damaged": "The archive %(path)s is damaged at %(member)s. Nothing was restored.",
    "archive-unknown-format": "%(path)s is not a backup that this version of CityLoop can read.",
}
