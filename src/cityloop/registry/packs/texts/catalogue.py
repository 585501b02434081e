"""Reads and checks the tables of a pack's catalogues: classes, other names, crosswalks, conditions for filing.

Every fault names file, line and field. checks/catalogues.py checks the tables of several packs together; actions.py
writes them into the database.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

from cityloop.core.codes.classes import KINDS, ClassKey
from cityloop.core.codes.crosswalk import CrosswalkLine, is_code, is_local
from cityloop.core.errors import Fault, Invalid
from cityloop.core.sentences import Values
from cityloop.registry.packs.faults import Reason, limit_fault
from cityloop.registry.packs.texts.titles import Titles
from cityloop.runtime.yaml_files import Strict

GRADES = {"limit_a": "", "limit_b": "B", "limit_c": "C"}  # the limit of A is that of every other grade, too
CLASS_COLUMNS = ("kind", "code", "name", "major")
NAME_COLUMNS = ("kind", "code", "name")
CONDITION_COLUMNS = ("kind", "code", "number", "filing", "closing", *GRADES)
CROSSWALK_COLUMNS = ("from_catalogue", "from_kind", "from_code", "to_catalogue", "to_kind", "to_code", "note")
MAY_BE_EMPTY = {"major", "closing", "limit_b", "limit_c", "to_code", "note"}


class CatalogueText(Strict):
    name: str
    title: Titles
    standard: str = ""
    in_force_from: date | None = None
    in_force_until: date | None = None  # the first day on which it is no longer in force
    in_use: bool = True
    digits: Literal[4, 5] = 5
    classes: str
    names: str | None = None


class LocalClassesText(Strict):
    catalogue: str
    classes: str


class ConditionsText(Strict):
    catalogue: str
    file: str
    profile: str


@dataclass(frozen=True, slots=True)
class PackCatalogue:
    """A version of the list of classes; its codes have `digits`."""

    name: str
    title: Mapping[str, str]
    standard: str
    in_force_from: date | None
    in_force_until: date | None
    in_use: bool
    digits: int = 5
    at: str = field(default="", compare=False)  # file and line, as of everything below


@dataclass(frozen=True, slots=True)
class CatalogueClass:
    """One class of a catalogue, as a pack gives it; `major` is the name of its major class."""

    catalogue: str
    kind: str
    code: str
    name: str
    major: str = ""
    is_local: bool = False
    at: str = field(default="", compare=False)

    @property
    def key(self) -> ClassKey:
        return ClassKey(self.catalogue, self.kind, self.code)


@dataclass(frozen=True, slots=True)
class OtherName:
    """What else a class is called: to find it by."""

    catalogue: str
    kind: str
    code: str
    name: str
    at: str = field(default="", compare=False)

    @property
    def key(self) -> ClassKey:
        return ClassKey(self.catalogue, self.kind, self.code)


@dataclass(frozen=True, slots=True)
class PackCondition:
    """A condition for filing (立案条件) of a class: when it counts as repaired, and its limits by grade of area.

    The limit under "" applies in areas of every grade that is not named.
    """

    catalogue: str
    kind: str
    code: str
    number: str  # within the class
    filing: str
    closing: str
    limits: Mapping[str, str]
    profile: str
    at: str = field(default="", compare=False)

    @property
    def key(self) -> ClassKey:
        return ClassKey(self.catalogue, self.kind, self.code)


@dataclass(frozen=True, slots=True)
class TableLine:
    """One line of a table: its cells by column, and its file and number."""

    file: str
    number: int
    cells: Mapping[str, str]
    at: str

    def fault(self, column: str, code: str, values: Values | None = None) -> Fault:
        return Fault(f"{self.file}:{self.number} {column}", code, values or {})


def read_classes(path: Path, catalogue: str, digits: int | None, *, local: bool = False) -> tuple[CatalogueClass, ...]:
    """Return the classes in a table, all of them the city's own where `local`; raise Invalid naming every fault."""

    def taken(line: TableLine) -> Iterator[CatalogueClass | Fault]:
        cell = line.cells
        if (reason := code_fault(cell["code"], digits)) or (reason := _local_fault(cell["code"], local=local)):
            yield line.fault("code", *reason)
        own = local or is_local(cell["code"]) is True
        yield CatalogueClass(catalogue, cell["kind"], cell["code"], cell["name"], cell["major"], own, line.at)

    return _read(path, CLASS_COLUMNS, taken, lambda item: (item.kind, item.code))


def read_names(path: Path, catalogue: str) -> tuple[OtherName, ...]:
    """Return the other names of classes in a table; raise Invalid naming every fault."""

    def taken(line: TableLine) -> Iterator[OtherName | Fault]:
        yield OtherName(catalogue, line.cells["kind"], line.cells["code"], line.cells["name"], line.at)

    return _read(path, NAME_COLUMNS, taken, lambda item: (item.kind, item.code, item.name))


def read_crosswalk(path: Path) -> tuple[CrosswalkLine, ...]:
    """Return the lines of a crosswalk; raise Invalid naming every fault."""

    def taken(line: TableLine) -> Iterator[CrosswalkLine | Fault]:
        if line.cells["from_catalogue"] == line.cells["to_catalogue"]:
            yield line.fault("to_catalogue", "same-catalogue")
        yield CrosswalkLine(**{name: line.cells[name] for name in CROSSWALK_COLUMNS}, at=line.at)

    return _read(path, CROSSWALK_COLUMNS, taken, lambda item: (item.source, item.target))


def read_conditions(path: Path, catalogue: str, profile: str) -> tuple[PackCondition, ...]:
    """Return the conditions for filing in a table; raise Invalid naming every fault.

    An empty limit of grade B or C is that of A.
    """

    def taken(line: TableLine) -> Iterator[PackCondition | Fault]:
        cell = line.cells
        limits = {grade: cell[column] for column, grade in GRADES.items() if cell[column]}
        for column in GRADES:
            if cell[column] and (reason := limit_fault(cell[column])):
                yield line.fault(column, *reason)
        named = (catalogue, cell["kind"], cell["code"], cell["number"])
        yield PackCondition(*named, cell["filing"], cell["closing"], limits, profile, line.at)

    return _read(path, CONDITION_COLUMNS, taken, lambda item: (item.kind, item.code, item.number))


def code_fault(code: str, digits: int | None) -> Reason | None:
    """Return what is wrong with the form of a code; None where nothing is, or where the form is not known."""
    if digits is None or is_code(code, digits):
        return None
    return "catalogue-code-digits", {"code": code, "digits": digits}


def _local_fault(code: str, *, local: bool) -> Reason | None:
    if local and is_local(code) is False:
        return "national-number", {"code": code, "first": f"{code[:2]}999", "last": f"{code[:2]}080"}
    return None


Taken = TypeVar("Taken")


def _read(
    path: Path,
    columns: Sequence[str],
    taken: Callable[[TableLine], Iterator[Taken | Fault]],
    named: Callable[[Taken], object],
) -> tuple[Taken, ...]:
    """Return what a table gives, line by line; raise Invalid with every fault. A repeated line is a fault."""
    found: list[Taken] = []
    faults: list[Fault] = []
    known: dict[object, int] = {}
    for line in _lines(path, columns, faults):
        for item in taken(line):
            if isinstance(item, Fault):
                faults.append(item)
                continue
            if (first := known.setdefault(named(item), line.number)) != line.number:
                faults.append(Fault(f"{path.name}:{line.number}", "line-repeated", {"line": first}))
            found.append(item)
    if faults:
        raise Invalid(faults, code="pack")
    return tuple(found)


def _lines(path: Path, columns: Sequence[str], faults: list[Fault]) -> Iterator[TableLine]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", strict=True)
            if fault := _heading_fault(path, columns, reader.fieldnames or ()):
                raise Invalid([fault], code="pack")
            for row in reader:
                line = TableLine(path.name, reader.line_num, row, f"{path.parent.name}/{path.name}:{reader.line_num}")
                cell_faults = list(_cell_faults(line, columns))
                faults += cell_faults
                if not cell_faults:
                    yield line
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Invalid([Fault(str(path), "table-unreadable", {"error": str(error)})], code="pack") from error


def _heading_fault(path: Path, columns: Sequence[str], found: Sequence[str]) -> Fault | None:
    missing = [name for name in columns if name not in found]
    unknown = [name for name in found if name not in columns]
    if missing:
        return Fault(f"{path.name}:1", "columns-missing", {"missing": ", ".join(missing), "needed": ", ".join(columns)})
    return Fault(f"{path.name}:1", "unknown-columns", {"names": ", ".join(unknown)}) if unknown else None


def _cell_faults(line: TableLine, columns: Sequence[str]) -> Iterator[Fault]:
    if "" in line.cells or None in line.cells.values():
        yield Fault(f"{line.file}:{line.number}", "cell-count", {"count": len(columns)})
        return
    for column in columns:
        if not line.cells[column].strip() and column not in MAY_BE_EMPTY:
            yield line.fault(column, "required")
        if column.endswith("kind") and line.cells[column] not in KINDS:
            yield line.fault(column, "not-one-of", {"value": line.cells[column], "choices": ", ".join(KINDS)})
