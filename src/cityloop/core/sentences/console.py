"""What commands refuse."""

CONSOLE: dict[str, str] = {}
