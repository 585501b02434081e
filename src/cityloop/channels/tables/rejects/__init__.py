"""Rows that were not imported, returned in a file with the reason."""
