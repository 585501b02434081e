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
    ("text", "code", "column"),
    [
        ("", "condition-not-readable", 1),
        ("category ==", "condition-not-readable", 1),
        ('overdue and categorie == "06010"', "condition-unknown-name", 13),
        ("__import__('os')", "condition-function", 1),
        ("in_area(category)", "condition-arguments", 1),
        ('time_of_day("25:00", "06:00")', "condition-time", 1),
        ("[x for x in y]", "condition-not-a-claim", 1),
        ("lambda: 1", "condition-not-a-claim", 1),
        ("category.upper() == 1", "condition-operand", 1),
        ("extensions + 1 < 3", "condition-operand", 1),
        ("1", "condition-not-a-claim", 1),
        ('category in "06010"', "condition-list", 13),
        ('category == ["06010"]', "condition-list", 13),
        ("category in [overdue]", "condition-list-member", 14),
        ("extensions < 1.5", "condition-operand", 14),
        ("category is None", "condition-operator", 1),
        ("(" * 400 + "overdue" + ")" * 400, "condition-too-long", None),
    ],
)
def test_what_is_not_a_condition_is_refused_with_its_column(text: str, code: str, column: int | None) -> None:
    with pytest.raises(BadCondition) as refused:
        read(text, NAMES)
    assert (refused.value.code, refused.value.values.get("column")) == (code, column)


def test_a_name_alone_is_a_condition() -> None:
    assert not read("extensions", NAMES).holds(Facts({"extensions": 0}))


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
