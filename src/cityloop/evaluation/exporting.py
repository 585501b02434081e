"""The export of facts: an edition made from the histories of cases in the log; only changed cases are read again.

facts/cases.py makes rows of a history, facts/files.py writes the files. Cases are in parts of 16,384 by their ids; a
part in which nothing happened since the last edition keeps its file. Where the city changed in a way that affects
existing rows, such as the department of a unit, everything is read again.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection

from cityloop.core import chain
from cityloop.core.codes.crosswalk import major_of
from cityloop.core.errors import NotPossible
from cityloop.core.place.areas import TREE
from cityloop.evaluation.facts.cases import OTHER, Context, Rows, rows_of
from cityloop.evaluation.facts.files import (
    Altered,
    Edition,
    FactFolder,
    FactPart,
    by_key,
    table_of,
    unsorted_table,
)
from cityloop.evaluation.facts.meanings import SourceMeaning
from cityloop.evaluation.facts.relations import FACTS, RELATIONS, FactRelation
from cityloop.evaluation.facts.texts import FactBook
from cityloop.evaluation.facts.walk import LoggedEvent
from cityloop.evaluation.indicators.books import read_facts
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.city.facts import AreaFacts, CategoryFacts, UnitFacts
from cityloop.registry.packs.in_force import packs_in_force
from cityloop.runtime.verification import UNREADABLE, snapshot

if TYPE_CHECKING:
    import pyarrow as pa

PART = 16_384  # ids of cases
CHUNK = 500  # cases read at a time
READING = "1"  # how rows are made of a history; with another number every case is read again

_HAPPENED = """
    SELECT DISTINCT substring(stream FROM 6)::bigint AS id FROM runtime_event
     WHERE ordinal >= %s AND stream ~ '^case/[1-9][0-9]{0,17}$' ORDER BY id
"""
_HISTORIES = """
    SELECT stream, seq, name, actor, at, payload FROM runtime_event
     WHERE stream = ANY(%s) ORDER BY stream, seq
"""

Tell = Callable[[str], None]
Parts = dict[tuple[str, int], FactPart]  # by relation and number


@dataclass(frozen=True)
class ExportContext:
    """What the facts depend on besides the histories: the city in memory, and what its packs define."""

    city: City
    book: FactBook

    @property
    def context(self) -> Context:
        """What rows of cases depend on."""
        ranks = {level: rank for rank, level in enumerate(TREE)}
        return Context(
            calendar=self.city.calendar,
            zone=settings.CITYLOOP.zone,
            departments={code: self.department(code) for code in self.city.units},
            grades={a.code: (ranks.get(a.level, len(ranks)), a.grade) for a in self.city.areas.values() if a.grade},
            source_kinds={code: source.kind for code, source in self.book.sources.items()},
            meanings=self.book.meanings,
        )

    @property
    def kept(self) -> dict[str, str]:
        """What an edition keeps, to tell the next export whether the rows would be the same."""
        relations = RELATIONS.values()
        columns = [[relation.name, [[c.name, c.type.value] for c in relation.columns]] for relation in relations]
        return {
            "calendar": str(self.city.calendar_number),
            "meanings": _digest(sorted(f"{key} {meaning}" for key, meaning in self.book.meanings.items())),
            "relations": _digest(columns),
            "reading": READING,
        }

    def department(self, code: str) -> str:
        """Return the uppermost unit that a unit belongs to."""
        *_, last = self.city.units_above(code)
        return last.code


def export(
    folder: FactFolder,
    now: datetime,
    tell: Tell = lambda words: None,
    known: Callable[[], Collection[str]] | None = None,
) -> Edition:
    """Write an edition of the facts as of `now`, from one snapshot of the database; return it.

    It continues from the newest edition in the folder; where `known` is given, only if that edition's digest is known.
    `known` is called under the lock, when no other process writes there.
    """
    forget()  # the city is read in the same snapshot
    with folder.locked(), snapshot():
        inputs = ExportContext(current_city(), read_facts(packs_in_force()))
        horizon = _horizon()
        before = _usable(folder, inputs, horizon, known() if known else None)
        try:
            made = _Export(folder, inputs, before, tell)
            made.read_cases(_changed(before))
        except Altered as error:  # altered rows must not get into the next edition
            tell(f"{error.sentence} All cases are read again.")
            made = _Export(folder, inputs, None, tell)
            made.read_cases(_changed(None))
        made.describe()
        parts = tuple(made.parts[key] for key in sorted(made.parts))
        zone = str(settings.CITYLOOP.zone)
        edition = Edition(now.replace(microsecond=0), zone, parts, str(horizon), inputs.kept)
        folder.save(edition)
    tell(f"{made.cases:,} cases read, {made.written:,} of {len(parts):,} parts written.")
    return edition


class _Export:
    """An edition in the making: the parts of the one before, replaced one after the other."""

    def __init__(self, folder: FactFolder, inputs: ExportContext, before: Edition | None, tell: Tell) -> None:
        self.folder, self.inputs, self.tell = folder, inputs, tell
        self.context = inputs.context
        self.parts: Parts = {(part.relation, part.number): part for part in before.parts} if before else {}
        self.channels = {row["code"] for row in self._table("sources")}
        self.cases = self.written = 0

    def read_cases(self, ids: Iterable[int]) -> None:
        """Read the histories of cases, part by part."""
        for number, some in groupby(ids, key=lambda case_id: case_id // PART):
            self._read_part(number, some)
            self.tell(f"{self.cases:,} cases read.")
        for name, relation in FACTS.items():
            if all(known != name for known, _ in self.parts):
                self._keep(name, 0, table_of(relation, []))

    def describe(self) -> None:
        """Write the describing relations completely."""
        for name, rows in self._describing().items():
            self._keep(name, 0, table_of(RELATIONS[name], rows))

    def _read_part(self, number: int, ids: Iterator[int]) -> None:
        tables: dict[str, list[pa.Table]] = {name: [] for name in FACTS}
        while some := list(islice(ids, CHUNK)):
            rows = self._rows_of(some)
            for name, relation in FACTS.items():
                tables[name].append(unsorted_table(relation, rows[name]))
            self.channels |= {row["source"] for row in rows["cases"] if row["source"]}
            self.cases += len(rows["cases"])
        numbers = [number for table in tables["cases"] for number in table["case_number"].to_pylist()]
        for name, relation in FACTS.items():
            self._keep(name, number, self._merged(relation, number, tables.pop(name), numbers))

    def _rows_of(self, ids: list[int]) -> Rows:
        """Return the rows of some cases, by relation."""
        rows: Rows = {name: [] for name in FACTS}
        for stream, events in _histories(ids):
            try:
                of_case = rows_of(events, self.context)
            except UNREADABLE as error:
                raise NotPossible("history-unreadable", {"stream": stream}) from error
            for name in FACTS:
                rows[name] += of_case[name]
        return rows

    def _merged(self, relation: FactRelation, number: int, new: "list[pa.Table]", cases: list[str]) -> "pa.Table":
        """Return the rows of a part, with those of some cases replaced."""
        import pyarrow as pa
        import pyarrow.compute as pc

        tables = new
        if known := self.parts.get((relation.name, number)):
            old = self.folder.proved(known)
            tables = [old.filter(pc.invert(pc.is_in(old["case_number"], value_set=pa.array(cases)))), *new]
        return by_key(relation, pa.concat_tables(tables))

    def _keep(self, relation: str, number: int, table: "pa.Table") -> None:
        part = self.folder.write(relation, number, table)
        self.written += part != self.parts.get((relation, number))
        self.parts[relation, number] = part

    def _table(self, relation: str) -> list[dict[str, Any]]:
        part = self.parts.get((relation, 0))
        return self.folder.proved(part).to_pylist() if part else []

    def _describing(self) -> Mapping[str, Iterable[Mapping[str, Any]]]:
        city, inputs = self.inputs.city, self.inputs
        return {
            "areas": (_area(area, city) for area in city.areas.values()),
            "units": (_unit(unit, inputs.department(unit.code)) for unit in city.units.values()),
            "categories": map(_category, city.classes.values()),
            "sources": (_source(code, inputs.book.sources.get(code)) for code in self._codes()),
        }

    def _codes(self) -> set[str]:
        return self.channels | set(self.inputs.book.sources)


def _usable(folder: FactFolder, inputs: ExportContext, horizon: int, known: Collection[str] | None) -> Edition | None:
    """Return the newest edition, if its rows are still right for all cases in which nothing happened since."""
    found = folder.latest()
    if found is None or (known is not None and found.digest not in known):
        return None
    if (found.zone, found.context) != (str(settings.CITYLOOP.zone), inputs.kept):
        return None
    if not found.position.isdecimal() or int(found.position) > horizon:  # it belongs to a log that went further
        return None
    if not all(folder.holds(part) for part in found.parts):
        return None
    return found if all(_unchanged(folder, found, inputs)) else None


def _unchanged(folder: FactFolder, edition: Edition, inputs: ExportContext) -> Iterator[bool]:
    """Yield for every unit, area and source whether it is unchanged."""
    context = inputs.context
    known = {part.relation: part for part in edition.parts if part.relation in ("units", "areas", "sources")}
    try:
        rows = {name: folder.proved(part).to_pylist() for name, part in known.items()}
    except Altered:
        yield False
        return
    yield from (context.departments.get(row["code"]) == row["department"] for row in rows["units"])
    yield from (_graded(inputs.city, row["code"]) == (row["level"], row["grade"]) for row in rows["areas"])
    yield from (context.source_kinds.get(row["code"], OTHER) == row["kind"] for row in rows["sources"])


def _graded(city: City, code: str) -> tuple[str | None, str | None]:
    area = city.areas.get(code)
    return (area.level, area.grade or None) if area else (None, None)


def _horizon() -> int:
    """Return the position of the log below which this snapshot has every event; later events are above it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT cityloop_log_horizon()")
        return int(cursor.fetchone()[0])


def _changed(before: Edition | None) -> Iterator[int]:
    """Yield the ids of the cases to which anything happened since an edition, in order; None: of all."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_HAPPENED, [int(before.position) if before else -1])
        while rows := cursor.fetchmany(PART):
            yield from (case_id for (case_id,) in rows)


def _histories(ids: list[int]) -> Iterator[tuple[str, list[LoggedEvent]]]:
    """Yield the stream and all events of some cases."""
    with connection.cursor() as cursor:
        cursor.execute(_HISTORIES, [[f"case/{case_id}" for case_id in ids]])
        for stream, rows in groupby(cursor.fetchall(), key=lambda row: row[0]):
            yield (
                stream,
                [LoggedEvent(seq, name, actor, at, json.loads(text)) for _, seq, name, actor, at, text in rows],
            )


def _area(area: AreaFacts, city: City) -> dict[str, Any]:
    around = city.lineage(area.code)
    return {
        "code": area.code,
        "name": area.name,
        "level": area.level,
        "parent": area.parent,
        **{level: around.get(level) for level in ("district", "street", "community")},
        "grade": area.grade or None,
        "valid_from": area.valid_from,
        "valid_until": area.valid_until,
    }


def _unit(unit: UnitFacts, department: str) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "parent": unit.parent,
        "department": department,
        "handles": unit.handles,
        "is_active": unit.is_active,
    }


def _category(category: CategoryFacts) -> dict[str, Any]:
    return {
        "catalogue": category.catalogue,
        "kind": category.kind,
        "code": category.code,
        "name": category.name,
        "major": major_of(category.code),
        "major_name": category.major or None,
        "is_local": category.is_local,
    }


def _source(code: str, source: SourceMeaning | None) -> dict[str, Any]:
    return {"code": code, "name": source.title["zh"] if source else code, "kind": source.kind if source else OTHER}


def _digest(value: list[Any]) -> str:
    return hashlib.sha256(chain.canonical(value)).hexdigest()
