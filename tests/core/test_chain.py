"""The laws of the chain: one canonical form, one hash, and no way back from a commitment."""

import hmac
import json
from datetime import UTC, datetime
from hashlib import sha256

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


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), st.binary(min_size=1, max_size=32), st.text())
def test_the_values_are_those_of_plain_json_and_hashes_so_that_a_stored_history_stays_valid(
    payload: dict, salt: bytes, words: str
) -> None:
    entry = ["case/1", 1, "CaseFiled", "account/1", "2026-11-20T02:00:00.000000+00:00", payload]
    written = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert chain.link(salt, "case/1", 1, "CaseFiled", "account/1", AT, payload) == sha256(salt + written).digest()
    keyed = hmac.new(salt, words.encode(), sha256).hexdigest()
    assert chain.commitment(salt, words.encode()) == chain.seal(salt, words.encode()) == keyed


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_a_commitment_holds_one_word_only(words: bytes, other: bytes) -> None:
    salt = b"0123456789abcdef"
    assert (chain.commitment(salt, words) == chain.commitment(salt, other)) == (words == other)


@pytest.mark.parametrize("payload", [{"lon": 1.5}, {"point": [1, 2.0]}, {"deep": {"er": [{"x": 0.1}]}}])
def test_a_float_is_refused_because_it_has_more_than_one_spelling(payload: dict) -> None:
    with pytest.raises(ValueError, match="no canonical form"):
        chain.canonical(payload)
