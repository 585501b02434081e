"""The page of a case: its facts, tasks, links and history.

Its clocks are in clocks.py, the actions it offers in offers.py, its documents in documents.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from cityloop.casework import models
from cityloop.casework.history import events as history
from cityloop.casework.history import evidence
from cityloop.casework.pages import documents
from cityloop.casework.pages.answers import CasePage, HistoryLine, LinkView, TaskView
from cityloop.casework.pages.clocks import case_clock, task_clock
from cityloop.casework.pages.masking import mask_of, shown_reporter
from cityloop.casework.pages.offers import offers
from cityloop.casework.rules.scope import may_unmask
from cityloop.casework.words import answered, area_name, moment_words, named_category, unit_name
from cityloop.core.actors import Actor
from cityloop.core.gazetteer.places import Grade
from cityloop.core.personal_words import Mask, masked_name, masked_phone
from cityloop.core.procedures.casefile import CaseState, Link, MovedDeadline, TaskState
from cityloop.core.procedures.procedure import (
    Action,
    CaseRelation,
    Need,
    NeedKind,
    Procedure,
    TaskKind,
)
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.city.facts import title
from cityloop.registry.facilities.queries import facility_name
from cityloop.registry.gazetteer.finding import FACT, WORDS_DISTRICT
from cityloop.registry.people.accounts import account_names
from cityloop.runtime.models import Event

Bodies = Mapping[str, str | None]  # personal words by name; None: erased

_OTHER_EVENTS: dict[str, Callable[[], str]] = {
    "limit_passed": lambda: gettext("Limit passed"),
    "timer_passed": lambda: gettext("A timer ran out"),
    "linked_case_closed": lambda: gettext("A linked case was closed"),
    "deadlines_moved": lambda: gettext("Due moments recalculated"),
    "reveal_reporter": lambda: gettext("Reporter shown"),
    "erase_words": lambda: gettext("Personal words erased"),
}
_REASONS: dict[str, Callable[[], str]] = {
    "announced": lambda: gettext("the year's holidays are announced"),
    "days_changed": lambda: gettext("working days have changed"),
    "hours_changed": lambda: gettext("working hours have changed"),
}
_RELATIONS: dict[CaseRelation, Callable[[], str]] = {
    CaseRelation.CHILD: lambda: gettext("Split off from this case"),
    CaseRelation.PARENT: lambda: gettext("This case was split off from"),
    CaseRelation.LINKED: lambda: gettext("Linked case"),
}


def page(row: models.Case, case: CaseState, actor: Actor, now: datetime) -> CasePage:
    """Return everything on the case's page."""
    city = current_city()
    procedure = city.procedure(row.procedure, row.version)
    words = _words(row)
    events = list(Event.objects.filter(stream=history.stream(row.pk)).order_by("seq"))
    report = words.get(1, {})
    main_words = _main_words(procedure)
    mask = mask_of(actor, case.areas, report)
    outline = city.locator(row.district) if row.district else None
    lon, lat = row.facts.get("lon"), row.facts.get("lat")
    return CasePage(
        number=row.number,
        procedure_title=title(procedure.title),
        stage=row.stage,
        stage_title=title(procedure.stages[row.stage].title),
        is_open=row.is_open,
        stages=_stages(procedure, case, events, city),
        category_code=row.category,
        category_name=row.facts.get("category_name")
        or named_category(row.category, mask(row.category_words or "") or None, city),
        condition=_condition(row.facts),
        text=mask(_shown(report[main_words])) if main_words in report else None,
        address=mask(row.address or "") or None,
        lon=lon,
        lat=lat,
        district_name=area_name(row.district, city),
        community_name=area_name(row.community, city),
        street_name=area_name(row.facts.get("street"), city),
        grids=_grids(row.facts, city),
        channel=_channel(row.facts.get("channel", "")),
        external_id=row.facts.get("external_id", ""),
        reported_at=row.reported_at,
        received_at=row.opened_at,
        filed_at=row.clock_started_at,
        closed_at=row.closed_at,
        reporter_name=shown_reporter(report, "reporter_name", masked_name),
        reporter_phone=shown_reporter(report, "reporter_phone", masked_phone),
        may_unmask=bool(report.get("reporter_name") or report.get("reporter_phone")) and may_unmask(actor, case.areas),
        clock=case_clock(case, city, now),
        has_clock=procedure.case_limit is not None,
        tasks=tuple(_task(procedure, case, task, city, now) for task in case.tasks),
        offers=offers(procedure, case, actor, city, now),
        history=_history(row, case, procedure, words, events, city, mask),
        links=tuple(_link(link, city) for link in case.links),
        documents=documents.listed(procedure, events),
        place_found=_found_by_address(row.facts),
        place_contradiction=_contradiction(row, procedure, city),
        facility=(row.facility, facility_name(row.facility)) if row.facility else None,
        outline=outline.path if outline else None,
        spot=outline.place(float(lon), float(lat)) if outline and lon and lat else None,
    )


def _grids(facts: Mapping[str, str], city: City) -> tuple[str, ...]:
    codes = [facts.get("unit_grid", ""), *(grid.partition(":")[2] for grid in facts.get("grids", "").split())]
    named = [(code, city.areas[code].name if code in city.areas else code) for code in codes if code]
    return tuple(name if code in name else f"{name} {code}" for code, name in named)


def _condition(facts: Mapping[str, str]) -> tuple[str, str] | None:
    filing = facts.get("condition_filing")
    return (filing, facts.get("condition_closing", "")) if filing else None


def _found_by_address(facts: Mapping[str, str]) -> str | None:
    if FACT not in facts:
        return None
    grades = {
        Grade.PLATE: gettext("door plate"),
        Grade.POI: gettext("point of interest"),
        Grade.CROSSING: gettext("crossing"),
        Grade.STREET: gettext("road"),
        Grade.BLOCK: gettext("estate"),
        Grade.ZONE: gettext("quarter"),
        Grade.COMMUNITY: gettext("community"),
    }
    values = {"grade": grades[Grade(facts[FACT])], "metres": facts.get("place_metres", "")}
    return gettext("found by the address: %(grade)s, within about %(metres)s m") % values


def _contradiction(row: models.Case, procedure: Procedure, city: City) -> str | None:
    """Return that words and point disagree, until the case leaves its first stage: somebody has then decided."""
    named = row.facts.get(WORDS_DISTRICT)
    if not named or row.stage != city.main_path(procedure)[0]:
        return None
    values = {"named": area_name(named, city), "area": area_name(row.district, city)}
    if row.district is None:
        return gettext("The report names %(named)s, but the point lies in no district of the city.") % values
    return gettext("The report names %(named)s, but the point lies in %(area)s. Check the place.") % values


def _channel(name: str) -> str:
    """Return the title of a built-in channel; other channels have the name they gave themselves."""
    ours = {
        "desk": gettext("Intake desk"),
        "patrol": gettext("Patrol"),
        "linked": gettext("Another case"),
        "begun": gettext("Begun by hand"),
    }
    return ours.get(name, name)


def _stages(procedure: Procedure, case: CaseState, events: Sequence[Event], city: City) -> tuple[tuple[str, bool], ...]:
    """Return the stages of the main path and whether the case has reached each, for the progress line.

    A stage off the main path comes after the stage it was left from; a closed case ends with its own stage.
    """
    names = list(city.main_path(procedure))
    if case.stage not in names:
        visited = [event.payload["stage"] for event in events if event.payload["stage"] in names]
        after = names.index(visited[-1]) + 1 if visited else 0
        names[after : after if case.is_open else None] = [case.stage]
    reached = names.index(case.stage)
    return tuple((title(procedure.stages[name].title), index <= reached) for index, name in enumerate(names))


def _words(row: models.Case) -> Mapping[int, Bodies]:
    """Return the personal words by event and name; None means erased."""
    words: dict[int, dict[str, str | None]] = {}
    for seq, name, body in row.words.values_list("seq", "name", "body"):
        words.setdefault(seq, {})[name] = body
    return words


def _shown(body: str | None) -> str:
    return gettext("(erased by law)") if body is None else body


def _task(procedure: Procedure, case: CaseState, task: TaskState, city: City, now: datetime) -> TaskView:
    kind = procedure.tasks[task.kind]
    role = city.roles.get(task.role)
    outcome = procedure.actions.get(task.outcome or "")
    return TaskView(
        no=task.no,
        kind_title=title(kind.title),
        role_title=title(role.title) if role else task.role,
        unit_name=unit_name(task.unit, city),
        opened_at=task.opened_at,
        done_at=task.done_at,
        outcome=title(outcome.title) if outcome else gettext("Ended with another") if task.done_at else None,
        clock=task_clock(_clock_title(case, task, kind, city), task, city, now),
        depth=_depth(case, task),
    )


def _clock_title(case: CaseState, task: TaskState, kind: TaskKind, city: City) -> str:
    """Return the task's title, with its unit if several units have such a task at once."""
    same_kind = [other for other in case.open_tasks if other.kind == task.kind]
    unit = unit_name(task.unit, city) if len(same_kind) > 1 else None
    return f"{title(kind.title)} · {unit}" if unit else title(kind.title)


def _depth(case: CaseState, task: TaskState) -> int:
    """Return how many tasks are above this one."""
    depth, parent = 0, case.task(task.parent)
    while parent is not None:
        depth, parent = depth + 1, case.task(parent.parent)
    return depth


def _link(link: Link, city: City) -> LinkView:
    procedures = {name: procedure for (name, _), procedure in sorted(city.procedures.items())}
    procedure = procedures.get(link.procedure)
    stage = procedure.stages.get(link.outcome or "") if procedure else None
    state = title(stage.title) if stage else link.outcome or gettext("open")
    procedure_title = title(procedure.title) if procedure else link.procedure
    return LinkView(_RELATIONS[link.relation](), link.number, procedure_title, state, link.is_open)


@dataclass(frozen=True, slots=True)
class _HistoryContext:
    """What every line of a history needs: the procedure, names, photos, titles of tasks, the city, the mask."""

    procedure: Procedure
    names: Mapping[str, str]
    photos: Mapping[int, Sequence[evidence.Photo]]
    tasks: Mapping[int, str]
    city: City
    mask: Mask


def _history(
    row: models.Case,
    case: CaseState,
    procedure: Procedure,
    words: Mapping[int, Bodies],
    events: Sequence[Event],
    city: City,
    mask: Mask,
) -> tuple[HistoryLine, ...]:
    tasks = {task.no: title(procedure.tasks[task.kind].title) for task in case.tasks}
    names = account_names({event.actor for event in events})
    context = _HistoryContext(procedure, names, evidence.photos_of(row), tasks, city, mask)
    return tuple(_line(event, words.get(event.seq, {}), context) for event in events)


def _line(event: Event, words: Bodies, context: _HistoryContext) -> HistoryLine:
    procedure, city = context.procedure, context.city
    payload = event.payload
    action = procedure.actions.get(payload["action"])
    needs = _shown_needs(procedure, payload["action"])
    role = city.roles.get(payload["by"][0]) if payload["by"] else None
    by_name = {need.name: need for need in needs}
    photos = [(by_name[name], digest) for name, digest in context.photos.get(event.seq, ()) if name in by_name]
    erased = [(title(need.title), _shown(None)) for need, digest in photos if digest is None]
    return HistoryLine(
        seq=event.seq,
        at=event.at,
        event=event.name,
        action_title=_action_title(event, procedure, action),
        actor_name=context.names.get(event.actor, gettext("System")),
        actor_role=title(role.title) if role else None,
        actor_unit=unit_name(payload["by"][1], city) if payload["by"] else None,
        says=(*_answers(needs, payload, words, context), *_notes(event, context), *dict.fromkeys(erased)),
        stage_title=title(procedure.stages[payload["stage"]].title),
        photos=tuple((title(need.title), digest) for need, digest in photos if digest),
    )


def _shown_needs(procedure: Procedure, action: str) -> Sequence[Need]:
    """Return what an action asked for, without the text of the report, which is at the head of the page."""
    if action == "begin":
        return [need for need in procedure.begins.needs if need.name != _main_words(procedure)]
    return procedure.actions[action].needs if action in procedure.actions else ()


def _main_words(procedure: Procedure) -> str:
    """Return the name of the text that says what a case is about: the first one that its beginning asks for."""
    return next((need.name for need in procedure.begins.needs if need.kind is NeedKind.TEXT), "text")


def _action_title(event: Event, procedure: Procedure, action: Action | None) -> str:
    name = event.payload["action"]
    if name == "begin":
        return title(procedure.begins.title) if procedure.begins.title else gettext("Reported")
    other = _OTHER_EVENTS.get(name)
    return title(action.title) if action else other() if other else event.name


def _answers(
    needs: Sequence[Need], payload: Mapping[str, Any], words: Bodies, context: _HistoryContext
) -> Sequence[tuple[str, str]]:
    """Return what was written or chosen with an action, in the order of its needs."""
    lines = []
    for need in needs:
        answer = context.mask(_shown(words[need.name])) if need.name in words else payload["answers"].get(need.name)
        if answer and need.kind is not NeedKind.PHOTOS:
            lines.append((title(need.title), answered(need, answer, context.city)))
    return lines


def _notes(event: Event, context: _HistoryContext) -> Sequence[tuple[str, str]]:
    """Return what the system noted with an event: due moments that moved and why, cases begun or closed."""
    move = history.move(event.name, event.payload)
    whole = gettext("Whole case")
    notes = [(context.tasks.get(moved.task or 0, whole), _moved_words(moved)) for moved in move.moved]
    links = [_link(link, context.city) for link in move.links]
    if event.name == "LinkedCaseClosed":
        notes += [(link.procedure_title, f"{link.number} · {link.state}") for link in links]
    elif event.payload["action"] != "begin":
        notes += [(gettext("Case begun"), link.number) for link in links]
    return notes


def _moved_words(moved: MovedDeadline) -> str:
    """Return from when to when a due moment moved, and why: the days that changed."""
    why = _REASONS.get(moved.why, lambda: moved.why)()
    days = gettext(", ").join(moved.days)
    return f"{moment_words(moved.old)} → {moment_words(moved.new)} ({why}{': ' if days else ''}{days})"
