"""One row of another system's history as values of the facts: moments in UTC, coordinates in WGS-84, nothing guessed.

texts.py defines the meaning of the columns; updates.py makes one case of several rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from cityloop.channels.tables.cells import as_words
from cityloop.channels.tables.rows import TableRow
from cityloop.core.errors import Fault, Invalid
from cityloop.core.place.geo import Crs, to_wgs84
from cityloop.evaluation.facts.relations import CASES, Type
from cityloop.evaluation.foreign.texts import AFTER_REPORTED, COURSE, ONE_OF, PLANNED, HistoryMapping, HistoryText

Values = dict[str, Any]  # by column of the relation cases, or one of HELPING; unknown values are missing

DAYS = "days"  # in the values of a row: the moments of which only the day is known
PLACES = Decimal("1e-7")
MOMENTS = ("updated_at", *(column.name for column in CASES.columns if column.type is Type.MOMENT))
INTEGERS = tuple(column.name for column in CASES.columns if column.type is Type.INTEGER)
DEGREES = {"lon": 180, "lat": 90}


@dataclass(frozen=True, slots=True)
class TableReading:
    """How rows of one table are read; nothing in them may have happened after `latest` (UTC, without a zone)."""

    mapping: HistoryMapping
    latest: datetime

    @property
    def text(self) -> HistoryText:
        return self.mapping.text

    def values(self, row: TableRow) -> Values:
        """Return the values of a row; raise Invalid with every field that cannot be right."""
        nothing = self.text.nothing
        cells = tuple(None if as_words(cell) in nothing else cell for cell in row.cells) if nothing else row.cells
        content = self.mapping.content(replace(row, cells=cells))
        values = {name: value for name, value in content.items() if value not in (None, "")}
        days = frozenset(name for name in MOMENTS if is_day(values.get(name)))
        faults = [*self._convert(values), *_missing(values, self.text)]
        faults = faults or [*_in_order(values, days, self.text.zone)]
        if faults:
            raise Invalid(faults)
        return values | {DAYS: days}

    def _convert(self, values: Values) -> Iterator[Fault]:
        """Convert the values into values of the facts, in place; yield those that cannot be read."""
        for name in MOMENTS:
            if name in values and (fault := self._moment(name, values)):
                yield fault
        for name in INTEGERS:
            if name in values and (fault := _integer(name, values)):
                yield fault
        for name, words in ONE_OF.items():
            if values.get(name, words[0]) not in words:
                yield Fault(name, "history-unknown-word", {"text": str(values[name]), "known": ", ".join(words)})
        yield from _point(values, Crs(self.text.crs))

    def _moment(self, name: str, values: Values) -> Fault | None:
        value = values[name]
        try:
            moment = value if isinstance(value, date) else datetime.fromisoformat(value)
            values[name] = self.text.moment(moment, is_end=name in PLANNED)
        except (ValueError, OverflowError):
            return Fault(name, "history-not-a-moment", {"text": str(value)})
        if values[name] > self.latest and name not in PLANNED:
            return Fault(name, "history-too-late", {"text": str(value)})
        return None


def with_times(case: Values, zone: tzinfo) -> Values:
    """Return a case with its days in the city's own time zone and, once it is closed, the seconds it took.

    A case is handled by its unit's department; where only one of the two is known, it is used for both.
    """
    ends = {f"{name}_on": case.get(f"{name}_at") for name in ("reported", "filed", "closed")}
    known: Values = {name: local_day(moment, zone) for name, moment in ends.items() if moment}
    if "closed_at" in case and (seconds := _seconds_taken(case, zone)) is not None:
        known["raw_seconds"] = seconds
    whose = {"unit": case.get("department"), "department": case.get("unit")}
    found = {name: value for name, value in whose.items() if value} | known | case
    found.pop(DAYS, None)
    return found


def is_day(value: Any) -> bool:
    """Return whether a value is a day without an hour."""
    return isinstance(value, date) and not isinstance(value, datetime)


def _in_order(values: Values, days: frozenset[str], zone: tzinfo) -> Iterator[Fault]:
    """Yield the moments that are before one that must be earlier; put a day that has no hour not before it."""
    before = ""
    for name in COURSE:
        if name not in values:
            continue
        if before and values[name] < values[before]:
            if {name, before} & days and local_day(values[name], zone) == local_day(values[before], zone):
                values[name] = values[before]
            else:
                yield _too_early(name, before, values, zone)
                continue
        before = name
    for name in AFTER_REPORTED:
        if name in values and values[name] < values["reported_at"]:
            # A day that is a limit has its end by now, so that one before the report stays before it.
            if name in days - {*PLANNED} and local_day(values[name], zone) == local_day(values["reported_at"], zone):
                values[name] = values["reported_at"]
            else:
                yield _too_early(name, "reported_at", values, zone)


def _too_early(name: str, before: str, values: Values, zone: tzinfo) -> Fault:
    moment, other = (f"{values[each].replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d %H:%M}" for each in (name, before))
    return Fault(name, "history-too-early", {"moment": moment, "field": before, "other": other})


def _seconds_taken(case: Values, zone: tzinfo) -> int | None:
    """Return how long a closed case took; None where its moments do not say: a day without an hour, on that day."""
    start = "filed_at" if "filed_at" in case else "reported_at"
    known = {start, "closed_at"} & case.get(DAYS, frozenset())
    if len(known) == 1 and local_day(case[start], zone) == local_day(case["closed_at"], zone):
        return None
    seconds = int((case["closed_at"] - case[start]).total_seconds())
    return seconds if seconds >= 0 else None


def local_day(moment: datetime, zone: tzinfo) -> date:
    """Return the day on which a moment of the facts is, in a time zone."""
    return moment.replace(tzinfo=UTC).astimezone(zone).date()


def _missing(values: Values, text: HistoryText) -> Iterator[Fault]:
    required = ("case_number", "reported_at", *(("updated_at",) if text.fields.updated_at else ()))
    return (Fault(name, "required") for name in required if name not in values)


def _integer(name: str, values: Values) -> Fault | None:
    try:
        number = Decimal(str(values[name]))
        if number == number.to_integral_value() and abs(number) < 2**63:
            values[name] = int(number)
            return None
    except InvalidOperation:
        pass
    return Fault(name, "history-not-a-whole-number", {"text": str(values[name])})


def _point(values: Values, crs: Crs) -> Iterator[Fault]:
    """Convert the coordinates of a row to WGS-84, in place."""
    if not {"lon", "lat"} <= values.keys():
        values.pop("lon", None)
        values.pop("lat", None)
        return
    for name, most in DEGREES.items():
        try:
            if abs(found := Decimal(str(values[name]))) <= most:
                values[name] = found
                continue
        except InvalidOperation:
            pass
        yield Fault(name, "history-not-degrees", {"text": str(values[name]), "most": most})
        return
    lon, lat = values["lon"], values["lat"]
    if crs in (Crs.GCJ02, Crs.BD09):
        lon, lat = (Decimal(str(degrees)) for degrees in to_wgs84(float(lon), float(lat), crs))
    values["lon"], values["lat"] = lon.quantize(PLACES), lat.quantize(PLACES)
