"""Jobs of casework: what is done when a timer runs out."""

from datetime import datetime, timedelta

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from cityloop.casework import actions
from cityloop.runtime import clock

AGAIN = RetryStrategy(max_attempts=12, exponential_wait=2)  # a database that is away comes back within the hour
INSTANT = timedelta(microseconds=1)


@app.task(name="casework.note_limit", retry=AGAIN)
def note_limit(case_id: int, due_at: str) -> None:
    """Note that a limit of the case has passed, unless its task was done in time.

    The database says when a timer runs out; a worker whose own clock is behind must not find that it is too early.
    """
    actions.note_limits_passed(case_id, max(clock.now(), datetime.fromisoformat(due_at) + INSTANT))
