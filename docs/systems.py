"""Reads reference/systems.yaml, the table of the systems that CityLoop is to contain; generate.py makes a page from it.

tests/repository/test_systems.py checks that the files and addresses it names exist.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from cityloop.core.errors import Invalid
from cityloop.runtime.yaml_files import Strict, faults_at, read_yaml

FILE = Path(__file__).resolve().parent / "reference" / "systems.yaml"
RANGES = ((1, 8), (10, 18), (20, 25), (30, 45), (50, 52), (60, 62))
IDS = [f"S{number:02}" for first, last in RANGES for number in range(first, last + 1)]


class Title(Strict):
    """A name in both languages."""

    zh: str
    en: str


class System(Strict):
    """One system: its names, its state, and where to find what already works."""

    id: str
    title: Title
    state: Literal["works", "in part", "not yet"]
    works: str = ""
    missing: str = ""
    packs: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()


class Group(Strict):
    """The systems under one heading."""

    title: Title
    systems: list[System]


class Systems(Strict):
    """The whole table."""

    groups: list[Group]

    def all(self) -> list[System]:
        """Return the systems of all groups."""
        return [system for group in self.groups for system in group.systems]


def read_systems(path: Path = FILE) -> Systems:
    """Return the table; raise Invalid with the line and field of every error in it."""
    systems = read_yaml(path, Systems)
    if faults := faults_at(path, _faults(systems)):
        raise Invalid(faults, code="systems")
    return systems


def _faults(systems: Systems) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the errors of the table itself: the path of the field and the reason."""
    seen = Counter(system.id for system in systems.all())
    if missing := [system_id for system_id in IDS if system_id not in seen]:
        yield ("groups",), f"{', '.join(missing)} is missing"
    for number, group in enumerate(systems.groups):
        for index, system in enumerate(group.systems):
            where = ("groups", str(number), "systems", str(index))
            if system.id not in IDS:
                yield (*where, "id"), f"{system.id} is not the id of a system"
            if seen[system.id] > 1:
                yield (*where, "id"), f"{system.id} appears {seen[system.id]} times"
            yield from (((*where, field), f"{system.id}: {reason}") for field, reason in _faults_of_state(system))


def _faults_of_state(system: System) -> Iterator[tuple[str, str]]:
    """Yield the fields that are filled or empty although the state says otherwise."""
    filled = {name for name, value in system.model_dump(exclude={"id", "title", "state"}).items() if value}
    if system.state == "not yet":
        yield from ((name, "does not work yet, so it names nothing that works") for name in sorted(filled))
        return
    needed = {"works", "scenarios"} | ({"missing"} if system.state == "in part" else set())
    yield from ((name, "must be given where a system works or works in part") for name in sorted(needed - filled))
    if system.state == "works" and "missing" in filled:
        yield "missing", "a system that works lacks nothing"
