"""A case told for its page: facts, clocks that explain themselves, what may be done, and the history as a story."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, ngettext

from cityloop.casework import history, models
from cityloop.casework.answers import CasePage, Choice, ClockView, HistoryLine, InputField, Offer, TaskView
from cityloop.casework.masking import masked_name, masked_phone
from cityloop.casework.scope import may_unmask
from cityloop.core import procedure, worktime
from cityloop.core.procedure import Action, Actor, Need, Procedure
from cityloop.core.worktime import YELLOW_SHARE, Lamp, Limit, Unit
from cityloop.registry.city import City, city, title
from cityloop.registry.queries import account_names, categories, districts, handling_units
from cityloop.runtime import vault
from cityloop.runtime.models import Event

Said = Mapping[int, Mapping[str, str | None]]

_OTHER_EVENTS: dict[str, Callable[[], str]] = {
    "begin": lambda: gettext("Reported"),
    "limit_passed": lambda: gettext("Limit passed"),
    "reveal_reporter": lambda: gettext("Reporter shown"),
    "erase_words": lambda: gettext("Personal words erased"),
}
_UNITS: dict[Unit, Callable[[int], str]] = {
    Unit.MINUTE: lambda n: ngettext("%(n)d minute", "%(n)d minutes", n),
    Unit.HOUR: lambda n: ngettext("%(n)d hour", "%(n)d hours", n),
    Unit.DAY: lambda n: ngettext("%(n)d day", "%(n)d days", n),
    Unit.URGENT_HOUR: lambda n: ngettext("%(n)d urgent hour", "%(n)d urgent hours", n),
    Unit.URGENT_DAY: lambda n: ngettext("%(n)d urgent day", "%(n)d urgent days", n),
    Unit.WORK_HOUR: lambda n: ngettext("%(n)d working hour", "%(n)d working hours", n),
    Unit.WORK_DAY: lambda n: ngettext("%(n)d working day", "%(n)d working days", n),
}


def page(row: models.Case, case: procedure.Case, actor: Actor, now: datetime) -> CasePage:
    """Return everything on the case's page."""
    town = city()
    way = town.procedures[row.procedure, row.version]
    words = _words(row)
    said = words.get(1, {})
    told = {name: _told(body) for name, body in said.items()}
    outline = town.locator(row.district) if row.district else None
    lon, lat = row.facts.get("lon"), row.facts.get("lat")
    return CasePage(
        number=row.number,
        procedure_title=title(way.title),
        stage=row.stage,
        stage_title=title(way.stages[row.stage].title),
        is_open=row.is_open,
        stages=_stages(way, case),
        category_code=row.category,
        category_name=named_category(row.category, row.category_words, town),
        text=told.get("text"),
        address=row.address,
        lon=lon,
        lat=lat,
        district_name=area_name(row.district, town),
        community_name=area_name(row.community, town),
        channel=_channel(row.facts.get("channel", "")),
        external_id=row.facts.get("external_id", ""),
        reported_at=row.reported_at,
        received_at=row.opened_at,
        filed_at=row.clock_started_at,
        closed_at=row.closed_at,
        reporter_name=_masked(said, "reporter_name", masked_name),
        reporter_phone=_masked(said, "reporter_phone", masked_phone),
        may_unmask=bool(said.get("reporter_name") or said.get("reporter_phone")) and may_unmask(actor, case),
        clock=_case_clock(case, town, now),
        tasks=tuple(_task(way, task, town, now) for task in case.tasks),
        offers=tuple(_offers(way, case, actor, town)),
        history=_history(row, way, words, town),
        outline=outline.path if outline else None,
        spot=outline.place(float(lon), float(lat)) if outline and lon and lat else None,
    )


def named_category(code: str | None, words: str | None, town: City) -> str | None:
    """Return the class's name, else the words the reporter's channel used for it."""
    category = town.categories.get(code or "")
    return category.name if category else words or code


def area_name(code: str | None, town: City) -> str | None:
    """Return the area's name; its code where it is no longer known."""
    area = town.areas.get(code or "")
    return area.name if area else code or None


def unit_name(code: str | None, town: City) -> str | None:
    """Return the unit's name; its code where it is no longer known."""
    unit = town.units.get(code or "")
    return unit.name if unit else code


def limit_words(limit: Limit) -> str:
    """Return a limit as people say it: 2 工作日."""
    return _UNITS[limit.unit](limit.amount) % {"n": limit.amount}


def _channel(name: str) -> str:
    """Return what a channel of our own is called; others go by the name they gave themselves."""
    ours = {"desk": gettext("Intake desk"), "patrol": gettext("Patrol")}
    return ours.get(name, name)


def _stages(way: Procedure, case: procedure.Case) -> tuple[tuple[str, bool], ...]:
    """Return the stages of the straight way with whether the case has come so far, for the progress line."""
    names = [name for name, stage in way.stages.items() if not stage.final or name == case.stage]
    if case.is_open:
        names += [name for name, stage in way.stages.items() if stage.final][:1]
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
    except vault.Unreadable:  # altered, or another key: `cityloop verify` tells which
        return gettext("(cannot be read)")


def _case_clock(case: procedure.Case, town: City, now: datetime) -> ClockView | None:
    if case.clock_started_at is None or case.case_limit is None or case.case_due_at is None:
        return None
    span = (case.clock_started_at, case.case_due_at, case.closed_at)
    return _clock(gettext("Whole case"), span, case.case_limit, town, now)


def _clock(
    name: str, span: tuple[datetime, datetime, datetime | None], limit: Limit, town: City, now: datetime
) -> ClockView:
    """Return a clock from its start, due and stop; the due moment stands as it was reckoned, the rest explains it."""
    start, due_at, stop = span
    due = town.due_after(start, limit)
    until = max(start, stop or now)
    return ClockView(
        title=name,
        started_at=start,
        due=replace(due, at=due_at),
        limit_words=limit_words(limit),
        stopped_at=stop,
        lamp=Lamp.RED if until > due_at else Lamp.YELLOW if until >= due.reached(YELLOW_SHARE) else Lamp.GREEN,
        counted_seconds=worktime.counted_seconds(start, until, limit.unit, town.calendar),
        limit_seconds=due.seconds,
    )


def _task(way: Procedure, task: procedure.Task, town: City, now: datetime) -> TaskView:
    kind = way.tasks[task.kind]
    name = title(kind.title)
    role = town.roles.get(task.role)
    outcome = way.actions.get(task.outcome or "")
    return TaskView(
        no=task.no,
        kind_title=name,
        role_title=title(role.title) if role else task.role,
        unit_name=unit_name(task.unit, town),
        opened_at=task.opened_at,
        done_at=task.done_at,
        outcome=title(outcome.title) if outcome else None,
        clock=_task_clock(name, task, town, now),
    )


def _task_clock(name: str, task: procedure.Task, town: City, now: datetime) -> ClockView | None:
    if task.limit is None or task.due_at is None:
        return None
    return _clock(name, (task.opened_at, task.due_at, task.done_at), task.limit, town, now)


def _offers(way: Procedure, case: procedure.Case, actor: Actor, town: City) -> Sequence[Offer]:
    """Return the actions on tasks that fall to this person; one that is refused by a rule says why."""
    offers = []
    for task in case.tasks:
        for action in way.actions_on(task.kind) if task.is_open else ():
            refused = procedure.refusal(case, action, task.no, actor)
            if refused is None or procedure.post_for(case, task, actor):
                offers.append(_offer(action, task.no, case, town, refused.sentence if refused else None))
    return offers


def _offer(action: Action, task_no: int, case: procedure.Case, town: City, refused: str | None) -> Offer:
    fields = () if refused else tuple(_field(need, case, town) for need in action.needs)
    sentence = gettext(refused) if refused else None
    return Offer(action.name, title(action.title), task_no, fields, action.main, sentence)


def _field(need: Need, case: procedure.Case, town: City) -> InputField:
    areas = {level: case.facts[level] for level in ("district", "community") if case.facts.get(level)}
    duty = town.unit_on_duty(case.facts.get("category"), areas) or ""
    initial = {
        "category": case.facts.get("category", ""),
        "district": case.facts.get("district", ""),
        "unit": duty if need.required else "",
    }
    return InputField(
        name=need.name,
        title=title(need.title),
        kind=need.kind,
        required=need.required,
        choices=_choices(need),
        initial=initial.get(need.kind, ""),
    )


def _choices(need: Need) -> tuple[Choice, ...]:
    known = {"category": categories, "district": districts, "unit": handling_units}
    if need.kind in known:
        return tuple(Choice(value, words) for value, words in known[need.kind]())
    return tuple(Choice(value, title(words)) for value, words in need.choices)


def _history(row: models.Case, way: Procedure, words: Said, town: City) -> tuple[HistoryLine, ...]:
    events = list(Event.objects.filter(stream=history.stream(row.pk)).order_by("seq"))
    names = account_names({event.actor for event in events})
    return tuple(_line(event, way, words.get(event.seq, {}), names, town) for event in events)


def _line(
    event: Event, way: Procedure, words: Mapping[str, str | None], names: Mapping[str, str], town: City
) -> HistoryLine:
    content = event.payload
    action = way.actions.get(content["action"])
    role = town.roles.get(content["by"][0]) if content["by"] else None
    other = _OTHER_EVENTS.get(content["action"])
    return HistoryLine(
        seq=event.seq,
        at=event.at,
        event=event.name,
        action_title=title(action.title) if action else other() if other else event.name,
        actor_name=names.get(event.actor, gettext("System")),
        actor_role=title(role.title) if role else None,
        actor_unit=unit_name(content["by"][1], town) if content["by"] else None,
        says=tuple(_says(action, content, words, town)),
        stage_title=title(way.stages[content["stage"]].title),
    )


def _says(
    action: Action | None, content: Mapping[str, Any], words: Mapping[str, str | None], town: City
) -> Sequence[tuple[str, str]]:
    """Return what was said or chosen with an action, in the order it was asked for."""
    named: dict[str, Callable[[str], str | None]] = {
        "category": lambda code: named_category(code, None, town),
        "district": lambda code: area_name(code, town),
        "unit": lambda code: unit_name(code, town),
    }
    said = []
    for need in action.needs if action else ():
        answer = _told(words[need.name]) if need.name in words else content["answers"].get(need.name)
        if answer:
            chosen = dict(need.choices).get(answer)
            value = title(chosen) if chosen else named.get(need.kind, str)(answer)
            said.append((title(need.title), value or answer))
    return said
