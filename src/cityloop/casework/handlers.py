"""What follows from events of cases: a timer for every limit that was set."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from procrastinate.contrib.django.models import ProcrastinateJob

from cityloop.casework.jobs import note_limits
from cityloop.runtime.announcer import subscribe
from cityloop.runtime.models import Event

MINUTE = timedelta(minutes=1)


@subscribe("timers")
def set_timers(events: Sequence[Event]) -> None:
    """Set a timer for every minute in which a limit of a task that was opened passes.

    One timer notes all limits of its minute: as many timers as minutes, however many cases there are.
    """
    moments = {_minute_after(moment) for event in events for moment in _due_moments(event)}
    locks = {f"limits {moment.isoformat()}": moment for moment in moments}
    waiting = ProcrastinateJob.objects.filter(queueing_lock__in=locks, status="todo")
    for lock in sorted(set(locks) - set(waiting.values_list("queueing_lock", flat=True))):
        timer = note_limits.configure(schedule_at=locks[lock], queueing_lock=lock)
        timer.defer(until=locks[lock].isoformat())


def _due_moments(event: Event) -> Sequence[datetime]:
    if not event.stream.startswith("case/"):
        return ()
    return [datetime.fromisoformat(task["due_at"]) for task in event.payload["opened"] if task["due_at"]]


def _minute_after(moment: datetime) -> datetime:
    """Return the next whole minute, the moment itself where it is one."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + MINUTE
