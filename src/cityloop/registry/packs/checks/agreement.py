"""Checks procedures across packs: every role exists, every procedure that is begun exists and gets what it asks for.

Each pack alone is checked in reading.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from cityloop.core.errors import Invalid
from cityloop.core.procedures.needs import checked
from cityloop.core.procedures.opening import OWN
from cityloop.core.procedures.procedure import Action, Need, NeedKind, NewCaseRule, Procedure
from cityloop.registry.packs.faults import FieldFault, Where

SOME_DAY = date(2000, 1, 1)  # only dates depend on it, and a fixed one is refused whatever the day
OF_THE_CITY = (  # kinds of need whose answers are codes that no pack can know
    NeedKind.CATEGORY,
    NeedKind.CONDITION,
    NeedKind.DISTRICT,
    NeedKind.UNIT,
    NeedKind.UNITS,
)


def disagreements(
    procedures: Sequence[tuple[Path, Procedure]], roles: set[str]
) -> Iterator[tuple[Path, list[FieldFault]]]:
    """Yield each procedure's file with faults: names that no pack has, other answers than a new case asks for."""
    known: set[tuple[str, int]] = set()
    for path, procedure in procedures:
        if (procedure.name, procedure.version) in known:
            values = {"name": procedure.name, "version": procedure.version}
            yield path, [(("version",), "procedure-version-taken", values)]
        known.add((procedure.name, procedure.version))
    newest = {procedure.name: procedure for _, procedure in sorted(procedures, key=lambda pair: pair[1].version)}
    for path, procedure in procedures:
        if found := [*_of_roles(procedure, roles), *_of_new_cases(procedure, newest)]:
            yield path, found


def _of_roles(procedure: Procedure, known: set[str]) -> Iterator[FieldFault]:
    named: list[tuple[Where, str | None]] = [(("begins", "role"), procedure.begins.role)]
    named += [(("tasks", kind.name, "role"), kind.role) for kind in procedure.tasks.values()]
    named += [(("actions", action.name, "role"), action.role) for action in procedure.actions.values()]
    for where, role in named:
        if role and role not in known:
            yield where, "pack-role-unknown", {"name": role, "known": ", ".join(sorted(known))}


def _of_new_cases(procedure: Procedure, newest: Mapping[str, Procedure]) -> Iterator[FieldFault]:
    for action in procedure.actions.values():
        if action.begins_case is None:
            continue
        where = ("actions", action.name, "begins_case")
        if other := newest.get(action.begins_case.procedure):
            yield from _of_gifts(where, action, action.begins_case, other)
        else:
            values = {"name": action.begins_case.procedure, "known": ", ".join(sorted(newest))}
            yield (*where, "procedure"), "unknown-procedure", values


def _of_gifts(where: Where, action: Action, new: NewCaseRule, other: Procedure) -> Iterator[FieldFault]:
    wanted = {need.name: need for need in other.begins.needs}
    for name, words in (("gives", new.gives), ("given", new.given)):
        for theirs in words:
            if theirs not in wanted:
                values = {"procedure": other.name, "name": theirs, "known": ", ".join(wanted)}
                yield (*where, name, theirs), "asks-for-other" if wanted else "asks-for-nothing", values
    for need in wanted.values():
        if need.name in new.gives:
            yield from _of_gift((*where, "gives", need.name), action, new, other, need)
        elif need.name in new.given:
            yield from _of_fixed((*where, "given", need.name), new.given[need.name], other, need)
        elif need.required:
            yield where, "asked-at-beginning", {"procedure": other.name, "name": need.name}


def _of_gift(where: Where, action: Action, new: NewCaseRule, other: Procedure, theirs: Need) -> Iterator[FieldFault]:
    ours = next((need for need in action.needs if need.name == new.gives[theirs.name]), None)
    kind = NeedKind.UNIT if new.gives[theirs.name] == OWN else ours.kind if ours else theirs.kind
    if kind is not theirs.kind and (kind, theirs.kind) != (NeedKind.UNIT, NeedKind.UNITS):
        yield where, "need-of-other-kind", {"kind": kind.value, "procedure": other.name, "wanted": theirs.kind.value}
    if ours and theirs.required and not ours.required and theirs.name not in new.given:
        yield where, "need-may-be-empty", {"name": ours.name, "procedure": other.name}


def _of_fixed(where: Where, words: str, other: Procedure, theirs: Need) -> Iterator[FieldFault]:
    if theirs.kind in OF_THE_CITY:
        return
    try:
        checked((theirs,), {theirs.name: words}, SOME_DAY)
    except Invalid as error:
        yield where, error.faults[0].code, error.faults[0].values
