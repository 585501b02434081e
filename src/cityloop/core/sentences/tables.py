"""What a table that is imported can have wrong."""

TABLES: dict[str, str] = {}
