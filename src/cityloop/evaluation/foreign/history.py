"""The import of another system's history, a table, into a folder of facts of its own, as an edition. No database.

rows.py reads a row, updates.py makes cases of updates. Cases are written in the order of the table, 16,384 to a part; a
table of updates is kept in memory until its end.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from cityloop.channels.imports.keys import check_key
from cityloop.channels.tables.rejects.files import Rejects
from cityloop.channels.tables.rows import Sheet
from cityloop.core.errors import Fault, Invalid, NotPossible
from cityloop.core.gazetteer.hot_spots import Pile, PointGroups
from cityloop.evaluation.facts.files import Edition, FactFolder, FactPart, table_of
from cityloop.evaluation.facts.relations import FACTS
from cityloop.evaluation.foreign.rows import DAYS, MOMENTS, TableReading, Values, with_times
from cityloop.evaluation.foreign.texts import HELPING, PLANNED, HistoryMapping, Rows
from cityloop.evaluation.foreign.updates import ForeignCase, MergedUpdates, story

CASES_A_PART = 16_384
HISTORY = "history"  # in the context of an edition: the name of the file that it was imported from
HAPPENED = tuple(name for name in MOMENTS if name not in PLANNED)
REPEATED = "history-repeated-case"
EARLIEST = datetime(1, 1, 1)  # noqa: DTZ001  # without a zone, like the moments of the facts

Show = Callable[[int, str], None]  # rows done, and more in words


@dataclass(slots=True)
class Imported:
    """The result of an import: rows, cases, and what is worth knowing about them."""

    rows: int = 0
    rejected: int = 0
    doubles: int = 0  # rows that are the same as one above
    repeated: int = 0  # rejected rows with the number of another one
    cases: int = 0
    latest: datetime = EARLIEST  # the last moment at which anything happened; UTC, without a zone
    differing: Counter[str] = field(default_factory=Counter)  # cases whose updates show another count than the table
    days: Counter[str] = field(default_factory=Counter)  # rows that name only the day of a moment, by moment
    places: PointGroups = field(default_factory=PointGroups)

    @property
    def piles(self) -> tuple[Pile, ...]:
        return self.places.piles

    @property
    def summary(self) -> str:
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
    """Write the facts of a table as an edition of a folder; return it with the result.

    The facts are as of the moment given, else of the first whole second after the last moment in them.
    """
    _refuse_facts_of_a_city(folder)
    result = Imported()
    reading = TableReading(mapping, (as_of or now).astimezone(UTC).replace(tzinfo=None))
    with folder.locked():
        values = _good_rows(sheet, reading, rejects, result, show)
        parts = tuple(_written(_stories(values, reading), folder, result))
        if not result.cases:
            raise NotPossible("nothing-read", {"rows": f"{result.rows:,}", "path": str(rejects.path)})
        moment = as_of or result.latest.replace(microsecond=0, tzinfo=UTC) + timedelta(seconds=1)
        edition = Edition(moment, mapping.text.zone.key, parts, context=context)
        return _saved(folder, edition), result


def _good_rows(sheet: Sheet, reading: TableReading, rejects: Rejects, result: Imported, show: Show) -> Iterator[Values]:
    """Yield the values of the good rows; write the others to the rejects with the reason."""
    known: dict[str, int] = {}
    for row in sheet.rows:
        result.rows += 1
        try:
            values = reading.values(row)
            if reading.text.rows is Rows.CASES and _is_double(values, known):
                result.doubles += 1
                continue
        except Invalid as error:
            result.rejected += 1
            result.repeated += any(fault.code == REPEATED for fault in error.faults)
            rejects.add([reading.mapping.refused(row, error.faults)])
        else:
            result.days.update(values[DAYS] - {"reported_at"})
            result.latest = max(result.latest, *(values[name] for name in HAPPENED if name in values))
            yield values
        show(result.rows, result.summary)
    check_key(reading.mapping.name("case_number"), len(known) + result.repeated, len(known))


def _is_double(values: Values, known: dict[str, int]) -> bool:
    """Return whether a row is the same as one above; raise Invalid for another one with its number."""
    number, content = values["case_number"], hash(tuple(values.items()))
    first = known.get(number)
    if first not in (None, content):
        raise Invalid([Fault("case_number", REPEATED, {"number": number})])
    known[number] = content
    return first is not None


def _stories(rows: Iterator[Values], reading: TableReading) -> Iterator[tuple[ForeignCase, str | None]]:
    """Yield the facts of each case with its address."""
    text = reading.text
    if text.rows is Rows.CASES:
        for values in rows:
            case = {name: value for name, value in values.items() if name not in HELPING}
            yield ForeignCase(with_times(case, text.zone)), values.get("address")
        return
    cases: dict[str, MergedUpdates] = {}
    for values in rows:
        cases.setdefault(values["case_number"], MergedUpdates()).add(values, text)
    for merged in cases.values():
        yield story(merged, text), merged.values.get("address")


def _written(
    stories: Iterator[tuple[ForeignCase, str | None]], folder: FactFolder, result: Imported
) -> Iterator[FactPart]:
    """Write the facts of cases, part by part; count what is worth knowing about them."""
    number = 0
    while some := list(islice(stories, CASES_A_PART)):
        for found, address in some:
            result.cases += 1
            result.differing.update(found.differing)
            if "lon" in found.case:
                result.places.add((found.case["lon"], found.case["lat"]), found.case.get("district"), address)
        for relation in FACTS.values():
            table = table_of(relation, (row for found, _ in some for row in found.rows(relation.name)))
            if table.num_rows:
                yield folder.write(relation.name, number, table)
        number += 1


def _refuse_facts_of_a_city(folder: FactFolder) -> None:
    if (latest := folder.latest()) and HISTORY not in latest.context:
        raise NotPossible("edition-exists", {"folder": str(folder.path), "name": latest.name})


def _saved(folder: FactFolder, edition: Edition) -> Edition:
    """Save the edition; where the folder already has the same facts of the same moment, keep those."""
    for known in folder.editions():
        if known.name == edition.name:
            if known.digest == edition.digest:
                return known
            raise NotPossible("edition-exists", {"folder": str(folder.path), "name": edition.name})
    folder.save(edition)
    return edition
