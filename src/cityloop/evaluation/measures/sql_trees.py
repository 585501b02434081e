"""Small parts of syntax trees: joined conditions, moments, numbers, choices."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import reduce

from sqlglot import exp

_MOMENT = exp.DataType.Type.TIMESTAMPNTZ  # without a zone in both engines: the facts are in UTC


def moment(at: datetime) -> exp.Expr:
    """Return a moment as the facts have it."""
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    return exp.Cast(this=exp.Literal.string(text), to=exp.DataType(this=_MOMENT))


def all_of(claims: Sequence[exp.Expr]) -> exp.Expr:
    """Return the condition that all are true."""
    conditions = [claim for claim in claims if claim != exp.true()]
    return _joined(exp.And, conditions) if conditions else exp.true()


def any_of(claims: Sequence[exp.Expr]) -> exp.Expr:
    """Return the condition that any is true."""
    return _joined(exp.Or, claims) if exp.true() not in claims else exp.true()


def _joined(kind: type[exp.And] | type[exp.Or], claims: Sequence[exp.Expr]) -> exp.Expr:
    parts = [bracketed(claim) for claim in claims] if len(claims) > 1 else list(claims)
    return reduce(lambda left, right: kind(this=left, expression=right), parts)


def bracketed(claim: exp.Expr) -> exp.Expr:
    """Return a condition as part of another one."""
    return exp.Paren(this=claim.copy()) if isinstance(claim, exp.And | exp.Or | exp.Case) else claim.copy()


def case(branches: Iterable[tuple[exp.Expr, exp.Expr]], default: exp.Expr) -> exp.Expr:
    """Return the value of the first condition that is true, else the default."""
    return exp.Case(ifs=[exp.If(this=claim, true=value) for claim, value in branches], default=default)


def is_empty(value: exp.Expr) -> exp.Expr:
    """Return the condition that there is no value."""
    return exp.Is(this=value.copy(), expression=exp.Null())


def number(value: int) -> exp.Expr:
    """Return a whole number."""
    return exp.Literal.number(value)


def cast(tree: exp.Expr, kind: exp.DType) -> exp.Expr:
    """Return a value as one of another type."""
    inner = exp.Paren(this=tree) if isinstance(tree, exp.Binary | exp.Not) else tree
    return exp.Cast(this=inner, to=exp.DataType(this=kind))


def named(query: exp.Expr, name: str) -> exp.Expr:
    """Return a query with a name."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(name)))


def filtered(aggregate: exp.Expr, where: exp.Expr) -> exp.Expr:
    """Return an aggregate over the rows for which a condition is true."""
    return aggregate if where == exp.true() else exp.Filter(this=aggregate, expression=exp.Where(this=where))
