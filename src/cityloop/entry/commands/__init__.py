"""Commands of the command line that run once and end."""
