"""A case told for its page: its facts, its tasks and links, and the history as a story.

Clocks that explain themselves are told in clock_views.py, what may be done in offers.py.
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
from cityloop.casework.pages.masking import masked_name, masked_phone
from cityloop.casework.pages.offers import offers
from cityloop.casework.rules.scope import may_unmask
from cityloop.casework.words import answered, area_name, moment_words, named_category, unit_name
from cityloop.core.actors import Actor
from cityloop.core.gazetteer.places import Grade
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
from cityloop.registry.gazetteer.finding import FACT
from cityloop.registry.people.accounts import account_names
from cityloop.runtime.models import Event
from cityloop.runtime.secrets import vault

Said = Mapping[int, Mapping[str, str | None]]

_OTHER_EVENTS: dict[str, Callable[[], str]] = {
    "limit_passed": lambda: gettext("Limit passed"),
    "timer_passed": lambda: gettext("A timer ran out"),
    "linked_case_closed": lambda: gettext("A linked case was closed"),
    "deadlines_moved": lambda: gettext("Due moments worked out again"),
    "reveal_reporter": lambda: gettext("Reporter shown"),
    "erase_words": lambda: gettext("Personal words erased"),
}
_WHY: dict[str, Callable[[], str]] = {
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
    way = city.way(row.procedure, row.version)
    words = _words(row)
    events = list(Event.objects.filter(stream=history.stream(row.pk)).order_by("seq"))
    said = words.get(1, {})
    told = {name: _told(body) for name, body in said.items()}
    outline = city.locator(row.district) if row.district else None
    lon, lat = row.facts.get("lon"), row.facts.get("lat")
    return CasePage(
        number=row.number,
        procedure_title=title(way.title),
        stage=row.stage,
        stage_title=title(way.stages[row.stage].title),
        is_open=row.is_open,
        stages=_stages(way, case, events, city),
        category_code=row.category,
        category_name=row.facts.get("category_name") or named_category(row.category, row.category_words, city),
        condition=_condition(row.facts),
        text=told.get(_main_words(way)),
        address=row.address,
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
        reporter_name=_masked(said, "reporter_name", masked_name),
        reporter_phone=_masked(said, "reporter_phone", masked_phone),
        may_unmask=bool(said.get("reporter_name") or said.get("reporter_phone")) and may_unmask(actor, case),
        clock=case_clock(case, city, now),
        has_clock=way.case_limit is not None,
        tasks=tuple(_task(way, case, task, city, now) for task in case.tasks),
        offers=offers(way, case, actor, city, now),
        history=_history(row, case, way, words, events, city),
        links=tuple(_link(link, city) for link in case.links),
        documents=documents.listed(way, events),
        place_found=_found_by_address(row.facts),
        facility=(row.facility, facility_name(row.facility)) if row.facility else None,
        outline=outline.path if outline else None,
        spot=outline.place(float(lon), float(lat)) if outline and lon and lat else None,
    )


def _grids(facts: Mapping[str, str], city: City) -> tuple[str, ...]:
    codes = [facts.get("unit_grid", ""), *(words.partition(":")[2] for words in facts.get("grids", "").split())]
    found = [(code, city.areas[code].name if code in city.areas else code) for code in codes if code]
    return tuple(name if code in name else f"{name} {code}" for code, name in found)


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
    said = {"grade": grades[Grade(facts[FACT])], "metres": facts.get("place_metres", "")}
    return gettext("found by the address: %(grade)s, within about %(metres)s m") % said


def _channel(name: str) -> str:
    """Return what a channel of our own is called; others go by the name they gave themselves."""
    ours = {
        "desk": gettext("Intake desk"),
        "patrol": gettext("Patrol"),
        "linked": gettext("Another case"),
        "begun": gettext("Begun by hand"),
    }
    return ours.get(name, name)


def _stages(way: Procedure, case: CaseState, events: Sequence[Event], city: City) -> tuple[tuple[str, bool], ...]:
    """Return the stages of the straight way with whether the case has come so far, for the progress line.

    A stage beside the straight way stands behind the one it was left for; a closed case ends with its own.
    """
    names = list(city.main_path(way))
    if case.stage not in names:
        been = [event.payload["stage"] for event in events if event.payload["stage"] in names]
        behind = names.index(been[-1]) + 1 if been else 0
        names[behind : None if not case.is_open else behind] = [case.stage]
    reached = names.index(case.stage)
    return tuple((title(way.stages[name].title), place <= reached) for place, name in enumerate(names))


def _words(row: models.Case) -> Said:
    """Return the personal words by event and name; None stands for erased ones."""
    words: dict[int, dict[str, str | None]] = {}
    for seq, name, body in row.words.values_list("seq", "name", "body"):
        words.setdefault(seq, {})[name] = body
    return words


def _told(body: str | None) -> str:
    return gettext("(erased by law)") if body is None else body


def _masked(said: Mapping[str, str | None], name: str, mask: Callable[[str], str]) -> str | None:
    if name not in said:
        return None
    body = said[name]
    try:
        return _told(None) if body is None else mask(vault.unlock(body))
    except vault.UnreadableSecret:  # altered, or another key: `cityloop verify` tells which
        return gettext("(cannot be read)")


def _task(way: Procedure, case: CaseState, task: TaskState, city: City, now: datetime) -> TaskView:
    kind = way.tasks[task.kind]
    role = city.roles.get(task.role)
    outcome = way.actions.get(task.outcome or "")
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
    """Return the task's name, with its unit where several units have such a task at once."""
    alike = [one for one in case.open_tasks if one.kind == task.kind]
    unit = unit_name(task.unit, city) if len(alike) > 1 else None
    return f"{title(kind.title)} · {unit}" if unit else title(kind.title)


def _depth(case: CaseState, task: TaskState) -> int:
    """Return how many tasks this one is under."""
    depth, above = 0, case.task(task.parent)
    while above is not None:
        depth, above = depth + 1, case.task(above.parent)
    return depth


def _link(link: Link, city: City) -> LinkView:
    ways = {name: way for (name, _), way in sorted(city.procedures.items())}
    way = ways.get(link.procedure)
    stage = way.stages.get(link.outcome or "") if way else None
    state = title(stage.title) if stage else link.outcome or gettext("open")
    named = title(way.title) if way else link.procedure
    return LinkView(_RELATIONS[link.relation](), link.number, named, state, link.is_open)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every line of a history is told with: the procedure, names of people, photos, titles of tasks, the city."""

    way: Procedure
    names: Mapping[str, str]
    photos: Mapping[int, Sequence[evidence.Photo]]
    tasks: Mapping[int, str]
    city: City


def _history(
    row: models.Case, case: CaseState, way: Procedure, words: Said, events: Sequence[Event], city: City
) -> tuple[HistoryLine, ...]:
    tasks = {task.no: title(way.tasks[task.kind].title) for task in case.tasks}
    names = account_names({event.actor for event in events})
    ground = _Ground(way, names, evidence.photos_of(row), tasks, city)
    return tuple(_line(event, words.get(event.seq, {}), ground) for event in events)


def _line(event: Event, words: Mapping[str, str | None], ground: _Ground) -> HistoryLine:
    way, city = ground.way, ground.city
    content = event.payload
    action = way.actions.get(content["action"])
    needs = _asked(way, content["action"])
    role = city.roles.get(content["by"][0]) if content["by"] else None
    shown = [(need, digest) for name, digest in ground.photos.get(event.seq, ()) for need in needs if need.name == name]
    gone = [(title(need.title), _told(None)) for need, digest in shown if digest is None]
    return HistoryLine(
        seq=event.seq,
        at=event.at,
        event=event.name,
        action_title=_done(event, way, action),
        actor_name=ground.names.get(event.actor, gettext("System")),
        actor_role=title(role.title) if role else None,
        actor_unit=unit_name(content["by"][1], city) if content["by"] else None,
        says=(*_says(needs, content, words, city), *_notes(event, ground), *dict.fromkeys(gone)),
        stage_title=title(way.stages[content["stage"]].title),
        photos=tuple((title(need.title), digest) for need, digest in shown if digest),
    )


def _asked(way: Procedure, action: str) -> Sequence[Need]:
    """Return what an action asked for; what was reported stands at the head of the page and is not said twice."""
    if action == "begin":
        return [need for need in way.begins.needs if need.name != _main_words(way)]
    return way.actions[action].needs if action in way.actions else ()


def _main_words(way: Procedure) -> str:
    """Return the name of the words that say what a case is about: the first text that its beginning asks for."""
    return next((need.name for need in way.begins.needs if need.kind is NeedKind.TEXT), "text")


def _done(event: Event, way: Procedure, action: Action | None) -> str:
    name = event.payload["action"]
    if name == "begin":
        return title(way.begins.title) if way.begins.title else gettext("Reported")
    other = _OTHER_EVENTS.get(name)
    return title(action.title) if action else other() if other else event.name


def _says(
    needs: Sequence[Need], content: Mapping[str, Any], words: Mapping[str, str | None], city: City
) -> Sequence[tuple[str, str]]:
    """Return what was said or chosen with an action, in the order it was asked for."""
    said = []
    for need in needs:
        answer = _told(words[need.name]) if need.name in words else content["answers"].get(need.name)
        if answer and need.kind is not NeedKind.PHOTOS:
            said.append((title(need.title), answered(need, answer, city)))
    return said


def _notes(event: Event, ground: _Ground) -> Sequence[tuple[str, str]]:
    """Return what an event that nobody did says: due moments that moved and why, which linked case was closed."""
    move = history.move(event.name, event.payload)
    notes = [(ground.tasks.get(one.task or 0, gettext("Whole case")), _moved_words(one)) for one in move.moved]
    links = [_link(link, ground.city) for link in move.links]
    if event.name == "LinkedCaseClosed":
        notes += [(link.procedure_title, f"{link.number} · {link.state}") for link in links]
    elif event.payload["action"] != "begin":
        notes += [(gettext("Case begun"), link.number) for link in links]
    return notes


def _moved_words(moved: MovedDeadline) -> str:
    """Return from when to when a due moment moved, and why: the days that are other ones now."""
    why = _WHY.get(moved.why, lambda: moved.why)()
    days = gettext(", ").join(moved.days)
    return f"{moment_words(moved.old)} → {moment_words(moved.new)} ({why}{': ' if days else ''}{days})"
