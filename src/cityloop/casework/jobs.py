"""Background jobs of casework: expired timers, abandoned photos, learning of places."""

from datetime import datetime, timedelta

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from cityloop.casework import actions, place_learning, queries
from cityloop.casework.history import evidence
from cityloop.runtime import clock
from cityloop.runtime.jobs import AFTER_OUTAGE

RETRY = RetryStrategy(max_attempts=12, exponential_wait=2)  # long enough for a database that is away for an hour
INSTANT = timedelta(microseconds=1)


@app.task(name="casework.note_limits", retry=RETRY)
def wake_cases(until: str) -> None:
    """Make the moves of every timer that expired by then, unless its task was done in time.

    The database says when a timer expires; a worker whose own clock is behind must not decide that it is too early.
    A case that fails does not stop the others: the job fails at the end and is retried.
    """
    moment = datetime.fromisoformat(until)
    failures = []
    for case_id in queries.cases_to_wake(moment):
        try:
            actions.wake(case_id, max(clock.now(), moment + INSTANT))
        except Exception as error:  # raised again below
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} cases could not be woken", failures)


@app.periodic(cron="40 3 * * *", periodic_id="abandoned-photos")
@app.task(name="casework.remove_abandoned_photos", queueing_lock="abandoned-photos", retry=AFTER_OUTAGE)
def remove_abandoned_photos(timestamp: int) -> None:  # the minute it was due, given by Procrastinate
    """Remove the photos that were chosen for an action that was then not done."""
    evidence.remove_abandoned(clock.now())


@app.periodic(cron="20 3 * * *", periodic_id="learn-places")
@app.task(name="casework.learn_places", queueing_lock="learn-places", retry=AFTER_OUTAGE)
def learn_places(timestamp: int) -> None:  # the minute it was due, given by Procrastinate
    """Teach the gazetteer the addresses of the cases closed since the last time."""
    place_learning.learn_from_cases(clock.now())
