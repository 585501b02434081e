"""Why an answer could not be counted: kept as codes and values, shown in the reader's language."""

from django.utils.translation import override

from cityloop.core.errors import Fault, Invalid, NotPossible
from cityloop.evaluation.answers.failures import failure_text, read_failure
from cityloop.presentation.figures.tags import failure_words

MISSING = Invalid([Fault("indicator", "no-such-indicator", {"code": "nonsense"})], code="indicator")
ALTERED = NotPossible("facts-altered", {"file": "parts/cases/ab.parquet"})


def test_a_failure_is_read_as_it_was_kept() -> None:
    assert read_failure(failure_text(MISSING)) == (Fault("", "no-such-indicator", {"code": "nonsense"}),)
    assert read_failure(failure_text(ALTERED)) == (Fault("", "facts-altered", {"file": "parts/cases/ab.parquet"}),)


def test_a_failure_is_shown_in_english_as_its_sentences() -> None:
    with override("en"):
        assert failure_words(failure_text(MISSING)) == "There is no indicator nonsense."


def test_a_failure_of_a_former_version_is_shown_as_it_was_written() -> None:
    with override("en"):
        assert failure_words("The disk was full.") == "The disk was full."
