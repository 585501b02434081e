"""Requests and appraisals: canonical text, totals that are sums or counted separately, refusals."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from cityloop.core.errors import Invalid
from cityloop.core.indicators.indicator import FigureCount
from cityloop.evaluation.facts.files import Edition, FactFolder
from cityloop.evaluation.indicators.appraising import Appraisal, Asking, indicators
from cityloop.evaluation.indicators.counting import appraised, behind
from cityloop.evaluation.indicators.speaking import has_columns, speaking, speaks_of
from cityloop.evaluation.indicators.texts import read_book
from cityloop.registry.packs.reading import SHIPPED
from fact_folders import AS_OF, kept
from fact_rows import drawn

BOOK = read_book(SHIPPED / "gbt30428-4")
SOME = ("register", "dispose_in_time_rate", "need_dispose:by_due", "rework:cases")
MONTHS = ("2026-05", "2026-06")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[FactFolder, Edition]:
    return kept(tmp_path_factory.mktemp("facts"))


def ask(city: tuple[FactFolder, Edition], scratch: Path, asking: Asking) -> Appraisal:
    return appraised(*city, "gbt30428-4", BOOK, asking, scratch)


def test_what_was_counted_is_the_same_again_when_read_from_its_text(
    city: tuple[FactFolder, Edition], tmp_path: Path
) -> None:
    only = {"unit": ("roads-1", None), "source_kind": ("public", "collector")}
    found = ask(city, tmp_path, Asking(SOME, MONTHS, ("district", "unit"), only, 19, "12:00"))
    again = Appraisal.read(found.text)
    assert (again.text, again.digest) == (found.text, found.digest)
    assert (again.lines, again.whole, again.keys) == (found.lines, found.whole, found.keys)
    assert len(found.lines) > 4 and ("490101", None) in found.keys
    assert Appraisal.read(json.loads(found.text)).text == found.text


def test_values_of_a_filter_are_the_same_question_in_any_order() -> None:
    first = Asking(SOME, MONTHS, only={"unit": (None, "b", "a"), "district": ("490101",)})
    second = Asking(SOME, MONTHS, only={"district": ("490101",), "unit": ("a", "b", None)})
    assert json.dumps(first.plain) == json.dumps(second.plain)
    assert Asking.read(first.plain).plain == first.plain


def test_the_same_facts_in_other_parts_count_the_same(city: tuple[FactFolder, Edition], tmp_path: Path) -> None:
    asking = Asking(SOME, MONTHS, ("district",))
    rows = {name: every[::-1] for name, every in drawn(7, 120).items()}
    found, other = ask(city, tmp_path, asking), ask(kept(tmp_path / "facts", rows), tmp_path, asking)
    assert found.facts != other.facts
    assert (found.lines, found.whole) == (other.lines, other.whole)


def test_the_total_is_the_sum_where_figures_add_up(city: tuple[FactFolder, Edition], tmp_path: Path) -> None:
    adding = tuple(code for code in SOME if BOOK.adds(indicators(BOOK, [code])[code]).objects)
    assert set(adding) == set(SOME) - {"rework:cases"}
    apart = ask(city, tmp_path, Asking(adding, MONTHS, ("district", "unit")))
    assert apart.whole == ask(city, tmp_path, Asking(adding, MONTHS)).whole
    assert all(apart.whole[month]["register"].numerator for month in MONTHS)


def test_the_total_is_counted_separately_where_a_case_is_counted_once(tmp_path: Path) -> None:
    rows = drawn(3, 60)
    for task in rows["tasks"]:
        task.kind, task.reworked_at, task.voided_at = "handle", rows["tasks"][0].opened_at or task.reworked_at, None
        task.unit = "roads-1" if task.task_no % 2 else "parks-1"
    reworked = [task.reworked_at for task in rows["tasks"] if task.reworked_at]
    asking = Asking(("rework", "rework:cases"), (f"{min(reworked):%Y}",), ("unit",))
    found = ask(kept(tmp_path / "facts", rows), tmp_path, asking)
    (whole,) = found.whole.values()
    cases = {task.case_number for task in rows["tasks"] if task.reworked_at}
    assert whole["rework:cases"] == FigureCount(Fraction(len(cases)))
    assert sum(line["rework:cases"].numerator for line in found.lines.values()) > len(cases)  # in both units
    assert whole["rework"].numerator == sum(line["rework"].numerator for line in found.lines.values())


def test_a_variant_is_counted_together_with_the_indicator_itself(
    city: tuple[FactFolder, Edition], tmp_path: Path
) -> None:
    found = ask(city, tmp_path, Asking(("need_dispose", "need_dispose:by_due"), MONTHS))
    assert any(line["need_dispose"] != line["need_dispose:by_due"] for line in found.whole.values())


def test_a_filter_counts_what_grouping_counts(city: tuple[FactFolder, Edition], tmp_path: Path) -> None:
    apart = ask(city, tmp_path, Asking(SOME, MONTHS, ("district",)))
    for district in ("490101", "490102", None):
        narrowed = ask(city, tmp_path, Asking(SOME, MONTHS, only={"district": (district,)}))
        tallies = {month: narrowed.whole[month]["register"] for month in MONTHS}
        assert tallies == {month: apart.tally("register", month, (district,)) for month in MONTHS}
        assert any(tally.numerator for tally in tallies.values())


def test_the_rows_behind_a_count_add_up_to_it(city: tuple[FactFolder, Edition], tmp_path: Path) -> None:
    asking = Asking(("register",), ("2026-06",), only={"district": ("490101",)})
    found = behind(*city, BOOK, asking, "register", tmp_path)
    whole = ask(city, tmp_path, asking).whole["2026-06"]["register"]
    assert found.total == str(whole.numerator) == str(len(found.rows)) != "0" and found.untold == 0
    assert {number for number, _ in found.rows} <= {row.case_number for row in drawn(7, 120)["cases"]}


def test_another_moment_of_the_facts_is_another_appraisal(tmp_path: Path) -> None:
    asking = Asking(("overdue_open",), ("2026-06",))
    first = ask(kept(tmp_path / "one"), tmp_path, asking)
    second = ask(kept(tmp_path / "other", as_of=AS_OF - timedelta(days=50)), tmp_path, asking)
    assert first.facts != second.facts and first.digest != second.digest
    assert first.whole != second.whole  # what fell due after the earlier moment was not overdue yet


@pytest.mark.parametrize(
    ("asking", "field", "code", "value"),
    [
        (Asking(("nonsense", "register"), MONTHS), "indicator", "no-such-indicator", "nonsense"),
        (Asking(("register:nonsense",), MONTHS), "indicator", "no-such-indicator", "register:nonsense"),
        (Asking(("register",), MONTHS, ("task_kind",)), "by", "no-such-grouping", "task_kind"),
        (Asking(("register",), MONTHS, only={"sent_to": ("x",)}), "by", "no-such-grouping", "sent_to"),
        (Asking(("register",), ("in June",)), "period", "unknown-period", "in June"),
        (Asking(("register",), MONTHS, month_begins_on=29), "period", "impossible-rhythm", None),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    city: tuple[FactFolder, Edition], tmp_path: Path, asking: Asking, field: str, code: str, value: str | None
) -> None:
    with pytest.raises(Invalid) as refused:
        ask(city, tmp_path, asking)
    (fault,) = refused.value.faults
    assert (fault.field, fault.code) == (field, code)
    assert value is None or value in fault.values.values()


@pytest.mark.parametrize(
    ("right", "replaced"),
    [
        ('"cityloop-appraisal/1"', '"cityloop-appraisal/9"'),
        ('"asked": {', '"asked": [], "other": {'),
        ('"whole": {', '"whole": {"2026-05": {"register": ["1/0"]}}, "other": {'),
        ('"whole": {', '"whole": {"2026-05": {"register": ["1", "2", "3"]}}, "other": {'),
        ("{", "["),
    ],
)
def test_a_text_that_is_not_an_appraisal_is_refused(
    city: tuple[FactFolder, Edition], tmp_path: Path, right: str, replaced: str
) -> None:
    text = ask(city, tmp_path, Asking(("register",), MONTHS)).text
    with pytest.raises(Invalid) as refused:
        Appraisal.read(text.replace(right, replaced, 1))
    assert [fault.code for fault in refused.value.faults] == ["appraisal-unreadable"]


def test_by_default_the_indicators_that_fit_the_grouping_are_counted() -> None:
    everything = set(speaking(BOOK, ()))
    assert everything == set(BOOK.indicators)
    units, persons = set(speaking(BOOK, ("unit",))), set(speaking(BOOK, ("person",)))
    assert "dispose_in_time_rate" in units - persons and "report" in persons - units
    assert set(speaking(BOOK, ("district",), ("unit",))) == units & set(speaking(BOOK, ("district",)))
    assert set(speaking(BOOK, ("sent_to",))) < everything  # only tasks have such a column
    assert speaking(BOOK, ("nonsense",)) == ()
    indicator = replace(BOOK.indicators["report"], subjects=())
    assert speaks_of(indicator, ("source",)) and not speaks_of(indicator, ("person",))
    assert has_columns(BOOK, indicator, ("person",)) and not has_columns(BOOK, indicator, ("sent_to",))


def test_a_period_that_begins_after_the_facts_has_no_figures(tmp_path: Path) -> None:
    """Cases that were open at the moment of the facts are not overdue for ever: nobody knows."""
    rows = drawn(5, 60)
    city = kept(tmp_path / "facts", rows, as_of=datetime(2026, 6, 10, tzinfo=UTC))
    asking = Asking(("overdue_open", "dispose_rate"), ("2026-06", "2026-07"), ("unit",))
    found = ask(city, tmp_path, asking)
    assert found.whole["2026-06"]["overdue_open"].numerator > 0
    assert found.whole["2026-07"] == {
        "overdue_open": FigureCount(Fraction(0)),
        "dispose_rate": FigureCount(*[Fraction(0)] * 2),
    }
    assert {period for period, _ in found.lines} == {"2026-06"}
    later = Asking(("overdue_open",), ("2026-07",))
    assert behind(*city, BOOK, later, "overdue_open", tmp_path).rows == ()
    assert ask(city, tmp_path, replace(later, by=("unit",))).keys == ()
