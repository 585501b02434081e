"""Ids of facilities and credit codes: what they say, and every way in which they cannot be right."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cityloop.core.codes.classes import HOME
from cityloop.core.codes.credit import CHARACTERS, check_character, fault
from cityloop.core.codes.facilities import (
    FORMER,
    FacilityCode,
    doubts,
    parse,
    tidy,
    upgraded,
)
from cityloop.core.errors import Fault
from cityloop.core.place.distances import box, metres

digits = st.text("0123456789", min_size=1)
areas = st.text("0123456789", min_size=6, max_size=6)
classes = st.one_of(*(st.text("0123456789", min_size=size, max_size=size) for size in (4, 5)))
serials = st.integers(1, 999_999).map(lambda number: f"{number:06d}")
codes = st.builds(FacilityCode, areas, classes, serials)
bodies = st.text(CHARACTERS, min_size=17, max_size=17)


@given(codes)
def test_an_id_put_together_is_taken_apart_into_the_same(code: FacilityCode) -> None:
    assert parse(str(code)) == code


@given(codes)
def test_full_width_digits_and_blanks_say_the_same_id(code: FacilityCode) -> None:
    wide = str(code).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert parse(f" {wide[:8]}　{wide[8:]} ") == code


@given(codes)
def test_the_length_of_an_id_tells_its_list(code: FacilityCode) -> None:
    assert (code.catalogue == HOME) == (len(str(code)) == 17)
    assert (code.catalogue == FORMER) == (len(str(code)) == 16)


@given(digits)
def test_digits_of_any_other_length_are_no_id(words: str) -> None:
    assume(len(words) not in (16, 17))
    with pytest.raises(ValueError, match=f"this has {len(words)}"):
        parse(words)


@given(codes, st.characters(exclude_characters="0123456789０１２３４５６７８９", exclude_categories=["Z", "C"]))
def test_a_sign_that_is_no_digit_is_named(code: FacilityCode, sign: str) -> None:
    with pytest.raises(ValueError, match="has only digits"):
        parse(str(code)[:-1] + sign)


@given(areas, classes)
def test_there_is_no_facility_with_the_number_naught(area: str, class_code: str) -> None:
    with pytest.raises(ValueError, match="000000"):
        parse(f"{area}{class_code}000000")


@pytest.mark.parametrize("words", ["1.1E+16", "4.90102E+16", "1.1e16", "4．9E+16", "1E+16"])
def test_an_id_that_a_spreadsheet_shortened_is_refused_by_that_name(words: str) -> None:
    with pytest.raises(ValueError, match="spreadsheet has shortened"):
        tidy(words)


def test_an_id_of_another_district_and_one_of_an_unknown_class_are_in_doubt() -> None:
    code = parse("11010101003000123")
    assert doubts(code, {"01003"}, "110101") == []
    assert doubts(code, {"01003"}, None) == []
    assert doubts(code, {"01003"}, "north") == []
    assert doubts(code, {"01002"}, "110102") == [
        Fault("code", "id-class-unknown", {"code": "01003"}),
        Fault("code", "id-other-district", {"district": "110102", "area": "110101"}),
    ]


def test_an_old_id_is_carried_over_by_the_crosswalk_alone() -> None:
    old = parse("1101010103000123")
    assert str(upgraded(old, {"0103": ["01003"]})) == "11010101003000123"
    for successors in ({}, {"0103": []}, {"0103": ["01003", "01004"]}):
        with pytest.raises(ValueError, match="Give the new id"):
            upgraded(old, successors)


@given(codes.filter(lambda code: len(code.class_code) == 5))
def test_an_id_of_the_present_list_stays_as_it_is(code: FacilityCode) -> None:
    assert upgraded(code, {}) is code


def test_the_example_of_the_standard_is_right_and_another_last_sign_is_not() -> None:
    assert fault("91350100M000100Y43") is None
    assert fault("91350100M000100Y44") == Fault("credit_code", "not-a-credit-code", {"value": "91350100M000100Y44"})


@given(bodies)
def test_a_code_with_its_check_character_is_right(body: str) -> None:
    assert fault(body + check_character(body)) is None


@given(bodies, st.integers(0, 17), st.sampled_from(CHARACTERS))
def test_a_single_mistyped_sign_is_always_seen(body: str, place: int, sign: str) -> None:
    code = body + check_character(body)
    assume(code[place] != sign)
    assert fault(code[:place] + sign + code[place + 1 :]) is not None


@given(bodies, st.integers(0, 15))
def test_two_exchanged_neighbours_are_always_seen(body: str, place: int) -> None:
    code = body + check_character(body)
    assume(code[place] != code[place + 1])
    exchanged = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert fault(exchanged) is not None


@pytest.mark.parametrize(("code", "reason"), [("123", "has 3 characters"), ("9135010OM000100Y43", "contains O")])
def test_what_is_not_a_credit_code_is_refused_with_the_reason(code: str, reason: str) -> None:
    found = fault(code)
    assert found and reason in found.reason


places = st.tuples(st.floats(73, 135), st.floats(3, 54))


@given(places, places)
def test_a_distance_is_the_same_both_ways(here: tuple[float, float], there: tuple[float, float]) -> None:
    assert metres(*here, *there) == pytest.approx(metres(*there, *here))


@given(places, st.floats(1, 20_000), st.floats(-1, 1), st.floats(-1, 1))
def test_everything_within_a_radius_lies_in_its_box(
    here: tuple[float, float], radius: float, east: float, north: float
) -> None:
    lon, lat = here[0] + east * radius / 50_000, here[1] + north * radius / 50_000
    west, south, right, top = box(*here, radius)
    assert metres(*here, lon, lat) > radius or (west <= lon <= right and south <= lat <= top)


def test_a_degree_of_latitude_is_111_kilometres() -> None:
    assert metres(120, 30, 120, 31) == pytest.approx(111_195, abs=1)
