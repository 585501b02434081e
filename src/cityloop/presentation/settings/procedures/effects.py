"""What follows from an action of a declared procedure, as text: stages, tasks, clocks, further cases, documents."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cityloop.core.clocks.history import ClockEventKind as ClockFact
from cityloop.core.procedures.procedure import (
    Action,
    Branch,
    CaseClock,
    CaseRelation,
    Extension,
    Need,
    NeedKind,
    NewCaseRule,
    Procedure,
    TaskOpening,
)
from cityloop.presentation.settings.procedures.words import Claim, Vocabulary, claim_of


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows, and the claim under which it does; none: always."""

    words: str
    where: Claim | None = None


def consequences(procedure: Procedure, action: Action, v: Vocabulary) -> Iterator[Consequence]:
    """Yield what follows from an action, in the order in which it comes about."""
    plain = list(_effects(procedure, action, v))
    yield from (Consequence(words) for words in plain)
    for branch in action.branches:
        where = claim_of(procedure, branch.requirement, v)
        effects = _("; ").join(_branch_effects(procedure, action, branch, v)) or _("nothing more")
        yield Consequence(effects, where)


def document_words(procedure: Procedure, names: tuple[str, ...], v: Vocabulary) -> list[str]:
    """Return that documents of these names are written."""
    return [_("writes “%s”") % v.say(procedure.documents[name].title) for name in names]


def opening_words(procedure: Procedure, opening: TaskOpening, needs: tuple[Need, ...], v: Vocabulary) -> str:
    """Return which task is opened, for whom and with which clock."""
    words = _("opens “%s”") % v.say(procedure.tasks[opening.kind].title)
    return _(", ").join([words, *_opening_details(procedure, opening, needs, v)])


def clock_words(change: CaseClock) -> str:
    """Return what happens to the case's own clock."""
    return {
        CaseClock.START: _("the case's clock starts"),
        CaseClock.PAUSE: _("the case's clock pauses"),
        CaseClock.RESUME: _("the case's clock runs again"),
        CaseClock.CONTINUE: _("the case's clock goes on with what was left"),
        CaseClock.RESTART: _("the case's clock starts afresh"),
    }[change]


def _effects(procedure: Procedure, action: Action, v: Vocabulary) -> Iterator[str]:
    if action.keeps:
        yield _("the task stays open")
    yield from _ends(procedure, action.ends, v)
    if action.to:
        yield _("to “%s”") % v.say(procedure.stages[action.to].title)
    yield from (opening_words(procedure, opening, action.needs, v) for opening in action.opens)
    if action.case_clock:
        yield clock_words(action.case_clock)
    if action.extends:
        yield _extension_words(action.extends, action.needs, v)
    if action.begins_case:
        yield _new_case_words(action.begins_case, v)
    for name, value in action.sets.items():
        yield _("this is noted for later conditions") + (f" `{name} = {value}`" if v.with_code else "")
    yield from document_words(procedure, action.documents, v)


def _branch_effects(procedure: Procedure, action: Action, branch: Branch, v: Vocabulary) -> Iterator[str]:
    yield from _ends(procedure, branch.ends, v)
    if branch.to:
        yield _("to “%s”") % v.say(procedure.stages[branch.to].title)
    yield from (opening_words(procedure, opening, action.needs, v) for opening in branch.opens)


def _ends(procedure: Procedure, kinds: tuple[str, ...], v: Vocabulary) -> Iterator[str]:
    yield from (_("ends every open “%s”") % v.say(procedure.tasks[kind].title) for kind in kinds)


def _opening_details(
    procedure: Procedure, opening: TaskOpening, needs: tuple[Need, ...], v: Vocabulary
) -> Iterator[str]:
    again = {
        ClockFact.CONTINUED: _("again for the former unit, whose clock goes on"),
        ClockFact.UNSTOPPED: _("again for the former unit, as if its clock had never stopped"),
        ClockFact.RESTARTED: _("again for the former unit, whose clock starts afresh"),
    }
    need = next((need for need in needs if need.name == opening.unit), None)
    if opening.again:
        yield again[opening.again]
    elif procedure.tasks[opening.kind].held_by_unit and opening.unit == "own":
        yield _("for the unit of the person who acts")
    elif procedure.tasks[opening.kind].held_by_unit and need:
        several = need.kind is NeedKind.UNITS
        yield (_("for each unit given as “%s”") if several else _("for the unit given as “%s”")) % v.say(need.title)
    if opening.under:
        yield _("under this task")


def _extension_words(extension: Extension, needs: tuple[Need, ...], v: Vocabulary) -> str:
    need = next((need for need in needs if need.name == extension.asked), None)
    by = _("by the value of “%s”") % v.say(need.title) if need else _("its limit again")
    words = _("the task above gets more time: %s") if extension.of_parent else _("the task gets more time: %s")
    return words % by


def _new_case_words(new: NewCaseRule, v: Vocabulary) -> str:
    is_child = new.relation is CaseRelation.CHILD
    words = _("begins a case under this one: “%s”") if is_child else _("begins a linked case: “%s”")
    return words % v.procedure(new.procedure)
