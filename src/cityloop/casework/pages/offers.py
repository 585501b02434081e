"""The actions that a person is offered on a case: every action of the procedure that one of the person's posts may do.

An action that a rule refuses is shown with the reason: the same function refuses the button and the action.
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
from cityloop.core.sentences import SENTENCES
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import title
from cityloop.registry.organisation.actors import Named, categories, districts, handling_units

_OPTIONS = {
    NeedKind.CATEGORY: categories,
    NeedKind.DISTRICT: districts,
    NeedKind.UNIT: handling_units,
    NeedKind.UNITS: handling_units,
}
_NO_CASE = CaseState(stage="", is_open=True, tasks=(), facts={}, length=0)


def offers(procedure: Procedure, case: CaseState, actor: Actor, city: City, now: datetime) -> tuple[Offer, ...]:
    """Return the actions on open tasks, then those on the case itself, that this person's posts may do."""
    found, responsibility = [], Responsibility(case.facts, city)
    for task, action in _actions_for(procedure, case, actor):
        no = task.no if task else 0
        refusal = deciding.refusal(procedure, case, action, no, actor, now, city.calendar)
        found.append(_offer(procedure, action, task, case, responsibility, refusal))
    return tuple(found)


def beginnings(actor: Actor, city: City) -> tuple[NewCaseForm, ...]:
    """Return the kinds of case that this person may begin by hand."""
    newest = {name: city.latest(name) for name, _ in city.procedures}
    responsibility = Responsibility(_NO_CASE.facts, city)
    return tuple(
        NewCaseForm(
            procedure.name,
            title(procedure.begins.title or procedure.title),
            _fields(procedure.begins.needs, (), _NO_CASE, responsibility),
        )
        for procedure in newest.values()
        if deciding.may_begin(procedure, actor)
    )


def _actions_for(procedure: Procedure, case: CaseState, actor: Actor) -> Iterator[tuple[TaskState | None, Action]]:
    for task in case.open_tasks:
        if deciding.post_for(case, task, actor):
            yield from ((task, action) for action in procedure.actions_on(task.kind))
    for action in procedure.actions_at(case.stage):
        if deciding.post_at(case, action, actor):
            yield None, action


def _offer(
    procedure: Procedure,
    action: Action,
    task: TaskState | None,
    case: CaseState,
    responsibility: Responsibility,
    refusal: Refusal | None,
) -> Offer:
    handing_needs = handing(action.needs, procedure, openings(procedure, action.name))
    return Offer(
        action=action.name,
        title=title(action.title),
        task_no=task.no if task else 0,
        fields=() if refusal else _fields(action.needs, handing_needs, case, responsibility),
        main=action.main,
        refused=_sentence(refusal) if refusal else None,
        task_title=title(procedure.tasks[task.kind].title) if task else gettext("On the whole case"),
    )


def _sentence(refusal: Refusal) -> str:
    """Return why an action is refused, in the reader's language."""
    if refusal.words:
        return title(refusal.words)
    sentence = SENTENCES.get(refusal.code)
    return gettext(sentence) % refusal.values if sentence else refusal.sentence


def _fields(
    needs: Sequence[Need], handing_needs: Sequence[Need], case: CaseState, responsibility: Responsibility
) -> tuple[InputField, ...]:
    return tuple(_field(need, case, responsibility, hands_over=need in handing_needs) for need in needs)


def _field(need: Need, case: CaseState, responsibility: Responsibility, *, hands_over: bool) -> InputField:
    suggests = need.kind is NeedKind.UNIT and need.required and case is not _NO_CASE
    initial = {NeedKind.CATEGORY: case.facts.get("category", ""), NeedKind.DISTRICT: case.facts.get("district", "")}
    hints = [
        _limits_hint(need),
        responsibility.explanation() if suggests else "",
        responsibility.list_hint() if hands_over else "",
    ]
    return InputField(
        name=need.name,
        title=title(need.title),
        kind=need.kind.value,
        required=need.required,
        choices=_choices(need, responsibility, hands_over=hands_over),
        initial=responsibility.answer.unit or "" if suggests else initial.get(need.kind, ""),
        help=" ".join(filter(None, hints)),
        least=need.least,
        most=need.most,
    )


def _limits_hint(need: Need) -> str:
    """Return what limits an answer: how many, how large, how far ahead."""
    if need.kind is NeedKind.DATE and need.most:
        return gettext("At most %(days)d days ahead.") % {"days": need.most}
    if need.kind is NeedKind.NUMBER and need.most:
        return gettext("At most %(most)d.") % {"most": need.most}
    if need.kind is NeedKind.UNITS and need.least > 1:
        return gettext("At least %(least)d.") % {"least": need.least}
    return ""


def _choices(need: Need, responsibility: Responsibility, *, hands_over: bool) -> tuple[Choice, ...]:
    """Return what may be chosen, without the units that the case may not be handed to."""
    if need.kind is NeedKind.CONDITION:
        return _conditions(responsibility)
    own = tuple(Choice(value, title(words)) for value, words in need.choices)
    options: Sequence[Named] = _OPTIONS[need.kind]() if need.kind in _OPTIONS else ()
    bars = hands_over and need.kind in CHOOSING
    return own or tuple(Choice(code, name) for code, name in options if not (bars and responsibility.barred(code)))


def _conditions(responsibility: Responsibility) -> tuple[Choice, ...]:
    """Return the conditions for filing of the case's class, each with its handling limit in the case's area."""
    city = responsibility.city
    category = city.classes.get(responsibility.facts.get("category", ""))
    if category is None:
        return ()
    grade = city.grade_of(tuple(responsibility.areas.values()))
    return tuple(
        Choice(f"{category.reference} {number}", _with_limit(condition.filing, condition.limit(grade)))
        for number, condition in category.conditions.items()
    )


def _with_limit(words: str, limit: Limit | None) -> str:
    return f"{words} · {limit_words(limit)}" if limit else words
