"""What commands refuse."""

CONSOLE: dict[str, str] = {
    "no-database": "The database does not answer: %(error)s",
    "port-taken": "Another program uses port %(port)s. Choose one with --port.",
    "another-city": "This home contains another city. Serve it with: cityloop serve",
    # Accounts
    "role-not-in-city": "%(value)s is not a role of the city. The roles are: %(roles)s.",
    "channels-fixed": "%(username)s already has an account. Its channels cannot be changed.",
    "not-a-system-channel": "Connected systems cannot report by the channel %(value)s.",
    "account-of-a-system": "%(username)s is the account of a connected system.",
    "account-ended": "The account %(username)s is ended. Reopen it first.",
    "account-closed": "The account %(username)s has been closed.",
    "not-a-username": "A user name has at most 100 characters, without blanks.",
    "not-a-persons-name": "A name has at most 100 characters, all of them printable.",
    "not-a-telephone-number": "This is not a telephone number.",
    "links-file-exists": "The file %(path)s exists already. Name a new file.",
    # Imports
    "same-as-in-line": "This is the same as in line %(line)s.",
    "no-row-read": "None of the %(rows)s rows could be read: see %(path)s.",
    "rejects-over-import": "This is the file that is imported. Name another file for the rejected rows.",
    "database-lost": (
        "The database stopped answering after row %(row)s: %(error)s. The rows before it are kept; run the same "
        "command again to go on."
    ),
    "catalogue-fits-another": (
        "%(fits_other)s classes of the table are those of %(other)s, but only %(fits)s are those of %(catalogue)s. "
        "Check the catalogue of the mapping."
    ),
    # Packs
    "pack-folder-missing": "The folder of the pack %(pack)s no longer exists.",
    "no-pack-in-folder": "This folder contains no pack.yaml, and no folder with one.",
    # Upkeep
    "procedures-without-pack": (
        "Cases follow procedures that no pack declares any more: %(procedures)s. Put the pack back: see CITYLOOP_PACKS."
    ),
    "reader-fails": "The reader %(reader)s of the log has failed since %(since)s: %(failure)s",
    "altered": "%(number)s findings: the data is not as it was written.",
    "archive-exists": "%(path)s exists already. A backup never replaces another.",
    # Facts and figures
    "fact-parts-altered": "%(number)s parts of the facts are not as they were written.",
    "no-facts-in-folder": "There are no facts in %(folder)s.",
    "run-differs": "The saved run does not match what it records.",
    "not-a-time-of-day": "%(value)s is not a time of day. Write it as 12:00.",
    "no-indicator-by-column": ("No indicator of %(book)s can be broken down by %(by)s. The columns are: %(columns)s."),
    "not-column-and-value": "%(value)s: write a column and a value, such as district=671001.",
    "no-pack-with-indicators": (
        "No pack %(name)s has indicators, and no folder of that name contains an %(file)s. Packs with indicators: "
        "%(packs)s."
    ),
    "not-written": "%(path)s cannot be written: %(error)s.",
    # Benchmarks
    "lost": "%(number)s acknowledged reports are not stored exactly once.",
    "no-data": "There is no %(file)s in %(folder)s. Name the folder with --data or CITYLOOP_DATA.",
    "bench-nothing-accepted": "%(name)s: nothing was accepted. Answers by status: %(statuses)s.",
    "bench-refused": "%(what)s was answered with status %(status)s.",
    "no-kept-ratios": "The table of kept ratios cannot be read, at: %(line)s",
    "server-ended": "The server ended before it was ready. See the messages above.",
    "floor-silent": "The server of the floor does not answer.",
    "announcer-behind": "The announcer does not catch up.",
    "city-not-back": "The city did not come back within %(seconds)s seconds.",
    "not-survived": "The city did not survive unharmed: %(faults)s.",
}
