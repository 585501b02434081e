"""What makes sound what a procedure asks for and tells: needs, the limits and cases they give, the documents. Pure.

A fault is told with the path of its field and with what to do. Answers are checked in needs.py.
"""

import string
from collections.abc import Iterable, Iterator

from cityloop.core.procedures.opening import OWN
from cityloop.core.procedures.procedure import (
    Action,
    CaseClock,
    Need,
    NeedKind,
    Procedure,
    TaskOpening,
)

Where = tuple[str, ...]
Fault = tuple[Where, str]
Asked = tuple[Where, str, tuple[Need, ...]]  # where it stands, what it is called, what it asks for

TOLD = (
    "number", "category", "condition", "district", "address", "text", "unit", "limit", "due", "case_due", "by",
    "moment", "stage",
)  # fmt: skip  # what a line of a document may name besides what its action was given
LIMITS = (NeedKind.NUMBER, NeedKind.DATE)  # the needs that can give one
PLACES = (NeedKind.CATEGORY, NeedKind.CONDITION, NeedKind.DISTRICT)


def faults(procedure: Procedure) -> Iterator[Fault]:
    """Yield everything that is wrong with what a procedure asks for and tells."""
    for where, _, needs in _asking(procedure):
        yield from _of_needs((*where, "needs"), needs)
    yield from _of_task_limits(procedure)
    yield from _of_the_case_limit(procedure)
    for action in procedure.actions.values():
        yield from _of_extension(action)
        yield from _of_new_case(action)
    yield from _of_documents(procedure)


def _asking(procedure: Procedure) -> Iterator[Asked]:
    yield ("begins",), "the beginning", procedure.begins.needs
    for name, action in procedure.actions.items():
        yield ("actions", name), name, action.needs


def _of_needs(where: Where, needs: tuple[Need, ...]) -> Iterator[Fault]:
    names = [need.name for need in needs]
    if len(set(names)) < len(names):
        yield where, "two needs have one name"
    told = [need.kind for need in needs if need.kind in PLACES]
    if len(set(told)) < len(told):
        yield where, "two needs set the category, the condition or the district"
    for no, need in enumerate(needs):
        if need.kind is NeedKind.CHOICE and not need.choices:
            yield (*where, str(no)), f"nothing can be chosen for {need.name}: give its choices"
        if need.most is not None and need.most < need.least:
            yield (*where, str(no)), f"at least {need.least} and at most {need.most} cannot be: change one of them"


def _of_task_limits(procedure: Procedure) -> Iterator[Fault]:
    openings = list(_openings(procedure))
    for name, kind in procedure.tasks.items():
        if kind.limit.asked:
            given = [needs for opening, needs in openings if opening.kind == name]
            where = ("tasks", name, "limit", "asked")
            yield from _of_limit(where, kind.limit.asked, [procedure.begins.needs, *given], "an action that opens it")


def _openings(procedure: Procedure) -> Iterator[tuple[TaskOpening, tuple[Need, ...]]]:
    yield from ((one, procedure.begins.needs) for one in procedure.begins.opens)
    for action in procedure.actions.values():
        opens = (*action.opens, *(one for branch in action.branches for one in branch.opens))
        yield from ((one, action.needs) for one in opens)


def _of_the_case_limit(procedure: Procedure) -> Iterator[Fault]:
    if procedure.case_limit and procedure.case_limit.asked:
        starts = [one.needs for one in procedure.actions.values() if one.case_clock is CaseClock.START]
        given = [procedure.begins.needs, *starts]
        yield from _of_limit(("case_limit", "asked"), procedure.case_limit.asked, given, "the action that starts it")


def _of_limit(where: Where, asked: str, given: Iterable[tuple[Need, ...]], other: str) -> Iterator[Fault]:
    found = [need for needs in given for need in needs if need.name == asked]
    if not found:
        yield where, f"nothing asks for {asked}: add a need of that name to the beginning or to {other}"
    if any(need.kind not in LIMITS for need in found):
        yield where, f"the need {asked} gives a limit: it must be a number or a date"


def _of_extension(action: Action) -> Iterator[Fault]:
    where, asked = ("actions", action.name, "extends"), action.extends.asked if action.extends else None
    need = next((one for one in action.needs if one.name == asked), None)
    if asked and need is None:
        yield where, f"there is no need {asked}"
    if need and need.kind not in LIMITS:
        yield where, f"the need {asked} gives more time: it must be a number or a date"


def _of_new_case(action: Action) -> Iterator[Fault]:
    if new := action.begins_case:
        known = [need.name for need in action.needs]
        for theirs, ours in new.gives.items():
            if ours not in (OWN, *known):
                where = ("actions", action.name, "begins_case", "gives", theirs)
                yield where, f"there is no need {ours}; there are {', '.join((*known, OWN))}"


def _of_documents(procedure: Procedure) -> Iterator[Fault]:
    begun = [need.name for need in procedure.begins.needs if need.kind is NeedKind.TEXT]
    producing: dict[Where, tuple[str, ...]] = {("begins",): procedure.begins.documents}
    producing |= {("actions", name): action.documents for name, action in procedure.actions.items()}
    for where, by, needs in _asking(procedure):
        known = {*TOLD, *begun, *(need.name for need in needs)}
        for name in producing[where]:
            yield from _of_lines(procedure, name, by, known)
    produced = {name for names in producing.values() for name in names}
    for name in procedure.documents:
        if name not in produced:
            yield ("documents", name), "nothing produces it: add it to the documents of an action, or take it out"


def _of_lines(procedure: Procedure, name: str, by: str, known: set[str]) -> Iterator[Fault]:
    for no, line in enumerate(procedure.documents[name].lines):
        where = ("documents", name, "lines", str(no))
        try:
            named = {field for _, field, _, _ in string.Formatter().parse(line) if field is not None}
        except ValueError as error:
            yield where, f"its braces do not match ({error}); a brace that is meant is written twice"
            continue
        for field in sorted(named - known):
            yield where, f"{by} knows no {field}; known are {', '.join(sorted(known))}"
