"""The restricted grammar of measures: one SQL aggregate over one fact relation, read and checked, not run.

    SELECT count(*) FROM tasks WHERE kind = 'check' AND done_at <= due_at AND in_period(done_at)

There is no division, no float, no join, no query within a query and nothing that depends on the order of rows: what is
left gives the same integers and decimals wherever it is run. Turning it into SQL for a period is done in compiling.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import Dialect, exp
from sqlglot.errors import SqlglotError

from cityloop.core.indicators.indicator import Adds
from cityloop.evaluation.facts.relations import FACTS, RELATIONS, FactRelation, Type
from cityloop.evaluation.measures.claims import IN_PERIOD, SAID, ClaimReading
from cityloop.evaluation.measures.marking import BadMeasure, TextSpan, unreadable, wrong

LONGEST = 2000  # characters
AGGREGATES = ("count(*)", "count(column)", "count(DISTINCT column)", "sum(column)", "sum(CASE … END)")

_SQL = Dialect.get_or_raise(None)  # the plainest: what engines add of their own is none of it
_NUMBERS = (Type.INTEGER, Type.DECIMAL)
_NO_AGGREGATE = f"the only aggregates are {', '.join(AGGREGATES)}"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure, built anew from what its words may say; FILTER and WHERE are one claim."""

    words: str
    relation: FactRelation
    aggregate: exp.Expr
    where: exp.Expr | None
    adds: Adds


def read_measure(words: str) -> Measure:
    """Return the measure; raise BadMeasure naming the place and what is wrong there."""
    select = _select(words)
    relation = _relation(words, select)
    reading = ClaimReading(words, relation)
    reading.only(select, "expressions", "from_", "where")
    if len(select.expressions) != 1:
        raise wrong(words, select.expressions[1] if select.expressions else select, "a measure is one aggregate")
    said, filtered = select.expressions[0], None
    if isinstance(said, exp.Filter):
        said, filtered = said.this, said.expression
    aggregate = _aggregate(reading, said)
    claims = [reading.claim(each.this) for each in (filtered, select.args.get("where")) if each]
    where = exp.and_(*claims) if claims else None
    if not (asks_about_the_period(aggregate) or asks_about_the_period(where)):
        why = f"this counts all times alike; say {IN_PERIOD}(…), or compare with period_start or period_end"
        raise BadMeasure(words, TextSpan(0, len(words) - 1), why)
    return Measure(words, relation, aggregate, where, _adds(aggregate, where))


def read_claim(words: str, relation: FactRelation) -> exp.Expr:
    """Return a claim over the rows of a relation; raise BadMeasure where it is none."""
    return ClaimReading(words, relation).claim(_parsed(words, exp.Condition))


def _select(words: str) -> exp.Select:
    found = _parsed(words, None)
    if not isinstance(found, exp.Select):
        raise wrong(words, found, "a measure begins with SELECT")
    return found


def _parsed(words: str, into: type[exp.Expr] | None) -> exp.Expr:
    if len(words) > LONGEST:
        raise BadMeasure(words, TextSpan(LONGEST, len(words) - 1), f"a measure is at most {LONGEST} characters long")
    try:
        found = _SQL.parse_into(into, words) if into else _SQL.parse(words)
    except (SqlglotError, RecursionError) as fault:
        raise unreadable(words, fault) from fault
    told = [one for one in found if one is not None]
    if len(told) != 1 or len(found) != 1:
        raise wrong(words, told[1], "one measure alone") if len(told) > 1 else unreadable(words, ValueError())
    return told[0]


def _relation(words: str, select: exp.Select) -> FactRelation:
    source = select.args.get("from_")
    table = source.this if source else None
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
        raise wrong(words, table or select, f"a measure counts the rows of one of {', '.join(FACTS)}")
    if table.name not in FACTS:
        known = ", ".join(FACTS)
        why = "describes and is not counted" if table.name in RELATIONS else "is no relation"
        raise wrong(words, table.this, f"{table.name} {why}; measures count the rows of one of {known}")
    ClaimReading(words, FACTS[table.name]).only(table, "this")
    ClaimReading(words, FACTS[table.name]).only(table.this, "this")
    return FACTS[table.name]


def _aggregate(reading: ClaimReading, node: exp.Expr) -> exp.Expr:
    match node:
        case exp.Count(this=exp.Star() as star):
            reading.only(node, "this", "big_int")
            reading.only(star)
            return exp.Count(this=exp.Star())
        case exp.Count(this=exp.Distinct(expressions=[one]) as distinct):
            reading.only(node, "this", "big_int")
            reading.only(distinct, "expressions")
            return exp.Count(this=exp.Distinct(expressions=[reading.column(one).tree]))
        case exp.Count(this=exp.Column() as column):
            reading.only(node, "this", "big_int")
            return exp.Count(this=reading.column(column).tree)
        case exp.Sum(this=exp.Column() as column):
            reading.only(node, "this")
            return exp.Sum(this=_number(reading, column))
        case exp.Sum(this=exp.Case() as case):
            reading.only(node, "this")
            return exp.Sum(this=_choice(reading, case))
    raise reading.wrong(node, _NO_AGGREGATE)


def _choice(reading: ClaimReading, case: exp.Case) -> exp.Expr:
    reading.only(case, "ifs", "default")
    ifs = [exp.If(this=reading.claim(one.this), true=_number(reading, one.args["true"])) for one in case.args["ifs"]]
    default = case.args.get("default")
    return exp.Case(ifs=ifs, default=_number(reading, default) if default else None)


def _number(reading: ClaimReading, node: exp.Expr) -> exp.Expr:
    found = reading.value(node)
    if found.type not in _NUMBERS:
        raise reading.wrong(node, f"only whole and decimal numbers are summed, not {SAID[found.type]}")
    return found.tree


def asks_about_the_period(tree: exp.Expr | None) -> list[exp.Expr]:
    """Return every part that depends on the period."""
    return list(tree.find_all(exp.Placeholder, exp.Anonymous)) if tree else []


def _adds(aggregate: exp.Expr, where: exp.Expr | None) -> Adds:
    """Return over what the figures add up.

    What is counted by one event of its own is counted in one period and no other; what is asked at the end of each
    period, or by either of two events, may be counted in several.
    """
    objects = aggregate.find(exp.Distinct) is None
    asks = [*asks_about_the_period(aggregate), *asks_about_the_period(where)]
    by_own_event = len(asks) == 1 and any(asks[0] is one for one in _conjuncts(where))
    return Adds(objects=objects, periods=objects and by_own_event)


def _conjuncts(tree: exp.Expr | None) -> Iterator[exp.Expr]:
    """Yield the claims that must all hold."""
    if isinstance(tree, exp.Paren):
        yield from _conjuncts(tree.this)
    elif isinstance(tree, exp.And):
        for part in (tree.this, tree.expression):
            yield from _conjuncts(part)
    elif tree is not None:
        yield tree
