"""Measures turned into SQL: many of them at once, for periods, grouped by columns. Nothing is run here.

One tree is written as SQL of DuckDB and of Spark. It consists of what grammar.py and claims.py built again, names of
the published relations, and plain values.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import reduce

from sqlglot import exp

from cityloop.core.indicators.indicator import Adds
from cityloop.core.sentences import english
from cityloop.evaluation.facts.relations import FactRelation
from cityloop.evaluation.measures.bucketing import Marks, Unmarked
from cityloop.evaluation.measures.claims import IN_PERIOD, PERIOD
from cityloop.evaluation.measures.classes import Classes
from cityloop.evaluation.measures.grammar import Measure, asks_about_the_period
from cityloop.evaluation.measures.sifting import possible
from cityloop.evaluation.measures.sql_trees import all_of, any_of, bracketed, filtered, moment
from cityloop.evaluation.periods import Period

Key = tuple[str | None, ...]  # the values of the columns that figures are grouped by


class NoSuchGrouping(ValueError):
    """Figures over a relation cannot be grouped, or filtered, by that column; `code` and `values` are a Fault's."""

    code = "no-such-grouping"

    def __init__(self, relation: FactRelation, column: str) -> None:
        known = ", ".join(relation.groupings)
        self.values = {"relation": relation.name, "column": column, "known": known}
        super().__init__(english(self.code, self.values))


@dataclass(frozen=True, slots=True)
class Counting:
    """A measure as a figure uses it: with rows excluded, and with other columns for some groupings."""

    measure: Measure
    without: tuple[exp.Expr, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def adds(self) -> Adds:
        """Over what it adds up: a row excluded at the end of one period may count in another."""
        return self.measure.adds & Adds(periods=not any(asks_about_the_period(claim) for claim in self.without))

    def column(self, grouping: str) -> str:
        """Return the column for a grouping; NoSuchGrouping where the relation has none."""
        name = self.columns.get(grouping, grouping)
        relation = self.measure.relation
        if name not in relation.groupings:
            raise NoSuchGrouping(relation, name)
        return name


@dataclass(frozen=True, slots=True)
class Question:
    """For which periods to count, grouped by which columns, over which rows only.

    `as_of` is the moment of the facts, `zone` is the city's own: moments in measures are in it.
    """

    periods: tuple[Period, ...]
    as_of: datetime
    zone: tzinfo
    by: tuple[str, ...] = ()
    only: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL over one relation: the number of the period, the columns it is grouped by, then the counts in `names`."""

    relation: FactRelation
    names: tuple[str, ...]
    tree: exp.Expr

    @property
    def duckdb(self) -> str:
        """The SQL for DuckDB."""
        return self.tree.sql("duckdb", pretty=True)

    @property
    def spark(self) -> str:
        """The SQL for Spark."""
        return self.tree.sql("spark", pretty=True)


def statements(countings: Mapping[str, Counting], question: Question) -> tuple[Statement, ...]:
    """Return the SQL that answers a question for countings by name: one statement for each relation and its columns."""
    together: dict[tuple[str, tuple[str, ...], exp.Expr | None], dict[str, Counting]] = {}
    for name, counting in countings.items():
        columns = tuple(counting.column(grouping) for grouping in (*question.by, *question.only))
        once = _counted_once(counting, question)
        together.setdefault((counting.measure.relation.name, columns, once), {})[name] = counting
    return tuple(_statement(group, question, once) for (_, _, once), group in together.items())


def rows_counted(counting: Counting, question: Question) -> Statement:
    """Return the SQL for the rows behind a figure: the key of the relation, and how much each row adds.

    For one period; rows that add nothing are excluded. Several rows may have a value that is counted once only.
    """
    (period,) = question.periods
    relation = counting.measure.relation
    operand = counting.measure.aggregate.this
    amount: exp.Expr = exp.Literal.number(1)
    claims = [_where(counting), *_narrowing(counting, question)]
    if isinstance(counting.measure.aggregate, exp.Sum):
        amount = operand.copy()
        claims.append(exp.NEQ(this=bracketed(operand), expression=exp.Literal.number(0)))
    elif not isinstance(operand, exp.Star):
        counted = operand.expressions[0] if isinstance(operand, exp.Distinct) else operand
        claims.append(exp.Not(this=exp.Is(this=counted.copy(), expression=exp.Null())))
    tree = exp.Select(
        expressions=[*map(exp.column, relation.key), exp.alias_(amount, "amount")],
        from_=exp.From(this=exp.to_table(relation.name)),
        where=exp.Where(this=all_of(claims)),
        order=exp.Order(expressions=[exp.Ordered(this=exp.column(name)) for name in relation.key]),
    )
    return Statement(relation, ("amount",), _at(tree, period, question))


def _counted_once(counting: Counting, question: Question) -> exp.Expr | None:
    """Return the value that is counted once only, true where there is none; None where classes cannot be used."""
    if len(question.periods) == 1:
        return None
    try:
        _noted([counting], question)
    except Unmarked:
        return None
    distinct = counting.measure.aggregate.find(exp.Distinct)
    return distinct.expressions[0] if distinct else exp.true()


def _statement(group: Mapping[str, Counting], question: Question, once: exp.Expr | None) -> Statement:
    relation = next(iter(group.values())).measure.relation
    if once is not None:
        return Statement(relation, tuple(group), _over_classes(group, question, once))
    selects = [
        _at(_select(group, question, number), period, question) for number, period in enumerate(question.periods)
    ]
    tree = reduce(lambda left, right: exp.Union(this=left, expression=right, distinct=False), selects)
    return Statement(relation, tuple(group), tree)


def _noted(countings: Iterable[Counting], question: Question) -> Marks:
    marks = Marks(_all_ends(question))
    for counting in countings:
        marks.note(_where(counting))
        for part in counting.measure.aggregate.find_all(exp.If):
            marks.note(part.this)
    return marks


def _over_classes(group: Mapping[str, Counting], question: Question, once: exp.Expr) -> exp.Expr:
    """Return the counts of all periods: classes of rows from one pass over the facts, then each period."""
    some = next(iter(group.values()))
    wheres = [_where(counting) for counting in group.values()]
    keys = [some.column(name) for name in question.by]
    classes = Classes(_noted(group.values(), question), keys=keys, counted_once=once)
    counts = {name: classes.count(counting.measure.aggregate, _where(counting)) for name, counting in group.items()}
    wanted = classes.any_of(wheres)
    filters = all_of([*_narrowing(some, question), *possible(wheres, _all_ends(question))])
    rows = _at(classes.marked_rows(some.measure.relation.name, filters), question.periods[0], question)
    return classes.of_periods(rows, counts, wanted)


def _select(group: Mapping[str, Counting], question: Question, number: int) -> exp.Expr:
    """Return the counts of one period; rows that no count wants do not make groups."""
    some = next(iter(group.values()))
    columns = [some.column(grouping) for grouping in question.by]
    counts = [exp.alias_(_count(counting), name, quoted=True) for name, counting in group.items()]
    wanted = any_of([_where(counting) for counting in group.values()])
    return exp.Select(
        expressions=[
            exp.alias_(exp.Literal.number(number), "period"),
            *map(exp.column, columns),
            *counts,
        ],
        from_=exp.From(this=exp.to_table(some.measure.relation.name)),
        where=exp.Where(this=all_of([wanted, *_narrowing(some, question)])),
        group=exp.Group(expressions=[exp.column(column) for column in columns]) if columns else None,
    )


def _count(counting: Counting) -> exp.Expr:
    """Return the aggregate over the rows that count; the sum over no rows is 0, like their number."""
    measure = counting.measure
    found = filtered(measure.aggregate.copy(), _where(counting))
    if isinstance(measure.aggregate, exp.Sum):
        return exp.Coalesce(this=found, expressions=[exp.Literal.number(0)])
    return found


def _where(counting: Counting) -> exp.Expr:
    claims = [counting.measure.where.copy()] if counting.measure.where else []
    for claim in counting.without:
        # Rows for which the condition is unknown are not excluded.
        known = exp.Coalesce(this=claim.copy(), expressions=[exp.false()])
        claims.append(exp.Not(this=known))
    return all_of(claims)


def _narrowing(counting: Counting, question: Question) -> Iterator[exp.Expr]:
    for grouping, values in question.only.items():
        column = exp.column(counting.column(grouping))
        known = [exp.Literal.string(value) for value in values if value is not None]
        claims: list[exp.Expr] = [exp.In(this=column.copy(), expressions=known)] if known else []
        if None in values:
            claims.append(exp.Is(this=column.copy(), expression=exp.Null()))
        yield any_of(claims) if claims else exp.false()


def _at(tree: exp.Expr, period: Period, question: Question) -> exp.Expr:
    """Return the tree with the ends of a period, and every moment of the city's clocks, as moments of the facts."""
    ends = _ends(period, question)

    def placed(node: exp.Expr) -> exp.Expr:
        match node:
            case exp.Placeholder(this=name) if name in ends:
                return moment(ends[name])
            case exp.Anonymous(this=name, expressions=[value]) if name == IN_PERIOD:
                tested = value.transform(placed)
                after = exp.GTE(this=tested, expression=moment(ends["period_start"]))
                before = exp.LT(this=tested.copy(), expression=moment(ends["period_end"]))
                return exp.Paren(this=exp.And(this=after, expression=before))
            case exp.Cast(to=to) if to.this is exp.DataType.Type.TIMESTAMP:
                return moment(datetime.fromisoformat(node.this.this).replace(tzinfo=question.zone))
        return node

    return tree.transform(placed)


def _all_ends(question: Question) -> list[dict[str, datetime]]:
    return [_ends(period, question) for period in question.periods]


def _ends(period: Period, question: Question) -> dict[str, datetime]:
    return dict(zip(PERIOD, (period.start, period.counted_until(question.as_of)), strict=True))
