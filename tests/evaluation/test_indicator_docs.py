"""The reference of the language of indicators matches the language."""

import re
from pathlib import Path

import pytest

from cityloop.evaluation.facts.relations import FACTS
from cityloop.evaluation.indicators import texts as indicator_texts
from cityloop.evaluation.indicators.texts import read_book
from cityloop.evaluation.measures.claims import FUNCTIONS, PERIOD
from cityloop.evaluation.measures.grammar import AGGREGATES, LONGEST, BadMeasure, read_measure

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "indicator-language.md").read_text("utf-8")
SHAPES = {
    "IndicatorsText": "The file",
    "CountText": "Counts",
    "IndicatorText": "Indicators",
    "ExclusionText": "Exclusions",
}
REFUSED = re.findall(r"^\| `(SELECT .*)` \| (.*) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_field_is_in_the_reference_and_nothing_else(shape: str) -> None:
    section = PAGE.partition(f"\n## {SHAPES[shape]}\n")[2].partition("\n## ")[0]
    words = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert words == set(getattr(indicator_texts, shape).model_fields)


def test_every_aggregate_function_and_relation_is_in_the_reference() -> None:
    for name in FUNCTIONS:
        assert f"| `{name}(" in PAGE
    for name in (*AGGREGATES, *PERIOD, *FACTS):
        assert f"`{name}`" in PAGE
    assert f"at most {LONGEST} characters" in PAGE


def test_the_examples_are_read(tmp_path: Path) -> None:
    examples = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.S | re.M)
    assert len(examples) == 5
    for example in examples:
        read_measure(example)
    (whole,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.S | re.M)
    (tmp_path / "indicators.yaml").write_text(whole, "utf-8")
    assert set(read_book(tmp_path).indicators) == {"register", "intime_register", "register_in_time_rate"}


@pytest.mark.parametrize(("words", "why"), REFUSED)
def test_what_the_reference_calls_refused_is_refused_with_that_reason(words: str, why: str) -> None:
    with pytest.raises(BadMeasure, match=re.escape(why)):
        read_measure(words)


def test_the_reference_has_refusals() -> None:
    assert len(REFUSED) > 10
