"""Packs: folders of YAML that give a domain its catalogue, procedures, roles and limits. Reading and checking them.

Whatever is wrong is told with file, line and field. The tables of catalogues are read in catalogue_texts.py; putting
what packs hold into the database is done by actions.py.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from cityloop.registry.packs.texts.titles import Titles
from cityloop.registry.words.limits import limit_fault
from cityloop.runtime.yaml_files import Strict, faults_at, read_yaml

SHIPPED = Path(__file__).resolve().parents[2] / "packs"

# A file by its name, size and moment of the last change.
Stamp = tuple[str, int, int]


class RoleText(Strict):
    title: Titles
    sees: Literal["area", "unit", "none"]


class RolesText(Strict):
    roles: dict[str, RoleText]


class ClassLimits(Strict):
    handle: str
    case: str


class PackText(Strict):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,60}$")]
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
        """Return the pack in a folder; raise Invalid naming file, line and field of everything wrong in it."""
        text = read_yaml(folder / "pack.yaml", PackText)
        found = _Reading(folder)
        found.faults += _limit_faults(folder / "pack.yaml", text)
        pack = cls(
            name=text.name,
            version=text.version,
            requires=text.requires,
            folder=folder,
            title=text.title,
            roles=found.all(_roles, [(name,) for name in (text.roles,) if name]),
            procedures=found.all(_procedure, [(name,) for name in text.procedures]),
            files=tuple(folder / name for name in text.procedures),
            catalogues=tuple(_catalogue(folder, one) for one in text.catalogues),
            classes=found.all(catalogue_texts.read_classes, [(c.classes, c.name, c.digits) for c in text.catalogues])
            + found.all(_read_own, [(one.classes, one.catalogue) for one in text.local_classes]),
            names=found.all(
                catalogue_texts.read_names, [(one.names, one.name) for one in text.catalogues if one.names]
            ),
            crosswalk=found.all(catalogue_texts.read_crosswalk, [(name,) for name in text.crosswalks]),
            conditions=found.all(
                catalogue_texts.read_conditions, [(one.file, one.catalogue, one.profile) for one in text.conditions]
            ),
            calendar=text.calendar,
            limits={(kind, code): both for kind, codes in text.limits.items() for code, both in codes.items()},
            layers=text.layers,
            grid_kinds=text.grid_kinds,
        )
        if found.faults:
            raise Invalid(found.faults, code="pack")
        return pack


Found = TypeVar("Found")


class _Reading:
    """The reading of a pack's files: what is wrong in one of them is noted beside what is wrong in the others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []

    def all(self, read: Callable[..., Iterable[Found]], files: Iterable[tuple[Any, ...]]) -> tuple[Found, ...]:
        """Return what is in files, each given by its name and what else is asked to read it."""
        found: list[Found] = []
        for name, *given in files:
            try:
                found += read(self.folder / name, *given)
            except Invalid as error:
                self.faults += error.faults
        return tuple(found)


def read_all(further: str = "") -> tuple[Pack, ...]:
    """Return every pack: those that CityLoop ships, then those in the further folders.

    They are read again only when a file of theirs has changed; what is wrong in any of them is told at once.
    """
    return read_together(pack_folders(further))


def pack_folders(further: str = "") -> list[Path]:
    """Return the folders of every pack: those that CityLoop ships, then those in the further folders.

    A name with a minus before it leaves that pack of ours out: "-example-city:/srv/packs".
    """
    named = [words for words in further.split(os.pathsep) if words]
    left_out = {words[1:] for words in named if words.startswith("-")}
    found = []
    for folder in (SHIPPED, *(Path(words) for words in named if not words.startswith("-"))):
        within = sorted(path.parent for path in folder.glob("*/pack.yaml"))
        if not within:
            raise Invalid([Fault(str(folder), "holds no folder with a pack.yaml")], code="pack")
        found += within
    shipped = {path.name for path in found if path.parent == SHIPPED}
    if unknown := sorted(left_out - shipped):
        raise Invalid([Fault("CITYLOOP_PACKS", f"leaves out {unknown[0]}, which is none of ours")], code="pack")
    return [path for path in found if not (path.parent == SHIPPED and path.name in left_out)]


def read_together(folders: Iterable[Path]) -> tuple[Pack, ...]:
    """Return the packs in folders, checked by themselves and together; raise Invalid naming all that is wrong."""
    return _read_stamped(tuple((folder, stamps(folder)) for folder in folders))


def stamps(folder: Path) -> tuple[Stamp, ...]:
    """Return what is known of the files in a folder without reading them."""
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
            faults += _with_folder(folder, error)
    if faults:
        raise Invalid(faults, code="pack")
    check_together(found)
    return tuple(found)


def _with_folder(folder: Path, wrong: Invalid) -> Iterator[Fault]:
    """Yield faults with the folder before the file, as many packs have files of one name."""
    for fault in wrong.faults:
        yield Fault(f"{folder.name}/{fault.field.removeprefix(f'{folder}/')}", fault.reason)


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


def _limit_faults(path: Path, text: PackText) -> list[Fault]:
    wrong = [
        (("limits", kind, code, name), fault)
        for kind, codes in text.limits.items()
        for code, both in codes.items()
        for name, words in (("handle", both.handle), ("case", both.case))
        if (fault := limit_fault(words))
    ]
    return faults_at(path, wrong) if wrong else []


_read_own = partial(catalogue_texts.read_classes, digits=None, local=True)


def _roles(path: Path) -> list[Role]:
    return [Role(name, role.title, role.sees) for name, role in read_yaml(path, RolesText).roles.items()]


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
