"""Pages of the history of changes."""
