"""The history of one case as rows of the four fact relations. Pure: no files, no database, no clock.

A row depends on the history alone, so the same history always gives the same rows. This module has what is the same for
every procedure; the meaning of the events of one procedure is defined by its pack (meanings.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from itertools import pairwise
from typing import Any

from cityloop.core.actors import SYSTEM, Post
from cityloop.core.clocks import counting as clocks
from cityloop.core.clocks import worktime
from cityloop.core.clocks.history import Clock
from cityloop.core.clocks.history import ClockEventKind as ClockFact
from cityloop.core.clocks.worktime import Calendar
from cityloop.core.codes.classes import class_key
from cityloop.core.codes.crosswalk import major_of
from cityloop.core.place.areas import PLACED
from cityloop.core.procedures.casefile import ENDED, CaseState, TaskState
from cityloop.evaluation.facts.meanings import NOTHING, Meaning, Moment
from cityloop.evaluation.facts.walk import CaseStep, LoggedEvent, Walk, walk_case

GRIDS = ("patrol_grid", "appraisal_grid", "social_grid")
CORRECTED = ("category", *PLACED, "lon", "lat", "facility")  # values of a report that may be corrected later
OTHER = "other"  # the kind of a source that no pack defines

Row = dict[str, Any]
Rows = dict[str, list[Row]]  # by relation


@dataclass(frozen=True)
class Context:
    """What rows depend on besides the history: the city at the moment of the facts."""

    calendar: Calendar
    zone: tzinfo  # of days
    departments: Mapping[str, str] = field(default_factory=dict)  # the uppermost unit around each
    grades: Mapping[str, tuple[int, str]] = field(default_factory=dict)  # of areas: how small its level is, and grade
    source_kinds: Mapping[str, str] = field(default_factory=dict)  # by channel
    meanings: Mapping[tuple[str, int], Meaning] = field(default_factory=dict)  # by procedure and version

    def department(self, unit: str | None) -> str | None:
        """Return the uppermost unit above a unit: itself where there is none."""
        return self.departments.get(unit, unit) if unit else None

    def grade(self, areas: Sequence[str]) -> str | None:
        """Return the grade of the smallest of the areas that has one."""
        known = [self.grades[code] for code in areas if code in self.grades]
        return max(known, key=lambda pair: pair[0])[1] if known else None


def rows_of(events: Iterable[LoggedEvent], context: Context) -> Rows:
    """Return the rows of every fact relation for a case, from all its events in order."""
    events = list(events)
    known = events[0].payload["facts"]
    meaning = context.meanings.get((known["procedure"], int(known["version"])), NOTHING)
    walk = walk_case(events, meaning.handling)
    common = _of_the_case(walk, meaning, context)
    return {
        "cases": [{**common, **_case(walk, meaning, context)}],
        "tasks": [{**common, **row} for row in _tasks(walk, meaning, context)],
        "passages": [{**common, **row} for row in _passages(walk, context)],
        "events": [{**common, **row} for row in _events(walk, context)],
    }


def _of_the_case(walk: Walk, meaning: Meaning, context: Context) -> Row:
    case, facts = walk.case, walk.case.facts
    hung_from, hung_until = _hung(case)
    exempt = meaning.cases.get("is_exempt")
    return {
        "case_number": facts["number"],
        "procedure": facts["procedure"],
        "source": facts.get("channel"),
        "source_kind": context.source_kinds.get(facts.get("channel", ""), OTHER),
        **_of_the_class(facts.get("category")),
        **{level: facts.get(level) or None for level in PLACED},
        **_grids(facts.get("grids", "")),
        "grade": context.grade(case.areas),
        "voided_at": _utc(_voided_at(walk)),
        "hung_from": _utc(hung_from),
        "hung_until": _utc(hung_until),
        "is_exempt": exempt.of(walk) if exempt else False,
    }


def _of_the_class(reference: str | None) -> Row:
    if not reference:
        return {}
    catalogue, kind, code = class_key(reference)
    return {"catalogue": catalogue, "category_kind": kind, "category": code, "major": major_of(code)}


def _grids(text: str) -> Row:
    """Return the grid of each kind, the one with the smallest code where there are several."""
    found: dict[str, str] = {}
    for kind, _, code in sorted((word.partition(":") for word in text.split()), reverse=True):
        found[kind] = code
    return {kind: found.get(kind) for kind in GRIDS}


def _hung(case: CaseState) -> tuple[datetime | None, datetime | None]:
    """Return when the case's clock was paused last, and when that ended."""
    began = ended = None
    for fact in case.clock.facts if case.clock else ():
        if fact.kind is ClockFact.PAUSED:
            began, ended = fact.at, None
        elif began and ended is None and fact.kind in (ClockFact.RESUMED, ClockFact.STOPPED):
            ended = fact.at
    return began, ended


def _voided_at(walk: Walk) -> datetime | None:
    """Return when the case was excluded from every figure; None while it counts."""
    if walk.case.counts:
        return None
    counted = [place for place, step in enumerate(walk.steps) if step.after.counts]
    return walk.steps[counted[-1] + 1 if counted else 0].event.at


def _case(walk: Walk, meaning: Meaning, context: Context) -> Row:
    case, first = walk.case, walk.steps[0]
    facts, unit = case.facts, walk.units[-1]
    filed, closed = _filing(walk, meaning), _closing(walk)
    reported_at = datetime.fromisoformat(facts["reported_at"])
    columns = {name: rule.of(walk) for name, rule in meaning.cases.items() if name != "is_exempt"}
    return {
        "department": context.department(unit),
        "unit": unit,
        "post": _post(first.move.by),
        "person": first.event.account if first.move.by else None,
        "filed_post": _post(filed.move.by) if filed else None,
        "filed_by": _person(filed),
        "closed_post": _post(closed.move.by) if closed else None,
        "closed_by": _person(closed),
        "stage": case.stage,
        "condition": facts.get("condition") or None,
        "origin": facts.get("origin") or None,
        "facility": facts.get("facility") or None,
        "reported_at": _utc(reported_at),
        "received_at": _utc(first.event.at),
        "closed_at": _utc(case.closed_at),
        **_limited(case.clock, case.clock_started_at, case.closed_at, case.case_due_at, context.calendar),
        "version": int(facts["version"]),
        "reassignments": walk.reassignments,
        "reopenings": _reopenings(walk),
        "was_corrected": _was_corrected(first.after.facts, facts),
        "reported_on": _day(reported_at, context.zone),
        "filed_on": _day(filed.event.at if filed else None, context.zone),
        "closed_on": _day(case.closed_at, context.zone),
        "lon": _degrees(facts.get("lon")),
        "lat": _degrees(facts.get("lat")),
        **{name: _utc(value) if isinstance(value, datetime) else value for name, value in columns.items()},
    }


def _filing(walk: Walk, meaning: Meaning) -> CaseStep | None:
    """Return the event that filed the case; None where its pack does not define that."""
    rule = meaning.cases.get("filed_at")
    return rule.step(walk) if isinstance(rule, Moment) else None


def _closing(walk: Walk) -> CaseStep | None:
    """Return the event that closed the case; None while it is open."""
    if walk.case.is_open:
        return None
    was_open = [place for place, step in enumerate(walk.steps) if step.after.is_open]
    return walk.steps[was_open[-1] + 1 if was_open else 0]


def _reopenings(walk: Walk) -> int:
    states = [step.after.is_open for step in walk.steps]
    return sum(now and not before for before, now in pairwise(states))


def _was_corrected(reported: Mapping[str, str], known: Mapping[str, str]) -> bool:
    return any(reported[name] != known.get(name) for name in CORRECTED if reported.get(name))


def _tasks(walk: Walk, meaning: Meaning, context: Context) -> Iterator[Row]:
    columns = {name: rule.of(walk) for name, rule in meaning.tasks.items()}
    for task in walk.case.tasks:
        done = None if task.outcome == ENDED else walk.done_by.get(task.no)
        by = done.move.by if done else None
        unit = task.unit or (by.unit if by else None)
        values = {name: by_task.get(task.no) for name, by_task in columns.items()}
        yield {
            "department": context.department(unit),
            "unit": unit,
            "post": _post(by) or f"{task.role}@{task.unit or ''}",
            "person": _person(done),
            "kind": task.kind,
            "part": task.part.value,
            "outcome": task.outcome if done else None,
            "opened_at": _utc(task.opened_at),
            "done_at": _utc(task.done_at) if done else None,
            "open_until": _utc(task.done_at),
            **_limited(task.clock, task.opened_at, task.done_at, task.due_at, context.calendar),
            "task_no": task.no,
            "parent_no": task.parent,
            **{name: _utc(value) if isinstance(value, datetime) else value for name, value in values.items()},
            "sent_to_department": context.department(_text(values.get("sent_to"))),
        }


def _passages(walk: Walk, context: Context) -> Iterator[Row]:
    stages = [step.after.stage for step in walk.steps]
    entries = [place for place, stage in enumerate(stages) if not place or stages[place - 1] != stage]
    hung = _paused_after(walk)
    for number, (place, following) in enumerate(zip(entries, [*entries[1:], len(walk.steps)], strict=True), start=1):
        entered, leaving = walk.steps[place], walk.steps[following] if following < len(walk.steps) else None
        left_at, unit = leaving.event.at if leaving else None, walk.units[following - 1]
        task = walk.case.task(entered.move.opened[0].no) if entered.move.opened else None
        yield {
            "department": context.department(unit),
            "unit": unit,
            "stage": entered.after.stage,
            "left_by": leaving.move.action if leaving else None,
            "entered_at": _utc(entered.event.at),
            "left_at": _utc(left_at),
            **_of_the_stay(task, entered.event.at, left_at, context.calendar),
            "passage_no": number,
            "is_hung": any(hung[place:following]),
        }


def _stage(walk: Walk, place: int) -> str:
    return walk.steps[place].after.stage


def _paused_after(walk: Walk) -> list[bool]:
    """Return for each event whether the case's clock was paused after it."""
    found, paused = [], False
    for step in walk.steps:
        for change in step.move.changes:
            if change.task is None and change.fact:
                paused = change.fact.kind is ClockFact.PAUSED or (paused and change.fact.kind is ClockFact.EXTENDED)
        paused = paused and not step.move.final
        found.append(paused)
    return found


def _of_the_stay(task: TaskState | None, begin: datetime, end: datetime | None, calendar: Calendar) -> Row:
    """Return the limit of a stay: the limit of the first task opened when it began."""
    if task is None or task.clock is None:
        return _limited(None, begin, end, None, calendar)
    counted = worktime.counted_seconds(begin, end, task.clock.unit, calendar) if end else None
    return {**_limited(task.clock, begin, end, task.due_at, calendar), "counted_seconds": counted}


def _events(walk: Walk, context: Context) -> Iterator[Row]:
    for place, step in enumerate(walk.steps):
        event, move, unit = step.event, step.move, walk.unit_concerned(place)
        task = walk.case.task(move.task)
        yield {
            "department": context.department(unit),
            "unit": unit,
            "post": _post(move.by),
            "person": _person(step),
            "own_unit": move.by.unit if move.by else None,
            "name": event.name,
            "action": move.action,
            "stage": step.after.stage,
            "stage_before": _stage(walk, place - 1) if place else None,
            "task_kind": task.kind if task else None,
            "reason": move.answers.get("reason"),
            "happened_at": _utc(event.at),
            "happened_on": _day(event.at, context.zone),
            "seq": event.seq,
            "task_no": move.task,
            "is_automatic": event.account == SYSTEM.account,
        }


def _limited(
    clock: Clock | None, begin: datetime | None, end: datetime | None, due_at: datetime | None, calendar: Calendar
) -> Row:
    """Return the limit of a clock and the time taken between a beginning and an end."""
    took = int((worktime.whole_second(end) - worktime.whole_second(begin)).total_seconds()) if begin and end else None
    if clock is None:
        return {"raw_seconds": took}
    limit = clock.limit_in_force
    return {
        "limit_amount": limit.amount,
        "limit_unit": limit.unit.value,
        "limit_seconds": _allowed(clock, calendar),
        "raw_seconds": took,
        "counted_seconds": _counted(clock, end, calendar) if end else None,
        "extensions": sum(fact.kind is ClockFact.EXTENDED for fact in clock.facts),
        "due_at": _utc(due_at),
    }


def _is_plain(clock: Clock) -> bool:
    """Return whether a clock was only started and stopped: most clocks are, and need no history."""
    kinds = [fact.kind for fact in clock.facts]
    return kinds in ([ClockFact.STARTED], [ClockFact.STARTED, ClockFact.STOPPED])


def _allowed(clock: Clock, calendar: Calendar) -> int | None:
    if _is_plain(clock) and not clock.limit.follows_day_ends(calendar):
        return clock.limit.seconds(clock.facts[0].at, calendar)
    return clocks.limit_seconds(clock, calendar)


def _counted(clock: Clock, end: datetime, calendar: Calendar) -> int:
    if _is_plain(clock):
        return worktime.counted_seconds(clock.facts[0].at, end, clock.limit.unit, calendar)
    return clocks.counted_seconds(clock, end, calendar)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _post(by: Post | None) -> str | None:
    return f"{by.role}@{by.unit}" if by else None


def _person(step: CaseStep | None) -> str | None:
    """Return the account of who acted; None where the system acted alone."""
    return step.event.account if step and step.event.account != SYSTEM.account else None


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC).replace(tzinfo=None) if at else None


def _day(at: datetime | None, zone: tzinfo) -> date | None:
    return at.astimezone(zone).date() if at else None


def _degrees(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None
