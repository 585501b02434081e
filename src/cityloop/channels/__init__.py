"""Channels: what brings reports in from elsewhere and hands them to intake. What a report may say is decided there."""
