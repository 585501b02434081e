"""A filter for the rows that may count in any of many periods, so that the engine can skip the others unread.

More rows may pass than count. compiling.py makes the counts.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from sqlglot import exp

from cityloop.evaluation.measures.bucketing import LINKS, Ends, compared
from cityloop.evaluation.measures.grammar import asks_about_the_period
from cityloop.evaluation.measures.sql_trees import all_of, any_of, moment

_MOST_ALTERNATIVES = 64  # by which a condition may be true; with more of them nothing is filtered
_FEW = 4  # words with which files are still searched faster

Leaves = frozenset[exp.Expr]  # leaves that are all true
_ANYTHING: Leaves = frozenset()


def possible(claims: Iterable[exp.Expr], periods: Sequence[Ends]) -> Iterator[exp.Expr]:
    """Yield what must be true of a row for which any of the conditions is true in any period; more rows may pass."""
    alternatives = [leaves for claim in claims for leaves in _alternatives(claim, periods)]
    for column in sorted({column for leaves in alternatives for column in _texts(leaves)}):
        if all(column in _texts(leaves) for leaves in alternatives):
            words = sorted({word for leaves in alternatives for word in _texts(leaves)[column]})
            if len(words) <= _FEW:
                literals = [*map(exp.Literal.string, words)]
                yield exp.In(this=exp.column(column), expressions=literals) if literals else exp.false()
    moments = {frozenset(leaf for leaf in leaves if not _is_of_words(leaf)) for leaves in alternatives}
    weakest = [leaves for leaves in moments if not any(other < leaves for other in moments)]
    yield any_of(sorted((all_of(sorted(leaves, key=str)) for leaves in weakest), key=str))


def _alternatives(claim: exp.Expr, periods: Sequence[Ends]) -> set[Leaves]:
    """Return sets of leaves: if the condition is true in any period, all leaves of one set are true."""
    match claim:
        case exp.Paren(this=inner):
            return _alternatives(inner, periods)
        case exp.Or(this=left, expression=right):
            return _alternatives(left, periods) | _alternatives(right, periods)
        case exp.And(this=left, expression=right):
            both = product(_alternatives(left, periods), _alternatives(right, periods))
            found = {one_side | other_side for one_side, other_side in both}
            return found if len(found) <= _MOST_ALTERNATIVES else {_ANYTHING}
    if asks_about_the_period(claim):
        return {frozenset(_ever(claim, periods)) if not isinstance(claim, LINKS) else _ANYTHING}
    return {frozenset([claim]) if _is_of_words(claim) or _is_plain(claim) else _ANYTHING}


def _ever(leaf: exp.Expr, periods: Sequence[Ends]) -> Iterator[exp.Expr]:
    """Yield what is true if a leaf is true in any period."""
    for kind, value, edge in compared(leaf):
        cuts = [edge.of(ends) for ends in periods]
        yield kind(this=value.copy(), expression=moment(max(cuts) if kind is exp.LT else min(cuts)))


def _is_of_words(leaf: exp.Expr) -> bool:
    """Return whether a leaf limits a text to some words."""
    match leaf:
        case exp.EQ(this=exp.Column(), expression=exp.Literal(is_string=True)):
            return True
        case exp.In(this=exp.Column(), expressions=words):
            return all(word.is_string for word in words)
    return False


def _is_plain(leaf: exp.Expr) -> bool:
    return isinstance(leaf, exp.Column) or (isinstance(leaf, exp.Is) and isinstance(leaf.this, exp.Column))


def _texts(leaves: Leaves) -> dict[str, set[str]]:
    """Return the words that the leaves limit a text to, by column."""
    found: dict[str, set[str]] = {}
    for leaf in filter(_is_of_words, leaves):
        words = {word.name for word in (leaf.expressions or [leaf.expression])}
        found[leaf.this.name] = found.get(leaf.this.name, words) & words
    return found
