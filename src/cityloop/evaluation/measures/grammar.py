"""The restricted grammar of measures: one SQL aggregate over one fact relation, parsed and checked, not run.

    SELECT count(*) FROM tasks WHERE kind = 'check' AND done_at <= due_at AND in_period(done_at)

There is no division, no float, no join, no query within a query and nothing that depends on the order of rows: what is
left gives the same integers and decimals on every engine. compiling.py turns it into SQL for a period.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import Dialect, exp
from sqlglot.errors import SqlglotError

from cityloop.core.indicators.indicator import Adds
from cityloop.evaluation.facts.relations import FACTS, RELATIONS, FactRelation, Type
from cityloop.evaluation.measures.claims import ClaimReading
from cityloop.evaluation.measures.marking import BadMeasure, TextSpan, bad_part, not_sql

LONGEST = 2000  # characters
AGGREGATES = ("count(*)", "count(column)", "count(DISTINCT column)", "sum(column)", "sum(CASE … END)")

_SQL = Dialect.get_or_raise(None)  # the plainest, without the extensions of any engine
_NUMBERS = (Type.INTEGER, Type.DECIMAL)


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure, built again from the allowed parts of its text; FILTER and WHERE are one condition."""

    words: str
    relation: FactRelation
    aggregate: exp.Expr
    where: exp.Expr | None
    adds: Adds


def read_measure(text: str) -> Measure:
    """Return the measure of a text; raise BadMeasure with the place of the error."""
    select = _select(text)
    relation = _relation(text, select)
    reading = ClaimReading(text, relation)
    reading.only(select, "expressions", "from_", "where")
    if len(select.expressions) != 1:
        raise bad_part(text, select.expressions[1] if select.expressions else select, "measure-one-aggregate")
    node, filtered = select.expressions[0], None
    if isinstance(node, exp.Filter):
        node, filtered = node.this, node.expression
    aggregate = _aggregate(reading, node)
    claims = [reading.claim(each.this) for each in (filtered, select.args.get("where")) if each]
    where = exp.and_(*claims) if claims else None
    if not (asks_about_the_period(aggregate) or asks_about_the_period(where)):
        raise BadMeasure(text, TextSpan(0, len(text) - 1), "measure-no-period")
    return Measure(text, relation, aggregate, where, _adds(aggregate, where))


def read_claim(text: str, relation: FactRelation) -> exp.Expr:
    """Return a condition over the rows of a relation; raise BadMeasure where the text is not one."""
    return ClaimReading(text, relation).claim(_parsed(text, exp.Condition))


def _select(text: str) -> exp.Select:
    statement = _parsed(text, None)
    if not isinstance(statement, exp.Select):
        raise bad_part(text, statement, "measure-not-a-select")
    return statement


def _parsed(text: str, into: type[exp.Expr] | None) -> exp.Expr:
    if len(text) > LONGEST:
        raise BadMeasure(text, TextSpan(LONGEST, len(text) - 1), "measure-too-long", most=LONGEST)
    try:
        found = _SQL.parse_into(into, text) if into else _SQL.parse(text)
    except (SqlglotError, RecursionError) as error:
        raise not_sql(text, error) from error
    statements = [statement for statement in found if statement is not None]
    if len(statements) != 1 or len(found) != 1:
        several = len(statements) > 1
        raise bad_part(text, statements[1], "measure-several") if several else not_sql(text, ValueError())
    return statements[0]


def _relation(text: str, select: exp.Select) -> FactRelation:
    source = select.args.get("from_")
    table = source.this if source else None
    known = ", ".join(FACTS)
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
        raise bad_part(text, table or select, "measure-no-relation", known=known)
    if table.name not in FACTS:
        code = "measure-not-a-fact" if table.name in RELATIONS else "measure-unknown-relation"
        raise bad_part(text, table.this, code, name=table.name, known=known)
    reading = ClaimReading(text, FACTS[table.name])
    reading.only(table, "this")
    reading.only(table.this, "this")
    return FACTS[table.name]


def _aggregate(reading: ClaimReading, node: exp.Expr) -> exp.Expr:
    match node:
        case exp.Count(this=exp.Star() as star):
            reading.only(node, "this", "big_int")
            reading.only(star)
            return exp.Count(this=exp.Star())
        case exp.Count(this=exp.Distinct(expressions=[operand]) as distinct):
            reading.only(node, "this", "big_int")
            reading.only(distinct, "expressions")
            return exp.Count(this=exp.Distinct(expressions=[reading.column(operand).tree]))
        case exp.Count(this=exp.Column() as column):
            reading.only(node, "this", "big_int")
            return exp.Count(this=reading.column(column).tree)
        case exp.Sum(this=exp.Column() as column):
            reading.only(node, "this")
            return exp.Sum(this=_number(reading, column))
        case exp.Sum(this=exp.Case() as case):
            reading.only(node, "this")
            return exp.Sum(this=_choice(reading, case))
    raise reading.bad(node, "measure-aggregates", known=", ".join(AGGREGATES))


def _choice(reading: ClaimReading, case: exp.Case) -> exp.Expr:
    reading.only(case, "ifs", "default")
    ifs = [
        exp.If(this=reading.claim(branch.this), true=_number(reading, branch.args["true"]))
        for branch in case.args["ifs"]
    ]
    default = case.args.get("default")
    return exp.Case(ifs=ifs, default=_number(reading, default) if default else None)


def _number(reading: ClaimReading, node: exp.Expr) -> exp.Expr:
    found = reading.value(node)
    if found.type not in _NUMBERS:
        raise reading.bad(node, "measure-not-numeric", type=found.type.value)
    return found.tree


def asks_about_the_period(tree: exp.Expr | None) -> list[exp.Expr]:
    """Return every part that depends on the period."""
    return list(tree.find_all(exp.Placeholder, exp.Anonymous)) if tree else []


def _adds(aggregate: exp.Expr, where: exp.Expr | None) -> Adds:
    """Return over what the figures add up.

    A row that is counted by one event of its own counts in one period only; a row that is tested at the end of each
    period, or by either of two events, may count in several.
    """
    objects = aggregate.find(exp.Distinct) is None
    asks = [*asks_about_the_period(aggregate), *asks_about_the_period(where)]
    by_own_event = len(asks) == 1 and any(asks[0] is part for part in _conjuncts(where))
    return Adds(objects=objects, periods=objects and by_own_event)


def _conjuncts(tree: exp.Expr | None) -> Iterator[exp.Expr]:
    """Yield the conditions that must all be true."""
    if isinstance(tree, exp.Paren):
        yield from _conjuncts(tree.this)
    elif isinstance(tree, exp.And):
        for part in (tree.this, tree.expression):
            yield from _conjuncts(part)
    elif tree is not None:
        yield tree
