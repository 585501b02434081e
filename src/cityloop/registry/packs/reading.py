"""Reads and checks packs: folders of YAML that give a domain its catalogue, procedures, roles and limits.

Every fault names file, line and field. The tables of catalogues are read in texts/catalogue.py; actions.py writes what
packs contain into the database.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field

from cityloop.core.codes.crosswalk import CrosswalkLine
from cityloop.core.errors import Fault, Invalid
from cityloop.core.procedures.procedure import Procedure
from cityloop.registry.packs.checks.agreement import disagreements
from cityloop.registry.packs.checks.catalogues import catalogue_faults
from cityloop.registry.packs.checks.law import basis_faults
from cityloop.registry.packs.faults import FieldFault, in_folder, limit_fault
from cityloop.registry.packs.grid_kinds import GridKinds
from cityloop.registry.packs.procedures import read_procedure
from cityloop.registry.packs.texts import catalogue as catalogue_texts
from cityloop.registry.packs.texts.calendar import CalendarText
from cityloop.registry.packs.texts.catalogue import (
    CatalogueClass,
    CatalogueText,
    ConditionsText,
    LocalClassesText,
    OtherName,
    PackCatalogue,
    PackCondition,
)
from cityloop.registry.packs.texts.layers import LayerText, twice
from cityloop.registry.packs.texts.titles import LegalBasis, Titles
from cityloop.runtime.yaml_files import Strict, faults_at, read_yaml

SHIPPED = Path(__file__).resolve().parents[2] / "packs"

# A file by its name, size and moment of the last change.
Stamp = tuple[str, int, int]


class RoleText(Strict):
    title: Titles
    sees: Literal["area", "unit", "none"]


class RolesText(Strict):
    legal_basis: LegalBasis = None
    roles: dict[str, RoleText]


class ClassLimits(Strict):
    handle: str
    case: str


class PackText(Strict):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,60}$")]
    version: int = Field(default=1, ge=1)
    title: Titles
    legal_basis: LegalBasis = None
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
    catalogues: tuple[PackCatalogue, ...]
    classes: tuple[CatalogueClass, ...]
    names: tuple[OtherName, ...]
    crosswalk: tuple[CrosswalkLine, ...]
    conditions: tuple[PackCondition, ...]
    calendar: CalendarText | None
    limits: Mapping[tuple[str, str], ClassLimits]  # (kind, code) → limits
    layers: tuple[LayerText, ...] = ()  # open to everybody
    grid_kinds: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # a city's own, with their titles

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the pack in a folder; raise Invalid with every fault in it, by file, line and field."""
        text = read_yaml(folder / "pack.yaml", PackText)
        found = _PackFiles(folder)
        found.faults += _limit_faults(folder / "pack.yaml", text) + _basis_faults(folder / "pack.yaml", text)
        pack = cls(
            name=text.name,
            version=text.version,
            requires=text.requires,
            folder=folder,
            title=text.title,
            roles=found.all(_roles, [(name,) for name in (text.roles,) if name]),
            procedures=found.all(_procedure, [(name,) for name in text.procedures]),
            files=tuple(folder / name for name in text.procedures),
            catalogues=tuple(_catalogue(folder, catalogue) for catalogue in text.catalogues),
            classes=found.all(catalogue_texts.read_classes, [(c.classes, c.name, c.digits) for c in text.catalogues])
            + found.all(_read_own, [(own.classes, own.catalogue) for own in text.local_classes]),
            names=found.all(
                catalogue_texts.read_names,
                [(catalogue.names, catalogue.name) for catalogue in text.catalogues if catalogue.names],
            ),
            crosswalk=found.all(catalogue_texts.read_crosswalk, [(name,) for name in text.crosswalks]),
            conditions=found.all(
                catalogue_texts.read_conditions,
                [(table.file, table.catalogue, table.profile) for table in text.conditions],
            ),
            calendar=text.calendar,
            limits={(kind, code): limits for kind, codes in text.limits.items() for code, limits in codes.items()},
            layers=text.layers,
            grid_kinds=text.grid_kinds,
        )
        if found.faults:
            raise Invalid(found.faults, code="pack")
        return pack


Found = TypeVar("Found")


class _PackFiles:
    """Reads the files of a pack and collects the faults of all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []

    def all(self, read: Callable[..., Iterable[Found]], files: Iterable[tuple[Any, ...]]) -> tuple[Found, ...]:
        """Return what is in files, each given by its name and the further arguments of `read`."""
        found: list[Found] = []
        for name, *given in files:
            try:
                found += read(self.folder / name, *given)
            except Invalid as error:
                self.faults += error.faults
        return tuple(found)


def read_all(further: str = "") -> tuple[Pack, ...]:
    """Return every pack: those that CityLoop ships, then those in the further folders.

    They are read again only when one of their files has changed. Raises Invalid with the faults of all of them.
    """
    return read_together(pack_folders(further))


def pack_folders(further: str = "") -> list[Path]:
    """Return the folders of every pack: those that CityLoop ships, then those in the further folders.

    A name after a minus leaves out that shipped pack: "-example-city:/srv/packs".
    """
    named = [entry for entry in further.split(os.pathsep) if entry]
    left_out = {entry[1:] for entry in named if entry.startswith("-")}
    found = []
    for folder in (SHIPPED, *(Path(entry) for entry in named if not entry.startswith("-"))):
        within = sorted(path.parent for path in folder.glob("*/pack.yaml"))
        if not within:
            raise Invalid([Fault(str(folder), "no-pack-folder")], code="pack")
        found += within
    shipped = {path.name for path in found if path.parent == SHIPPED}
    if unknown := sorted(left_out - shipped):
        raise Invalid([Fault("CITYLOOP_PACKS", "not-a-shipped-pack", {"name": unknown[0]})], code="pack")
    return [path for path in found if not (path.parent == SHIPPED and path.name in left_out)]


def read_together(folders: Iterable[Path]) -> tuple[Pack, ...]:
    """Return the packs in folders, each checked alone and all together; raise Invalid with every fault."""
    return _read_stamped(tuple((folder, stamps(folder)) for folder in folders))


def stamps(folder: Path) -> tuple[Stamp, ...]:
    """Return name, size and last change of every file in a folder, without reading them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple((str(path), found.st_size, found.st_mtime_ns) for path in files if (found := path.stat()))


@lru_cache(maxsize=4)
def _read_stamped(folders: tuple[tuple[Path, tuple[Stamp, ...]], ...]) -> tuple[Pack, ...]:
    found: list[Pack] = []
    faults: list[Fault] = []
    for folder, _ in folders:
        try:
            found.append(Pack.read(folder))
        except Invalid as error:
            faults += in_folder(folder, error.faults)
    if faults:
        raise Invalid(faults, code="pack")
    check_together(found)
    return tuple(found)


def check_together(packs: Sequence[Pack]) -> None:
    """Refuse packs that do not fit together, such as with a role, procedure or pack missing, or a class given twice."""
    packs = list({pack.folder.resolve(): pack for pack in packs}.values())
    roles = {role.name for pack in packs for role in pack.roles}
    procedures = [pair for pack in packs for pair in zip(pack.files, pack.procedures, strict=True)]
    found = [
        fault
        for path, faults in disagreements(procedures, roles)
        for fault in in_folder(path.parent, faults_at(path, faults))
    ]
    found += [*_missing_packs(packs), *catalogue_faults(packs)]
    found += twice((pack.folder.name, layer) for pack in packs for layer in pack.layers)
    if found:
        raise Invalid(found, code="pack")


def _missing_packs(packs: Sequence[Pack]) -> list[Fault]:
    """Return a fault for every pack that is required and missing, and for every name that two packs have."""
    names = [pack.name for pack in packs]
    found = []
    for place, pack in enumerate(packs):
        faults: list[FieldFault] = [
            (("requires", str(number)), "unknown-pack", {"name": name, "known": ", ".join(sorted(set(names)))})
            for number, name in enumerate(pack.requires)
            if name not in names
        ]
        if pack.name in names[:place]:
            faults.append((("name",), "pack-name-taken", {"name": pack.name}))
        found += in_folder(pack.folder, faults_at(pack.folder / "pack.yaml", faults))
    return found


def _limit_faults(path: Path, text: PackText) -> list[Fault]:
    faults: list[FieldFault] = [
        (("limits", kind, code, name), *fault)
        for kind, codes in text.limits.items()
        for code, limits in codes.items()
        for name, limit in (("handle", limits.handle), ("case", limits.case))
        if (fault := limit_fault(limit))
    ]
    return faults_at(path, faults) if faults else []


def _basis_faults(path: Path, text: Strict) -> list[Fault]:
    faults = basis_faults(text.model_dump())
    return faults_at(path, faults) if faults else []


_read_own = partial(catalogue_texts.read_classes, digits=None, local=True)


def _roles(path: Path) -> list[Role]:
    text = read_yaml(path, RolesText)
    if faults := _basis_faults(path, text):
        raise Invalid(faults, code="pack")
    return [Role(name, role.title, role.sees) for name, role in text.roles.items()]


def _procedure(path: Path) -> list[Procedure]:
    return [read_procedure(path)]


def _catalogue(folder: Path, text: CatalogueText) -> PackCatalogue:
    return PackCatalogue(
        text.name,
        text.title,
        text.standard or text.name,
        text.in_force_from,
        text.in_force_until,
        text.in_use,
        text.digits,
        at=f"{folder.name}/pack.yaml catalogues",
    )
