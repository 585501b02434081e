"""What the columns of a table of reports mean: their fields, and what a row passes to intake.

intake decides whether the content is a report, as for every other channel.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import Field

from cityloop.channels.tables.columns import (
    CodeSource,
    ColumnMapping,
    Content,
    DegreesSource,
    Fields,
    FieldSource,
    IdSource,
    MomentSource,
    PhoneSource,
    TableText,
    read_mapping,
)
from cityloop.channels.tables.rows import Sheet, TableRow
from cityloop.runtime.yaml_files import Misfit

REPORTER = {"reporter_name": "name", "reporter_phone": "phone"}


class ReportFields(Fields):
    """The fields of a report, as POST /api/v1/reports names them."""

    external_id: IdSource
    text: FieldSource
    lon: DegreesSource | None = None
    lat: DegreesSource | None = None
    crs: FieldSource | None = None
    category: CodeSource | None = None
    facility: IdSource | None = None
    address: FieldSource | None = None
    district: FieldSource | None = None  # its code or name
    reported_at: MomentSource | None = None
    reporter_name: FieldSource | None = None
    reporter_phone: PhoneSource | None = None


class ReportsText(TableText):
    """The content of a mapping of reports."""

    channel: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")
    fields: ReportFields


@dataclass(frozen=True)
class ReportMapping(ColumnMapping[ReportsText]):
    """A mapping of reports that fits a table: turns its rows into content for intake."""

    @classmethod
    def read(cls, path: Path, sheet: Sheet, is_class: Callable[[str], bool]) -> Self:
        """Return the mapping in a file; raise Invalid for what is wrong in it or does not fit the table."""
        mapping = read_mapping(path, sheet, ReportsText, lambda text: _unknown_classes(text, is_class))
        return cls(mapping.text, mapping.sources, mapping.places)

    @property
    def channel(self) -> str:
        """Where the reports come from."""
        return self.text.channel

    def content(self, row: TableRow) -> Content:
        """Return a row as the content of a report; raise Invalid for a row that cannot be read."""
        content = super().content(row)
        reporter = {ours: content.pop(name) for name, ours in REPORTER.items() if name in content}
        return {"channel": self.channel, **content, "reporter": reporter}


def _unknown_classes(text: ReportsText, is_class: Callable[[str], bool]) -> Iterator[Misfit]:
    for word, code in (text.fields.category.words if text.fields.category else {}).items():
        if not is_class(code):
            yield ("fields", "category", "words", word), "unknown-class", {"value": code}
