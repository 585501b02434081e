"""Jobs of casework: what is done when a timer runs out."""

from procrastinate.contrib.django import app

from cityloop.casework import actions
from cityloop.runtime import clock


@app.task(name="casework.note_limit")
def note_limit(case_id: int) -> None:
    """Note that a limit of the case has passed, unless its task was done in time."""
    actions.note_limits_passed(case_id, clock.now())
