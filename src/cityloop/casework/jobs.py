"""Jobs of casework: what is done when a timer runs out."""

from datetime import datetime, timedelta

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from cityloop.casework import actions, queries
from cityloop.runtime import clock

AGAIN = RetryStrategy(max_attempts=12, exponential_wait=2)  # a database that is away comes back within the hour
INSTANT = timedelta(microseconds=1)


@app.task(name="casework.note_limits", retry=AGAIN)
def note_limits(until: str) -> None:
    """Note every limit that passed by then, unless its task was done in time.

    The database says when a timer runs out; a worker whose own clock is behind must not find that it is too early.
    A case that cannot be noted holds up no other: the job fails at the end and is tried again.
    """
    moment = datetime.fromisoformat(until)
    failures = []
    for case_id in queries.cases_with_passed_limits(moment):
        try:
            actions.note_limits_passed(case_id, max(clock.now(), moment + INSTANT))
        except Exception as failure:  # raised again below
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"{len(failures)} cases could not be noted", failures)
