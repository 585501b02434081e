"""What follows from events of cases: a timer for every limit that was set."""

from collections.abc import Sequence
from datetime import datetime

from procrastinate.types import JSONDict

from cityloop.casework.jobs import note_limit
from cityloop.runtime.announcer import subscribe
from cityloop.runtime.models import Event


@subscribe("timers")
def set_timers(events: Sequence[Event]) -> None:
    """Set a timer at the due moment of every task that was opened."""
    cases: dict[str, set[int]] = {}
    for event in events:
        if event.stream.startswith("case/"):
            for task in event.payload["opened"]:
                if task["due_at"]:
                    cases.setdefault(task["due_at"], set()).add(int(event.stream.removeprefix("case/")))
    # Due moments are whole seconds, so those of a busy minute share a few statements.
    for moment, due in cases.items():
        timer = note_limit.configure(schedule_at=datetime.fromisoformat(moment))
        jobs: list[JSONDict] = [{"case_id": case_id, "due_at": moment} for case_id in sorted(due)]
        timer.batch_defer(*jobs)
