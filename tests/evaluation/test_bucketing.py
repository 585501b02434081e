"""Many periods answered by one pass over the facts: the very figures that each period has when it is asked alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import product
from random import Random
from typing import Any

import pytest
from sqlglot import exp

from cityloop.evaluation.facts.relations import FACTS, FactRelation, Type
from cityloop.evaluation.indicators.figures import countings
from cityloop.evaluation.indicators.texts import read_book
from cityloop.evaluation.measures.compiling import Counting, NoSuchGrouping, Question, Statement, statements
from cityloop.evaluation.measures.engine import counted, opened
from cityloop.evaluation.measures.grammar import BadMeasure, read_claim, read_measure
from cityloop.evaluation.periods import Period, Rhythm, read_period
from cityloop.registry.packs.reading import SHIPPED
from fact_rows import WORDS, ZONE, drawn, stored

BOOK = read_book(SHIPPED / "gbt30428-4")
ROWS = drawn(11, cases=120)
AFTER, AMIDST = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 6, 14, 3, tzinfo=UTC)
MOMENTS = {"afterwards": AFTER, "while it runs": AMIDST}
AT_NOON = "2026-05-{}T12:00..2026-05-{}T12:00"
PERIODS = {
    "months": "2026-05 2026-06 2026-07 2026-08 2026-09",
    "months with a gap": "2026-07 2026-05",
    "overlapping and one twice": "2026-06 2026-06-19..2026-07-18 2026-Q2 2026 2026-06",
    "from the 19th to the 18th": "2026-04-19..2026-05-18 2026-05-19..2026-06-18 2026-06-19..2026-07-18",
    "from noon to noon": " ".join(AT_NOON.format(day, day + 1) for day in range(12, 16)),
    "days": " ".join(f"2026-06-{day:02}" for day in range(13, 18)),
    "nothing there": "2019 2020",
}


def periods(words: str) -> tuple[Period, ...]:
    return tuple(read_period(word, Rhythm(ZONE)) for word in words.split())


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("facts")
    with opened(stored(folder, ROWS), folder, memory_mb=512, threads=2) as connection:
        yield connection


def figures(engine: Any, counts: dict[str, Counting], question: Question) -> tuple[set[Any], dict[Any, Any]]:
    """Return of whom anything was counted in which period, and every count that is not 0."""
    found = counted(engine, statements(counts, question), len(question.by))
    return set(found), {(key, name): amount for key, row in found.items() for name, amount in row.items() if amount}


def one_by_one(engine: Any, counts: dict[str, Counting], question: Question) -> tuple[set[Any], dict[Any, Any]]:
    keys, amounts = set(), {}
    for number, period in enumerate(question.periods):
        some, more = figures(engine, counts, replace(question, periods=(period,)))
        keys |= {(number, key) for _, key in some}
        amounts |= {((number, key), name): amount for ((_, key), name), amount in more.items()}
    return keys, amounts


def able(counts: dict[str, Counting], question: Question) -> dict[str, Counting]:
    """Return the counts that can be told apart so."""
    found = {}
    for name, counting in counts.items():
        try:
            statements({name: counting}, question)
        except NoSuchGrouping:
            continue
        found[name] = counting
    return found


GROUPINGS: dict[str, tuple[tuple[str, ...], dict[str, tuple[str | None, ...]]]] = {
    "together": ((), {}),
    "by district and class": (("district", "category"), {}),
    "by unit in one district": (("unit",), {"district": ("490101", None)}),
}


def combinations() -> Iterator[Any]:
    """Yield periods, moments and groupings: each value of each every day, and all of them together once a week."""
    for place, (words, (name, as_of), grouping) in enumerate(product(PERIODS, MOMENTS.items(), GROUPINGS)):
        shape, moment = divmod(place // len(GROUPINGS), len(MOMENTS))
        is_daily = (shape % len(MOMENTS), shape % len(GROUPINGS)) == (moment, place % len(GROUPINGS))
        marks = () if is_daily else pytest.mark.weekly
        yield pytest.param(PERIODS[words], as_of, GROUPINGS[grouping], id=f"{words}, {name}, {grouping}", marks=marks)


@cache
def everything() -> dict[str, Counting]:
    """Return every count of the standard's indicators and of their variants."""
    variants = [indicator.chosen(name) for indicator in BOOK.indicators.values() for name in indicator.variants]
    return countings(BOOK, BOOK.indicators.values()) | countings(BOOK, variants)


@pytest.mark.parametrize(("words", "as_of", "grouping"), combinations())
def test_every_indicator_of_the_standard_is_counted_for_many_periods_as_for_each_alone(
    engine: Any, words: str, as_of: datetime, grouping: Any
) -> None:
    question = Question(periods(words), as_of, ZONE, *grouping)
    counts = able(everything(), question)
    assert figures(engine, counts, question) == one_by_one(engine, counts, question)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[pytest.mark.weekly] * (seed > 0)) for seed in range(8)])
def test_whatever_a_measure_says_is_counted_for_many_periods_as_for_each_alone(engine: Any, seed: int) -> None:
    random = Random(seed)
    drawn_counts = enumerate(measures(random, 25))
    counts = {f"{number} {counting.measure.words}": counting for number, counting in drawn_counts}
    for words in random.sample([*PERIODS.values()], 2):
        question = Question(periods(words), random.choice([AFTER, AMIDST]), ZONE, random.choice([(), ("district",)]))
        assert figures(engine, counts, question) == one_by_one(engine, counts, question)


def measures(random: Random, many: int) -> Iterator[Counting]:
    """Yield measures of every shape that the grammar knows, with rows left out."""
    while many:
        relation = random.choice([*FACTS.values()])
        sql = f"SELECT {an_aggregate(random, relation)} FROM {relation.name} WHERE {a_claim(random, relation, 2)}"
        try:
            measure = read_measure(sql)
        except BadMeasure as fault:
            assert "all times alike" in str(fault)  # what else is drawn must be right
            continue
        without = [read_claim(a_claim(random, relation, 1), relation) for _ in range(random.randrange(2))]
        yield Counting(measure, tuple(without))
        many -= 1


def an_aggregate(random: Random, relation: FactRelation) -> str:
    number, claim = a_column(random, relation, Type.INTEGER), a_claim(random, relation, 1)
    return random.choice(
        [
            "count(*)", f"count({a_column(random, relation, Type.MOMENT)})", f"sum({number})",
            "count(DISTINCT case_number)", f"count(DISTINCT {number})",
            f"sum(CASE WHEN {claim} THEN 1 WHEN {a_claim(random, relation, 1)} THEN -2 ELSE {number} END)",
            f"sum(CASE WHEN {claim} THEN 0.25 ELSE {number} END)", f"sum(CASE WHEN {claim} THEN {number} END)",
        ]
    )  # fmt: skip


def a_claim(random: Random, relation: FactRelation, depth: int) -> str:
    if depth and random.random() < 0.8:
        first, other = (a_claim(random, relation, depth - 1) for _ in range(2))
        return random.choice(
            [f"({first} AND {other})", f"({first} OR {other})", f"NOT ({first})", f"{first} AND {other}"]
        )
    moment, other = (a_moment(random, relation) for _ in range(2))
    word = a_column(random, relation, Type.TEXT)
    words = [f"'{each}'" for each in WORDS.get(word, ("a", "b"))]
    end, sign = random.choice(["period_start", "period_end"]), random.choice(["<", "<=", ">", ">="])
    return random.choice(
        [
            f"in_period({moment})", f"in_period({other})", f"{moment} {sign} {end}", f"{end} {sign} {moment}",
            f"{moment} BETWEEN period_start AND period_end", f"{moment} BETWEEN {other} AND period_end",
            f"coalesce({moment}, period_end) {sign} {other}", f"{moment} = {end}", f"{end} IS NULL",
            f"{moment} IS NULL", f"{moment} IS NOT NULL", f"{moment} {sign} {other}",
            f"{word} = {random.choice(words)}", f"{word} <> {random.choice(words)}", f"{word} NOT IN ({words[0]})",
            f"{word} IN ({', '.join(words[:2])})", f"{word} LIKE '%1%'", f"'a' = {word}", "is_exempt",
            f"{a_column(random, relation, Type.INTEGER)} {sign} 2", "due_at < TIMESTAMP '2026-06-15 08:00:00'",
        ] if relation.name != "events" else [
            f"in_period({moment})", f"{moment} {sign} {end}", f"{word} = {random.choice(words)}", "NOT is_automatic",
        ]
    )  # fmt: skip


def a_moment(random: Random, relation: FactRelation) -> str:
    first, other = (a_column(random, relation, Type.MOMENT) for _ in range(2))
    return random.choice([first, first, first, f"coalesce({first}, {other})", "TIMESTAMP '2026-06-19 00:00:00'"])


def a_column(random: Random, relation: FactRelation, type_: Type) -> str:
    return random.choice([column.name for column in relation.columns if column.type is type_])


def in_months(words: str) -> Statement:
    question = Question(periods("2026-05 2026-06 2026-07"), AFTER, ZONE, ("unit",))
    (statement,) = statements({"count": Counting(read_measure(words))}, question)
    return statement


def test_the_facts_are_read_once_however_many_the_periods() -> None:
    standing = in_months(
        "SELECT count(*) FROM tasks WHERE kind = 'handle' AND due_at < period_end "
        "AND (open_until IS NULL OR open_until >= period_end)"
    )
    assert len(list(standing.tree.find_all(exp.Table))) == 1


def test_what_marks_do_not_tell_is_asked_of_every_row_for_each_period() -> None:
    odd = in_months(
        "SELECT count(*) FROM tasks WHERE coalesce(open_until, period_end) >= due_at AND in_period(done_at)"
    )
    assert len(list(odd.tree.find_all(exp.Table))) == 3


def test_rows_that_count_in_no_period_are_left_aside_first() -> None:
    words = "SELECT count(*) FROM tasks WHERE kind = 'check' AND in_period(done_at) AND done_at <= due_at"
    (innermost,) = (select for select in in_months(words).tree.find_all(exp.Select) if not select.find(exp.Subquery))
    assert innermost.args["where"].this.sql("duckdb") == (
        "kind IN ('check') AND (done_at < CAST('2026-07-31 16:00:00' AS TIMESTAMP) "
        "AND done_at >= CAST('2026-04-30 16:00:00' AS TIMESTAMP))"
    )


def test_a_claim_that_cannot_hold_counts_nothing(engine: Any) -> None:
    words = "SELECT count(*) FROM tasks WHERE kind = 'check' AND kind = 'close' AND in_period(done_at)"
    question = Question(periods("2026-05 2026-06"), AFTER, ZONE)
    found = counted(engine, statements({"none": Counting(read_measure(words))}, question), 0)
    assert found == {(0, ()): {"none": 0}, (1, ()): {"none": 0}}


def test_marks_too_many_for_one_number_are_kept_in_several(engine: Any) -> None:
    moments = [column.name for column in FACTS["cases"].columns if column.type is Type.MOMENT]
    words = " OR ".join(f"{moment} < period_end AND due_at >= period_start" for moment in moments)
    counts = {"many": Counting(read_measure(f"SELECT count(*) FROM cases WHERE {words}"))}
    question = Question(periods(" ".join(f"2026-06-{day:02}" for day in range(1, 31))), AFTER, ZONE, ("district",))
    assert "code_2" in statements(counts, question)[0].duckdb
    assert figures(engine, counts, question) == one_by_one(engine, counts, question)
