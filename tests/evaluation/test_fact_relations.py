"""The relations that figures are counted over: what is true of all of them, and what can be counted over them."""

import pytest

from cityloop.evaluation.facts.relations import (
    FACTS,
    IN_DUCKDB,
    OF_THE_CASE,
    RELATIONS,
    FactRelation,
    Type,
)
from cityloop.evaluation.measures.grammar import read_measure


@pytest.mark.parametrize("relation", RELATIONS.values(), ids=RELATIONS)
def test_columns_have_one_name_each_and_a_key_is_made_of_them(relation: FactRelation) -> None:
    assert len(relation.by_name) == len(relation.columns)
    assert set(relation.key) <= set(relation.by_name)
    assert all(column.meaning.endswith(".") for column in relation.columns)
    assert all(column.type is Type.TEXT for column in relation.columns if column.groups)


def test_every_fact_has_the_columns_of_its_case_so_that_no_figure_needs_a_join() -> None:
    for relation in FACTS.values():
        assert relation.columns[: len(OF_THE_CASE)] == OF_THE_CASE
        assert relation.key[0] == "case_number"
        assert {"department", "unit"} <= set(relation.groupings)


def test_what_is_counted_is_never_a_float() -> None:
    assert set(IN_DUCKDB) == set(Type)
    assert not {"DOUBLE", "FLOAT", "REAL"} & set(IN_DUCKDB.values())


@pytest.mark.parametrize(
    "words",
    [
        # what an imported history says of itself, beside what is calculated
        "SELECT count(*) FROM cases WHERE in_period(closed_at) AND told_in_time",
        "SELECT count(*) FROM cases WHERE in_period(closed_at) AND due_at IS NOT NULL AND closed_at <= due_at",
        "SELECT count(*) FROM cases WHERE in_period(reported_at) AND due_at IS NULL",
        # how often a case was passed on and opened again
        "SELECT sum(reassignments) FROM cases WHERE in_period(closed_at)",
        "SELECT count(*) FROM cases WHERE in_period(closed_at) AND reopenings > 0",
        # how long a stage took, by the wall and by what counts
        "SELECT sum(raw_seconds) FROM passages WHERE stage = 'handling' AND in_period(left_at)",
        "SELECT sum(counted_seconds) FROM passages WHERE stage = 'handling' AND in_period(left_at)",
        # many reports that lie on one spot
        "SELECT count(*) FROM cases WHERE in_period(reported_at) AND lon = 120.1234567 AND lat = 22.9876543",
    ],
)
def test_facts_of_other_systems_histories_can_be_counted(words: str) -> None:
    assert read_measure(words).relation.is_fact
