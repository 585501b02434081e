"""Faults in what a procedure asks for and produces: needs, the limits and cases they give, documents. Pure.

Each has the path of its field and says what to do. Answers are checked in needs.py.
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
from cityloop.core.sentences import Values

Path = tuple[str, ...]  # of a field
ProcedureFault = tuple[Path, str, Values]  # the field, a code of core.sentences, the values of its sentence

LINE_NAMES = (
    "number", "category", "condition", "district", "address", "text", "unit", "limit", "due", "case_due", "by",
    "moment", "stage",
)  # fmt: skip  # what a line of a document may name besides the answers of its action
LIMITS = (NeedKind.NUMBER, NeedKind.DATE)  # the needs that can give one
PLACES = (NeedKind.CATEGORY, NeedKind.CONDITION, NeedKind.DISTRICT)


def faults(procedure: Procedure) -> Iterator[ProcedureFault]:
    """Yield all faults in what a procedure asks for and produces."""
    for path, needs in _needs_by_path(procedure):
        yield from _of_needs((*path, "needs"), needs)
    yield from _of_task_limits(procedure)
    yield from _of_the_case_limit(procedure)
    for action in procedure.actions.values():
        yield from _of_extension(action)
        yield from _of_new_case(action)
    yield from _of_documents(procedure)


def _needs_by_path(procedure: Procedure) -> Iterator[tuple[Path, tuple[Need, ...]]]:
    """Yield what the beginning and every action ask for, with its path."""
    yield ("begins",), procedure.begins.needs
    for name, action in procedure.actions.items():
        yield ("actions", name), action.needs


def _of_needs(path: Path, needs: tuple[Need, ...]) -> Iterator[ProcedureFault]:
    names = [need.name for need in needs]
    if len(set(names)) < len(names):
        yield path, "procedure-needs-same-name", {}
    placing = [need.kind for need in needs if need.kind in PLACES]
    if len(set(placing)) < len(placing):
        yield path, "procedure-needs-same-fact", {}
    for no, need in enumerate(needs):
        if need.kind is NeedKind.CHOICE and not need.choices:
            yield (*path, str(no)), "procedure-need-without-choices", {"name": need.name}
        if need.most is not None and need.most < need.least:
            yield (*path, str(no)), "procedure-need-least-above-most", {"least": need.least, "most": need.most}


def _of_task_limits(procedure: Procedure) -> Iterator[ProcedureFault]:
    openings = list(_openings(procedure))
    for name, kind in procedure.tasks.items():
        if kind.limit.asked:
            opening_needs = [needs for opening, needs in openings if opening.kind == name]
            found = _needs_named(kind.limit.asked, [procedure.begins.needs, *opening_needs])
            path = ("tasks", name, "limit", "asked")
            yield from _of_limit(path, kind.limit.asked, found, "procedure-task-limit-not-asked")


def _openings(procedure: Procedure) -> Iterator[tuple[TaskOpening, tuple[Need, ...]]]:
    yield from ((opening, procedure.begins.needs) for opening in procedure.begins.opens)
    for action in procedure.actions.values():
        opens = (*action.opens, *(opening for branch in action.branches for opening in branch.opens))
        yield from ((opening, action.needs) for opening in opens)


def _of_the_case_limit(procedure: Procedure) -> Iterator[ProcedureFault]:
    if procedure.case_limit and procedure.case_limit.asked:
        asked, actions = procedure.case_limit.asked, procedure.actions.values()
        starting_needs = [action.needs for action in actions if action.case_clock is CaseClock.START]
        found = _needs_named(asked, [procedure.begins.needs, *starting_needs])
        yield from _of_limit(("case_limit", "asked"), asked, found, "procedure-case-limit-not-asked")


def _needs_named(name: str, lists: Iterable[tuple[Need, ...]]) -> list[Need]:
    return [need for needs in lists for need in needs if need.name == name]


def _of_limit(path: Path, name: str, needs: list[Need], not_asked: str) -> Iterator[ProcedureFault]:
    if not needs:
        yield path, not_asked, {"name": name}
    if any(need.kind not in LIMITS for need in needs):
        yield path, "procedure-limit-kind", {"name": name}


def _of_extension(action: Action) -> Iterator[ProcedureFault]:
    path, asked = ("actions", action.name, "extends"), action.extends.asked if action.extends else None
    need = next((need for need in action.needs if need.name == asked), None)
    if asked and need is None:
        yield path, "procedure-extension-not-asked", {"name": asked}
    if need and need.kind not in LIMITS:
        yield path, "procedure-extension-kind", {"name": asked}


def _of_new_case(action: Action) -> Iterator[ProcedureFault]:
    if new := action.begins_case:
        known = [need.name for need in action.needs]
        for theirs, ours in new.gives.items():
            if ours not in (OWN, *known):
                path = ("actions", action.name, "begins_case", "gives", theirs)
                yield path, "procedure-no-such-need", {"name": ours, "known": ", ".join((*known, OWN))}


def _of_documents(procedure: Procedure) -> Iterator[ProcedureFault]:
    begun = [need.name for need in procedure.begins.needs if need.kind is NeedKind.TEXT]
    producing: dict[Path, tuple[str, ...]] = {("begins",): procedure.begins.documents}
    producing |= {("actions", name): action.documents for name, action in procedure.actions.items()}
    for path, needs in _needs_by_path(procedure):
        known = {*LINE_NAMES, *begun, *(need.name for need in needs)}
        for name in producing[path]:
            yield from _of_lines(procedure, name, path, known)
    produced = {name for names in producing.values() for name in names}
    for name in procedure.documents:
        if name not in produced:
            yield ("documents", name), "procedure-document-unused", {}


def _of_lines(procedure: Procedure, name: str, producer: Path, known: set[str]) -> Iterator[ProcedureFault]:
    """Yield what is wrong with the lines of a document that the beginning or an action produces."""
    for no, line in enumerate(procedure.documents[name].lines):
        path = ("documents", name, "lines", str(no))
        try:
            named = {field for _, field, _, _ in string.Formatter().parse(line) if field is not None}
        except ValueError as error:
            yield path, "procedure-document-braces", {"error": str(error)}
            continue
        for field in sorted(named - known):
            values = {"name": field, "known": ", ".join(sorted(known))}
            if producer == ("begins",):
                yield path, "procedure-beginning-unknown-name", values
            else:
                yield path, "procedure-document-unknown-name", {"action": producer[-1], **values}
