"""Rows that were refused, given back in a file with the reason."""
