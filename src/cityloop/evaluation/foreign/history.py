"""A table of another system's history brought into a folder of facts of its own, as an edition. No database.

What a row says is read in imported_rows.py, what updates come to in imported_updates.py. Cases are written in the order
in which the table has them, 16,384 to a part; a table of updates is held in memory until its end.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from cityloop.channels.tables.rejects.files import Rejects
from cityloop.channels.tables.rows import Sheet
from cityloop.core.errors import Fault, Invalid, NotPossible
from cityloop.evaluation.facts.files import Edition, FactFolder, FactPart, table_of
from cityloop.evaluation.facts.relations import FACTS
from cityloop.evaluation.foreign.hot_spots import Pile, PointGroups
from cityloop.evaluation.foreign.rows import MOMENTS, TableReading, Values, with_times
from cityloop.evaluation.foreign.texts import HELPING, PLANNED, HistoryMapping, Rows
from cityloop.evaluation.foreign.updates import ForeignCase, MergedUpdates, story

CASES_A_PART = 16_384
HISTORY = "history"  # in the context of an edition: the name of the file that it was imported from
HAPPENED = tuple(name for name in MOMENTS if name not in PLANNED)
EARLIEST = datetime(1, 1, 1)  # noqa: DTZ001  # as the facts have moments

Show = Callable[[int, str], None]  # rows done, and the rest in words


@dataclass(slots=True)
class Imported:
    """What became of a table: its rows, its cases, and what is worth knowing about them."""

    rows: int = 0
    rejected: int = 0
    cases: int = 0
    latest: datetime = EARLIEST  # the last moment at which anything happened; UTC, without a zone
    differing: Counter[str] = field(default_factory=Counter)  # cases whose updates show another count than is told
    places: PointGroups = field(default_factory=PointGroups)

    @property
    def piles(self) -> tuple[Pile, ...]:
        return self.places.piles

    @property
    def words(self) -> str:
        return f"rejected {self.rejected:,}"


def import_history(
    sheet: Sheet,
    mapping: HistoryMapping,
    folder: FactFolder,
    rejects: Rejects,
    context: Mapping[str, str],
    *,
    as_of: datetime | None,
    now: datetime,
    show: Show,
) -> tuple[Edition, Imported]:
    """Write the facts of a table as an edition of a folder; return it with what became of the rows.

    The facts are as of the moment given, else of the first whole second after the last thing that happened in them.
    """
    _refuse_facts_of_a_city(folder)
    came = Imported()
    reading = TableReading(mapping, (as_of or now).astimezone(UTC).replace(tzinfo=None))
    with folder.locked():
        values = _read(sheet, reading, rejects, came, show)
        parts = tuple(_written(_stories(values, reading), folder, came))
        if not came.cases:
            raise NotPossible("nothing-read", {"rows": f"{came.rows:,}", "path": str(rejects.path)})
        moment = as_of or came.latest.replace(microsecond=0, tzinfo=UTC) + timedelta(seconds=1)
        edition = Edition(moment, mapping.text.zone.key, parts, context=context)
        return _saved(folder, edition), came


def _read(sheet: Sheet, reading: TableReading, rejects: Rejects, came: Imported, show: Show) -> Iterator[Values]:
    """Yield what the good rows say; write the others down with the reason."""
    known: set[str] = set()
    for row in sheet.rows:
        came.rows += 1
        try:
            values = reading.values(row)
            if reading.text.rows is Rows.CASES:
                _refuse_second(values["case_number"], known)
        except Invalid as error:
            came.rejected += 1
            rejects.add([reading.mapping.refused(row, error.faults)])
        else:
            came.latest = max(came.latest, *(values[name] for name in HAPPENED if name in values))
            yield values
        show(came.rows, came.words)


def _refuse_second(number: str, known: set[str]) -> None:
    if number in known:
        raise Invalid([Fault("case_number", "history-repeated-case", {"number": number})])
    known.add(number)


def _stories(rows: Iterator[Values], reading: TableReading) -> Iterator[tuple[ForeignCase, str | None]]:
    """Yield the facts of each case with the address it was told at."""
    text = reading.text
    if text.rows is Rows.CASES:
        for values in rows:
            case = {name: value for name, value in values.items() if name not in HELPING}
            yield ForeignCase(with_times(case, text.zone)), values.get("address")
        return
    cases: dict[str, MergedUpdates] = {}
    for values in rows:
        cases.setdefault(values["case_number"], MergedUpdates()).add(values, text)
    for told in cases.values():
        yield story(told, text), told.values.get("address")


def _written(
    stories: Iterator[tuple[ForeignCase, str | None]], folder: FactFolder, came: Imported
) -> Iterator[FactPart]:
    """Write the facts of cases, part by part; count what is worth knowing about them."""
    number = 0
    while some := list(islice(stories, CASES_A_PART)):
        for one, address in some:
            came.cases += 1
            came.differing.update(one.differing)
            if "lon" in one.case:
                came.places.add((one.case["lon"], one.case["lat"]), one.case.get("district"), address)
        for relation in FACTS.values():
            table = table_of(relation, (row for one, _ in some for row in one.rows(relation.name)))
            if table.num_rows:
                yield folder.write(relation.name, number, table)
        number += 1


def _refuse_facts_of_a_city(folder: FactFolder) -> None:
    if (latest := folder.latest()) and HISTORY not in latest.context:
        raise NotPossible("edition-exists", {"folder": str(folder.path), "name": latest.name})


def _saved(folder: FactFolder, edition: Edition) -> Edition:
    """Keep the edition; where the folder has the same facts of the same moment already, those stay."""
    for known in folder.editions():
        if known.name == edition.name:
            if known.digest == edition.digest:
                return known
            raise NotPossible("edition-exists", {"folder": str(folder.path), "name": edition.name})
    folder.save(edition)
    return edition
