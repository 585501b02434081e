"""The only place that asks the machine for the time; everywhere else `now` is an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment in UTC, with its time zone."""
    return datetime.now(UTC)
