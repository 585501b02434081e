"""What follows from events of cases: a timer for every limit that was set."""

from collections.abc import Sequence
from datetime import datetime

from cityloop.casework.jobs import note_limit
from cityloop.runtime.announcer import subscribe
from cityloop.runtime.models import Event


@subscribe("timers")
def set_timers(events: Sequence[Event]) -> None:
    """Set a timer at the due moment of every task that was opened."""
    for event in events:
        if not event.stream.startswith("case/"):
            continue
        case_id = int(event.stream.removeprefix("case/"))
        for moment in {task["due_at"] for task in event.payload["opened"] if task["due_at"]}:
            note_limit.configure(schedule_at=datetime.fromisoformat(moment)).defer(case_id=case_id)
