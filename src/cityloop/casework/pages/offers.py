"""What a person may do on a case: every action of the procedure that falls to one of the person's posts.

One that a rule refuses is shown with the reason: the same function refuses the button and the action.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.utils.translation import gettext

from cityloop.casework.pages.answers import Choice, InputField, NewCaseForm, Offer
from cityloop.casework.rules.responsibility import CHOOSING, Responsibility, handing, openings
from cityloop.casework.words import limit_words
from cityloop.core.actors import Actor
from cityloop.core.clocks.worktime import Limit
from cityloop.core.errors import Refusal
from cityloop.core.procedures import deciding
from cityloop.core.procedures.casefile import CaseState, TaskState
from cityloop.core.procedures.procedure import Action, Need, NeedKind, Procedure
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import title
from cityloop.registry.organisation.actors import Named, categories, districts, handling_units

_KNOWN = {
    NeedKind.CATEGORY: categories,
    NeedKind.DISTRICT: districts,
    NeedKind.UNIT: handling_units,
    NeedKind.UNITS: handling_units,
}
_ELSEWHERE = CaseState(stage="", is_open=True, tasks=(), facts={}, length=0)


def offers(way: Procedure, case: CaseState, actor: Actor, city: City, now: datetime) -> tuple[Offer, ...]:
    """Return the actions on open tasks, then those on the case itself, that fall to this person."""
    found, there = [], Responsibility(case.facts, city)
    for task, action in _fitting(way, case, actor):
        no = task.no if task else 0
        refused = deciding.refusal(way, case, action, no, actor, now, city.calendar)
        found.append(_offer(way, action, task, case, there, refused))
    return tuple(found)


def beginnings(actor: Actor, city: City) -> tuple[NewCaseForm, ...]:
    """Return the kinds of case that this person may begin by hand."""
    newest = {name: city.latest(name) for name, _ in city.procedures}
    there = Responsibility(_ELSEWHERE.facts, city)
    return tuple(
        NewCaseForm(way.name, title(way.begins.title or way.title), _fields(way.begins.needs, (), _ELSEWHERE, there))
        for way in newest.values()
        if deciding.may_begin(way, actor)
    )


def _fitting(way: Procedure, case: CaseState, actor: Actor) -> Iterator[tuple[TaskState | None, Action]]:
    for task in case.open_tasks:
        if deciding.post_for(case, task, actor):
            yield from ((task, action) for action in way.actions_on(task.kind))
    for action in way.actions_at(case.stage):
        if deciding.post_at(case, action, actor):
            yield None, action


def _offer(
    way: Procedure,
    action: Action,
    task: TaskState | None,
    case: CaseState,
    there: Responsibility,
    refused: Refusal | None,
) -> Offer:
    handed = handing(action.needs, way, openings(way, action.name))
    return Offer(
        action=action.name,
        title=title(action.title),
        task_no=task.no if task else 0,
        fields=() if refused else _fields(action.needs, handed, case, there),
        main=action.main,
        refused=_words(refused) if refused else None,
        task_title=title(way.tasks[task.kind].title) if task else gettext("On the whole case"),
    )


def _words(refused: Refusal) -> str:
    return title(refused.words) if refused.words else gettext(refused.sentence)


def _fields(
    needs: Sequence[Need], handed: Sequence[Need], case: CaseState, there: Responsibility
) -> tuple[InputField, ...]:
    return tuple(_field(need, case, there, is_handed=need in handed) for need in needs)


def _field(need: Need, case: CaseState, there: Responsibility, *, is_handed: bool) -> InputField:
    suggests = need.kind is NeedKind.UNIT and need.required and case is not _ELSEWHERE
    initial = {NeedKind.CATEGORY: case.facts.get("category", ""), NeedKind.DISTRICT: case.facts.get("district", "")}
    told = [_how_many(need)]
    told += [there.told()] if suggests else []
    told += [there.told_of_list()] if is_handed else []
    return InputField(
        name=need.name,
        title=title(need.title),
        kind=need.kind.value,
        required=need.required,
        choices=_choices(need, there, is_handed=is_handed),
        initial=there.answer.unit or "" if suggests else initial.get(need.kind, ""),
        help=" ".join(filter(None, told)),
        least=need.least,
        most=need.most,
    )


def _how_many(need: Need) -> str:
    """Return what is to be known before answering: how many, how far."""
    if need.kind is NeedKind.DATE and need.most:
        return gettext("At most %(days)d days ahead.") % {"days": need.most}
    if need.kind is NeedKind.NUMBER and need.most:
        return gettext("At most %(most)d.") % {"most": need.most}
    if need.kind is NeedKind.UNITS and need.least > 1:
        return gettext("At least %(least)d.") % {"least": need.least}
    return ""


def _choices(need: Need, there: Responsibility, *, is_handed: bool) -> tuple[Choice, ...]:
    """Return what may be chosen; a unit that the case may not be handed to is none of them."""
    if need.kind is NeedKind.CONDITION:
        return _conditions(there)
    known: Sequence[Named] = _KNOWN[need.kind]() if need.kind in _KNOWN else ()
    own = tuple(Choice(value, title(words)) for value, words in need.choices)
    bars = is_handed and need.kind in CHOOSING
    return own or tuple(Choice(value, words) for value, words in known if not (bars and there.barred(value)))


def _conditions(there: Responsibility) -> tuple[Choice, ...]:
    """Return the conditions for filing of the case's class, each with its limit of handling there."""
    category = there.city.classes.get(there.facts.get("category", ""))
    if category is None:
        return ()
    grade = there.city.grade_of(tuple(there.areas.values()))
    return tuple(
        Choice(f"{category.reference} {number}", _with_limit(condition.filing, condition.limit(grade)))
        for number, condition in category.conditions.items()
    )


def _with_limit(words: str, limit: Limit | None) -> str:
    return f"{words} · {limit_words(limit)}" if limit else words
