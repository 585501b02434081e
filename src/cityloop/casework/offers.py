"""What a person may do on a case: every action of the procedure that falls to one of the person's posts.

One that a rule refuses is shown with the reason: the same function refuses the button and the action.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.utils.translation import gettext

from cityloop.casework.answers import Choice, InputField, NewCaseForm, Offer
from cityloop.core import deciding
from cityloop.core.actors import Actor
from cityloop.core.casefile import Case, Task
from cityloop.core.errors import Refusal
from cityloop.core.procedure import Action, Need, NeedKind, Procedure
from cityloop.registry.city import City, title
from cityloop.registry.queries import Named, categories, districts, handling_units

_KNOWN = {
    NeedKind.CATEGORY: categories,
    NeedKind.DISTRICT: districts,
    NeedKind.UNIT: handling_units,
    NeedKind.UNITS: handling_units,
}
_ELSEWHERE = Case(stage="", is_open=True, tasks=(), facts={}, length=0)


def offers(way: Procedure, case: Case, actor: Actor, town: City, now: datetime) -> tuple[Offer, ...]:
    """Return the actions on open tasks, then those on the case itself, that fall to this person."""
    found = []
    for task, action in _fitting(way, case, actor):
        no = task.no if task else 0
        refused = deciding.refusal(way, case, action, no, actor, now, town.calendar)
        found.append(_offer(way, action, task, case, town, refused))
    return tuple(found)


def beginnings(actor: Actor, town: City) -> tuple[NewCaseForm, ...]:
    """Return the kinds of case that this person may begin by hand."""
    newest = {name: town.latest(name) for name, _ in town.procedures}
    return tuple(
        NewCaseForm(way.name, title(way.begins.title or way.title), _fields(way.begins.needs, _ELSEWHERE, town))
        for way in newest.values()
        if deciding.may_begin(way, actor)
    )


def _fitting(way: Procedure, case: Case, actor: Actor) -> Iterator[tuple[Task | None, Action]]:
    for task in case.open_tasks:
        if deciding.post_for(case, task, actor):
            yield from ((task, action) for action in way.actions_on(task.kind))
    for action in way.actions_at(case.stage):
        if deciding.post_at(case, action, actor):
            yield None, action


def _offer(way: Procedure, action: Action, task: Task | None, case: Case, town: City, refused: Refusal | None) -> Offer:
    return Offer(
        action=action.name,
        title=title(action.title),
        task_no=task.no if task else 0,
        fields=() if refused else _fields(action.needs, case, town),
        main=action.main,
        refused=_words(refused) if refused else None,
        task_title=title(way.tasks[task.kind].title) if task else gettext("On the whole case"),
    )


def _words(refused: Refusal) -> str:
    return title(refused.words) if refused.words else gettext(refused.sentence)


def _fields(needs: Sequence[Need], case: Case, town: City) -> tuple[InputField, ...]:
    return tuple(_field(need, case, town) for need in needs)


def _field(need: Need, case: Case, town: City) -> InputField:
    areas = {level: case.facts[level] for level in ("district", "community") if case.facts.get(level)}
    duty = town.unit_on_duty(case.facts.get("category"), areas) or ""
    initial = {
        NeedKind.CATEGORY: case.facts.get("category", ""),
        NeedKind.DISTRICT: case.facts.get("district", ""),
        NeedKind.UNIT: duty if need.required and case is not _ELSEWHERE else "",
    }
    return InputField(
        name=need.name,
        title=title(need.title),
        kind=need.kind.value,
        required=need.required,
        choices=_choices(need),
        initial=initial.get(need.kind, ""),
        help=_help(need),
        least=need.least,
        most=need.most,
    )


def _help(need: Need) -> str:
    """Return what is to be known before answering: how many, how far."""
    if need.kind is NeedKind.DATE and need.most:
        return gettext("At most %(days)d days ahead.") % {"days": need.most}
    if need.kind is NeedKind.NUMBER and need.most:
        return gettext("At most %(most)d.") % {"most": need.most}
    if need.kind is NeedKind.UNITS and need.least > 1:
        return gettext("At least %(least)d.") % {"least": need.least}
    return ""


def _choices(need: Need) -> tuple[Choice, ...]:
    known: Sequence[Named] = _KNOWN[need.kind]() if need.kind in _KNOWN else ()
    own = tuple(Choice(value, title(words)) for value, words in need.choices)
    return own or tuple(Choice(value, words) for value, words in known)
