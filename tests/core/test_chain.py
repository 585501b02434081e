"""The laws of the chain: one canonical form, one hash, and no way back from a commitment."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.core import chain

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4))
def test_the_order_in_which_a_payload_was_written_does_not_matter(payload: dict) -> None:
    backwards = dict(reversed(list(payload.items())))
    assert chain.canonical(payload) == chain.canonical(backwards)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), st.binary(min_size=32, max_size=32))
def test_the_hash_depends_on_the_event_before(payload: dict, before: bytes) -> None:
    here = chain.link(chain.EMPTY, "case/1", 1, "CaseFiled", "account/1", AT, payload)
    assert (here == chain.link(before, "case/1", 1, "CaseFiled", "account/1", AT, payload)) == (before == chain.EMPTY)


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_a_commitment_holds_one_word_only(words: bytes, other: bytes) -> None:
    salt = b"0123456789abcdef"
    assert (chain.commitment(salt, words) == chain.commitment(salt, other)) == (words == other)


@pytest.mark.parametrize("payload", [{"lon": 1.5}, {"point": [1, 2.0]}, {"deep": {"er": [{"x": 0.1}]}}])
def test_a_float_is_refused_because_it_has_more_than_one_spelling(payload: dict) -> None:
    with pytest.raises(ValueError, match="no canonical form"):
        chain.canonical(payload)
