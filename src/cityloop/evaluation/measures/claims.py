"""The claims and values that a measure may be made of: an allow-list over the syntax tree. Nothing passes through it:
what is allowed is built anew, part by part; everything else is refused with its place.

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
from cityloop.evaluation.measures.marking import BadMeasure, wrong

PERIOD = ("period_start", "period_end")  # names that stand for the ends of the period asked about
IN_PERIOD = "in_period"
FUNCTIONS = {
    IN_PERIOD: "a moment → whether it lies in the period",
    "coalesce": "values of one type → the first that is not empty",
    "substr": "a text, a place from 1, a length from 1 → that part of the text",
    "length": "a text → how many characters it has",
}
SAID = {
    Type.INTEGER: "a number",
    Type.DECIMAL: "a number",
    Type.TEXT: "a text",
    Type.MOMENT: "a moment",
    Type.DATE: "a day",
    Type.BOOL: "something true or false",
}
INTEGER = re.compile(r"\d{1,18}")
DECIMAL = re.compile(r"\d{1,18}\.\d{1,9}")

_SAID = {
    "table": "a relation before a column",
    "db": "a schema",
    "with_": "WITH",
    "group": "GROUP BY",
    "query": "a query",
    "quoted": "a quotation mark",
}


@dataclass(frozen=True, slots=True)
class Value:
    """A value built anew, with its type."""

    tree: exp.Expr
    type: Type


@dataclass(frozen=True, slots=True)
class ClaimReading:
    """The reading of one text over one relation."""

    words: str
    relation: FactRelation

    def claim(self, node: exp.Expr) -> exp.Expr:  # noqa: PLR0911  # one return for each kind of claim
        """Return a claim that holds or does not hold, built anew."""
        match node:
            case exp.Paren(this=inner):
                return self.claim(inner)
            case exp.And() | exp.Or():
                kind = type(node)
                parts = [_wrapped(self.claim(part)) for part in node.flatten(unnest=False)]
                return reduce(lambda one, other: kind(this=one, expression=other), parts)
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
        raise self.wrong(node, "this is no claim that holds or does not hold")

    def value(self, node: exp.Expr) -> Value:  # noqa: PLR0911  # one return for each kind of value
        """Return a value, built anew."""
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
        raise self.wrong(node, f"only columns, plain values and {', '.join(FUNCTIONS)} can stand here")

    def column(self, node: exp.Expr) -> Value:
        """Return a column of the relation; refuse anything else."""
        if isinstance(node, exp.Column) and (found := self._column(node)).tree.name not in PERIOD:
            return found
        raise self.wrong(node, "only a column can stand here")

    def only(self, node: exp.Expr, *parts: str) -> None:
        """Refuse a part of the tree that says more than what is known of it."""
        for name, more in node.args.items():
            if more and name not in parts:
                told = [each for each in (more if isinstance(more, list) else [more]) if isinstance(each, exp.Expr)]
                raise self.wrong(told[0] if told else node, f"{_SAID.get(name, name)} cannot stand here")

    def wrong(self, node: exp.Expr, why: str) -> BadMeasure:
        return wrong(self.words, node, why)

    def _comparison(self, node: exp.Expr) -> exp.Expr:
        self.only(node, "this", "expression")
        left, right = self.value(node.this), self.value(node.expression)
        self._comparable(node, (left, right), ordered=not isinstance(node, exp.EQ | exp.NEQ))
        return type(node)(this=left.tree, expression=right.tree)

    def _is_empty(self, node: exp.Is) -> exp.Expr:
        self.only(node, "this", "expression")
        if not isinstance(node.expression, exp.Null):
            raise self.wrong(node, "IS asks whether something is NULL; compare with = instead")
        return exp.Is(this=self.value(node.this).tree, expression=exp.Null())

    def _membership(self, node: exp.In) -> exp.Expr:
        self.only(node, "this", "expressions")
        asked, members = self.value(node.this), [self.value(each) for each in node.expressions]
        for member, each in zip(members, node.expressions, strict=True):
            if member.tree.find(exp.Column, exp.Placeholder):
                raise self.wrong(each, "a list holds plain values")
        if not members:
            raise self.wrong(node, "a list holds at least one value")
        self._comparable(node, (asked, *members))
        return exp.In(this=asked.tree, expressions=[member.tree for member in members])

    def _between(self, node: exp.Between) -> exp.Expr:
        self.only(node, "this", "low", "high")
        parts = asked, low, high = (self.value(node.this), self.value(node.args["low"]), self.value(node.args["high"]))
        self._comparable(node, parts, ordered=True)
        return exp.Between(this=asked.tree, low=low.tree, high=high.tree)

    def _likeness(self, node: exp.Like) -> exp.Expr:
        self.only(node, "this", "expression", "negate")
        asked, pattern = self.value(node.this), node.expression
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise self.wrong(pattern, "LIKE asks about a plain pattern of letters, % and _")
        if asked.type is not Type.TEXT:
            raise self.wrong(node, f"LIKE asks about a text, not about {SAID[asked.type]}")
        found = exp.Like(this=asked.tree, expression=self._text(pattern).tree)
        return exp.Not(this=found) if node.args.get("negate") else found

    def _in_period(self, node: exp.Anonymous) -> exp.Expr:
        moments = [self.value(each) for each in node.expressions]
        if [moment.type for moment in moments] != [Type.MOMENT]:
            raise self.wrong(node, f"{IN_PERIOD} asks about one moment")
        return exp.Anonymous(this=IN_PERIOD, expressions=[moments[0].tree])

    def _truth(self, node: exp.Column) -> exp.Expr:
        found = self._column(node)
        if found.type is not Type.BOOL:
            raise self.wrong(node, f"{SAID[found.type]} is no claim; compare it with something")
        return found.tree

    def _column(self, node: exp.Column) -> Value:
        self.only(node, "this")
        if not isinstance(node.this, exp.Identifier) or node.this.args.get("quoted"):
            raise self.wrong(node, "names of columns are written as they are, without quotation marks")
        name = node.name
        if name in PERIOD:
            return Value(exp.Placeholder(this=name), Type.MOMENT)
        if name not in self.relation.by_name:
            near = get_close_matches(name, [*self.relation.by_name, *PERIOD], n=3)
            meant = f"; did you mean {' or '.join(near)}?" if near else ""
            raise self.wrong(node, f"{self.relation.name} has no column {name}{meant}")
        return Value(exp.column(name), self.relation.by_name[name].type)

    def _text(self, node: exp.Literal) -> Value:
        if "\\" in node.this or not node.this.isprintable():
            raise self.wrong(node, "a text holds no backslashes, line breaks or control characters")
        return Value(exp.Literal.string(node.this), Type.TEXT)

    def _number(self, node: exp.Literal) -> Value:
        for pattern, found in ((INTEGER, Type.INTEGER), (DECIMAL, Type.DECIMAL)):
            if pattern.fullmatch(node.this):
                return Value(exp.Literal(this=node.this, is_string=False), found)
        raise self.wrong(node, "numbers are whole or decimal, such as 12 or 0.5, and never floats")

    def _time(self, node: exp.Cast) -> Value:
        self.only(node, "this", "to")
        kind, said = node.to.this, node.this.this
        try:
            if kind is exp.DataType.Type.DATE:
                return Value(_cast(date.fromisoformat(said).isoformat(), kind), Type.DATE)
            if kind is exp.DataType.Type.TIMESTAMP and (moment := datetime.fromisoformat(said)).tzinfo is None:
                return Value(local_moment(moment), Type.MOMENT)
        except ValueError as fault:
            raise self.wrong(node, "there is no such day or moment") from fault
        raise self.wrong(node, "write DATE '2026-01-31' or TIMESTAMP '2026-01-31 08:00:00', in the city's own time")

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
                if not all(
                    isinstance(one, exp.Literal) and INTEGER.fullmatch(one.this) and int(one.this) for one in places
                ):
                    raise self.wrong(node, "substr takes a text, a place from 1 and a length from 1")
                start, length = (exp.Literal(this=one.this, is_string=False) for one in places if one)
                return Value(exp.Substring(this=self._of_text(node).tree, start=start, length=length), Type.TEXT)

    def _of_text(self, node: exp.Expr) -> Value:
        found = self.value(node.this)
        if found.type is not Type.TEXT:
            raise self.wrong(node, f"this asks about a text, not about {SAID[found.type]}")
        return found

    def _comparable(self, node: exp.Expr, values: Iterable[Value], *, ordered: bool = False) -> None:
        kinds = {SAID[value.type] for value in values}
        if len(kinds) > 1:
            raise self.wrong(node, f"{' and '.join(sorted(kinds))} cannot be compared")
        if ordered and SAID[Type.BOOL] in kinds:
            raise self.wrong(node, "what is true or false has no order")


def local_moment(moment: datetime) -> exp.Cast:
    """Return a moment by the city's clocks as it stands in a tree until the city's time zone is known."""
    return _cast(moment.isoformat(" ", "seconds"), exp.DataType.Type.TIMESTAMP)


def _cast(words: str, kind: exp.DType) -> exp.Cast:
    return exp.Cast(this=exp.Literal.string(words), to=exp.DataType(this=kind))


def _wrapped(claim: exp.Expr) -> exp.Expr:
    return exp.Paren(this=claim) if isinstance(claim, exp.And | exp.Or) else claim
