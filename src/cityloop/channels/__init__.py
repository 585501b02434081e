"""Channels: what imports reports and the city's data from files. intake decides what a report may contain."""
