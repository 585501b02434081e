"""Reads a city's own table of filing conditions, as its office keeps it: the mapping of its columns and its rows.

registry/catalogue/report.py compares the rows with the catalogue.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from cityloop.channels.tables.columns import (
    CodeSource,
    ColumnMapping,
    Content,
    Fields,
    FieldSource,
    ListSource,
    TableText,
    open_mapped,
)
from cityloop.channels.tables.rows import Refused, Sheet, TableRow
from cityloop.core.codes.classes import KINDS, ClassKey
from cityloop.core.codes.crosswalk import MAJOR, is_code
from cityloop.core.errors import Fault, Invalid
from cityloop.registry.catalogue.matching import Lists
from cityloop.registry.catalogue.report import Limits, RefusedRow, Stated
from cityloop.registry.words.limits import Plain, read_limit
from cityloop.runtime.yaml_files import Misfit

KIND_WORDS = {"部件": "component", "事件": "matter", "事项": "matter", "component": "component", "matter": "matter"}
GRADES = ("", "A", "B", "C")


class StandardFields(Fields):
    """The fields of a table of filing conditions; the class is one column `code`, or `major_code` and `minor_code`."""

    kind: FieldSource
    code: CodeSource | None = None
    major_code: CodeSource | None = None
    minor_code: CodeSource | None = None
    name: FieldSource
    environment: FieldSource | None = None  # 环境属性
    grade: FieldSource | None = None  # of the area the row is for
    filing: FieldSource
    closing: FieldSource | None = None
    limit: FieldSource
    limit_b: FieldSource | None = None
    limit_c: FieldSource | None = None
    units: ListSource | None = None


class StandardsText(TableText):
    catalogue: str
    into: str | None = None  # the catalogue to enter into; if left out, the table's own
    profile: str = Field(min_length=1)
    replaces: tuple[str, ...] = ()  # profiles whose conditions are removed, except those that the table has itself
    plain_units: Plain | None = None
    fill_down: tuple[str, ...] = ()  # fields whose empty cells mean the value above, the outermost first
    classes: dict[str, str] = Field(default_factory=dict)  # "matter 0196" → the code that it is entered under
    fields: StandardFields

    @property
    def target(self) -> str:
        return self.into or self.catalogue


def open_standards(path: Path, mapping_path: Path, lists: Lists) -> tuple[Sheet, ColumnMapping[StandardsText]]:
    """Return the table in a file and the mapping that fits it; raise Invalid for what is wrong with either."""
    return open_mapped(path, mapping_path, StandardsText, check=lambda text: _misfits(text, lists))


def _misfits(text: StandardsText, lists: Lists) -> Iterator[Misfit]:
    catalogues = sorted({key.catalogue for key in lists.names})
    for where, name in (("catalogue", text.catalogue), ("into", text.target)):
        if name not in catalogues:
            yield (where,), "mapping-no-catalogue", {"name": name, "known": ", ".join(catalogues)}
    mapped = text.fields.sources()
    for name in text.fill_down:
        if name not in mapped:
            yield ("fill_down",), "mapping-unknown-field", {"name": name, "fields": ", ".join(mapped)}
    if ("code" in mapped) == ("minor_code" in mapped):
        yield ("fields",), "mapping-code-or-parts"
    kind = "matter" if text.target != text.catalogue else None
    for name, code in text.classes.items():
        key = ClassKey(text.target, kind or name.partition(" ")[0], code)
        if name.partition(" ")[0] not in KINDS:
            yield ("classes", name), "mapping-class-kind"
        elif key not in lists.names:
            yield ("classes", name), "mapping-no-class", {"catalogue": text.target, "kind": key.kind, "code": code}


def read_standards(
    rows: Iterable[TableRow], mapping: ColumnMapping[StandardsText], file: str, digits: int
) -> tuple[list[Stated], list[Refused]]:
    """Return the conditions of the rows, and the rows that cannot be read; a code has `digits` digits."""
    read: list[Stated] = []
    refused: list[Refused] = []
    carried: Content = {}
    for row in rows:
        try:
            content = _filled_down(mapping.content(row), carried, mapping.text.fill_down)
            read.append(_stated(row, content, mapping.text, file, digits))
        except Invalid as error:
            refused.append(mapping.refused(row, error.faults))
    return read, refused


def refused_rows(
    rows: Sequence[TableRow], mapping: ColumnMapping[StandardsText], refused: Iterable[RefusedRow]
) -> Iterator[Refused]:
    """Yield the rows that cannot be entered, each with all its faults."""
    by_row: dict[int, list[Fault]] = {}
    for refusal in refused:
        where = "minor_code" if refusal.field == "code" and "code" not in mapping.sources else refusal.field
        by_row.setdefault(refusal.row, []).append(Fault(where, refusal.fault.code, refusal.fault.values))
    for row in rows:
        if row.number in by_row:
            yield mapping.refused(row, dict.fromkeys(by_row[row.number]))


def _filled_down(content: Content, carried: Content, fields: Sequence[str]) -> Content:
    """Return the content with the value above in empty cells; a new value ends the values of the fields inside it."""
    for place, name in enumerate(fields):
        if content.get(name) in ("", None, ()):
            content[name] = carried.get(name, content.get(name))
        elif content[name] != carried.get(name):
            carried[name] = content[name]
            for inner in fields[place + 1 :]:
                carried.pop(inner, None)
    return content


def _stated(row: TableRow, content: Content, text: StandardsText, file: str, digits: int) -> Stated:
    faults = [Fault(name, "required") for name in ("kind", "name", "filing") if not content.get(name)]
    word = str(content["kind"] or "")
    kind = KIND_WORDS.get(word, word)
    if kind not in KINDS:
        faults.append(Fault("kind", "cell-not-a-class-kind", {"value": kind}))
    code = _code(content, digits)
    if not is_code(code, digits):
        where = "code" if "code" in content else "minor_code"
        faults.append(Fault(where, "cell-digits", {"value": code, "digits": digits}))
    grade = content.get("grade") or ""
    if grade not in GRADES:
        faults.append(Fault("grade", "cell-not-a-choice", {"value": grade, "choices": ", ".join(GRADES[1:])}))
    if faults:
        raise Invalid(faults)
    environment = content.get("environment")
    filing = f"{environment}：{content['filing']}" if environment else content["filing"]
    return Stated(
        at=f"{file}:{row.line or row.number}",
        row=row.number,
        kind=kind,
        code=code,
        name=content["name"],
        filing=_one_line(filing),
        closing=_one_line(content.get("closing", "")),
        limits=_limits(content, grade, text.plain_units),
        units=content.get("units") or (),
    )


def _code(content: Mapping[str, Any], digits: int) -> str:
    """Return the code with the leading zeros that a spreadsheet has removed."""
    if "code" in content:
        return str(content["code"]).zfill(digits)
    return str(content.get("major_code") or "").zfill(MAJOR) + str(content["minor_code"] or "").zfill(digits - MAJOR)


def _limits(content: Mapping[str, Any], grade: str, plain: Plain | None) -> Limits:
    given: dict[Literal["", "A", "B", "C"] | str, str] = {grade: content.get("limit") or ""}
    given |= {"B": content.get("limit_b") or "", "C": content.get("limit_c") or ""} if not grade else {}
    return {name: read_limit(text, plain) for name, text in given.items() if text}


def _one_line(text: str) -> str:
    return " ".join(text.split())
