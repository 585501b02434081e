"""Measures turned into SQL: many of them at once, for periods, told apart by columns. Nothing is run here.

One tree is written as DuckDB's and as Spark's SQL. It holds nothing but what grammar.py and claims.py built anew, names
of the published relations, and plain values.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import reduce

from sqlglot import exp

from cityloop.core.indicator import Adds
from cityloop.evaluation.claims import IN_PERIOD, PERIOD
from cityloop.evaluation.grammar import Measure, asks_about_the_period
from cityloop.evaluation.periods import Period
from cityloop.evaluation.relations import Relation

Key = tuple[str | None, ...]  # the values of the columns that figures are told apart by

_MOMENT = exp.DataType.Type.TIMESTAMPNTZ  # without a zone in both engines: the facts are in UTC


class NoSuchGrouping(ValueError):
    """A measure cannot be told apart, or narrowed, by that column."""


@dataclass(frozen=True, slots=True)
class Counting:
    """A measure as a figure uses it: with rows left out, and with other columns in place of some of its relation."""

    measure: Measure
    without: tuple[exp.Expr, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def adds(self) -> Adds:
        """Over what it adds up: what is left out at the end of each period may be counted in another."""
        return self.measure.adds & Adds(periods=not any(asks_about_the_period(claim) for claim in self.without))

    def column(self, grouping: str) -> str:
        """Return the column for a grouping; NoSuchGrouping where the relation has none."""
        name = self.columns.get(grouping, grouping)
        relation = self.measure.relation
        if name not in relation.groupings:
            known = ", ".join(relation.groupings)
            raise NoSuchGrouping(f"figures over {relation.name} cannot be told apart by {name}; known are {known}")
        return name


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: for which periods, told apart by which columns, of which rows alone.

    `as_of` is the moment of the facts, `zone` the city's own, by which moments in measures are meant.
    """

    periods: tuple[Period, ...]
    as_of: datetime
    zone: tzinfo
    by: tuple[str, ...] = ()
    only: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL over one relation: the number of the period, the columns it is told apart by, then the counts named."""

    relation: Relation
    names: tuple[str, ...]
    tree: exp.Expr

    @property
    def duckdb(self) -> str:
        """It as DuckDB reads it."""
        return self.tree.sql("duckdb", pretty=True)

    @property
    def spark(self) -> str:
        """It as Spark reads it."""
        return self.tree.sql("spark", pretty=True)


def statements(countings: Mapping[str, Counting], question: Question) -> tuple[Statement, ...]:
    """Return the SQL that answers a question for countings by name: one statement for each relation and its columns."""
    together: dict[tuple[str, tuple[str, ...]], dict[str, Counting]] = {}
    for name, counting in countings.items():
        columns = tuple(counting.column(grouping) for grouping in (*question.by, *question.only))
        together.setdefault((counting.measure.relation.name, columns), {})[name] = counting
    return tuple(_statement(group, question) for group in together.values())


def rows_counted(counting: Counting, question: Question) -> Statement:
    """Return the SQL for the very rows behind a figure: the key of the relation, and how much each of them adds.

    For one period; rows that add nothing are left out. Of what is counted once only, several rows may tell the same.
    """
    (period,) = question.periods
    relation = counting.measure.relation
    operand = counting.measure.aggregate.this
    amount: exp.Expr = exp.Literal.number(1)
    claims = [_where(counting), *_narrowing(counting, question)]
    if isinstance(counting.measure.aggregate, exp.Sum):
        amount = operand.copy()
        claims.append(exp.NEQ(this=_bracketed(operand), expression=exp.Literal.number(0)))
    elif not isinstance(operand, exp.Star):
        counted = operand.expressions[0] if isinstance(operand, exp.Distinct) else operand
        claims.append(exp.Not(this=exp.Is(this=counted.copy(), expression=exp.Null())))
    tree = exp.Select(
        expressions=[*map(exp.column, relation.key), exp.alias_(amount, "amount")],
        from_=exp.From(this=exp.to_table(relation.name)),
        where=exp.Where(this=_all(claims)),
        order=exp.Order(expressions=[exp.Ordered(this=exp.column(name)) for name in relation.key]),
    )
    return Statement(relation, ("amount",), _at(tree, period, question))


def _statement(group: Mapping[str, Counting], question: Question) -> Statement:
    selects = [_at(_select(group, question, number), one, question) for number, one in enumerate(question.periods)]
    tree = reduce(lambda one, other: exp.Union(this=one, expression=other, distinct=False), selects)
    relation = next(iter(group.values())).measure.relation
    return Statement(relation, tuple(group), tree)


def _select(group: Mapping[str, Counting], question: Question, number: int) -> exp.Expr:
    """Return the counts of one period; no row is read to a group that no count of the period asks for."""
    some = next(iter(group.values()))
    columns = [some.column(grouping) for grouping in question.by]
    counts = [exp.alias_(_count(counting), name, quoted=True) for name, counting in group.items()]
    wanted = _any([_where(counting) for counting in group.values()])
    return exp.Select(
        expressions=[
            exp.alias_(exp.Literal.number(number), "period"),
            *map(exp.column, columns),
            *counts,
        ],
        from_=exp.From(this=exp.to_table(some.measure.relation.name)),
        where=exp.Where(this=_all([wanted, *_narrowing(some, question)])),
        group=exp.Group(expressions=[exp.column(column) for column in columns]) if columns else None,
    )


def _count(counting: Counting) -> exp.Expr:
    """Return the aggregate over the rows that count; of nothing the sum is 0, as the number of rows is."""
    measure = counting.measure
    filtered: exp.Expr = measure.aggregate.copy()
    if (where := _where(counting)) != exp.true():
        filtered = exp.Filter(this=filtered, expression=exp.Where(this=where))
    if isinstance(measure.aggregate, exp.Sum):
        return exp.Coalesce(this=filtered, expressions=[exp.Literal.number(0)])
    return filtered


def _where(counting: Counting) -> exp.Expr:
    claims = [counting.measure.where.copy()] if counting.measure.where else []
    for claim in counting.without:
        # What is unknown is not left out.
        known = exp.Coalesce(this=claim.copy(), expressions=[exp.false()])
        claims.append(exp.Not(this=known))
    return _all(claims)


def _narrowing(counting: Counting, question: Question) -> Iterator[exp.Expr]:
    for grouping, values in question.only.items():
        column = exp.column(counting.column(grouping))
        known = [exp.Literal.string(value) for value in values if value is not None]
        claims: list[exp.Expr] = [exp.In(this=column.copy(), expressions=known)] if known else []
        if None in values:
            claims.append(exp.Is(this=column.copy(), expression=exp.Null()))
        yield _any(claims) if claims else exp.false()


def _at(tree: exp.Expr, period: Period, question: Question) -> exp.Expr:
    """Return the tree with the ends of a period, and every moment of the city's clocks, as moments of the facts."""
    ends = dict(zip(PERIOD, (period.start, period.counted_until(question.as_of)), strict=True))

    def placed(node: exp.Expr) -> exp.Expr:
        match node:
            case exp.Placeholder(this=name) if name in ends:
                return _moment(ends[name])
            case exp.Anonymous(this=name, expressions=[moment]) if name == IN_PERIOD:
                asked = moment.transform(placed)
                after = exp.GTE(this=asked, expression=_moment(ends["period_start"]))
                before = exp.LT(this=asked.copy(), expression=_moment(ends["period_end"]))
                return exp.Paren(this=exp.And(this=after, expression=before))
            case exp.Cast(to=to) if to.this is exp.DataType.Type.TIMESTAMP:
                return _moment(datetime.fromisoformat(node.this.this).replace(tzinfo=question.zone))
        return node

    return tree.transform(placed)


def _moment(moment: datetime) -> exp.Expr:
    words = moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    return exp.Cast(this=exp.Literal.string(words), to=exp.DataType(this=_MOMENT))


def _all(claims: Sequence[exp.Expr]) -> exp.Expr:
    said = [claim for claim in claims if claim != exp.true()]
    return _joined(exp.And, said) if said else exp.true()


def _any(claims: Sequence[exp.Expr]) -> exp.Expr:
    return _joined(exp.Or, claims) if exp.true() not in claims else exp.true()


def _joined(kind: type[exp.And] | type[exp.Or], claims: Sequence[exp.Expr]) -> exp.Expr:
    parts = [_bracketed(claim) for claim in claims] if len(claims) > 1 else list(claims)
    return reduce(lambda one, other: kind(this=one, expression=other), parts)


def _bracketed(claim: exp.Expr) -> exp.Expr:
    return exp.Paren(this=claim.copy()) if isinstance(claim, exp.And | exp.Or | exp.Case) else claim.copy()
