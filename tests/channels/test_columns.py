"""Mappings of any importer: fields declared as sources, rows turned into content, faults marked at their cells."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cityloop.channels.tables.columns import (
    CodeSource,
    ColumnMapping,
    DateSource,
    Fields,
    FieldSource,
    FlagSource,
    IdSource,
    ListSource,
    MomentSource,
    NumberSource,
    PhoneSource,
    TableText,
    open_mapped,
    read_as,
    read_rows,
)
from cityloop.channels.tables.rows import Sheet, TableRow
from cityloop.core.errors import Fault, Invalid
from cityloop.runtime.yaml_files import Misfit


class LampFields(Fields):
    """The fields of a street lamp."""

    code: IdSource
    name: FieldSource
    area: CodeSource | None = None
    power: NumberSource | None = None
    since: DateSource | None = None
    seen_at: MomentSource | None = None
    is_lit: FlagSource | None = None
    aliases: ListSource | None = None
    phone: PhoneSource | None = None


class LampsText(TableText):
    """What a mapping of lamps says."""

    road: str = "北街"
    fields: LampFields


class Lamp(BaseModel):
    """A street lamp."""

    code: str
    name: str = "灯"
    power: Decimal | None = None


PLAIN = "fields:\n  code: {column: 编号}\n  name: {column: 名称}\n"
TITLES = {"code": ("code", "编号"), "name": ("名称", "name"), "power": ("power", "功率")}


def opened(folder: Path, words: str | None, table: str, **options: Any) -> tuple[Sheet, ColumnMapping[LampsText]]:
    (folder / "map.yaml").write_text(words or "", encoding="utf-8")
    (folder / "in.csv").write_text(table, encoding="utf-8")
    return open_mapped(folder / "in.csv", folder / "map.yaml" if words else None, LampsText, **options)


def value_of(folder: Path, field: str, source: str, cell: str) -> Any:
    sheet, mapping = opened(folder, f"{PLAIN}  {field}: {source}\n", f'编号,名称,x\n1,灯,"{cell}"\n')
    return mapping.content(next(sheet.rows))[field]


@pytest.mark.parametrize(
    ("field", "source", "cell", "value"),
    [
        ("area", "{column: x}", " ６７１００１ ", "671001"),
        ("area", "{column: x, words: {北区: '671001'}}", "北区", "671001"),
        ("area", "{constant: '671001'}", "别的", "671001"),
        ("power", "{column: x}", "１，２５０．５", "1250.5"),
        ("power", "{column: x}", "", None),
        ("since", "{column: x}", "2026年3月5日", date(2026, 3, 5)),
        ("since", "{column: x}", "20260305", date(2026, 3, 5)),
        ("since", "{column: x}", "2026/3/5 8:00", date(2026, 3, 5)),
        ("since", "{column: x, format: '%d.%m.%y'}", "05.03.26", date(2026, 3, 5)),
        ("since", "{column: x, words: {不详: ''}}", "不详", None),
        ("seen_at", "{column: x}", "2026.3.5 8:05", datetime(2026, 3, 5, 8, 5)),  # noqa: DTZ001
        ("is_lit", "{column: x}", "是", True),
        ("is_lit", "{column: x}", "×", False),
        ("is_lit", "{column: x, words: {亮: 是}}", "亮", True),
        ("is_lit", "{column: x}", "", None),
        ("aliases", "{column: x, words: {甲: 乙}}", "甲、丙；丁,丙", ("乙", "丙", "丁")),
        ("aliases", "{columns: [名称, x]}", "南灯，北灯", ("灯", "南灯", "北灯")),
        ("phone", "{column: x}", "０１０－１２３４", "010-1234"),
    ],
)
def test_each_kind_of_field_is_read_as_people_write_it(
    tmp_path: Path, field: str, source: str, cell: str, value: Any
) -> None:
    assert value_of(tmp_path, field, source, cell) == value


@pytest.mark.parametrize(
    ("field", "cell", "code"),
    [
        ("since", "昨天", "not-a-day"),
        ("is_lit", "也许", "cell-not-yes-or-no"),
        ("since", "2026-02-30", "not-a-day"),
    ],
)
def test_a_cell_that_cannot_be_read_is_reported_with_its_column(
    tmp_path: Path, field: str, cell: str, code: str
) -> None:
    sheet, mapping = opened(tmp_path, f"{PLAIN}  {field}: {{column: x}}\n", f"编号,名称,x\n1,灯,{cell}\n")
    row = next(sheet.rows)
    with pytest.raises(Invalid) as invalid:
        mapping.content(row)
    refused = mapping.refused(row, invalid.value.faults)
    assert (refused.faults[0].field, refused.faults[0].code) == (f"{field} (x)", code)
    assert refused.marks == ((2, refused.faults[0].reason),)


def test_all_faults_of_a_row_are_reported_at_once(tmp_path: Path) -> None:
    words = PLAIN + "  since: {column: x}\n  is_lit: {column: y}\n"
    sheet, mapping = opened(tmp_path, words, "编号,名称,x,y\n1.5E+17,灯,昨天,也许\n")
    with pytest.raises(Invalid) as invalid:
        mapping.content(next(sheet.rows))
    assert [fault.field for fault in invalid.value.faults] == ["code", "since", "is_lit"]


def test_an_importer_checks_its_own_mapping_and_reads_its_own_keys(tmp_path: Path) -> None:
    def check(text: LampsText) -> Iterator[Misfit]:
        if text.road == "东街":
            yield ("road",), "there is no such road"

    assert opened(tmp_path, PLAIN, "编号,名称\n", check=check)[1].text.road == "北街"
    with pytest.raises(Invalid, match=r"map\.yaml:4 road: there is no such road"):
        opened(tmp_path, PLAIN + "road: 东街\n", "编号,名称\n", check=check)


def test_without_a_mapping_columns_are_recognised_by_their_titles(tmp_path: Path) -> None:
    sheet, mapping = opened(tmp_path, None, "路灯普查表,,\n编号,名 称,功率,备注\n1,灯,60,无\n", titles=TITLES)
    assert mapping.content(next(sheet.rows)) == {"code": "1", "name": "灯", "power": "60"}
    with pytest.raises(Invalid, match=r"in\.csv: There is no column code / 编号 in the file\. It has: 名称, 功率"):
        opened(tmp_path, None, "名称,功率\n", titles=TITLES)
    with pytest.raises(Invalid, match="2 columns 名称"):
        opened(tmp_path, None, "编号,名称,名称\n", titles=TITLES)


def test_a_mapping_may_repeat_blanks_that_are_removed_from_the_heading(tmp_path: Path) -> None:
    sheet, mapping = opened(tmp_path, PLAIN.replace("编号", "编 号"), "编 号,名称\n7,灯\n")
    assert mapping.content(next(sheet.rows))["code"] == "7"


def test_content_becomes_a_model_without_its_empty_fields() -> None:
    assert read_as(Lamp, {"code": "1", "name": "", "power": None}) == Lamp(code="1")
    with pytest.raises(Invalid) as invalid:
        read_as(Lamp, {"code": "", "power": "viel"})
    assert [fault.field for fault in invalid.value.faults] == ["code", "power"]
    assert [fault.code for fault in invalid.value.faults] == ["required", "shape-error"]


def test_good_rows_are_kept_and_bad_rows_are_returned_with_their_reasons(tmp_path: Path) -> None:
    sheet, mapping = opened(
        tmp_path, PLAIN + "  power: {column: 功率}\n", "编号,名称,功率\n1,灯,60\n,灯,60\n3,灯,暗\n4,灯\n"
    )
    read, refused = read_rows(sheet.rows, mapping, lambda content: read_as(Lamp, content))
    assert [(row.number, lamp.code, lamp.power) for row, lamp in read] == [(1, "1", Decimal(60))]
    assert [(each.row.number, each.faults[0].field, [place for place, _ in each.marks]) for each in refused] == [
        (2, "code (编号)", [0]),
        (3, "power (功率)", [2]),
        (4, "row", []),
    ]


def test_a_fault_in_an_item_of_a_field_is_marked_at_its_cell(tmp_path: Path) -> None:
    _, mapping = opened(tmp_path, PLAIN + "  aliases: {column: x}\n", "编号,名称,x\n")
    refused = mapping.refused(TableRow(1, 2, ("1", "灯", "甲")), [Fault("aliases.0", "is too short")])
    assert refused.faults == (Fault("aliases.0 (x)", "is too short"),) and refused.marks == ((2, "is too short"),)
