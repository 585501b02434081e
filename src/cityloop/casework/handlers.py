"""Reacts to events of cases: sets a timer for every clock that was set, and notifies linked cases."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from procrastinate.contrib.django.models import ProcrastinateJob

from cityloop.casework import actions, models
from cityloop.casework.history import events as history
from cityloop.casework.jobs import wake_cases
from cityloop.registry.city.current import current_city
from cityloop.runtime import clock
from cityloop.runtime.log.announcer import subscribe
from cityloop.runtime.models import Event

MINUTE = timedelta(minutes=1)


@subscribe("timers")
def set_timers(events: Sequence[Event]) -> None:
    """Schedule a job for every minute in which a clock timer of a task or case runs out.

    One job wakes all cases of its minute, so there are as many jobs as minutes, however many cases there are.
    """
    moments = {_minute_after(moment) for event in events for moment in _waking_moments(event)}
    locks = {f"limits {moment.isoformat()}": moment for moment in moments}
    waiting = ProcrastinateJob.objects.filter(queueing_lock__in=locks, status="todo")
    for lock in sorted(set(locks) - set(waiting.values_list("queueing_lock", flat=True))):
        timer = wake_cases.configure(schedule_at=locks[lock], queueing_lock=lock)
        timer.defer(until=locks[lock].isoformat())


@subscribe("linked-cases")
def notify_linked_cases(events: Sequence[Event]) -> None:
    """Note on the cases linked with a case that it was closed, or opened again."""
    reopening = _reopening()
    changed = {
        int(event.stream[5:])
        for event in events
        if event.stream.startswith("case/") and (event.payload["final"] or event.name in reopening)
    }
    for row in models.Case.objects.filter(pk__in=changed).exclude(links=[]).order_by("pk"):
        for link in history.read_links(row.links):
            outcome = None if row.is_open else row.stage
            actions.note_linked_case(link.number, row.number, outcome, clock.now())


def _reopening() -> set[str]:
    """Return the events of the actions that reopen a closed case."""
    return {
        action.event
        for procedure in current_city().procedures.values()
        for action in procedure.actions.values()
        if action.to and any(procedure.stages[stage].final for stage in action.at)
    }


def _waking_moments(event: Event) -> Iterator[datetime]:
    if event.stream.startswith("case/"):
        timed = (*event.payload["opened"], *event.payload.get("changes", ()))
        yield from (datetime.fromisoformat(item["wake_at"]) for item in timed if item.get("wake_at"))


def _minute_after(moment: datetime) -> datetime:
    """Return the next whole minute, or the moment itself if it is one."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + MINUTE
