"""Which rows may count in any of many periods: what is asked of them first, so that others are left aside unread.

More rows may pass than count. How they are counted is said in compiling.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from sqlglot import exp

from cityloop.evaluation.measures.bucketing import LINKS, Ends, compared
from cityloop.evaluation.measures.grammar import asks_about_the_period
from cityloop.evaluation.measures.sql_trees import all_of, any_of, moment

_MOST_WAYS = 64  # by which a claim may hold; with more, nothing is asked first
_FEW = 4  # words by which files are searched faster

Way = frozenset[exp.Expr]  # leaves that all hold
_ANYTHING: Way = frozenset()


def possible(claims: Iterable[exp.Expr], periods: Sequence[Ends]) -> Iterator[exp.Expr]:
    """Yield what must hold of a row if any of the claims holds of it in any period; more rows may pass."""
    ways = [way for claim in claims for way in _ways(claim, periods)]
    for column in sorted({column for way in ways for column in _said(way)}):
        if all(column in _said(way) for way in ways):
            words = sorted({word for way in ways for word in _said(way)[column]})
            if len(words) <= _FEW:
                told = [*map(exp.Literal.string, words)]
                yield exp.In(this=exp.column(column), expressions=told) if told else exp.false()
    moments = {frozenset(leaf for leaf in way if not _is_of_words(leaf)) for way in ways}
    weakest = [way for way in moments if not any(other < way for other in moments)]
    yield any_of(sorted((all_of(sorted(way, key=str)) for way in weakest), key=str))


def _ways(claim: exp.Expr, periods: Sequence[Ends]) -> set[Way]:
    """Return sets of leaves: those of one of them hold if the claim does in any period."""
    match claim:
        case exp.Paren(this=inner):
            return _ways(inner, periods)
        case exp.Or(this=one, expression=other):
            return _ways(one, periods) | _ways(other, periods)
        case exp.And(this=one, expression=other):
            found = {mine | others for mine, others in product(_ways(one, periods), _ways(other, periods))}
            return found if len(found) <= _MOST_WAYS else {_ANYTHING}
    if asks_about_the_period(claim):
        return {frozenset(_ever(claim, periods)) if not isinstance(claim, LINKS) else _ANYTHING}
    return {frozenset([claim]) if _is_of_words(claim) or _is_plain(claim) else _ANYTHING}


def _ever(leaf: exp.Expr, periods: Sequence[Ends]) -> Iterator[exp.Expr]:
    """Yield what holds if a leaf holds in any period."""
    for kind, value, edge in compared(leaf):
        cuts = [edge.of(ends) for ends in periods]
        yield kind(this=value.copy(), expression=moment(max(cuts) if kind is exp.LT else min(cuts)))


def _is_of_words(leaf: exp.Expr) -> bool:
    """Return whether a leaf says which words a text is one of."""
    match leaf:
        case exp.EQ(this=exp.Column(), expression=exp.Literal(is_string=True)):
            return True
        case exp.In(this=exp.Column(), expressions=words):
            return all(word.is_string for word in words)
    return False


def _is_plain(leaf: exp.Expr) -> bool:
    return isinstance(leaf, exp.Column) or (isinstance(leaf, exp.Is) and isinstance(leaf.this, exp.Column))


def _said(way: Way) -> dict[str, set[str]]:
    """Return the words that a text is one of where all leaves of a way hold, by column."""
    found: dict[str, set[str]] = {}
    for leaf in filter(_is_of_words, way):
        words = {word.name for word in (leaf.expressions or [leaf.expression])}
        found[leaf.this.name] = found.get(leaf.this.name, words) & words
    return found
