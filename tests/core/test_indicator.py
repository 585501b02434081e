"""Indicators: how counts add up, how they are divided and rounded, what is shown where there was nothing to count."""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.indicators.indicator import (
    NOTHING,
    Adds,
    FigureCount,
    FigureUnit,
    Indicator,
    Subject,
    Term,
    Variant,
    added,
    formula,
    half_up,
)

IN_TIME = Indicator(
    code="in_time",
    title={"zh": "按期结案率", "en": "Share closed in time"},
    unit=FigureUnit.PERCENT,
    numerator=(Term("intime"),),
    denominator=(Term("need"),),
    excludes=("voided",),
    variants={
        "of_closed": Variant({"zh": "占已结案", "en": "of those closed"}, denominator=(Term("intime"), Term("late")))
    },
)
CLOSED = Indicator(
    "closed", {"zh": "结案数", "en": "Closed"}, FigureUnit.COUNT, (Term("intime"), Term("late")), places=0
)
TITLES = {
    "intime": {"zh": "按期结案数", "en": "closed in time"},
    "late": {"zh": "超期结案数", "en": "closed late"},
    "need": {"zh": "应结案数", "en": "to be closed"},
}
VOIDED = {"voided": {"zh": "作废", "en": "voided"}}

counts = st.integers(-(10**12), 10**12)
below = st.integers(0, 10**12)
ratios = st.builds(
    lambda numerator, denominator: FigureCount(Fraction(numerator), Fraction(denominator)), counts, below
)
units = st.sampled_from([unit for unit in FigureUnit if unit is not FigureUnit.COUNT])


def tally(**found: int) -> FigureCount:
    return IN_TIME.tally({name: Fraction(number) for name, number in found.items()})


@pytest.mark.parametrize(
    ("intime", "need", "shown"),
    [
        (0, 0, NOTHING),
        (3, 0, NOTHING),
        (0, 7, "0.00%"),
        (2, 3, "66.67%"),
        (1, 3, "33.33%"),
        (7, 7, "100.00%"),
        (1, 8, "12.50%"),
        (201, 40000, "0.50%"),  # 0.5025
        (1005, 100000, "1.01%"),  # 1.005, which binary numbers round down
        (-1005, 100000, "-1.01%"),
        (-1, 100000, "0.00%"),
    ],
)
def test_a_ratio_is_shown_as_people_write_it(intime: int, need: int, shown: str) -> None:
    assert IN_TIME.written(tally(intime=intime, need=need)) == shown


def test_nothing_to_count_is_not_zero_and_a_count_of_nothing_is() -> None:
    assert IN_TIME.value(tally()) is None
    assert CLOSED.written(CLOSED.tally({})) == "0"


def test_hours_are_given_from_seconds() -> None:
    mean = Indicator("mean", {"en": "Mean"}, FigureUnit.HOURS, (Term("seconds"),), (Term("cases"),), places=1)
    assert mean.written(mean.tally({"seconds": Fraction(5400), "cases": Fraction(2)})) == "0.8h"


@given(counts, st.integers(1, 10**12), st.integers(0, 6))
def test_rounding_is_that_of_decimals_with_all_their_digits(above: int, below: int, places: int) -> None:
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(above) / Decimal(below)
        expected = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    assert half_up(Fraction(above, below), places) == expected


@given(counts, st.integers(1, 6))
def test_halves_are_rounded_away_from_zero(number: int, places: int) -> None:
    half = Fraction(2 * abs(number) + 1, 2 * 10**places)
    assert half_up(half, places) == Decimal(abs(number) + 1).scaleb(-places)
    assert half_up(-half, places) == -half_up(half, places)


@given(st.fractions(), st.integers(0, 6))
def test_a_rounded_number_is_never_off_by_more_than_half_of_its_last_place(number: Fraction, places: int) -> None:
    found = half_up(number, places)
    assert abs(Fraction(found) - number) <= Fraction(1, 2 * 10**places)
    assert found.as_tuple().exponent == -places


@given(st.lists(ratios, min_size=1), st.randoms(use_true_random=False))
def test_the_order_in_which_tallies_are_added_does_not_matter(tallies: list[FigureCount], random: object) -> None:
    shuffled = tallies[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert added(tallies, True) == added(shuffled, True)


@given(st.lists(ratios, min_size=1, max_size=8), units)
def test_the_whole_is_the_sum_above_over_the_sum_below_and_never_a_mean_of_ratios(
    tallies: list[FigureCount], unit: FigureUnit
) -> None:
    whole = added(tallies, True)
    above, under = sum(tally.numerator for tally in tallies), sum(tally.denominator or 0 for tally in tallies)
    expected = half_up(above * unit.factor / under, 2) if under else None
    assert whole.value(unit.factor, 2) == expected


@given(st.lists(ratios.filter(lambda tally: tally.denominator), min_size=1, max_size=8))
def test_the_whole_lies_between_its_smallest_and_its_largest_part(tallies: list[FigureCount]) -> None:
    values = [tally.numerator / tally.denominator for tally in tallies if tally.denominator]
    whole = added(tallies, True)
    assert whole.denominator
    assert min(values) <= whole.numerator / whole.denominator <= max(values)


def test_an_object_without_anything_to_count_changes_no_whole() -> None:
    assert added([tally(intime=2, need=3), tally()], True) == tally(intime=2, need=3)


def test_what_does_not_add_up_is_not_added() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        added([tally(intime=1, need=1)], False)
    with pytest.raises(ValueError, match="a ratio do not add up"):
        added([tally(intime=1, need=1), CLOSED.tally({})], True)


def test_figures_add_up_over_what_each_of_their_counts_does() -> None:
    assert Adds() & Adds(periods=False) == Adds(True, False)
    assert Adds(objects=False) & Adds(periods=False) == Adds(False, False)


def test_counts_taken_away_are_taken_away() -> None:
    rightly = Indicator("x", {}, FigureUnit.PERCENT, (Term("filed"), Term("voided", -1)), (Term("filed"),))
    assert rightly.written(rightly.tally({"filed": Fraction(8), "voided": Fraction(2)})) == "75.00%"


def test_a_variant_is_calculated_from_its_own_terms_and_keeps_the_rest() -> None:
    other = IN_TIME.chosen("of_closed")
    assert (other.numerator, other.variant, other.unit) == (IN_TIME.numerator, "of_closed", FigureUnit.PERCENT)
    assert other.written(other.tally({"intime": Fraction(1), "late": Fraction(1), "need": Fraction(9)})) == "50.00%"
    assert IN_TIME.chosen(None) is IN_TIME
    with pytest.raises(KeyError):
        IN_TIME.chosen("none")


def test_a_variant_may_speak_of_fewer_objects() -> None:
    narrow = Indicator(
        "x", {}, FigureUnit.COUNT, (Term("a"),), variants={"b": Variant({}, (Term("b"),), subjects=(Subject.AREA,))}
    )
    assert narrow.subjects == tuple(Subject) and narrow.chosen("b").subjects == (Subject.AREA,)


@pytest.mark.parametrize(
    ("indicator", "language", "words"),
    [
        (IN_TIME, "zh", "按期结案率 = 按期结案数 ÷ 应结案数 × 100%（不计：作废）"),
        (IN_TIME, "en", "Share closed in time = closed in time ÷ to be closed × 100% (without: voided)"),
        (
            IN_TIME.chosen("of_closed"),
            "zh",
            "按期结案率 = 按期结案数 ÷ （按期结案数 + 超期结案数） × 100%（不计：作废）",
        ),
        (CLOSED, "en", "Closed = closed in time + closed late"),
    ],
)
def test_a_formula_is_told_in_words(indicator: Indicator, language: str, words: str) -> None:
    assert formula(indicator, TITLES, VOIDED, language) == words
