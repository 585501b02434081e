"""What codes of classes say, and what a class of one list is called in another: laws, and the known traps."""

from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.codes.classes import ClassKey
from cityloop.core.codes.crosswalk import (
    NATIONAL_UP_TO,
    ClassCrosswalk,
    CrosswalkLine,
    agreements,
    false_friends,
    is_code,
    is_local,
    major_of,
    next_local,
    plain_name,
)

OLD, NEW = "old", "new"
majors = st.integers(1, 99).map(lambda number: f"{number:02d}")
minors = st.integers(0, 999)
codes = st.builds(lambda major, minor: f"{major}{minor:03d}", majors, minors)
kinds = st.sampled_from(["component", "matter"])
targets = st.one_of(st.just(""), codes)
lines = st.lists(
    st.builds(
        lambda kind, code, to_kind, to: CrosswalkLine(OLD, kind, code, NEW, to_kind, to), kinds, codes, kinds, targets
    ),
    max_size=20,
)


@given(majors, minors)
def test_a_number_from_080_on_is_a_citys_own(major: str, minor: int) -> None:
    assert is_local(f"{major}{minor:03d}") is (minor >= 80)


@given(majors, st.integers(0, 99))
def test_a_number_of_the_old_lists_does_not_tell_whose_it_is(major: str, minor: int) -> None:
    assert is_local(f"{major}{minor:02d}") is None


@given(majors, st.sets(minors.map(lambda minor: f"{minor:03d}")))
def test_a_citys_own_numbers_are_allotted_from_999_downward(major: str, taken: set[str]) -> None:
    code = next_local(major, {major + minor for minor in taken})
    free = [minor for minor in range(999, NATIONAL_UP_TO, -1) if f"{minor:03d}" not in taken]
    assert code == (f"{major}{free[0]:03d}" if free else None)
    assert code is None or (is_local(code) and major_of(code) == major and is_code(code, 5))


def test_where_every_number_is_taken_there_is_none() -> None:
    assert next_local("06", {f"06{minor:03d}" for minor in range(1000)}) is None
    assert next_local("06", {"0699"}, digits=2) == "0698"


@given(st.text())
def test_a_plain_name_stays_as_it_is_when_made_plain_again(name: str) -> None:
    assert plain_name(plain_name(name)) == plain_name(name)


def test_signs_and_width_do_not_make_another_name() -> None:
    assert plain_name("道路积雪、结冰") == plain_name("道路积雪 结冰") == plain_name("道路积雪结冰")
    assert plain_name("紧急报警点ＳＯＳ") == plain_name("紧急报警点sos")
    assert plain_name("早（夜）市") == plain_name("早(夜)市") != plain_name("夜市")


@given(lines, kinds, codes)
def test_a_crosswalk_says_what_its_lines_say_and_no_more(
    given_lines: list[CrosswalkLine], kind: str, code: str
) -> None:
    walk = ClassCrosswalk(given_lines)
    for key in {line.source for line in given_lines} | {ClassKey(OLD, kind, code)}:
        found = walk.successors(key, NEW)
        own = [line for line in given_lines if line.source == key]
        assert (found is None) == (not own)
        assert found is None or list(found.classes) == [line.target for line in own if line.to_code]


@given(lines)
def test_what_came_of_a_class_came_from_it(given_lines: list[CrosswalkLine]) -> None:
    walk = ClassCrosswalk(given_lines)
    for line in given_lines:
        if line.to_code:
            assert line.source in walk.predecessors(line.target)


def test_a_class_without_successor_is_not_one_of_which_nothing_is_known() -> None:
    walk = ClassCrosswalk([CrosswalkLine(OLD, "matter", "0505", NEW, "matter", "", "choose another")])
    dropped = walk.successors(ClassKey(OLD, "matter", "0505"), NEW)
    assert dropped is not None and dropped.classes == () and dropped.notes == ("choose another",)
    assert walk.successors(ClassKey(OLD, "matter", "0506"), NEW) is None
    assert walk.successors(ClassKey(OLD, "component", "0505"), NEW) is None  # kind is part of the key


def test_a_class_is_its_own_successor_in_its_own_list() -> None:
    key = ClassKey(NEW, "matter", "06010")
    assert ClassCrosswalk([]).successors(key, NEW) == ClassCrosswalk([]).successors(key, NEW, "matter")
    assert ClassCrosswalk([]).successors(key, NEW).classes == (key,)  # type: ignore[union-attr]


def test_one_number_with_two_meanings_is_found() -> None:
    first = {("matter", "0401"): "路面塌陷", ("matter", "0101"): "私搭乱建"}
    second = {("matter", "0401"): "无照经营游商", ("matter", "0101"): "私搭 乱建"}
    assert false_friends(first, second) == {("matter", "0401"): ("路面塌陷", "无照经营游商")}


def test_a_table_agrees_best_with_the_list_it_was_made_by() -> None:
    table = [("matter", "0401", "路面塌陷"), ("matter", "0101", "私搭乱建"), ("matter", "9999", "")]
    first = {("matter", "0401"): "路面塌陷", ("matter", "0101"): "私搭乱建"}
    assert agreements(table, first) == 2
    assert agreements(table, {**first, ("matter", "0401"): "无照经营游商"}) == 1
