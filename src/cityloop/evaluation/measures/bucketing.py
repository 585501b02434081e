"""What conditions test in a row, as small numbers, so that one pass over the facts serves many periods.

The ends of all periods cut time into cells. The *marks* of a row are: the cell of a moment, which of some words a text
is, whether a condition is true. Rows with equal marks give the same result for every condition in every period: they
are one class. classes.py counts classes.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce

from sqlglot import exp

from cityloop.evaluation.measures.claims import IN_PERIOD, PERIOD
from cityloop.evaluation.measures.grammar import asks_about_the_period
from cityloop.evaluation.measures.sql_trees import (
    all_of,
    case,
    cast,
    is_empty,
    moment,
    number,
)

_WIDEST = 2**62  # the largest number that marks are packed into
_TICK = timedelta(microseconds=1)  # there is no moment between two ticks
_FLIPPED: Mapping[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.GT, exp.LTE: exp.GTE, exp.GT: exp.LT, exp.GTE: exp.LTE,
}  # fmt: skip
_CONTRARY: Mapping[type[exp.Expr], type[exp.Expr]] = {exp.GT: exp.LTE, exp.GTE: exp.LT, exp.NEQ: exp.EQ}
LINKS = exp.And | exp.Or | exp.Not | exp.Paren | exp.Coalesce  # of conditions; operators on values are below the leaves

Ends = Mapping[str, datetime]  # of a period, by the names in PERIOD


class Unmarked(ValueError):
    """A condition depends on the period in a way that no mark can express."""


@dataclass(frozen=True, slots=True)
class PeriodEdge:
    """An end of the period, or the tick after it."""

    name: str
    ticks: int = 0

    @property
    def column(self) -> str:
        """The column with its place: how many cuts come before it."""
        return f"{self.name}_{'after' if self.ticks else 'at'}"

    def of(self, ends: Ends) -> datetime:
        return ends[self.name] + self.ticks * _TICK


@dataclass(frozen=True, slots=True)
class PeriodCell:
    """The cell of a moment: how many cuts are not after it."""

    value: exp.Expr


@dataclass(frozen=True, slots=True)
class Word:
    """Which of the words it is compared with a text is; 0: another."""

    column: exp.Expr


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether a condition that does not depend on the period is true: 0 or 1."""

    claim: exp.Expr


Mark = PeriodCell | Word | Truth


@dataclass(frozen=True, slots=True)
class Code:
    """A number that several marks are packed into, each in its own place."""

    parts: tuple[exp.Expr, ...]  # as calculated from a row, each times its place
    marks: Mapping[str, exp.Expr]  # as extracted from the number, by name; NULL: unknown

    @property
    def packed(self) -> exp.Expr:
        """Return how the number is calculated from a row."""
        highest, *others = reversed(self.parts)
        wide = cast(highest, exp.DataType.Type.BIGINT)
        return reduce(lambda left, right: exp.Add(this=left, expression=right), others, wide)


@dataclass
class Marks:
    """The marks that conditions need: all conditions are noted first, then put in terms of classes, then packed."""

    periods: Sequence[Ends]
    names: dict[Mark, str] = field(default_factory=dict)
    words: dict[Mark, list[str]] = field(default_factory=dict)
    edges: set[PeriodEdge] = field(default_factory=set)

    def note(self, claim: exp.Expr) -> None:
        """Note how a condition depends on the period; Unmarked where no mark can express it."""
        for leaf in _leaves(claim):
            if asks_about_the_period(leaf):
                self._of_period(leaf)

    def put(self, claim: exp.Expr) -> exp.Expr:
        """Return a condition on rows as one on their marks and the edges of the period."""
        if isinstance(claim, LINKS):
            return _linked(claim, self.put)
        return self._of_period(claim) if asks_about_the_period(claim) else self._plain(claim)

    @property
    def columns(self) -> list[str]:
        """The columns with the places of a period's edges, as in rows()."""
        return [edge.column for edge in self._sorted_edges]

    def rows(self) -> Iterator[list[int]]:
        """Yield for each period how many cuts come before each of its edges."""
        cuts = self._cuts
        for ends in self.periods:
            yield [bisect_left(cuts, edge.of(ends)) for edge in self._sorted_edges]

    def codes(self, column: str) -> dict[str, Code]:
        """Return the numbers that contain all marks, by column: `column` with a number."""
        found: dict[str, Code] = {}
        left = sorted(self.names, key=self._size)
        while left:
            places, size = dict[Mark, int](), 1
            for mark in left:
                if size * self._size(mark) <= _WIDEST:
                    places[mark], size = size, size * self._size(mark)
            left = [mark for mark in left if mark not in places]
            name = f"{column}_{len(found) + 1}"
            parts = tuple(self._calculated(mark, place) for mark, place in places.items())
            marks = {self.names[mark]: self._read(name, mark, place) for mark, place in places.items()}
            found[name] = Code(parts, marks)
        return found

    @property
    def _sorted_edges(self) -> list[PeriodEdge]:
        return sorted(self.edges, key=lambda edge: edge.column)

    @property
    def _cuts(self) -> list[datetime]:
        return sorted({edge.of(ends) for edge in self.edges for ends in self.periods})

    def _named(self, mark: Mark) -> exp.Expr:
        return exp.column(self.names.setdefault(mark, f"mark_{len(self.names) + 1}"))

    def _of_period(self, leaf: exp.Expr) -> exp.Expr:
        """Return how a leaf depends on the period: a moment before a cut is in a cell before it."""
        parts: list[exp.Expr] = []
        for kind, value, edge in compared(leaf):
            self.edges.add(edge)
            beyond = exp.LTE if kind is exp.LT else exp.GT
            parts.append(beyond(this=self._named(PeriodCell(value)), expression=exp.column(edge.column)))
        return exp.Paren(this=all_of(parts)) if len(parts) > 1 else parts[0]

    def _plain(self, leaf: exp.Expr) -> exp.Expr:
        """Return a leaf that does not depend on the period."""
        match leaf:
            case exp.Boolean():
                return leaf.copy()
            case exp.EQ(this=exp.Column() as column, expression=exp.Literal(is_string=True) as word):
                return exp.EQ(this=self._named(Word(column)), expression=self._word(column, word))
            case exp.In(this=exp.Column() as column, expressions=words) if all(word.is_string for word in words):
                numbers = [self._word(column, word) for word in words]
                return exp.In(this=self._named(Word(column)), expressions=numbers)
            case exp.Is(this=value, expression=exp.Null()) if PeriodCell(value) in self.names:
                return exp.Is(this=self._named(PeriodCell(value)), expression=exp.Null())
            case exp.GT() | exp.GTE() | exp.NEQ():  # one mark serves a condition and its opposite
                other = _CONTRARY[type(leaf)](this=leaf.this, expression=leaf.expression)
                return exp.Not(this=exp.Paren(this=self._plain(other)))
        return exp.EQ(this=self._named(Truth(leaf)), expression=number(1))

    def _word(self, column: exp.Expr, word: exp.Expr) -> exp.Expr:
        words = self.words.setdefault(Word(column), [])
        if word.name not in words:
            words.append(word.name)
        return number(words.index(word.name) + 1)

    def _size(self, mark: Mark) -> int:
        match mark:
            case PeriodCell():
                return len(self._cuts) + 2
            case Word():
                return len(self.words[mark]) + 2
        return 3

    def _calculated(self, mark: Mark, place: int) -> exp.Expr:
        """Return how a mark is calculated from a row, times its place; unknown is the last of its numbers."""
        unknown = number((self._size(mark) - 1) * place)
        match mark:
            case PeriodCell(value):
                return case([(is_empty(value), unknown)], _searched(value, self._cuts, 0, place))
            case Word(column):
                branches = [
                    (exp.EQ(this=column.copy(), expression=exp.Literal.string(word)), number(index * place))
                    for index, word in enumerate(self.words[mark], start=1)
                ]
                return case([*branches, (is_empty(column), unknown)], number(0))
        holds = cast(mark.claim.copy(), exp.DataType.Type.INT)
        if place > 1:
            holds = exp.Mul(this=holds, expression=number(place))
        return holds if isinstance(mark.claim, exp.Is) else exp.Coalesce(this=holds, expressions=[unknown])

    def _read(self, column: str, mark: Mark, place: int) -> exp.Expr:
        found: exp.Expr = exp.column(column)
        if place > 1:
            found = exp.Paren(this=exp.IntDiv(this=found, expression=number(place)))
        value = exp.Mod(this=found, expression=number(self._size(mark)))
        return exp.Nullif(this=value, expression=number(self._size(mark) - 1))


def compared(leaf: exp.Expr) -> Iterator[tuple[type[exp.Expr], exp.Expr, PeriodEdge]]:
    """Yield the comparisons of a leaf with the period: < or >=, the moment, the edge. All of them must be true.

    Unmarked where the leaf depends on the period in another way.
    """
    comparisons: list[tuple[type[exp.Expr], exp.Expr, str]]
    match leaf:
        case exp.Anonymous(this=name, expressions=[value]) if name == IN_PERIOD:
            start, end = PERIOD
            comparisons = [(exp.GTE, value, start), (exp.LT, value, end)]
        case exp.Between(this=value, args={"low": exp.Placeholder(this=low), "high": exp.Placeholder(this=high)}):
            comparisons = [(exp.GTE, value, low), (exp.LTE, value, high)]
        case exp.LT() | exp.LTE() | exp.GT() | exp.GTE() if isinstance(leaf.expression, exp.Placeholder):
            comparisons = [(type(leaf), leaf.this, leaf.expression.name)]
        case exp.LT() | exp.LTE() | exp.GT() | exp.GTE() if isinstance(leaf.this, exp.Placeholder):
            comparisons = [(_FLIPPED[type(leaf)], leaf.expression, leaf.this.name)]
        case _:
            raise Unmarked(leaf.sql())
    for kind, value, end in comparisons:
        if asks_about_the_period(value):
            raise Unmarked(leaf.sql())
        if kind in (exp.LTE, exp.GT):
            yield (exp.LT if kind is exp.LTE else exp.GTE), value, PeriodEdge(end, 1)
        else:
            yield kind, value, PeriodEdge(end)


def _searched(value: exp.Expr, cuts: Sequence[datetime], before: int, place: int) -> exp.Expr:
    """Return how many cuts are not after a moment, times a place: by bisection, with few comparisons a row."""
    if not cuts:
        return number(before * place)
    half = len(cuts) // 2
    earlier = exp.LT(this=value.copy(), expression=moment(cuts[half]))
    later = _searched(value, cuts[half + 1 :], before + half + 1, place)
    return case([(earlier, _searched(value, cuts[:half], before, place))], later)


def _leaves(claim: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(claim, LINKS):
        for part in claim.iter_expressions():
            yield from _leaves(part)
    else:
        yield claim


def _linked(claim: exp.Expr, put: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """Return a condition with each part that it links replaced by `put`."""
    found = claim.copy()
    for part in list(found.iter_expressions()):
        part.replace(put(part.copy()))
    return found
