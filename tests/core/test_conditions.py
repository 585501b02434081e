"""The condition grammar: what it understands, what it refuses and where, and that nothing gets past it."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core.conditions import BadCondition, Facts, read

NAMES = {"category", "extensions", "overdue", "channel", "unknown"}
FACTS = Facts({"category": "06010", "extensions": 1, "overdue": False, "channel": "12345"}, {"440304"}, time(23, 30))


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        ('category == "06010"', True),
        ('category in ["06001", "06010"]', True),
        ('category not in ["06001"]', True),
        ("extensions < 2 and not overdue", True),
        ("1 <= extensions < 2", True),
        ("overdue or extensions >= 2", False),
        ('in_area("440304")', True),
        ('in_area("440305")', False),
        ('time_of_day("22:00", "06:00")', True),
        ('time_of_day("06:00", "22:00")', False),
        ('unknown == "x"', False),
        ('unknown != "x"', False),
        ("unknown < 5", False),
        ("channel < 5", False),
        ("not unknown", True),
        ("true == false", None),
        ("True", True),
    ],
)
def test_conditions_mean_what_they_say(words: str, holds: bool | None) -> None:
    if holds is None:
        with pytest.raises(BadCondition):
            read(words, NAMES)
    else:
        assert read(words, NAMES).holds(FACTS) is holds


@pytest.mark.parametrize(
    ("words", "where"),
    [
        ("", "column"),
        ("category ==", "column"),
        ('categorie == "06010"', "column 1: there is no categorie"),
        ("__import__('os')", "the only functions"),
        ("in_area(category)", "takes 1 text"),
        ('time_of_day("25:00", "06:00")', "written 22:00"),
        ("[x for x in y]", "not a claim"),
        ("lambda: 1", "not a claim"),
        ("category.upper() == 1", "column"),
        ("extensions + 1 < 3", "only names"),
        ("extensions", None),
        ("1", "not a claim"),
        ('category in "06010"', "list in brackets"),
        ('category == ["06010"]', "list in brackets"),
        ("extensions < 1.5", "only names"),
        ("(" * 400 + "overdue" + ")" * 400, "at most"),
        ("category is None", "only =="),
    ],
)
def test_what_is_no_condition_is_refused_with_its_place(words: str, where: str | None) -> None:
    if where is None:
        read(words, NAMES)
        return
    with pytest.raises(BadCondition, match=where):
        read(words, NAMES)


@given(st.text(max_size=60))
def test_whatever_is_written_is_read_or_refused(words: str) -> None:
    try:
        condition = read(words, NAMES)
    except BadCondition:
        return
    assert condition.holds(FACTS) in (True, False)


CLAIMS = st.recursive(
    st.sampled_from(['category == "06010"', "extensions < 1", "overdue", 'in_area("440304")']),
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    ),
    max_leaves=6,
)


@given(CLAIMS, st.booleans(), st.integers(0, 2))
def test_it_agrees_with_the_language_it_is_a_small_part_of(words: str, overdue: bool, extensions: int) -> None:
    values = {"category": "06010", "extensions": extensions, "overdue": overdue}
    meant = eval(words, {"in_area": lambda code: code == "440304"}, dict(values))
    assert read(words, NAMES).holds(Facts(values, {"440304"})) == meant
