"""What the columns of a foreign table mean: a YAML mapping, read, checked against the table, applied to its rows.

An importer declares its fields as a model of sources (`Fields`) in a `TableText`, and decides which values are valid.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, Field, PrivateAttr, ValidationError, model_validator

from cityloop.channels.tables import cells
from cityloop.channels.tables.headings import tidy
from cityloop.channels.tables.rows import FIRST_DAY, Refused, Sheet, TableRow, WantedTable
from cityloop.channels.tables.sheets import open_sheet
from cityloop.core.errors import Fault, Invalid
from cityloop.core.invalid_values import InvalidValue
from cityloop.core.sentences import Values
from cityloop.runtime.yaml_files import Misfit, Strict, error_fault, faults_at, model_fault, read_yaml

Content = dict[str, Any]
Titles = Mapping[str, Sequence[str]]  # by field, the names that its column may have without a mapping


class FieldSource(Strict):
    """Where a field comes from: a column, several joined by a blank, or a constant. Its values are text."""

    between: ClassVar[str] = " "

    column: str | None = None
    columns: tuple[str, ...] = ()
    constant: str | None = None
    words: dict[str, str] = Field(default_factory=dict)  # the table's word → ours; others are not changed

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if [self.column is not None, bool(self.columns), self.constant is not None].count(True) != 1:
            raise InvalidValue("mapping-one-source")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The columns the field comes from."""
        return (self.column,) if self.column is not None else self.columns

    def value_in(self, row: Sequence[Any], places: Sequence[int]) -> Any:
        """Return the field's value in a row; its cells are at `places`."""
        if self.constant is not None:
            return self.value(self.constant)
        if len(places) == 1:
            return self.value(row[places[0]])
        return self.value(self.between.join(text for place in places if (text := cells.as_words(row[place]))))

    def value(self, cell: Any) -> Any:
        """Return the value of a cell; raise InvalidValue where it cannot be parsed."""
        text = cells.as_words(cell)
        return self.words[text] if text in self.words else self.parse(cell)

    def parse(self, cell: Any) -> Any:
        """Return the value of a cell that is not one of `words`."""
        return cells.as_words(cell)


class CodeSource(FieldSource):
    """A code: full-width digits become half-width."""

    def parse(self, cell: Any) -> str:
        return cells.as_words(cell).translate(cells.DIGITS)


class IdSource(FieldSource):
    """An id: like a code, but one that a spreadsheet has shortened is refused."""

    def parse(self, cell: Any) -> str:
        return cells.as_id(cells.as_words(cell))


class PhoneSource(FieldSource):
    """A telephone number: digits and punctuation become half-width."""

    def parse(self, cell: Any) -> str:
        return cells.as_words(cell).translate(cells.HALF_WIDTH)


class NumberSource(FieldSource):
    """A number: as the table has it, or its text half-width and without commas; None if empty."""

    def parse(self, cell: Any) -> Any:
        return cells.as_number(cell)


class DegreesSource(FieldSource):
    """A coordinate: a number, or degrees, minutes and seconds; None if empty."""

    def parse(self, cell: Any) -> Any:
        return cells.as_degrees(cell)


class FlagSource(FieldSource):
    """Yes or no (是/否, 有/无, √/×, yes/no, 1/0); None if empty."""

    def value(self, cell: Any) -> bool | None:
        return cells.as_flag(super().value(cell))


class ListSource(FieldSource):
    """Several items in one cell, separated by commas, semicolons, 、, bars or line breaks; `words` applies to each."""

    between: ClassVar[str] = "、"

    def value(self, cell: Any) -> tuple[str, ...]:
        return tuple(self.words.get(item, item) for item in cells.as_several(cell))


class DatedSource(FieldSource):
    """A date or moment; without formats as in ISO 8601, as people write it, or as a spreadsheet's serial number."""

    format: str | tuple[str, ...] = ()
    _first_day: datetime = PrivateAttr(FIRST_DAY)  # day 0 of the table's calendar

    @property
    def formats(self) -> tuple[str, ...]:
        return (self.format,) if isinstance(self.format, str) else self.format

    def since(self, first_day: datetime) -> Self:
        """Return the source for a table whose calendar begins on a day."""
        source = self.model_copy()
        source._first_day = first_day
        return source


class MomentOrDaySource(DatedSource):
    """A moment without a zone, or a day where the cell holds no hour; text of unknown form stays text."""

    def parse(self, cell: Any) -> datetime | date | str | None:
        return cells.as_moment_or_day(cell, self.formats, self._first_day)


class MomentSource(MomentOrDaySource):
    """A moment without a zone; a day is its beginning. None if empty."""

    def parse(self, cell: Any) -> datetime | str | None:
        found = super().parse(cell)
        return cells.beginning(found) if isinstance(found, date) else found


class EndSource(MomentOrDaySource):
    """A moment without a zone at which something ends; a day is its end, 24:00. None if empty."""

    def parse(self, cell: Any) -> datetime | str | None:
        found = super().parse(cell)
        return cells.end(found) if isinstance(found, date) else found


class DateSource(DatedSource):
    """A day; None if empty."""

    def value(self, cell: Any) -> date | None:
        return cells.as_day(super().value(cell), self.formats, self._first_day)

    def parse(self, cell: Any) -> Any:
        return cell


def in_calendar_of(sheet: Sheet, sources: Mapping[str, FieldSource]) -> dict[str, FieldSource]:
    """Return the sources with their serial numbers in the calendar of a table."""
    return {
        name: source.since(sheet.first_day) if isinstance(source, DatedSource) else source
        for name, source in sources.items()
    }


class Fields(Strict):
    """The fields of a table; a subclass names them, each a FieldSource or one of its kinds, or None if left out."""

    def sources(self) -> dict[str, FieldSource]:
        """Return the fields that are mapped."""
        return {name: source for name in type(self).model_fields if (source := getattr(self, name)) is not None}


class TableText(Strict):
    """The content of a mapping; a subclass gives `fields` its own model and adds further keys."""

    sheet: str | None = None  # of a workbook; if left out, the first that is not empty
    heading: Annotated[int, Field(ge=1)] | tuple[Annotated[int, Field(ge=1)], ...] = ()  # lines; if left out, found
    fields: Fields

    def wanted(self) -> WantedTable:
        """Return where the table is, and the columns that its heading must name."""
        names = {name for source in self.fields.sources().values() for name in source.names}
        return WantedTable(
            frozenset(names | {tidy(name) for name in names}),
            self.sheet,
            (self.heading,) if isinstance(self.heading, int) else self.heading,
        )


Text = TypeVar("Text", bound=TableText)
Shape = TypeVar("Shape", bound=BaseModel)
Item = TypeVar("Item")


@dataclass(frozen=True)
class ColumnMapping(Generic[Text]):
    """A mapping that fits a table: turns its rows into values by field."""

    text: Text
    sources: Mapping[str, FieldSource]
    places: Mapping[str, tuple[int, ...]]  # by field, its columns, from 0

    def content(self, row: TableRow) -> Content:
        """Return the values of a row by field; raise Invalid naming every field that cannot be read."""
        if row.fault:
            raise Invalid([row.fault])
        content: Content = {}
        faults = []
        for name, source in self.sources.items():
            try:
                content[name] = source.value_in(row.cells, self.places[name])
            except ValueError as error:
                faults.append(Fault(name, *error_fault(error)))
        if faults:
            raise Invalid(faults)
        return content

    def name(self, field: str) -> str:
        """Return a field with the column it comes from: `lon (long)`."""
        names = self.sources[source].names if (source := self._source_of(field)) else ()
        return f"{field} ({' + '.join(names)})" if names else field

    def refused(self, row: TableRow, faults: Iterable[Fault]) -> Refused:
        """Return a row that is not imported, with the column in the name of each fault and the reason at its cells."""
        named, marks = [], []
        for fault in faults:
            named.append(Fault(self.name(fault.field), fault.code, fault.values))
            marks += [(place, fault.reason) for place in self.places.get(self._source_of(fault.field), ())]
        return Refused(row, tuple(named), tuple(marks))

    def _source_of(self, field: str) -> str:
        """Return the field of the mapping that a field of the content is from: `reporter_name` for `reporter.name`."""
        likely = (field.replace(".", "_"), field.split(".", maxsplit=1)[0])
        return next((name for name in likely if name in self.sources), "")


def open_mapped(
    path: Path,
    mapping_path: Path | None,
    shape: type[Text],
    check: Callable[[Text], Iterable[Misfit]] = lambda text: (),
    titles: Titles | None = None,
) -> tuple[Sheet, ColumnMapping[Text]]:
    """Return the table in a file and the mapping that fits it; raise Invalid for what is wrong with either.

    Without a mapping, columns are recognised by their titles.
    """
    if mapping_path is None:
        names = frozenset(name for names in (titles or {}).values() for name in names)
        sheet = open_sheet(path, WantedTable(names))
        return sheet, _mapping_by_titles(path, sheet, shape, titles or {})
    sheet = open_sheet(path, wanted(mapping_path, shape))
    return sheet, read_mapping(mapping_path, sheet, shape, check)


def wanted(mapping_path: Path, shape: type[Text]) -> WantedTable:
    """Return where a mapping says that its table is; raise Invalid for what is wrong in the mapping."""
    return read_yaml(mapping_path, shape).wanted()


def read_mapping(
    mapping_path: Path, sheet: Sheet, shape: type[Text], check: Callable[[Text], Iterable[Misfit]] = lambda text: ()
) -> ColumnMapping[Text]:
    """Return the mapping in a file; raise Invalid for what is wrong in it, does not fit the table or fails `check`."""
    text = read_yaml(mapping_path, shape)
    if misfits := [*_column_misfits(text, sheet), *check(text)]:
        raise Invalid(faults_at(mapping_path, misfits))
    return _mapping_of(text, sheet)


def _mapping_by_titles(path: Path, sheet: Sheet, shape: type[Text], titles: Titles) -> ColumnMapping[Text]:
    """Return the mapping of a table whose columns have the given titles; the first title that is present counts."""
    named = {field: name for field, names in titles.items() for name in reversed(names) if name in sheet.columns}
    try:
        text = shape.model_validate({"fields": {field: {"column": name} for field, name in named.items()}})
    except ValidationError as errors:
        missing = [str(error["loc"][-1]) for error in errors.errors()]
        names = [" / ".join(titles.get(field, [field])) for field in missing]
        raise Invalid([no_column(path, name, sheet) for name in names]) from errors
    if faults := [Fault(path.name, code, values) for _, code, values in _column_misfits(text, sheet)]:
        raise Invalid(faults)
    return _mapping_of(text, sheet)


def read_as(shape: type[Shape], content: Content) -> Shape:
    """Return content as a model without its empty fields; raise Invalid naming every field that is wrong."""
    try:
        return shape.model_validate({name: value for name, value in content.items() if value not in ("", None, ())})
    except ValidationError as errors:
        faults = [Fault(".".join(map(str, error["loc"])) or "row", *model_fault(error)) for error in errors.errors()]
        raise Invalid(faults) from errors


def read_rows(
    rows: Iterable[TableRow], mapping: ColumnMapping[Text], make: Callable[[Content], Item]
) -> tuple[list[tuple[TableRow, Item]], list[Refused]]:
    """Return the rows with the item that `make` returns for each, and the rows it raised Invalid for."""
    read, refused = [], []
    for row in rows:
        try:
            read.append((row, make(mapping.content(row))))
        except Invalid as error:
            refused.append(mapping.refused(row, error.faults))
    return read, refused


def no_column(path: Path, name: str, sheet: Sheet) -> Fault:
    """Return the fault of a file in which a column is missing."""
    return Fault(path.name, "table-no-column", {"name": name, "columns": ", ".join(sheet.columns)})


def _column_misfits(text: TableText, sheet: Sheet) -> Iterator[tuple[tuple[str, ...], str, Values]]:
    for field, source in text.fields.sources().items():
        where = ("fields", field, "column" if source.column is not None else "columns")
        for name in source.names:
            if (times := sheet.columns.count(_column_name(name, sheet))) != 1:
                code = "table-column-repeated" if times else "table-no-column"
                yield where, code, {"times": times, "name": name, "columns": ", ".join(sheet.columns)}


def _mapping_of(text: Text, sheet: Sheet) -> ColumnMapping[Text]:
    sources = text.fields.sources()
    places = {
        field: tuple(sheet.columns.index(_column_name(name, sheet)) for name in source.names)
        for field, source in sources.items()
    }
    return ColumnMapping(text, in_calendar_of(sheet, sources), places)


def _column_name(name: str, sheet: Sheet) -> str:
    """Return the name of a column in a table, where blanks that the mapping repeats may have been removed."""
    return name if name in sheet.columns else tidy(name)
