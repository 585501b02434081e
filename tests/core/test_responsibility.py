"""Who is responsible: the facility's own units, then class × area, then the desk; and what is not pushed down."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.place.responsibility import (
    Duties,
    DutyAnswer,
    DutyCount,
    DutyRule,
    FacilityRole,
    FacilityUnits,
    Skipped,
    responsible,
)

NO_FACILITY = FacilityUnits()
HERE = {"district": "490102", "street": "490102001", "community": "490102001003"}
UNITS = ("roads", "parks", "lamps", "bureau")


def asked(
    *rows: DutyRule,
    reference: str | None = "06010",
    facility: FacilityUnits = NO_FACILITY,
    over: dict[str, Skipped] | None = None,
) -> DutyAnswer:
    return responsible(facility, Duties.of(rows), reference, HERE, (over or {}).get)


def first(answer: DutyAnswer) -> list[str]:
    return [ground.unit for ground in answer.first]


def test_where_nothing_fits_the_desk_decides() -> None:
    answer = asked(DutyRule("01", "", "roads"), DutyRule("", "490103", "parks"))
    assert (answer.standing, answer.unit, answer.first) == (DutyCount.NONE, None, ())


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        (("06010", ""), ("06", "490102001003")),  # the class before the area
        (("06", ""), ("", "490102001003")),
        (("06010", "490102"), ("06010", "")),
        (("06010", "490102001003"), ("06010", "490102001")),
        (("", "490102"), ("", "")),
    ],
)
def test_the_more_particular_duty_wins(nearer: tuple[str, str], farther: tuple[str, str]) -> None:
    rows = DutyRule(*farther, "bureau"), DutyRule(*nearer, "roads")
    answer = asked(*rows)
    assert (answer.unit, [first.unit for rank in answer.ranks for first in rank]) == ("roads", ["roads", "bureau"])
    assert answer.first[0].duty == rows[1]


def test_two_that_are_equally_particular_are_both_named_and_none_is_chosen() -> None:
    answer = asked(DutyRule("06010", "", "roads"), DutyRule("06010", "", "parks"), DutyRule("", "", "bureau"))
    assert (answer.standing, answer.unit, first(answer)) == (DutyCount.MANY, None, ["parks", "roads"])


def test_grids_that_lie_across_each_other_count_as_equally_small() -> None:
    rows = Duties.of([DutyRule("06010", "P1", "roads"), DutyRule("06010", "S1", "parks")])
    places = {"patrol_grid": "P1", "social_grid": "S1", "community": "490102001003"}
    for areas in (places, dict(reversed(places.items()))):
        answer = responsible(NO_FACILITY, rows, "06010", areas, lambda unit: None)
        assert (answer.standing, first(answer)) == (DutyCount.MANY, ["roads", "parks"])


def test_the_facilitys_own_units_come_before_every_duty_its_maintainer_first() -> None:
    row = DutyRule("06010", "490102001003", "roads")
    units = FacilityUnits(maintainer="lamps", owner="parks", authority="bureau")
    answer = asked(row, facility=units)
    assert [(ground.unit, ground.role) for rank in answer.ranks for ground in rank] == [
        ("lamps", FacilityRole.MAINTAINER),
        ("parks", FacilityRole.OWNER),
        ("bureau", FacilityRole.AUTHORITY),
        ("roads", None),
    ]
    assert asked(row, facility=units._replace(maintainer="")).unit == "parks"
    assert asked(row, facility=FacilityUnits(authority="bureau")).unit == "bureau"


def test_a_unit_that_cannot_be_responsible_is_passed_over_and_told() -> None:
    units = FacilityUnits(maintainer="lamps", owner="parks")
    answer = asked(DutyRule("", "", "roads"), facility=units, over={"lamps": Skipped.CLOSED, "roads": Skipped.UNKNOWN})
    assert (answer.unit, [(ground.unit, why) for ground, why in answer.skipped]) == (
        "parks",
        [("lamps", Skipped.CLOSED)],
    )


def test_a_component_and_a_matter_of_one_code_have_duties_of_their_own() -> None:
    rows = (
        DutyRule("01001", "", "roads"),
        DutyRule("component:01001", "", "parks"),
        DutyRule("component:", "", "bureau"),
    )
    assert asked(*rows, reference="01001").unit == "roads"
    assert asked(*rows, reference="component:01001").unit == "parks"
    assert asked(*rows, reference="component:01002").unit == "bureau"
    assert asked(*rows, reference="01002").standing is DutyCount.NONE


def test_a_class_that_is_not_known_falls_to_who_sees_to_any() -> None:
    assert asked(DutyRule("06010", "", "roads"), DutyRule("", "490102", "bureau"), reference=None).unit == "bureau"


def test_what_stands_on_a_departments_list_is_found_in_its_area_alone() -> None:
    duties = Duties.of(
        [DutyRule("0601", "490102", "roads", is_listed=True, basis="某条例"), DutyRule("06010", "", "lamps")]
    )
    found = duties.listed("06010", HERE, lambda unit: unit == "roads")
    assert found is not None
    assert (found.unit, found.basis) == ("roads", "某条例")
    assert duties.listed("06020", HERE, lambda unit: True) is None
    assert duties.listed("06010", {"district": "490103"}, lambda unit: True) is None
    assert duties.listed("06010", HERE, lambda unit: False) is None


duty_rows = st.lists(
    st.builds(
        DutyRule,
        st.sampled_from(("", "0", "06", "0601", "06010", "07", "component:06")),
        st.sampled_from(("", *HERE.values(), "490103", "490102002")),
        st.sampled_from(UNITS),
    ),
    max_size=12,
)
references = st.sampled_from((None, "06010", "06011", "07001", "component:06010"))
facilities = st.builds(FacilityUnits, *(st.sampled_from(("", *UNITS)) for _ in range(3)))


@given(duty_rows, references, facilities, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(
    rows: list[DutyRule], reference: str | None, facility: FacilityUnits, chance: Random
) -> None:
    mixed = list(rows)
    chance.shuffle(mixed)
    assert asked(*rows, reference=reference, facility=facility) == asked(*mixed, reference=reference, facility=facility)


@given(duty_rows, references, st.sampled_from(UNITS))
def test_a_duty_elsewhere_changes_nothing(rows: list[DutyRule], reference: str | None, unit: str) -> None:
    elsewhere = (DutyRule("", "490103", unit), DutyRule("99", "", unit), DutyRule("06010", "490102002", unit))
    assert asked(*rows, *elsewhere, reference=reference) == asked(*rows, reference=reference)


@given(duty_rows, references)
def test_the_answer_is_the_nearest_of_the_rows_that_fit(rows: list[DutyRule], reference: str | None) -> None:
    """Told plainly: of the rows that fit, those with the longest class and then the smallest area."""
    places = ["", *HERE.values()]
    fitting = [row for row in rows if (reference or "").startswith(row.category) and row.area in places]
    nearness = {row: (len(row.category), places.index(row.area)) for row in fitting}
    nearest = {row.unit for row in fitting if nearness[row] == max(nearness.values())}
    assert set(first(asked(*rows, reference=reference))) == nearest


@given(duty_rows, references, facilities, st.sets(st.sampled_from(UNITS)))
def test_nobody_who_is_passed_over_is_named_and_everybody_is_named_once(
    rows: list[DutyRule], reference: str | None, facility: FacilityUnits, closed: set[str]
) -> None:
    answer = asked(*rows, reference=reference, facility=facility, over=dict.fromkeys(closed, Skipped.CLOSED))
    named = [ground.unit for rank in answer.ranks for ground in rank]
    assert len(named) == len(set(named))
    assert not closed & set(named)
