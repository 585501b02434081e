"""The meaning of the columns of another system's history: the YAML schema of such a mapping.

history.py turns rows into facts; facts/relations.py defines the facts.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from cityloop.channels.tables.cells import beginning, end
from cityloop.channels.tables.columns import (
    CodeSource,
    ColumnMapping,
    DegreesSource,
    Fields,
    FieldSource,
    FlagSource,
    IdSource,
    MomentOrDaySource,
    NumberSource,
    TableText,
    read_mapping,
)
from cityloop.channels.tables.rows import Sheet
from cityloop.core.place.geo import Crs, parse_crs
from cityloop.core.sentences import english
from cityloop.runtime.yaml_files import Strict


class BadMapping(ValueError):
    """A mapping with a value that cannot be right; `code` and `values` are those of a Fault."""

    def __init__(self, code: str, **values: object) -> None:
        self.code, self.values = code, values
        super().__init__(english(code, values))


class Clocks(StrEnum):
    """Which clocks the moments of a table are by, where they have no offset."""

    LOCAL = "local"  # the city's own clocks
    UTC = "utc"
    LOCAL_TAKEN_FOR_UTC = "local_taken_for_utc"  # the city's clocks, mistaken for UTC and converted once more


class Rows(StrEnum):
    """What a row of a table is."""

    CASES = "cases"
    UPDATES = "updates"  # several rows a case, each with its state after a change


class UpdateOrder(StrEnum):
    """The order of the updates of a case."""

    TIME = "time"  # by updated_at; at the same moment in the order of the table
    TABLE = "table"  # in the order of the table, whatever updated_at is


class StatesText(Strict):
    """The meaning of words in the column `state`."""

    closed: tuple[str, ...] = ()  # the work has ended: when it continues, the case was reopened
    waiting: tuple[str, ...] = ()  # the clock is paused


class HistoryFields(Fields):
    """The columns of the relation `cases` that a foreign table may fill, and three that only help to fill them."""

    case_number: IdSource
    reported_at: MomentOrDaySource

    received_at: MomentOrDaySource | None = None
    verified_at: MomentOrDaySource | None = None
    accepted_at: MomentOrDaySource | None = None
    filed_at: MomentOrDaySource | None = None
    filing_due_at: MomentOrDaySource | None = None
    due_at: MomentOrDaySource | None = None
    closed_at: MomentOrDaySource | None = None
    voided_at: MomentOrDaySource | None = None
    revisited_at: MomentOrDaySource | None = None

    procedure: FieldSource | None = None
    source: FieldSource | None = None
    source_kind: FieldSource | None = None
    catalogue: FieldSource | None = None
    category_kind: FieldSource | None = None
    category: CodeSource | None = None
    major: CodeSource | None = None
    district: FieldSource | None = None
    street: FieldSource | None = None
    community: FieldSource | None = None
    unit_grid: FieldSource | None = None
    grade: FieldSource | None = None
    department: FieldSource | None = None
    unit: FieldSource | None = None
    stage: FieldSource | None = None
    facility: IdSource | None = None
    refusal: FieldSource | None = None
    limit_unit: FieldSource | None = None

    limit_amount: NumberSource | None = None
    extensions: NumberSource | None = None
    dispatches: NumberSource | None = None
    reassignments: NumberSource | None = None
    reworks: NumberSource | None = None
    reopenings: NumberSource | None = None
    lon: DegreesSource | None = None
    lat: DegreesSource | None = None

    is_self_handled: FlagSource | None = None
    was_corrected: FlagSource | None = None
    is_satisfied: FlagSource | None = None
    is_exempt: FlagSource | None = None
    told_in_time: FlagSource | None = None

    updated_at: MomentOrDaySource | None = None  # of updates: when
    state: FieldSource | None = None  # of updates: the state of the case afterwards
    address: FieldSource | None = None  # to find points that stand for many places; it does not become a fact


HELPING = ("updated_at", "state", "address")
PLANNED = ("due_at", "filing_due_at")  # moments that may be in the future; a day is over at its end
COURSE = ("reported_at", "accepted_at", "filed_at", "closed_at")  # moments of a case in their order
AFTER_REPORTED = ("received_at", "verified_at", "voided_at", "revisited_at", *PLANNED)
ONE_OF = {
    "source_kind": ("collector", "public", "inspection", "video", "sensor", "leader", "linked", "other"),
    "category_kind": ("component", "matter"),
}


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise BadMapping("history-no-such-zone", zone=str(name)) from error


class HistoryText(TableText):
    """A mapping of another system's history."""

    zone: Annotated[ZoneInfo, PlainValidator(_zone)]
    clocks: Clocks = Clocks.LOCAL
    crs: Annotated[str, AfterValidator(parse_crs)] = Crs.WGS84
    rows: Rows = Rows.CASES
    order: UpdateOrder = UpdateOrder.TIME
    nothing: tuple[str, ...] = ()  # words that stand for an empty cell
    states: StatesText = Field(default_factory=StatesText)
    fields: HistoryFields

    @model_validator(mode="after")
    def _fits_its_rows(self) -> Self:
        fields = self.fields
        if self.rows is Rows.UPDATES:
            if not (fields.updated_at and (fields.state or fields.unit)):
                raise BadMapping("history-updates-need")
        elif fields.updated_at or fields.state or {"states", "order"} & self.model_fields_set:
            raise BadMapping("history-updates-only")
        if (fields.lon is None) != (fields.lat is None):
            raise BadMapping("one-coordinate")
        return self

    def moment(self, value: date, *, is_end: bool = False) -> datetime:
        """Return a moment of the table as one of the facts: UTC, without a zone.

        A day is one of the city: its beginning, or where something ends with it its end, 24:00.
        """
        if not isinstance(value, datetime):
            value = (end if is_end else beginning)(value).replace(tzinfo=self.zone)
        if value.tzinfo is not None or self.clocks is Clocks.UTC:
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).replace(tzinfo=None)
        if self.clocks is Clocks.LOCAL_TAKEN_FOR_UTC:
            value = value.replace(tzinfo=self.zone).astimezone(UTC)
        return value.replace(tzinfo=self.zone).astimezone(UTC).replace(tzinfo=None)


HistoryMapping = ColumnMapping[HistoryText]


def read_history_mapping(path: Path, sheet: Sheet) -> HistoryMapping:
    """Return the mapping in a file; raise Invalid with every error in it and every column that the table lacks."""
    return read_mapping(path, sheet, HistoryText)
