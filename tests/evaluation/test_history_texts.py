"""Mappings of other systems' histories: every error has its place; moments by several clocks."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.errors import Invalid
from cityloop.evaluation.facts.relations import CASES
from cityloop.evaluation.foreign.texts import (
    HELPING,
    PLANNED,
    Clocks,
    HistoryFields,
    HistoryText,
    StatesText,
    UpdateOrder,
)
from cityloop.runtime.yaml_files import read_yaml

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "figures-from-another-systems-history.md"
FIELDS = "fields:\n  case_number: {column: no}\n  reported_at: {column: at}\n"


def read(folder: Path, text: str) -> HistoryText:
    path = folder / "history.yaml"
    path.write_text(text, "utf-8")
    return read_yaml(path, HistoryText)


def test_every_field_is_a_column_of_the_cases_or_a_helping_one() -> None:
    assert set(HistoryFields.model_fields) - set(HELPING) <= set(CASES.by_name)
    assert set(PLANNED) <= set(HistoryFields.model_fields)


def test_the_page_documents_every_field_and_word() -> None:
    page = PAGE.read_text("utf-8")
    for name in (*HistoryFields.model_fields, *HistoryText.model_fields, *StatesText.model_fields):
        assert f"`{name}`" in page, name
    assert all(f"`order: {order}`" in page for order in UpdateOrder)
    assert all(f"`{clocks}`" in page for clocks in Clocks)


def test_the_mapping_on_the_page_is_read(tmp_path: Path) -> None:
    for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text("utf-8"), re.S | re.M):
        assert read(tmp_path, text).fields.case_number


def test_the_mappings_next_to_the_page_are_read() -> None:
    paths = sorted((PAGE.parent / "histories").glob("*.yaml"))
    assert len(paths) == 3
    for path in paths:
        assert read_yaml(path, HistoryText).fields.reported_at
        assert f"histories/{path.name}" in PAGE.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        (FIELDS, "history.yaml:1 zone", "This must be filled in."),
        (f"zone: Peking\n{FIELDS}", "history.yaml:1 zone", "There is no time zone Peking"),
        (f"zone: Asia/Shanghai\nclocks: mine\n{FIELDS}", "history.yaml:2 clocks", "local_taken_for_utc"),
        (f"zone: Asia/Shanghai\ncrs: mars\n{FIELDS}", "history.yaml:2 crs", "is not known"),
        (f"zone: Asia/Shanghai\n{FIELDS}  closing: {{column: x}}\n", "history.yaml:5 fields.closing", "not a known"),
        (f"zone: Asia/Shanghai\nrows: updates\n{FIELDS}", "history.yaml:1", "needs the fields updated_at"),
        (f"zone: Asia/Shanghai\nstates: {{closed: [c]}}\n{FIELDS}", "history.yaml:1", "belong to a table with rows"),
        (f"zone: Asia/Shanghai\n{FIELDS}  lon: {{column: x}}\n", "history.yaml:1", "Give both coordinates"),
    ],
)
def test_every_error_has_file_line_and_field(tmp_path: Path, text: str, place: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(tmp_path, text)
    (fault,) = refused.value.faults
    assert fault.field.startswith(place)
    assert why in fault.reason


def mapped(zone: str, clocks: str) -> HistoryText:
    fields = {"case_number": {"column": "no"}, "reported_at": {"column": "at"}}
    return HistoryText.model_validate({"zone": zone, "clocks": clocks, "fields": fields})


def test_moments_without_an_offset_are_by_the_clocks_of_the_city() -> None:
    noon = datetime(2026, 6, 1, 12)  # noqa: DTZ001  # as a table has it
    assert mapped("Asia/Shanghai", "local").moment(noon) == datetime(2026, 6, 1, 4)  # noqa: DTZ001
    assert mapped("Asia/Shanghai", "utc").moment(noon) == noon
    assert mapped("Asia/Shanghai", "local").moment(noon.replace(tzinfo=UTC)) == noon


@given(st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_a_clock_mistaken_for_utc_and_converted_once_more_is_converted_back(shown: datetime) -> None:
    boston, shown = ZoneInfo("America/New_York"), shown.replace(fold=0)  # a table does not say which of two it is
    published = shown.replace(tzinfo=UTC).astimezone(boston)
    moment = mapped("America/New_York", "local_taken_for_utc").moment(published.replace(tzinfo=None, fold=0))
    meant = shown.replace(tzinfo=boston).astimezone(UTC).replace(tzinfo=None)
    hour_happens_twice = published.fold == 1
    assert moment == meant or (hour_happens_twice and abs(moment - meant) <= timedelta(hours=1))
