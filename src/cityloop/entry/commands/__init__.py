"""The commands that run once and end."""
