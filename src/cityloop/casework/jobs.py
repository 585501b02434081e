"""Jobs of casework: what is done when a timer runs out."""

from datetime import datetime, timedelta

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from cityloop.casework import actions, places_taught, queries
from cityloop.casework.history import evidence
from cityloop.runtime import clock

AGAIN = RetryStrategy(max_attempts=12, exponential_wait=2)  # a database that is away comes back within the hour
INSTANT = timedelta(microseconds=1)


@app.task(name="casework.note_limits", retry=AGAIN)
def wake_cases(until: str) -> None:
    """Do what every timer that ran out by then brings about, unless its task was done in time.

    The database says when a timer runs out; a worker whose own clock is behind must not find that it is too early.
    A case that cannot be woken holds up no other: the job fails at the end and is tried again.
    """
    moment = datetime.fromisoformat(until)
    failures = []
    for case_id in queries.cases_to_wake(moment):
        try:
            actions.wake(case_id, max(clock.now(), moment + INSTANT))
        except Exception as failure:  # raised again below
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"{len(failures)} cases could not be woken", failures)


@app.periodic(cron="40 3 * * *", periodic_id="abandoned-photos")
@app.task(name="casework.remove_abandoned_photos", queueing_lock="abandoned-photos")
def remove_abandoned_photos(timestamp: int) -> None:  # the minute it was due, told by Procrastinate
    """Remove the photos that were chosen for an action which then was not done."""
    evidence.remove_abandoned(clock.now())


@app.periodic(cron="20 3 * * *", periodic_id="learn-places")
@app.task(name="casework.learn_places", queueing_lock="learn-places")
def learn_places(timestamp: int) -> None:  # the minute it was due, told by Procrastinate
    """Teach the gazetteer where the addresses of the cases lie that were closed since."""
    places_taught.learn_from_cases(clock.now())
