"""Rows with equal marks as classes: counted once in one pass over the facts, then evaluated for each period.

Marks are defined in bucketing.py, the counts come from compiling.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlglot import exp

from cityloop.evaluation.measures.bucketing import Code, Marks
from cityloop.evaluation.measures.sql_trees import (
    all_of,
    any_of,
    filtered,
    is_empty,
    named,
    number,
)

_ROWS, _COUNTED = "rows_alike", "counted"  # columns of classes: how many rows; the value that is counted once only


@dataclass
class Classes:
    """Classes by marks and by columns; also by `counted_once`, the value that is counted once only (else true).

    All counts and conditions are put first: they define which marks and sums are needed.
    """

    marks: Marks
    keys: Sequence[str]
    counted_once: exp.Expr
    sums: dict[exp.Expr, str] = field(default_factory=dict)  # the sums over the rows of a class, by column

    def any_of(self, claims: Iterable[exp.Expr]) -> exp.Expr:
        """Return conditions on rows as one condition on a class in a period."""
        return any_of([self.marks.put(claim) for claim in claims])

    def count(self, aggregate: exp.Expr, where: exp.Expr) -> exp.Expr:
        """Return the aggregate over classes that equals an aggregate over their rows."""
        claims = [where]
        match aggregate.this:
            case exp.Distinct():
                found: exp.Expr = exp.Count(this=exp.Distinct(expressions=[exp.column(_COUNTED)]))
            case exp.Case() as choice:
                found = exp.Sum(this=self._choice(choice))
            case operand if isinstance(aggregate, exp.Sum):
                found = exp.Sum(this=self._sum(operand))
            case operand:
                found = exp.Sum(this=exp.column(_ROWS))
                if isinstance(operand, exp.Column):
                    claims.append(exp.Not(this=is_empty(operand)))
        found = filtered(found, all_of([self.marks.put(claim) for claim in claims]))
        return exp.Coalesce(this=found, expressions=[number(0)])

    def marked_rows(self, relation: str, where: exp.Expr) -> exp.Expr:
        """Return the one pass over the facts: for each row its columns, its marks and the values to sum."""
        return exp.Select(
            expressions=[
                *(exp.alias_(column.copy(), name) for name, column in self._grouping.items()),
                *(exp.alias_(code.packed, name) for name, code in self._codes.items()),
                *(exp.alias_(amount.copy(), name) for amount, name in self.sums.items()),
            ],
            from_=exp.From(this=exp.to_table(relation)),
            where=exp.Where(this=where),
        )

    def of_periods(self, rows: exp.Expr, counts: Mapping[str, exp.Expr], wanted: exp.Expr) -> exp.Expr:
        """Return the counts of all periods over marked rows: for every period with a wanted row, by the keys.

        Without keys every period has its counts, even if they are 0.
        """
        join = exp.Join(this=named(self._unpacked(rows), "classes"), on=wanted, side=None if self.keys else "LEFT")
        columns = list(zip(self._keys, self.keys, strict=True))
        return exp.Select(
            expressions=[
                exp.column("period"),
                *(exp.alias_(exp.column(key), name) for key, name in columns),
                *(exp.alias_(count, name, quoted=True) for name, count in counts.items()),
            ],
            from_=exp.From(this=self._periods()),
            joins=[join],
            group=exp.Group(expressions=[*map(exp.column, ("period", *self._keys))]),
        )

    @property
    def _keys(self) -> list[str]:
        return [f"key_{place}" for place in range(1, len(self.keys) + 1)]

    @property
    def _grouping(self) -> dict[str, exp.Expr]:
        """The columns of classes besides their marks."""
        columns: dict[str, exp.Expr] = dict(zip(self._keys, map(exp.column, self.keys), strict=True))
        return columns if self.counted_once == exp.true() else {**columns, _COUNTED: self.counted_once}

    @cached_property
    def _codes(self) -> Mapping[str, Code]:
        return self.marks.codes("code")

    def _sum(self, amount: exp.Expr) -> exp.Expr:
        return exp.column(self.sums.setdefault(amount, f"amount_{len(self.sums) + 1}"))

    def _choice(self, choice: exp.Case) -> exp.Expr:
        """Return what a class adds by a choice: all of its rows take the same branch."""
        ifs = [
            exp.If(this=self.marks.put(branch.this), true=self._sum(branch.args["true"]))
            for branch in choice.args["ifs"]
        ]
        default = choice.args.get("default")
        return exp.Case(ifs=ifs, default=self._sum(default) if default else None)

    def _unpacked(self, rows: exp.Expr) -> exp.Expr:
        """Return the classes: how many rows each has, and its marks as separate numbers."""
        grouping = [*self._grouping, *self._codes]
        classes = exp.Select(
            expressions=[
                *map(exp.column, grouping),
                exp.alias_(exp.Count(this=exp.Star()), _ROWS),
                *(exp.alias_(exp.Sum(this=exp.column(name)), name) for name in self.sums.values()),
            ],
            from_=exp.From(this=named(rows, "marked")),
            group=exp.Group(expressions=[*map(exp.column, grouping)]),
        )
        marks = (each for code in self._codes.values() for each in code.marks.items())
        return exp.Select(
            expressions=[
                *map(exp.column, (*self._grouping, _ROWS, *self.sums.values())),
                *(exp.alias_(read, name) for name, read in marks),
            ],
            from_=exp.From(this=named(classes, "packed")),
        )

    def _periods(self) -> exp.Expr:
        """Return the number of each period with the places of its edges among the cuts."""
        numbered = enumerate(self.marks.rows())
        rows = [exp.Tuple(expressions=[*map(number, (period, *places))]) for period, places in numbered]
        columns = [exp.to_identifier(name) for name in ("period", *self.marks.columns)]
        return exp.Values(expressions=rows, alias=exp.TableAlias(this=exp.to_identifier("periods"), columns=columns))
