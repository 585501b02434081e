"""What the columns of a foreign table mean: a mapping of YAML, read, checked against the table, applied to its rows.

An importer declares the fields it takes as a model of sources (`Fields`) within a `TableText`. Which values are right
is decided by whoever takes the content.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from cityloop.channels.tables import cells
from cityloop.channels.tables.headings import tidy
from cityloop.channels.tables.rows import Refused, Sheet, TableRow, WantedTable
from cityloop.channels.tables.sheets import open_sheet
from cityloop.core.errors import Fault, Invalid
from cityloop.runtime.yaml_files import Strict, faults_at, read_yaml

Content = dict[str, Any]
Unfit = tuple[tuple[str, ...], str]  # the path of a field of a mapping, and what is wrong there
Titles = Mapping[str, Sequence[str]]  # by field, what its column may be called where no mapping says it


class FieldSource(Strict):
    """Where a field comes from: a column, several joined by a blank, or the same words in every row. Gives words."""

    between: ClassVar[str] = " "

    column: str | None = None
    columns: tuple[str, ...] = ()
    constant: str | None = None
    words: dict[str, str] = Field(default_factory=dict)  # the table's word → ours; others stay as they are

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if [self.column is not None, bool(self.columns), self.constant is not None].count(True) != 1:
            raise ValueError("give one of: column, columns, constant")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The columns the field comes from."""
        return (self.column,) if self.column is not None else self.columns

    def taken(self, row: Sequence[Any], places: Sequence[int]) -> Any:
        """Return what the field says in a row whose cells for it stand at `places`."""
        if self.constant is not None:
            return self.value(self.constant)
        if len(places) == 1:
            return self.value(row[places[0]])
        return self.value(self.between.join(said for place in places if (said := cells.as_words(row[place]))))

    def value(self, cell: Any) -> Any:
        """Return what a cell says; raise ValueError with the reason where it says nothing that can be read."""
        said = cells.as_words(cell)
        return self.words[said] if said in self.words else self.meant(cell)

    def meant(self, cell: Any) -> Any:
        """Return what a cell says that is none of the words given."""
        return cells.as_words(cell)


class CodeSource(FieldSource):
    """A code: full-width digits are read as digits."""

    def meant(self, cell: Any) -> str:
        return cells.as_words(cell).translate(cells.DIGITS)


class IdSource(FieldSource):
    """An id: as a code, and one that a spreadsheet has shortened is refused."""

    def meant(self, cell: Any) -> str:
        return cells.as_id(cells.as_words(cell))


class PhoneSource(FieldSource):
    """A telephone number: digits and signs half-width."""

    def meant(self, cell: Any) -> str:
        return cells.as_words(cell).translate(cells.SIGNS)


class NumberSource(FieldSource):
    """A number: as the table has it, or its words with half-width signs and without commas; None for nothing."""

    def meant(self, cell: Any) -> Any:
        return cells.as_number(cell)


class FlagSource(FieldSource):
    """Yes or no (是/否, 有/无, √/×, yes/no, 1/0); None for nothing."""

    def value(self, cell: Any) -> bool | None:
        return cells.as_flag(super().value(cell))


class ListSource(FieldSource):
    """Several words in one cell, parted by commas, semicolons, 、, bars or lines; `words` applies to each."""

    between: ClassVar[str] = "、"

    def value(self, cell: Any) -> tuple[str, ...]:
        return tuple(self.words.get(word, word) for word in cells.as_several(cell))


class DatedSource(FieldSource):
    """What is dated: without formats as ISO 8601 writes it, as people do, or as a spreadsheet's serial number."""

    format: str | tuple[str, ...] = ()

    @property
    def formats(self) -> tuple[str, ...]:
        return (self.format,) if isinstance(self.format, str) else self.format


class MomentSource(DatedSource):
    """A moment without a zone; unknown spellings stay words. None for nothing."""

    def meant(self, cell: Any) -> datetime | str | None:
        return cells.as_moment(cell, self.formats)


class DateSource(DatedSource):
    """A day; None for nothing."""

    def value(self, cell: Any) -> date | None:
        return cells.as_day(super().value(cell), self.formats)

    def meant(self, cell: Any) -> Any:
        return cell


class Fields(Strict):
    """The fields of a table; a subclass names them, each a Source or one of its kinds, or None where left out."""

    def sources(self) -> dict[str, FieldSource]:
        """Return the fields that are mapped."""
        return {name: source for name in type(self).model_fields if (source := getattr(self, name)) is not None}


class TableText(Strict):
    """What a mapping says; a subclass gives `fields` its own shape and adds what else it wants to know."""

    sheet: str | None = None  # of a workbook; left out, the first that is not empty
    heading: Annotated[int, Field(ge=1)] | tuple[Annotated[int, Field(ge=1)], ...] = ()  # lines; left out, found
    fields: Fields

    def wanted(self) -> WantedTable:
        """Return where the table is, and the columns its heading must name."""
        names = {name for source in self.fields.sources().values() for name in source.names}
        return WantedTable(
            frozenset(names | {tidy(name) for name in names}),
            self.sheet,
            (self.heading,) if isinstance(self.heading, int) else self.heading,
        )


Text = TypeVar("Text", bound=TableText)
Shape = TypeVar("Shape", bound=BaseModel)
Taken = TypeVar("Taken")


@dataclass(frozen=True)
class ColumnMapping(Generic[Text]):
    """A mapping that fits a table: turns its rows into content by field."""

    text: Text
    sources: Mapping[str, FieldSource]
    places: Mapping[str, tuple[int, ...]]  # by field, its columns, from 0

    def content(self, row: TableRow) -> Content:
        """Return what a row says, by field; raise Invalid naming every field that cannot be read."""
        if row.fault:
            raise Invalid([Fault("row", row.fault)])
        said: Content = {}
        faults = []
        for name, source in self.sources.items():
            try:
                said[name] = source.taken(row.cells, self.places[name])
            except ValueError as error:
                faults.append(Fault(name, str(error)))
        if faults:
            raise Invalid(faults)
        return said

    def name(self, field: str) -> str:
        """Return a field with the column it comes from: `lon (long)`."""
        names = self.sources[mapped].names if (mapped := self._mapped(field)) else ()
        return f"{field} ({' + '.join(names)})" if names else field

    def refused(self, row: TableRow, faults: Iterable[Fault]) -> Refused:
        """Return a row that is not taken, its faults named by column and set beside their cells."""
        told = tuple(faults)
        marks = ((place, fault.reason) for fault in told for place in self.places.get(self._mapped(fault.field), ()))
        return Refused(row, tuple(Fault(self.name(fault.field), fault.reason) for fault in told), tuple(marks))

    def _mapped(self, field: str) -> str:
        """Return the field of the mapping that one of the content comes from: `reporter.name` from `reporter_name`."""
        likely = (field.replace(".", "_"), field.split(".", maxsplit=1)[0])
        return next((name for name in likely if name in self.sources), "")


def open_mapped(
    path: Path,
    mapping_path: Path | None,
    shape: type[Text],
    check: Callable[[Text], Iterable[Unfit]] = lambda text: (),
    titles: Titles | None = None,
) -> tuple[Sheet, ColumnMapping[Text]]:
    """Return the table in a file and the mapping that fits it; raise Invalid for what is wrong with either.

    Without a mapping, columns are known by their titles.
    """
    if mapping_path is None:
        names = frozenset(name for called in (titles or {}).values() for name in called)
        sheet = open_sheet(path, WantedTable(names))
        return sheet, titled(path, sheet, shape, titles or {})
    sheet = open_sheet(path, wanted(mapping_path, shape))
    return sheet, read_mapping(mapping_path, sheet, shape, check)


def wanted(mapping_path: Path, shape: type[Text]) -> WantedTable:
    """Return what a mapping says about where its table is; raise Invalid for what is wrong in it."""
    return read_yaml(mapping_path, shape).wanted()


def read_mapping(
    mapping_path: Path, sheet: Sheet, shape: type[Text], check: Callable[[Text], Iterable[Unfit]] = lambda text: ()
) -> ColumnMapping[Text]:
    """Return the mapping in a file; raise Invalid for what is wrong in it, does not fit the table or fails `check`."""
    text = read_yaml(mapping_path, shape)
    if faults := [*_unfit(text, sheet), *check(text)]:
        raise Invalid(faults_at(mapping_path, faults))
    return _fitted(text, sheet)


def titled(path: Path, sheet: Sheet, shape: type[Text], titles: Titles) -> ColumnMapping[Text]:
    """Return the mapping of a table whose columns have the titles given; the first title that is there counts."""
    named = {field: name for field, names in titles.items() for name in reversed(names) if name in sheet.columns}
    try:
        text = shape.model_validate({"fields": {field: {"column": name} for field, name in named.items()}})
    except ValidationError as wrong:
        missing = [str(error["loc"][-1]) for error in wrong.errors()]
        has = f"it has: {', '.join(sheet.columns)}"
        faults = [Fault(path.name, f"has no column {' or '.join(titles.get(one, [one]))}; {has}") for one in missing]
        raise Invalid(faults) from wrong
    if faults := [Fault(path.name, reason) for _, reason in _unfit(text, sheet)]:
        raise Invalid(faults)
    return _fitted(text, sheet)


def read_as(shape: type[Shape], content: Content) -> Shape:
    """Return content as a model, empty fields left out; raise Invalid naming every field that is wrong."""
    try:
        return shape.model_validate({name: value for name, value in content.items() if value not in ("", None, ())})
    except ValidationError as wrong:
        raise Invalid([_fault(error) for error in wrong.errors()]) from wrong


def read_rows(
    rows: Iterable[TableRow], mapping: ColumnMapping[Text], taken: Callable[[Content], Taken]
) -> tuple[list[tuple[TableRow, Taken]], list[Refused]]:
    """Return the rows that `taken` makes something of, with it, and those it raised Invalid for."""
    read, refused = [], []
    for row in rows:
        try:
            read.append((row, taken(mapping.content(row))))
        except Invalid as error:
            refused.append(mapping.refused(row, error.faults))
    return read, refused


def _unfit(text: TableText, sheet: Sheet) -> Iterable[Unfit]:
    for field, source in text.fields.sources().items():
        where = ("fields", field, "column" if source.column is not None else "columns")
        for name in source.names:
            if (times := sheet.columns.count(_called(name, sheet))) != 1:
                problem = f"there is no column {name!r}" if not times else f"there are {times} columns {name!r}"
                yield where, f"{problem} in the file; it has: {', '.join(sheet.columns)}"


def _fitted(text: Text, sheet: Sheet) -> ColumnMapping[Text]:
    sources = text.fields.sources()
    places = {
        field: tuple(sheet.columns.index(_called(name, sheet)) for name in source.names)
        for field, source in sources.items()
    }
    return ColumnMapping(text, sources, places)


def _called(name: str, sheet: Sheet) -> str:
    """Return what a column is called in a table, which may have been rid of blanks that the mapping repeats."""
    return name if name in sheet.columns else tidy(name)


def _fault(error: Any) -> Fault:
    where = ".".join(map(str, error["loc"])) or "row"
    return Fault(where, "must be given" if error["type"] == "missing" else error["msg"].removeprefix("Value error, "))
