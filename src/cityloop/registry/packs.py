"""Packs: folders of YAML that give a domain its catalogue, procedures, roles and limits. Reading and checking them.

Whatever is wrong is told with file, line and field. The tables of catalogues are read in catalogue_texts.py; putting
what packs hold into the database is done by actions.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from pydantic import Field

from cityloop.core.catalogue import CrosswalkLine
from cityloop.core.errors import Fault, Invalid
from cityloop.core.procedure import Procedure
from cityloop.registry import catalogue_texts
from cityloop.registry.agreement import disagreements
from cityloop.registry.calendars import CalendarText
from cityloop.registry.catalogue_agreement import catalogue_faults
from cityloop.registry.catalogue_texts import (
    Catalogue,
    CatalogueClass,
    CatalogueText,
    Condition,
    ConditionsText,
    LocalClassesText,
    OtherName,
)
from cityloop.registry.grid_kinds import GridKinds
from cityloop.registry.layer_texts import LayerText, twice
from cityloop.registry.procedure_texts import Titles, limit_fault
from cityloop.registry.procedures import read_procedure
from cityloop.registry.yaml_files import Strict, faults_at, read_yaml

SHIPPED = Path(__file__).resolve().parent.parent / "packs"


class RoleText(Strict):
    title: Titles
    sees: Literal["area", "unit", "none"]


class RolesText(Strict):
    roles: dict[str, RoleText]


class ClassLimits(Strict):
    handle: str
    case: str


class PackText(Strict):
    name: str
    version: int = Field(default=1, ge=1)
    title: Titles
    requires: tuple[str, ...] = ()  # names of other packs
    roles: str | None = None
    procedures: tuple[str, ...] = ()
    catalogues: tuple[CatalogueText, ...] = ()
    local_classes: tuple[LocalClassesText, ...] = ()
    crosswalks: tuple[str, ...] = ()
    conditions: tuple[ConditionsText, ...] = ()
    calendar: CalendarText | None = None
    limits: dict[str, dict[str, ClassLimits]] = Field(default_factory=dict)
    layers: tuple[LayerText, ...] = ()
    grid_kinds: GridKinds = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the city: what it is called and which cases it sees (area, unit or none)."""

    name: str
    title: Mapping[str, str]
    sees: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack, read and checked."""

    name: str
    version: int
    requires: tuple[str, ...]
    folder: Path
    title: Mapping[str, str]
    roles: tuple[Role, ...]
    procedures: tuple[Procedure, ...]
    files: tuple[Path, ...]  # of the procedures
    catalogues: tuple[Catalogue, ...]
    classes: tuple[CatalogueClass, ...]
    names: tuple[OtherName, ...]
    crosswalk: tuple[CrosswalkLine, ...]
    conditions: tuple[Condition, ...]
    calendar: CalendarText | None
    limits: Mapping[tuple[str, str], ClassLimits]  # (kind, code) → limits
    layers: tuple[LayerText, ...] = ()  # open to everybody
    grid_kinds: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # a city's own, with their titles

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
            version=text.version,
            requires=text.requires,
            folder=folder,
            title=text.title,
            roles=tuple(Role(name, role.title, role.sees) for name, role in roles.items()),
            procedures=tuple(read_procedure(folder / name) for name in text.procedures),
            files=tuple(folder / name for name in text.procedures),
            catalogues=tuple(_catalogue(folder, one) for one in text.catalogues),
            classes=_classes(folder, text),
            names=tuple(
                name
                for one in text.catalogues
                if one.names
                for name in catalogue_texts.read_names(folder / one.names, one.name)
            ),
            crosswalk=tuple(line for name in text.crosswalks for line in catalogue_texts.read_crosswalk(folder / name)),
            conditions=tuple(
                condition
                for one in text.conditions
                for condition in catalogue_texts.read_conditions(folder / one.file, one.catalogue, one.profile)
            ),
            calendar=text.calendar,
            limits=limits,
            layers=text.layers,
            grid_kinds=text.grid_kinds,
        )


def read_all(further: str = "") -> tuple[Pack, ...]:
    """Return every pack: those that CityLoop ships, then those in the further folders."""
    folders = [SHIPPED, *(Path(folder) for folder in further.split(":") if folder)]
    for folder in folders:
        if not any(folder.glob("*/pack.yaml")):
            raise Invalid([Fault(str(folder), "holds no folder with a pack.yaml")], code="pack")
    found = tuple(_one_of_many(path.parent) for folder in folders for path in sorted(folder.glob("*/pack.yaml")))
    check_together(found)
    return found


def _one_of_many(folder: Path) -> Pack:
    """Return the pack; what is wrong is told with the folder before the file, as many packs have files of one name."""
    try:
        return Pack.read(folder)
    except Invalid as wrong:
        told = [fault.field.removeprefix(f"{folder}/") for fault in wrong.faults]
        faults = [Fault(f"{folder.name}/{field}", one.reason) for field, one in zip(told, wrong.faults, strict=True)]
        raise Invalid(faults, code="pack") from wrong


def check_together(packs: Sequence[Pack]) -> None:
    """Refuse packs that do not fit together.

    Such as a role nobody can hold, a procedure begun that there is not, a class given twice, a pack missing.
    """
    packs = list({pack.folder.resolve(): pack for pack in packs}.values())
    roles = {role.name for pack in packs for role in pack.roles}
    ways = [pair for pack in packs for pair in zip(pack.files, pack.procedures, strict=True)]
    found = [
        Fault(f"{path.parent.name}/{fault.field}", fault.reason)
        for path, wrong in disagreements(ways, roles)
        for fault in faults_at(path, wrong)
    ]
    found += [*_missing_packs(packs), *catalogue_faults(packs)]
    found += twice((pack.folder.name, layer) for pack in packs for layer in pack.layers)
    if found:
        raise Invalid(found, code="pack")


def _missing_packs(packs: Sequence[Pack]) -> list[Fault]:
    """Return a fault for every pack that another one requires and that is not there, and for a name given twice."""
    names = [pack.name for pack in packs]
    found = []
    for place, pack in enumerate(packs):
        wrong: list[tuple[tuple[str, ...], str]] = [
            (("requires", str(number)), f"there is no pack {name}; known are {', '.join(sorted(set(names)))}")
            for number, name in enumerate(pack.requires)
            if name not in names
        ]
        if pack.name in names[:place]:
            wrong.append((("name",), f"there is another pack {pack.name}"))
        told = faults_at(pack.folder / "pack.yaml", wrong)
        found += [Fault(f"{pack.folder.name}/{fault.field}", fault.reason) for fault in told]
    return found


def _check_limits(path: Path, code: str, limits: ClassLimits) -> None:
    for words in (limits.handle, limits.case):
        if fault := limit_fault(words):
            raise Invalid([Fault(f"{path.name} limits.{code}", fault)])


def _catalogue(folder: Path, text: CatalogueText) -> Catalogue:
    return Catalogue(
        text.name,
        text.title,
        text.standard or text.name,
        text.in_force_from,
        text.in_force_until,
        text.in_use,
        text.digits,
        at=f"{folder.name}/pack.yaml catalogues",
    )


def _classes(folder: Path, text: PackText) -> tuple[CatalogueClass, ...]:
    """Return the classes of the catalogues that a pack gives, and those it adds to others as a city's own."""
    lists = [catalogue_texts.read_classes(folder / one.classes, one.name, one.digits) for one in text.catalogues]
    lists += [
        catalogue_texts.read_classes(folder / one.classes, one.catalogue, None, local=True)
        for one in text.local_classes
    ]
    return tuple(found for classes in lists for found in classes)
