"""What the runtime finds wrong: the database, its files, keys, backups."""

SYSTEM: dict[str, str] = {}
