"""A city's own table of filing conditions, as its office keeps it: the mapping of its columns and the reading of rows.

What the rows come to is found out in registry/catalogue/report.py.
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
    Unfit,
    open_mapped,
)
from cityloop.channels.tables.rows import Refused, Sheet, TableRow
from cityloop.core.codes.classes import KINDS, ClassKey
from cityloop.core.codes.crosswalk import MAJOR, is_code
from cityloop.core.errors import Fault, Invalid
from cityloop.registry.catalogue.matching import Lists
from cityloop.registry.catalogue.report import Limits, RefusedRow, Stated
from cityloop.registry.words.limits import Plain, read_limit

CALLED = {"部件": "component", "事件": "matter", "事项": "matter", "component": "component", "matter": "matter"}
GRADES = ("", "A", "B", "C")


class StandardFields(Fields):
    """What a table of filing conditions says; the class by one column `code` or by major and minor apart."""

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
    into: str | None = None  # the catalogue to enter into; left out, the table's own
    profile: str = Field(min_length=1)
    replaces: tuple[str, ...] = ()  # profiles the conditions of which go, save what the table has of its own
    plain_units: Plain | None = None
    fill_down: tuple[str, ...] = ()  # fields an empty cell of which means the one above, the outermost first
    classes: dict[str, str] = Field(default_factory=dict)  # "matter 0196" → the code it is to be entered under
    fields: StandardFields

    @property
    def target(self) -> str:
        return self.into or self.catalogue


def open_standards(path: Path, mapping_path: Path, lists: Lists) -> tuple[Sheet, ColumnMapping[StandardsText]]:
    """Return the table in a file and the mapping that fits it; raise Invalid for what is wrong with either."""
    return open_mapped(path, mapping_path, StandardsText, check=lambda text: _unfit(text, lists))


def _unfit(text: StandardsText, lists: Lists) -> Iterator[Unfit]:
    catalogues = sorted({key.catalogue for key in lists.names})
    for where, name in (("catalogue", text.catalogue), ("into", text.target)):
        if name not in catalogues:
            yield (where,), f"there is no catalogue {name}; known are {', '.join(catalogues)}"
    mapped = text.fields.sources()
    for name in text.fill_down:
        if name not in mapped:
            yield ("fill_down",), f"{name} is no field of this mapping; it has {', '.join(mapped)}"
    if ("code" in mapped) == ("minor_code" in mapped):
        yield ("fields",), "give code, or major_code and minor_code"
    kind = "matter" if text.target != text.catalogue else None
    for asked, code in text.classes.items():
        key = ClassKey(text.target, kind or asked.partition(" ")[0], code)
        if asked.partition(" ")[0] not in KINDS:
            yield ("classes", asked), "begins neither with component nor with matter"
        elif key not in lists.names:
            yield ("classes", asked), f"{text.target} has no {key.kind} {code}"


def read_standards(
    rows: Iterable[TableRow], mapping: ColumnMapping[StandardsText], file: str, digits: int
) -> tuple[list[Stated], list[Refused]]:
    """Return what the rows say, and those that say nothing that can be read; `digits` are those of a code."""
    read: list[Stated] = []
    refused: list[Refused] = []
    carried: Content = {}
    for row in rows:
        try:
            content = _filled(mapping.content(row), carried, mapping.text.fill_down)
            read.append(_stated(row, content, mapping.text, file, digits))
        except Invalid as error:
            refused.append(mapping.refused(row, error.faults))
    return read, refused


def refused_rows(
    rows: Sequence[TableRow], mapping: ColumnMapping[StandardsText], wrong: Iterable[RefusedRow]
) -> Iterator[Refused]:
    """Yield the rows that cannot be entered, each with everything that is wrong with it."""
    by_row: dict[int, list[Fault]] = {}
    for one in wrong:
        where = "minor_code" if one.field == "code" and "code" not in mapping.sources else one.field
        by_row.setdefault(one.row, []).append(Fault(where, one.reason))
    for row in rows:
        if row.number in by_row:
            yield mapping.refused(row, dict.fromkeys(by_row[row.number]))


def _filled(content: Content, carried: Content, fields: Sequence[str]) -> Content:
    """Return the content with what stands above in empty cells; a field given anew ends what is within it."""
    for place, name in enumerate(fields):
        if content.get(name) in ("", None, ()):
            content[name] = carried.get(name, content.get(name))
        elif content[name] != carried.get(name):
            carried[name] = content[name]
            for inner in fields[place + 1 :]:
                carried.pop(inner, None)
    return content


def _stated(row: TableRow, content: Content, text: StandardsText, file: str, digits: int) -> Stated:
    faults = [Fault(name, "must be given") for name in ("kind", "name", "filing") if not content.get(name)]
    said = str(content["kind"] or "")
    kind = CALLED.get(said, said)
    if kind not in KINDS:
        faults.append(Fault("kind", f"{kind!r} is neither 部件 nor 事件 nor 事项"))
    code = _code(content, digits)
    if not is_code(code, digits):
        faults.append(Fault("code" if "code" in content else "minor_code", f"{code!r} has not {digits} digits"))
    grade = content.get("grade") or ""
    if grade not in GRADES:
        faults.append(Fault("grade", f"{grade!r} is none of A, B, C"))
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
    """Return the code, its leading zeros brought back that a spreadsheet has taken away."""
    if "code" in content:
        return str(content["code"]).zfill(digits)
    return str(content.get("major_code") or "").zfill(MAJOR) + str(content["minor_code"] or "").zfill(digits - MAJOR)


def _limits(content: Mapping[str, Any], grade: str, plain: Plain | None) -> Limits:
    given: dict[Literal["", "A", "B", "C"] | str, str] = {grade: content.get("limit") or ""}
    given |= {"B": content.get("limit_b") or "", "C": content.get("limit_c") or ""} if not grade else {}
    return {name: read_limit(words, plain) for name, words in given.items() if words}


def _one_line(words: str) -> str:
    return " ".join(words.split())
