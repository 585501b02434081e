"""The rows of a ranking: figures compared with the period before, ranks and movement. Counting is in evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from cityloop.core.indicators.indicator import Better, FigureCount, Indicator, Subject
from cityloop.evaluation.indicators.appraising import Appraisal, indicators
from cityloop.presentation.figures.questions.groupings import GROUPINGS, Key, speaks_of
from cityloop.presentation.figures.questions.objects import ObjectNames, listed
from cityloop.presentation.figures.questions.query import FigureQuery, coded
from cityloop.presentation.figures.trends import Spark, spark

COLUMNS: Mapping[Subject | None, tuple[str, ...]] = {  # the columns next to the ranked figure
    Subject.AREA: ("register", "archive_rate", "archive_in_time_rate", "rework_rate", "overdue_open"),
    Subject.DEPARTMENT: ("need_dispose", "dispose_rate", "dispose_in_time_rate", "rework_rate", "overdue_open"),
    Subject.POST: ("report", "valid_report_rate", "accept_in_time_rate", "dispatch_in_time_rate", "check"),
    Subject.PERSON: ("report", "valid_report_rate", "accept_in_time_rate", "dispatch_in_time_rate", "check"),
    None: ("register", "archive_rate", "archive_in_time_rate", "rework_rate", "overdue_open"),
}


@dataclass(frozen=True, slots=True)
class FigureCell:
    """One figure of a row: its text, numerator/denominator, its address."""

    written: str
    made_of: str  # numerator over denominator; "" for a count
    url: str


@dataclass(frozen=True, slots=True)
class Movement:
    """How a figure moved against the period before; None: there is nothing to compare."""

    change: Decimal | None
    places: int | None  # up is positive

    @property
    def change_written(self) -> str:
        if not self.change:
            return "" if self.change is None else f"{self.change:f}"
        return f"{self.change:+f}".replace("-", "−")


@dataclass(frozen=True, slots=True)
class RankingRow:
    """An object of a ranking; `rank` is None for a statistic and where there was nothing to count.

    `spark` is None until the row is on a page.
    """

    key: Key
    name: str
    rank: int | None
    value: Decimal | None
    ranked: FigureCell
    before: str
    moved: Movement
    others: tuple[FigureCell, ...]
    spark: Spark | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The whole table."""

    rows: tuple[RankingRow, ...]
    total: RankingRow
    others: tuple[Indicator, ...]


def columns(chosen: FigureQuery) -> tuple[Indicator, ...]:
    """Return the figures shown next to the ranked one."""
    subject = chosen.grouping.subject if chosen.grouping else None
    known = (chosen.book.indicators.get(code) for code in COLUMNS[subject])
    found = [indicator for indicator in known if indicator and speaks_of(indicator, chosen.grouping, chosen.scope)]
    return tuple(indicator for indicator in found if coded(indicator) != chosen.code)[:5]


def ranks(values: Mapping[Key, Decimal | None], better: Better) -> dict[Key, int]:
    """Return the rank of each object that has a value, the best first; equal values have equal rank."""
    found = sorted((value for value in values.values() if value is not None), reverse=better is not Better.LESS)
    return {key: found.index(value) + 1 for key, value in values.items() if value is not None}


def ranking(chosen: FigureQuery, table: Appraisal) -> Ranking:
    """Return the rows of what was counted, ranked."""
    grouping = chosen.grouping or GROUPINGS["district"]  # a ranking always has one
    this, before, code, indicator = chosen.span.period.name, chosen.span.previous, chosen.code, chosen.indicator
    keys = listed(chosen, table.keys)
    names = ObjectNames.of(chosen.city, grouping, keys)
    tables = _Tables(chosen, table, columns(chosen))
    if grouping.subject in (Subject.POST, Subject.PERSON):
        keys = [key for key in keys if tables.has_part(key)]  # others do other work
    objects = [key for key in keys if key[-1] is not None]  # what has no district is no district
    now = {key: indicator.value(tables.tally(code, this, key)) for key in objects}
    then = {key: indicator.value(tables.tally(code, before, key)) for key in objects}
    places, places_before = ({} if indicator.is_statistic else ranks(each, indicator.better) for each in (now, then))
    rows = [tables.row(key, names.name(key), places.get(key), places_before.get(key)) for key in keys]
    rows.sort(key=lambda row: (row.key[-1] is None, row.rank is None, row.rank or 0, row.name))
    return Ranking(tuple(rows), tables.row(None, "", None, None), tables.others)


@dataclass(frozen=True, slots=True)
class _Tables:
    """What was counted, read by object."""

    chosen: FigureQuery
    table: Appraisal
    others: tuple[Indicator, ...]

    def tally(self, code: str, period: str, key: Key | None) -> FigureCount:
        return tally(self.chosen, self.table, code, period, key)

    def has_part(self, key: Key) -> bool:
        """Return whether anything was counted for the ranked figure of an object, in this period or the one before."""
        span, code = self.chosen.span, self.chosen.code
        found = [self.tally(code, period, key) for period in (span.period.name, span.previous)]
        return any(count.numerator or count.denominator for count in found)

    def row(self, key: Key | None, name: str, rank: int | None, rank_before: int | None) -> RankingRow:
        chosen, indicator = self.chosen, self.chosen.indicator
        this, before = chosen.span.period.name, chosen.span.previous
        value = indicator.value(self.tally(chosen.code, this, key))
        was = self.tally(chosen.code, before, key)
        value_before = indicator.value(was)
        change = value - value_before if value is not None and value_before is not None else None
        places = rank_before - rank if rank and rank_before and indicator.better is not Better.NEITHER else None
        return RankingRow(
            key=key or (),
            name=name,
            rank=rank,
            value=value,
            ranked=self._cell(indicator, key),
            before=indicator.written(was),
            moved=Movement(change, places),
            others=tuple(self._cell(indicator, key) for indicator in self.others),
        )

    def _cell(self, indicator: Indicator, key: Key | None) -> FigureCell:
        found = self.tally(coded(indicator), self.chosen.span.period.name, key)
        return FigureCell(indicator.written(found), made_of(found), self.chosen.figure_url(indicator, key))


def with_spark(row: RankingRow, chosen: FigureQuery, trend: Appraisal) -> RankingRow:
    """Return a row with the small line of its history; the row of everything has no key."""
    key = row.key or None
    history = [(name, tally(chosen, trend, chosen.code, name, key)) for name in chosen.span.trend]
    return replace(row, spark=spark(chosen.indicator, chosen.span.length, history))


def tally(chosen: FigureQuery, counted: Appraisal, code: str, period: str, key: Key | None) -> FigureCount:
    """Return the count of an object, or (None) of everything; an empty one where nothing was counted."""
    found = counted.whole.get(period, {}).get(code) if key is None else counted.tally(code, period, key)
    return found or indicators(chosen.book, [code])[code].tally({})


def made_of(found: FigureCount) -> str:
    """Return numerator/denominator; "" for a count."""
    return "" if found.denominator is None else f"{amount(found.numerator)}/{amount(found.denominator)}"


def amount(number: Fraction) -> str:
    """Return a count as it is written: whole, or with its decimals."""
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.2f}"


def page_of(rows: Sequence[RankingRow], after: str, size: int) -> tuple[Sequence[RankingRow], str]:
    """Return a page of rows and where the next page begins; "" for the last page."""
    first = int(after) // size * size if after.isdecimal() and len(after) < 7 else 0
    return rows[first : first + size], str(first + size) if len(rows) > first + size else ""
