"""The course of a case from another system's updates: who had it when, in which states it was, what happened.

Works on the updates of one case, in memory. rows.py reads them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from sys import intern
from typing import NamedTuple

from cityloop.evaluation.facts.relations import OF_THE_CASE
from cityloop.evaluation.foreign.rows import Values, local_day, with_times
from cityloop.evaluation.foreign.texts import HELPING, HistoryText, StatesText, UpdateOrder

PASSED_ON, DONE = "pass_on", "report_back"  # outcomes of handling


class Update(NamedTuple):
    """A case after a change; the two counts are the other system's own, where it has them."""

    at: datetime
    state: str | None
    unit: str | None
    department: str | None
    reassignments: int | None
    reopenings: int | None


@dataclass(frozen=True, slots=True)
class UpdateStep:
    """An update with what it changed."""

    before: Update | None
    now: Update
    is_closed: bool
    has_closed: bool
    has_reopened: bool

    @property
    def has_moved(self) -> bool:
        """Return whether somebody else has the case; nobody, now or before, counts too."""
        return self.before is not None and self.before.unit != self.now.unit

    @property
    def was_reassigned(self) -> bool:
        """Return whether the case was passed on: by the system's own count, as its updates may not show every unit."""
        if self.before is None or self.before.reassignments is None or self.now.reassignments is None:
            return self.has_moved
        return self.now.reassignments > self.before.reassignments


@dataclass(slots=True)
class MergedUpdates:
    """The rows of one case together, in the order of the table; of values that changed, the last."""

    updates: list[Update] = field(default_factory=list)
    values: Values = field(default_factory=dict)

    def add(self, values: Values, text: HistoryText) -> None:
        """Add one more row."""
        at = values["updated_at"]
        if text.order is UpdateOrder.TABLE or at >= self.values.get("updated_at", at):
            self.values = values
        state, unit, department = (_kept(values.get(name)) for name in ("state", "unit", "department"))
        counts = values.get("reassignments"), values.get("reopenings")
        self.updates.append(Update(at, state, unit, department, *counts))


@dataclass(frozen=True, slots=True)
class ForeignCase:
    """The facts of a case; `differing` are the counts in which its updates disagree with the system's own.

    `rows` adds to the others what every fact has of its case.
    """

    case: Values
    tasks: tuple[Values, ...] = ()
    passages: tuple[Values, ...] = ()
    events: tuple[Values, ...] = ()
    differing: tuple[str, ...] = ()

    def rows(self, relation: str) -> Iterator[Values]:
        """Yield its rows of a relation."""
        if relation == "cases":
            yield self.case
            return
        of_the_case = {column.name: self.case.get(column.name) for column in OF_THE_CASE}
        for own in getattr(self, relation):
            yield of_the_case | own


def story(merged: MergedUpdates, text: HistoryText) -> ForeignCase:
    """Return the facts of a case from its updates."""
    states, zone = text.states, text.zone
    updates = merged.updates
    if text.order is UpdateOrder.TIME:
        updates = sorted(updates, key=lambda update: update.at)
    steps = tuple(_steps(updates, states))
    passages = tuple(_passages(steps, states))
    shown = _shown(steps, text)
    case = with_times(_case(merged.values, steps, shown) | _hung(passages), zone)
    differing = tuple(name for name, count in shown.items() if case[name] != count)
    return ForeignCase(case, tuple(_tasks(steps)), passages, tuple(_events(steps, zone)), differing)


def _steps(updates: Sequence[Update], states: StatesText) -> Iterator[UpdateStep]:
    before, was_closed = None, False
    for now in updates:
        is_closed = now.state in states.closed
        yield UpdateStep(before, now, is_closed, is_closed and not was_closed, was_closed and not is_closed)
        before, was_closed = now, is_closed


def _shown(steps: Sequence[UpdateStep], text: HistoryText) -> dict[str, int]:
    """Return how often the updates show the case passed on and reopened; only for the counts that they can show."""
    shown = {}
    if text.fields.unit:
        shown["reassignments"] = sum(step.has_moved for step in steps)
    if text.states.closed:
        shown["reopenings"] = sum(step.has_reopened for step in steps)
    return shown


def _case(values: Values, steps: Sequence[UpdateStep], shown: Values) -> Values:
    """Return what is known of the case at the end; the system's own counts take precedence over those shown."""
    last = steps[-1]
    held = next((step.now for step in reversed(steps) if step.now.unit), last.now)
    known: Values = {"stage": last.now.state, "unit": held.unit, "department": held.department or held.unit}
    if last.is_closed:
        known["closed_at"] = next(step.now.at for step in reversed(steps) if step.has_closed)
    left_out = (*HELPING, "unit", "department")
    kept = {name: value for name, value in values.items() if name not in left_out}
    return {name: value for name, value in (shown | known | kept).items() if value is not None}


def _hung(passages: Sequence[Values]) -> Values:
    waits = [passage for passage in passages if passage["is_hung"]]
    return {"hung_from": waits[-1]["entered_at"], "hung_until": waits[-1].get("left_at")} if waits else {}


def _tasks(steps: Sequence[UpdateStep]) -> Iterator[Values]:
    """Yield a task of handling for each stay with a unit; none while the case is with nobody."""
    number = 0
    opened: Values = {}
    for step in steps:
        if opened and (step.has_moved or step.was_reassigned):
            yield opened | _ended(opened["opened_at"], step.now.at, PASSED_ON)
            opened = {}
        if not opened and step.now.unit and (step.has_closed or not step.is_closed):
            number += 1
            opened = {"task_no": number, "kind": "handle", "part": "handling", "opened_at": step.now.at}
            opened |= _whose(step.now)
        if opened and step.is_closed:
            yield opened | _ended(opened["opened_at"], step.now.at, DONE)
            opened = {}
    if opened:
        yield opened


def _ended(start: datetime, end: datetime, outcome: str) -> Values:
    return {"outcome": outcome, "done_at": end, "open_until": end, "raw_seconds": _seconds(start, end)}


def _passages(steps: Sequence[UpdateStep], states: StatesText) -> Iterator[Values]:
    """Yield each stay in a state."""
    stay: Values = {}
    for step in steps:
        if not step.now.state or step.now.state == stay.get("stage"):
            continue
        if stay:
            spent = _seconds(stay["entered_at"], step.now.at)
            yield stay | {"left_at": step.now.at, "raw_seconds": spent}
        number = stay.get("passage_no", 0) + 1
        stay = {"passage_no": number, "stage": step.now.state, "entered_at": step.now.at} | _whose(step.now)
        stay["is_hung"] = step.now.state in states.waiting
    if stay:
        yield stay


def _events(steps: Sequence[UpdateStep], zone: tzinfo) -> Iterator[Values]:
    """Yield the events of each update, with the names of a city's own history where there are such."""
    number = 0
    for step in steps:
        for name in _names(step):
            number += 1
            at, before = step.now.at, step.before.state if step.before else None
            event = {"seq": number, "name": name, "happened_at": at, "happened_on": local_day(at, zone)}
            yield event | {"stage": step.now.state, "stage_before": before} | _whose(step.now)


def _names(step: UpdateStep) -> tuple[str, ...]:
    happened = {
        "CaseReported": step.before is None,
        "CaseReassigned": step.was_reassigned,
        "CaseReopened": step.has_reopened,
        "CaseClosed": step.has_closed,
    }
    return tuple(name for name, did in happened.items() if did) or ("CaseUpdated",)


def _kept(word: str | None) -> str | None:
    """Return a word that many updates share, once in memory."""
    return intern(word) if word else None


def _seconds(start: datetime, end: datetime) -> int:
    return max(int((end - start).total_seconds()), 0)  # the moments of a table may not be in its order


def _whose(update: Update) -> Values:
    return {"unit": update.unit, "department": update.department or update.unit}
