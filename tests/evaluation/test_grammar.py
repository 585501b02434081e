"""The restricted grammar of measures: what it allows, what it refuses and where, and that nothing else gets through."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from cityloop.core.indicators.indicator import Adds
from cityloop.evaluation.facts.relations import CASES, FACTS, TASKS
from cityloop.evaluation.measures.grammar import BadMeasure, read_claim, read_measure

TASK = "SELECT count(*) FROM tasks WHERE in_period(done_at)"


@pytest.mark.parametrize(
    "words",
    [
        TASK,
        "select COUNT(*) from tasks where In_Period(done_at)",
        "SELECT count(*) FILTER (WHERE kind = 'check') FROM tasks WHERE in_period(done_at)",
        "SELECT count(*) FILTER (WHERE in_period(done_at)) FROM tasks",
        "SELECT count(outcome) FROM tasks WHERE in_period(done_at)",
        "SELECT count(DISTINCT case_number) FROM tasks WHERE in_period(done_at)",
        "SELECT sum(counted_seconds) FROM tasks WHERE in_period(done_at)",
        "SELECT sum(lon) FROM cases WHERE in_period(filed_at)",
        "SELECT sum(CASE WHEN in_period(filed_at) THEN 1 WHEN in_period(voided_at) THEN -1 ELSE 0 END) FROM cases",
        "SELECT sum(CASE WHEN is_hung THEN raw_seconds END) FROM passages WHERE in_period(left_at)",
        f"{TASK} AND kind IN ('check', 'verify') AND NOT outcome IN ('rework')",
        f"{TASK} AND extensions BETWEEN 1 AND 2 AND task_no > -1 AND limit_seconds <= 3600.5",
        f"{TASK} AND category LIKE '06%' AND category NOT LIKE '0601_'",
        f"{TASK} AND (due_at IS NULL OR done_at <= due_at) AND parent_no IS NOT NULL",
        f"{TASK} AND substr(category, 1, 2) = '06' AND coalesce(outcome, '') <> '' AND length(unit) > 3",
        f"{TASK} AND opened_at >= TIMESTAMP '2026-01-01 08:00:00' AND is_exempt AND NOT is_exempt = FALSE",
        "SELECT count(*) FROM cases WHERE in_period(filed_at) AND reported_on < DATE '2026-07-01'",
        "SELECT count(*) FROM tasks WHERE due_at < period_end -- overdue\n AND open_until >= period_start",
    ],
)
def test_a_measure_is_one_aggregate_over_facts(words: str) -> None:
    measure = read_measure(words)
    assert measure.relation.name in FACTS
    assert measure.words == words


# words, the line and column that are marked, the words marked, why
REFUSED = [
    ("", 1, 1, "", "no measure here"),
    ("SELECT count(*) FROM tasks WHERE kind =", 1, 39, "=", "cannot be parsed as SQL"),
    ("SELECT count(*) FROM tasks WHERE kind = 'check", 1, 1, None, "is not closed"),
    (f"{TASK}; DROP TABLE tasks", 1, 65, "tasks", "one measure only"),
    ("DROP TABLE tasks", 1, 12, "tasks", "begins with SELECT"),
    ("COPY tasks TO 'x.csv'", 1, None, None, "begins with SELECT"),
    ("PRAGMA database_list", 1, None, None, "begins with SELECT"),
    (f"{TASK} UNION ALL {TASK}", 1, 8, None, "begins with SELECT"),
    ("WITH a AS (SELECT 1) SELECT count(*) FROM tasks", 1, 6, None, "WITH cannot be used here"),
    ("SELECT count(*)", 1, 8, "count(*)", "counts the rows of one of cases, tasks"),
    ("SELECT count(*) FROM areas", 1, 22, "areas", "only describes and is not counted"),
    ("SELECT count(*) FROM nothing", 1, 22, "nothing", "is not a relation"),
    ("SELECT count(*) FROM 'x.parquet'", 1, 22, "'x.parquet'", "is not a relation"),
    ("SELECT count(*) FROM read_csv('/etc/passwd')", 1, 22, "read_csv('/etc/passwd')", "counts the rows"),
    ("SELECT count(*) FROM information_schema.tables", 1, 41, "tables", "is not a relation"),
    ("SELECT count(*) FROM main.tasks", 1, 22, "main", "without a relation or schema before it"),
    ("SELECT count(*) FROM (SELECT * FROM tasks)", 1, None, None, "counts the rows"),
    ("SELECT count(*) FROM tasks, cases", 1, 29, "cases", "JOIN cannot be used here"),
    ("SELECT count(*) FROM tasks JOIN cases USING (case_number)", 1, 33, None, "JOIN cannot be used here"),
    ("SELECT count(*) FROM tasks t", 1, 28, "t", "ALIAS cannot be used here"),
    ('SELECT count(*) FROM "tasks"', 1, 22, '"tasks"', "without quotation marks"),
    ("SELECT count(*) FROM tasks TABLESAMPLE (10 PERCENT)", 1, None, None, "cannot be used here"),
    ("SELECT DISTINCT count(*) FROM tasks", 1, None, None, "DISTINCT cannot be used here"),
    (f"{TASK} GROUP BY unit", 1, 62, "unit", "GROUP BY cannot be used here"),
    (f"{TASK} LIMIT 1", 1, None, None, "LIMIT cannot be used here"),
    (f"{TASK} ORDER BY 1", 1, None, None, "ORDER BY cannot be used here"),
    ("SELECT count(*), count(*) FROM tasks", 1, 18, "count(*)", "exactly one aggregate"),
    ("SELECT count(*) AS n FROM tasks", 1, None, None, "The only aggregates are"),
    ("SELECT kind FROM tasks", 1, 8, "kind", "The only aggregates are"),
    ("SELECT count(*) / 2 FROM tasks", 1, 8, "count(*) / 2", "The only aggregates are"),
    ("SELECT count(*) + count(*) FROM tasks", 1, 8, None, "The only aggregates are"),
    ("SELECT avg(raw_seconds) FROM tasks", 1, 8, "avg(raw_seconds)", "The only aggregates are"),
    ("SELECT max(raw_seconds) FROM tasks", 1, 8, None, "The only aggregates are"),
    ("SELECT median(raw_seconds) FROM tasks", 1, 8, None, "The only aggregates are"),
    ("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY raw_seconds) FROM tasks", 1, 8, None, "The only aggregates"),
    ("SELECT count(*) OVER () FROM tasks", 1, 8, None, "The only aggregates are"),
    ("SELECT sum(DISTINCT raw_seconds) FROM tasks", 1, 8, None, "The only aggregates are"),
    ("SELECT count(DISTINCT kind, unit) FROM tasks", 1, 8, None, "The only aggregates are"),
    ("SELECT sum(raw_seconds / 3600) FROM tasks", 1, 8, None, "The only aggregates are"),
    ("SELECT sum(kind) FROM tasks", 1, 12, "kind", "numbers can be summed, not values of type text"),
    ("SELECT sum(CASE kind WHEN 'check' THEN 1 END) FROM tasks", 1, 17, "kind", "THIS cannot be used here"),
    ("SELECT sum(CASE WHEN kind = 'a' THEN 1e0 END) FROM tasks", 1, 38, "1e0", "never floats"),
    ("SELECT sum(CASE WHEN kind = 'a' THEN raw_seconds * 2 END) FROM tasks", 1, 38, None, "can be used here"),
    ("SELECT count(*) FROM tasks", 1, 1, None, "counts all times alike"),
    ("SELECT count(period_end) FROM tasks", 1, 14, "period_end", "Only a column"),
    ("SELECT count(*) FROM tasks\nWHERE kinds = 'check'", 2, 7, "kinds", "no column kinds. Did you mean kind"),
    (f"{TASK} AND tasks.kind = 'check'", 1, 57, "tasks", "without a relation or schema before it"),
    (f'{TASK} AND "kind" = 1', 1, 57, '"kind"', "without quotation marks"),
    (f"{TASK} AND kind = 5", 1, 57, "kind = 5", "cannot be compared: number, text"),
    (f"{TASK} AND done_at < DATE '2026-01-01'", 1, 57, None, "cannot be compared: date, moment"),
    (f"{TASK} AND is_exempt < TRUE", 1, 57, None, "have no order"),
    (f"{TASK} AND kind", 1, 57, "kind", "type text is not a condition"),
    (f"{TASK} AND 1", 1, 57, "1", "not a condition"),
    (f"{TASK} AND raw_seconds > 1e5", 1, 71, "1e5", "never floats"),
    (f"{TASK} AND raw_seconds > 9999999999999999999", 1, 71, None, "whole or decimal"),
    (f"{TASK} AND raw_seconds / 60 > 5", 1, 57, "raw_seconds / 60", "can be used here"),
    (f"{TASK} AND raw_seconds::double > 5", 1, 57, None, "can be used here"),
    (f"{TASK} AND cast(raw_seconds AS double) > 5", 1, None, None, "can be used here"),
    (f"{TASK} AND kind IN (SELECT kind FROM tasks)", 1, 73, None, "A query cannot be used here"),
    (f"{TASK} AND EXISTS (SELECT 1)", 1, None, None, "not a condition"),
    (f"{TASK} AND kind IN (unit)", 1, 66, "unit", "plain values only"),
    (f"{TASK} AND kind IN ('a', NULL)", 1, None, None, "can be used here"),
    (f"{TASK} AND kind = NULL", 1, None, None, "can be used here"),
    (f"{TASK} AND kind IS DISTINCT FROM 'a'", 1, None, None, "not a condition"),
    (f"{TASK} AND is_exempt IS TRUE", 1, 57, None, "Compare with = instead"),
    (f"{TASK} AND kind LIKE unit", 1, 67, "unit", "plain pattern"),
    (f"{TASK} AND kind LIKE 'a!%' ESCAPE '!'", 1, None, None, "not a condition"),
    (f"{TASK} AND kind ILIKE 'a%'", 1, None, None, "not a condition"),
    (f"{TASK} AND kind SIMILAR TO 'a%'", 1, None, None, "not a condition"),
    (f"{TASK} AND extensions LIKE '1%'", 1, 57, None, "type text, not integer"),
    (f"{TASK} AND kind = 'a\\'", 1, None, None, ""),
    (f"{TASK} AND kind = 'a\\b'", 1, 64, None, "no backslashes"),
    (f"{TASK} AND kind || unit = 'ab'", 1, None, None, "can be used here"),
    (f"{TASK} AND lower(kind) = 'a'", 1, 57, "lower(kind)", "can be used here"),
    (f"{TASK} AND random() < 1", 1, None, None, "can be used here"),
    (f"{TASK} AND now() > done_at", 1, None, None, "can be used here"),
    (f"{TASK} AND current_timestamp > done_at", 1, None, None, "can be used here"),
    (f"{TASK} AND getenv('HOME') = 'a'", 1, None, None, "can be used here"),
    (f"{TASK} AND regexp_matches(kind, 'a')", 1, None, None, "not a condition"),
    (f"{TASK} AND substr(kind, 0, 1) = 'a'", 1, 57, None, "a position from 1"),
    (f"{TASK} AND substr(kind, 1) = 'a'", 1, 57, None, "a length from 1"),
    (f"{TASK} AND substr(kind, task_no, 1) = 'a'", 1, 57, None, "a position from 1"),
    (f"{TASK} AND length(task_no) = 1", 1, 57, None, "type text, not integer"),
    (f"{TASK} AND coalesce(kind, 1) = 'a'", 1, 57, None, "cannot be compared"),
    (f"{TASK} AND in_period(kind)", 1, 57, None, "exactly one moment"),
    (f"{TASK} AND in_period(done_at, due_at)", 1, 57, None, "exactly one moment"),
    (f"{TASK} AND done_at < TIMESTAMP '2026-02-30 08:00:00'", 1, None, None, "no such day"),
    (f"{TASK} AND done_at < TIMESTAMP '2026-02-03 08:00:00+08:00'", 1, None, None, "own time"),
    (f"{TASK} AND done_at < TIMESTAMPTZ '2026-02-03 08:00:00'", 1, None, None, "own time"),
    (f"{TASK} AND done_at < ?", 1, None, None, "can be used here"),
    (f"{TASK} AND done_at < :moment", 1, None, None, "can be used here"),
    (f"{TASK} AND kind = $1", 1, None, None, ""),
    (f"{TASK} AND kind = @x", 1, None, None, "can be used here"),
    (f"{TASK} AND (kind, unit) = ('a', 'b')", 1, None, None, "can be used here"),
    (f"{TASK} AND kind = ANY(['a'])", 1, None, None, "can be used here"),
    (f"{TASK} AND " + "(" * 1500 + "is_exempt" + ")" * 1500, 1, 2001, None, "at most 2000 characters"),
    (f"{TASK} AND " + "(" * 900 + "is_exempt" + ")" * 900, 1, 1, None, "cannot be parsed as SQL"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "line", "column", "marked", "why"), REFUSED, ids=range(len(REFUSED)))
def test_a_text_that_is_not_a_measure_is_refused_with_the_place(
    words: str, line: int, column: int | None, marked: str | None, why: str
) -> None:
    with pytest.raises(BadMeasure) as refused:
        read_measure(words)
    error = refused.value
    assert why in str(error)
    assert error.line == line
    assert column is None or error.column == column
    assert marked is None or error.marked == marked
    assert (error.values["line"], error.values["column"]) == (error.line, error.column)


@pytest.mark.parametrize(
    ("words", "adds"),
    [
        (TASK, Adds(True, True)),
        (f"{TASK} AND (kind = 'a' OR kind = 'b')", Adds(True, True)),
        ("SELECT sum(raw_seconds) FILTER (WHERE in_period(done_at)) FROM tasks WHERE kind = 'a'", Adds(True, True)),
        ("SELECT count(*) FROM tasks WHERE due_at < period_end", Adds(True, False)),
        (f"{TASK} AND opened_at < period_start", Adds(True, False)),
        ("SELECT count(*) FROM tasks WHERE in_period(done_at) OR in_period(due_at)", Adds(True, False)),
        ("SELECT count(*) FROM tasks WHERE in_period(done_at) AND in_period(due_at)", Adds(True, False)),
        ("SELECT count(*) FROM tasks WHERE NOT in_period(done_at)", Adds(True, False)),
        ("SELECT sum(CASE WHEN in_period(done_at) THEN 1 END) FROM tasks", Adds(True, False)),
        ("SELECT count(DISTINCT unit) FROM tasks WHERE in_period(done_at)", Adds(False, False)),
    ],
)
def test_a_measure_knows_over_what_it_adds_up(words: str, adds: Adds) -> None:
    assert read_measure(words).adds == adds


def test_a_condition_alone_is_read_and_nothing_more() -> None:
    assert read_claim("voided_at IS NOT NULL", CASES).sql() == "NOT voided_at IS NULL"
    for words in (
        "is_exempt GROUP BY unit",
        "is_exempt; DROP TABLE cases",
        "is_exempt) OR (TRUE",
        "",
        "is_exempt is_exempt",
    ):
        with pytest.raises(BadMeasure):
            read_claim(words, CASES)


ALLOWED = (
    exp.Select, exp.From, exp.Table, exp.Where, exp.Filter, exp.Identifier, exp.Column, exp.Literal, exp.Neg,
    exp.Boolean, exp.Null, exp.Star, exp.Distinct, exp.Count, exp.Sum, exp.Case, exp.If, exp.And, exp.Or, exp.Not,
    exp.Paren, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In, exp.Between, exp.Is, exp.Like,
    exp.Placeholder, exp.Anonymous, exp.Coalesce, exp.Substring, exp.Length, exp.Cast, exp.DataType,
)  # fmt: skip
PIECES = (
    "SELECT", "count(*)", "count(", "sum(", "FROM", "tasks", "cases", "WHERE", "AND", "OR", "NOT", "(", ")", ",",
    "kind", "'a'", "done_at", "in_period(done_at)", "=", "<", "IN", "IS", "NULL", "LIKE", "BETWEEN", "1", "1.5",
    "1e5", "/", "-", "CASE", "WHEN", "THEN", "ELSE", "END", "period_end", "FILTER", "(WHERE", "DISTINCT", "OVER",
    "UNION", "JOIN", ";", "coalesce(", "substr(", "read_csv(", "'x'", "::", "DATE", "TIMESTAMP '2026-01-01'", "--",
    "/*", "*/", "\n", "$1", "EXISTS",
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join) | st.text(max_size=60))
@example("SELECT count(*) FROM tasks WHERE in_period(done_at) AND kind = 'a'")
def test_every_text_is_read_into_allowed_parts_or_refused(words: str) -> None:
    try:
        measure = read_measure(words)
    except BadMeasure as error:
        assert error.line >= 1 and error.column >= 0
        return
    trees = [measure.aggregate, *([measure.where] if measure.where else [])]
    assert all(isinstance(node, ALLOWED) for tree in trees for node in tree.walk())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=10).map(" ".join))
def test_every_condition_is_read_into_allowed_parts_or_refused(words: str) -> None:
    try:
        claim = read_claim(words, TASKS)
    except BadMeasure:
        return
    assert all(isinstance(node, ALLOWED) for node in claim.walk())


@pytest.mark.parametrize("relation", FACTS)
def test_every_column_can_be_named_without_quotation_marks(relation: str) -> None:
    moment = next(c.name for c in FACTS[relation].columns if c.type == "moment")
    for column in FACTS[relation].columns:
        words = f"SELECT count({column.name}) FROM {relation} WHERE {column.name} IS NOT NULL AND in_period({moment})"
        assert read_measure(words).aggregate.sql() == f"COUNT({column.name})"
