"""What packs say of each other: every role exists, every procedure that is begun exists and gets what it asks for.

Each pack for itself is read in packs.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from cityloop.core.errors import Invalid
from cityloop.core.procedures.needs import checked
from cityloop.core.procedures.opening import OWN
from cityloop.core.procedures.procedure import Action, Need, NeedKind, NewCaseRule, Procedure

Where = tuple[str, ...]
Wrong = tuple[Where, str]

SOME_DAY = date(2000, 1, 1)  # only dates depend on it, and a fixed one is refused whatever the day
OF_THE_CITY = (
    NeedKind.CATEGORY,
    NeedKind.CONDITION,
    NeedKind.DISTRICT,
    NeedKind.UNIT,
    NeedKind.UNITS,
)  # codes no pack can know


def disagreements(ways: Sequence[tuple[Path, Procedure]], roles: set[str]) -> Iterator[tuple[Path, list[Wrong]]]:
    """Yield each file of a procedure that names what no pack has, or gives another not what it asks for; and why."""
    known: set[tuple[str, int]] = set()
    for path, way in ways:
        if (way.name, way.version) in known:
            yield (
                path,
                [(("version",), f"version {way.version} of {way.name} is there already; give this one the next")],
            )
        known.add((way.name, way.version))
    newest = {way.name: way for _, way in sorted(ways, key=lambda one: one[1].version)}
    for path, way in ways:
        if found := [*_of_roles(way, roles), *_of_new_cases(way, newest)]:
            yield path, found


def _of_roles(way: Procedure, known: set[str]) -> Iterator[Wrong]:
    named: list[tuple[Where, str | None]] = [(("begins", "role"), way.begins.role)]
    named += [(("tasks", kind.name, "role"), kind.role) for kind in way.tasks.values()]
    named += [(("actions", action.name, "role"), action.role) for action in way.actions.values()]
    for where, role in named:
        if role and role not in known:
            yield where, f"there is no role {role}; known are {', '.join(sorted(known))}"


def _of_new_cases(way: Procedure, newest: Mapping[str, Procedure]) -> Iterator[Wrong]:
    for action in way.actions.values():
        if action.begins_case is None:
            continue
        where = ("actions", action.name, "begins_case")
        if other := newest.get(action.begins_case.procedure):
            yield from _of_gifts(where, action, action.begins_case, other)
        else:
            known = ", ".join(sorted(newest))
            yield (*where, "procedure"), f"no pack has a procedure {action.begins_case.procedure}; there are {known}"


def _of_gifts(where: Where, action: Action, new: NewCaseRule, other: Procedure) -> Iterator[Wrong]:
    asked = {need.name: need for need in other.begins.needs}
    for name, words in (("gives", new.gives), ("given", new.given)):
        for theirs in words:
            if theirs not in asked:
                known = ", ".join(asked) or "nothing"
                yield (*where, name, theirs), f"{other.name} asks for no {theirs} when it begins; it asks for {known}"
    for need in asked.values():
        if need.name in new.gives:
            yield from _of_gift((*where, "gives", need.name), action, new, other, need)
        elif need.name in new.given:
            yield from _of_fixed((*where, "given", need.name), new.given[need.name], other, need)
        elif need.required:
            yield where, f"{other.name} asks for {need.name} when it begins: name it in gives or given"


def _of_gift(where: Where, action: Action, new: NewCaseRule, other: Procedure, theirs: Need) -> Iterator[Wrong]:
    ours = next((need for need in action.needs if need.name == new.gives[theirs.name]), None)
    kind = NeedKind.UNIT if new.gives[theirs.name] == OWN else ours.kind if ours else theirs.kind
    if kind is not theirs.kind and (kind, theirs.kind) != (NeedKind.UNIT, NeedKind.UNITS):
        yield where, f"it is a {kind.value}, and {other.name} asks for a {theirs.kind.value}"
    if ours and theirs.required and not ours.required and theirs.name not in new.given:
        yield where, f"{ours.name} may be left out here, and {other.name} cannot begin without it: make it required"


def _of_fixed(where: Where, words: str, other: Procedure, theirs: Need) -> Iterator[Wrong]:
    if theirs.kind in OF_THE_CITY:
        return
    try:
        checked((theirs,), {theirs.name: words}, SOME_DAY)
    except Invalid as error:
        yield where, f"{other.name} would not take {words!r}: {error.faults[0].reason}"
