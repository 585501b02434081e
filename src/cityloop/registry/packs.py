"""Packs: folders of YAML that give a domain its catalogue, procedures, roles and limits. Reading and checking them.

Whatever is wrong is told with file, line and field. Putting their content into the database is done by actions.py.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import Field

from cityloop.core.errors import Fault, Invalid
from cityloop.core.procedure import Procedure
from cityloop.registry.agreement import disagreements
from cityloop.registry.calendars import CalendarText
from cityloop.registry.procedure_texts import Titles, limit_fault
from cityloop.registry.procedures import read_procedure
from cityloop.registry.yaml_files import Strict, faults_at, read_yaml

SHIPPED = Path(__file__).resolve().parent.parent / "packs"


class RoleText(Strict):
    title: Titles
    sees: Literal["area", "unit", "none"]


class RolesText(Strict):
    roles: dict[str, RoleText]


class CatalogueText(Strict):
    name: str
    classes: str


class ClassLimits(Strict):
    handle: str
    case: str


class PackText(Strict):
    name: str
    title: Titles
    roles: str | None = None
    procedures: tuple[str, ...] = ()
    catalogue: CatalogueText | None = None
    calendar: CalendarText | None = None
    limits: dict[str, dict[str, ClassLimits]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the city: what it is called and which cases it sees (area, unit or none)."""

    name: str
    title: Mapping[str, str]
    sees: str


@dataclass(frozen=True, slots=True)
class CatalogueClass:
    """One class of a catalogue, as a pack gives it."""

    catalogue: str
    kind: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack, read and checked."""

    name: str
    title: Mapping[str, str]
    roles: tuple[Role, ...]
    procedures: tuple[Procedure, ...]
    files: tuple[Path, ...]  # of the procedures
    classes: tuple[CatalogueClass, ...]
    calendar: CalendarText | None
    limits: Mapping[tuple[str, str], ClassLimits]  # (kind, code) → limits

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the pack in a folder; raise Invalid naming file, line and field of everything wrong in it."""
        text = read_yaml(folder / "pack.yaml", PackText)
        roles = read_yaml(folder / text.roles, RolesText).roles if text.roles else {}
        limits = {(kind, code): both for kind, codes in text.limits.items() for code, both in codes.items()}
        for (_, code), both in limits.items():
            _check_limits(folder / "pack.yaml", code, both)
        return cls(
            name=text.name,
            title=text.title,
            roles=tuple(Role(name, role.title, role.sees) for name, role in roles.items()),
            procedures=tuple(read_procedure(folder / name) for name in text.procedures),
            files=tuple(folder / name for name in text.procedures),
            classes=tuple(_classes(folder, text.catalogue)) if text.catalogue else (),
            calendar=text.calendar,
            limits=limits,
        )


def read_all(further: str = "") -> tuple[Pack, ...]:
    """Return every pack: those that CityLoop ships, then those in the further folders."""
    folders = [SHIPPED, *(Path(folder) for folder in further.split(":") if folder)]
    for folder in folders:
        if not any(folder.glob("*/pack.yaml")):
            raise Invalid([Fault(str(folder), "holds no folder with a pack.yaml")], code="pack")
    found = tuple(_one_of_many(path.parent) for folder in folders for path in sorted(folder.glob("*/pack.yaml")))
    check_roles(found)
    return found


def _one_of_many(folder: Path) -> Pack:
    """Return the pack; what is wrong is told with the folder before the file, as many packs have files of one name."""
    try:
        return Pack.read(folder)
    except Invalid as wrong:
        told = [fault.field.removeprefix(f"{folder}/") for fault in wrong.faults]
        faults = [Fault(f"{folder.name}/{field}", one.reason) for field, one in zip(told, wrong.faults, strict=True)]
        raise Invalid(faults, code="pack") from wrong


def check_roles(packs: Sequence[Pack]) -> None:
    """Refuse packs that do not fit together: a role nobody can hold, a procedure begun that there is not."""
    roles = {role.name for pack in packs for role in pack.roles}
    ways = [pair for pack in packs for pair in zip(pack.files, pack.procedures, strict=True)]
    found = [
        Fault(f"{path.parent.name}/{fault.field}", fault.reason)
        for path, wrong in disagreements(ways, roles)
        for fault in faults_at(path, wrong)
    ]
    if found:
        raise Invalid(found, code="pack")


def _check_limits(path: Path, code: str, limits: ClassLimits) -> None:
    for words in (limits.handle, limits.case):
        if fault := limit_fault(words):
            raise Invalid([Fault(f"{path.name} limits.{code}", fault)])


def _classes(folder: Path, catalogue: CatalogueText) -> Iterator[CatalogueClass]:
    path = folder / catalogue.classes
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield CatalogueClass(catalogue.name, row["kind"], row["code"], row["name"])
    except (OSError, UnicodeDecodeError) as wrong:
        raise Invalid([Fault(str(path), str(wrong))], code="pack") from wrong
    except KeyError as wrong:
        raise Invalid(
            [Fault(str(path), f"has no column {wrong}; it needs kind, code and name")], code="pack"
        ) from wrong
