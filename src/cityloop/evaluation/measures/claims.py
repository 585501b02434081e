"""The conditions ("claims") and values that a measure may be made of: an allow-list over the syntax tree.

No part of a parsed tree is passed on: each allowed part is built again, everything else is refused with its place.
The aggregate around them is read by grammar.py.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from functools import reduce

from sqlglot import exp

from cityloop.evaluation.facts.relations import FactRelation, Type
from cityloop.evaluation.measures.marking import BadMeasure, bad_part

PERIOD = ("period_start", "period_end")  # names for the ends of the requested period
IN_PERIOD = "in_period"
FUNCTIONS = {
    IN_PERIOD: "a moment → whether it is in the period",
    "coalesce": "values of one type → the first that is not empty",
    "substr": "a text, a place from 1, a length from 1 → that part of the text",
    "length": "a text → how many characters it has",
}
COMPARABLE = {  # values are compared with values of the same kind
    Type.INTEGER: "number",
    Type.DECIMAL: "number",
    Type.TEXT: "text",
    Type.MOMENT: "moment",
    Type.DATE: "date",
    Type.BOOL: "bool",
}
INTEGER = re.compile(r"\d{1,18}")
DECIMAL = re.compile(r"\d{1,18}\.\d{1,9}")

_REFUSED_PARTS = {  # parts of a syntax tree that have an error of their own
    "table": "measure-prefix",
    "db": "measure-prefix",
    "query": "measure-subquery",
    "quoted": "measure-quoted",
}
_KEYWORDS = {"with_": "WITH", "group": "GROUP BY", "order": "ORDER BY", "joins": "JOIN"}


@dataclass(frozen=True, slots=True)
class Value:
    """A value built again, with its type."""

    tree: exp.Expr
    type: Type


@dataclass(frozen=True, slots=True)
class ClaimReading:
    """The parsing of one text over one relation."""

    text: str
    relation: FactRelation

    def claim(self, node: exp.Expr) -> exp.Expr:  # noqa: PLR0911  # one return for each kind of condition
        """Return a condition, built again."""
        match node:
            case exp.Paren(this=inner):
                return self.claim(inner)
            case exp.And() | exp.Or():
                kind = type(node)
                parts = [_wrapped(self.claim(part)) for part in node.flatten(unnest=False)]
                return reduce(lambda left, right: kind(this=left, expression=right), parts)
            case exp.Not(this=inner):
                return exp.Not(this=_wrapped(self.claim(inner)))
            case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
                return self._comparison(node)
            case exp.Is():
                return self._is_empty(node)
            case exp.In():
                return self._membership(node)
            case exp.Between():
                return self._between(node)
            case exp.Like():
                return self._likeness(node)
            case exp.Anonymous(this=str(name)) if name.lower() == IN_PERIOD:
                return self._in_period(node)
            case exp.Column():
                return self._truth(node)
        raise self.bad(node, "measure-no-condition")

    def value(self, node: exp.Expr) -> Value:  # noqa: PLR0911  # one return for each kind of value
        """Return a value, built again."""
        match node:
            case exp.Paren(this=inner):
                return self.value(inner)
            case exp.Column():
                return self._column(node)
            case exp.Literal(is_string=True):
                return self._text(node)
            case exp.Literal():
                return self._number(node)
            case exp.Neg(this=exp.Literal(is_string=False) as number):
                found = self._number(number)
                return Value(exp.Neg(this=found.tree), found.type)
            case exp.Boolean(this=truth):
                return Value(exp.Boolean(this=truth), Type.BOOL)
            case exp.Cast(this=exp.Literal(is_string=True)):
                return self._time(node)
            case exp.Coalesce() | exp.Substring() | exp.Length():
                return self._function(node)
        raise self.bad(node, "measure-no-value", functions=", ".join(FUNCTIONS))

    def column(self, node: exp.Expr) -> Value:
        """Return a column of the relation; refuse anything else."""
        if isinstance(node, exp.Column) and (found := self._column(node)).tree.name not in PERIOD:
            return found
        raise self.bad(node, "measure-not-a-column")

    def only(self, node: exp.Expr, *parts: str) -> None:
        """Refuse a node of the tree that has other parts than these."""
        for name, part in node.args.items():
            if part and name not in parts:
                nodes = [each for each in (part if isinstance(part, list) else [part]) if isinstance(each, exp.Expr)]
                place = nodes[0] if nodes else node
                if name in _REFUSED_PARTS:
                    raise self.bad(place, _REFUSED_PARTS[name])
                raise self.bad(place, "measure-part", part=_KEYWORDS.get(name, name.upper()))

    def bad(self, node: exp.Expr, code: str, **values: object) -> BadMeasure:
        """Return the error of a node."""
        return bad_part(self.text, node, code, **values)

    def _comparison(self, node: exp.Expr) -> exp.Expr:
        self.only(node, "this", "expression")
        left, right = self.value(node.this), self.value(node.expression)
        self._comparable(node, (left, right), ordered=not isinstance(node, exp.EQ | exp.NEQ))
        return type(node)(this=left.tree, expression=right.tree)

    def _is_empty(self, node: exp.Is) -> exp.Expr:
        self.only(node, "this", "expression")
        if not isinstance(node.expression, exp.Null):
            raise self.bad(node, "measure-is-null")
        return exp.Is(this=self.value(node.this).tree, expression=exp.Null())

    def _membership(self, node: exp.In) -> exp.Expr:
        self.only(node, "this", "expressions")
        tested, members = self.value(node.this), [self.value(each) for each in node.expressions]
        for member, each in zip(members, node.expressions, strict=True):
            if member.tree.find(exp.Column, exp.Placeholder):
                raise self.bad(each, "measure-list-values")
        if not members:
            raise self.bad(node, "measure-list-empty")
        self._comparable(node, (tested, *members))
        return exp.In(this=tested.tree, expressions=[member.tree for member in members])

    def _between(self, node: exp.Between) -> exp.Expr:
        self.only(node, "this", "low", "high")
        parts = tested, low, high = (self.value(node.this), self.value(node.args["low"]), self.value(node.args["high"]))
        self._comparable(node, parts, ordered=True)
        return exp.Between(this=tested.tree, low=low.tree, high=high.tree)

    def _likeness(self, node: exp.Like) -> exp.Expr:
        self.only(node, "this", "expression", "negate")
        tested, pattern = self.value(node.this), node.expression
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise self.bad(pattern, "measure-pattern")
        if tested.type is not Type.TEXT:
            raise self.bad(node, "measure-not-text", type=tested.type.value)
        found = exp.Like(this=tested.tree, expression=self._text(pattern).tree)
        return exp.Not(this=found) if node.args.get("negate") else found

    def _in_period(self, node: exp.Anonymous) -> exp.Expr:
        moments = [self.value(each) for each in node.expressions]
        if [moment.type for moment in moments] != [Type.MOMENT]:
            raise self.bad(node, "measure-one-moment")
        return exp.Anonymous(this=IN_PERIOD, expressions=[moments[0].tree])

    def _truth(self, node: exp.Column) -> exp.Expr:
        found = self._column(node)
        if found.type is not Type.BOOL:
            raise self.bad(node, "measure-not-true-or-false", type=found.type.value)
        return found.tree

    def _column(self, node: exp.Column) -> Value:
        self.only(node, "this")
        if not isinstance(node.this, exp.Identifier) or node.this.args.get("quoted"):
            raise self.bad(node, "measure-quoted")
        name = node.name
        if name in PERIOD:
            return Value(exp.Placeholder(this=name), Type.MOMENT)
        if name not in self.relation.by_name:
            near = get_close_matches(name, [*self.relation.by_name, *PERIOD], n=3)
            values = {"relation": self.relation.name, "name": name, "near": " / ".join(near)}
            raise self.bad(node, "measure-mistyped-column" if near else "measure-unknown-column", **values)
        return Value(exp.column(name), self.relation.by_name[name].type)

    def _text(self, node: exp.Literal) -> Value:
        if "\\" in node.this or not node.this.isprintable():
            raise self.bad(node, "measure-characters")
        return Value(exp.Literal.string(node.this), Type.TEXT)

    def _number(self, node: exp.Literal) -> Value:
        for pattern, found in ((INTEGER, Type.INTEGER), (DECIMAL, Type.DECIMAL)):
            if pattern.fullmatch(node.this):
                return Value(exp.Literal(this=node.this, is_string=False), found)
        raise self.bad(node, "measure-number")

    def _time(self, node: exp.Cast) -> Value:
        self.only(node, "this", "to")
        kind, text = node.to.this, node.this.this
        try:
            if kind is exp.DataType.Type.DATE:
                return Value(_cast(date.fromisoformat(text).isoformat(), kind), Type.DATE)
            if kind is exp.DataType.Type.TIMESTAMP and (moment := datetime.fromisoformat(text)).tzinfo is None:
                return Value(local_moment(moment), Type.MOMENT)
        except ValueError as error:
            raise self.bad(node, "measure-no-such-moment") from error
        raise self.bad(node, "measure-moment")

    def _function(self, node: exp.Expr) -> Value:
        match node:
            case exp.Coalesce():
                self.only(node, "this", "expressions")
                values = [self.value(each) for each in (node.this, *node.expressions)]
                self._comparable(node, values)
                return Value(
                    exp.Coalesce(this=values[0].tree, expressions=[v.tree for v in values[1:]]), values[0].type
                )
            case exp.Length():
                self.only(node, "this")
                return Value(exp.Length(this=self._of_text(node).tree), Type.INTEGER)
            case _:
                self.only(node, "this", "start", "length")
                places = [node.args.get(name) for name in ("start", "length")]
                if not all(map(_is_positive, places)):
                    raise self.bad(node, "measure-substr")
                start, length = (exp.Literal(this=place.this, is_string=False) for place in places if place)
                return Value(exp.Substring(this=self._of_text(node).tree, start=start, length=length), Type.TEXT)

    def _of_text(self, node: exp.Expr) -> Value:
        found = self.value(node.this)
        if found.type is not Type.TEXT:
            raise self.bad(node, "measure-not-text", type=found.type.value)
        return found

    def _comparable(self, node: exp.Expr, values: Iterable[Value], *, ordered: bool = False) -> None:
        kinds = {COMPARABLE[value.type] for value in values}
        if len(kinds) > 1:
            raise self.bad(node, "measure-types", types=", ".join(sorted(kinds)))
        if ordered and COMPARABLE[Type.BOOL] in kinds:
            raise self.bad(node, "measure-no-order")


def local_moment(moment: datetime) -> exp.Cast:
    """Return a moment of the city's clocks as a tree has it until the city's time zone is known."""
    return _cast(moment.isoformat(" ", "seconds"), exp.DataType.Type.TIMESTAMP)


def _is_positive(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Literal) and bool(INTEGER.fullmatch(node.this)) and int(node.this) > 0


def _cast(text: str, kind: exp.DType) -> exp.Cast:
    return exp.Cast(this=exp.Literal.string(text), to=exp.DataType(this=kind))


def _wrapped(claim: exp.Expr) -> exp.Expr:
    return exp.Paren(this=claim) if isinstance(claim, exp.And | exp.Or) else claim
