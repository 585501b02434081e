"""The one small condition grammar of procedures, rules and routing: it compares, and nothing else. No loops, no calls
of anything but the functions named here, no variables of its own.

    category in ["06001", "06002"] and not overdue
    extensions < 2 and limit_unit != "minute"
    in_area("440304") or time_of_day("22:00", "06:00")

Names are facts given at evaluation; a name nobody declared is refused when the condition is read, not when it runs.
"""

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from cityloop.core.invalid_values import InvalidValue

FUNCTIONS = {"in_area": 1, "time_of_day": 2}
LONGEST = 500  # characters

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}


class BadCondition(InvalidValue):
    """The text is not a condition; the values say at which column."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a condition is asked about: values by name, the areas around the place, the local time of day."""

    values: Mapping[str, Any]
    areas: Collection[str] = ()
    time_of_day: time | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that has been read and checked."""

    words: str
    tree: ast.expr

    def holds(self, facts: Facts) -> bool:
        """Return whether it holds. A comparison with an unknown (None) does not hold, whichever way it is put."""
        return bool(_value(self.tree, facts))


def read(words: str, names: Collection[str]) -> Condition:
    """Return the condition; raise BadCondition naming the column and what is wrong there."""
    if len(words) > LONGEST:
        raise BadCondition("condition-too-long", {"most": LONGEST})
    try:
        tree = ast.parse(words.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = getattr(error, "offset", None) or 1
        raise BadCondition("condition-not-readable", {"column": column}) from error
    _check_truth(tree, names)
    return Condition(words, tree)


def _check_truth(node: ast.expr, names: Collection[str]) -> None:
    """Refuse what is not a claim: a comparison, a function, a name that is true or false, and/or/not of those."""
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _check_truth(value, names)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _check_truth(operand, names)
        case ast.Compare():
            _check_comparison(node, names)
        case ast.Call():
            _check_call(node)
        case ast.Name() | ast.Constant(value=bool()):
            _check_operand(node, names)
        case _:
            raise _invalid(node, "condition-not-a-claim")


def _check_comparison(node: ast.Compare, names: Collection[str]) -> None:
    for operator, operand in zip(node.ops, node.comparators, strict=True):
        if type(operator) not in _COMPARISONS:
            raise _invalid(node, "condition-operator")
        if isinstance(operator, ast.In | ast.NotIn) != isinstance(operand, ast.List | ast.Tuple):
            raise _invalid(operand, "condition-list")
    for operand in (node.left, *node.comparators):
        _check_operand(operand, names)


def _check_operand(node: ast.expr, names: Collection[str]) -> None:
    match node:
        case ast.Constant(value=str() | int()):
            pass
        case ast.Name(id=name):
            if name not in names:
                raise _invalid(node, "condition-unknown-name", name=name, known=", ".join(sorted(names)))
        case ast.List(elts=members) | ast.Tuple(elts=members):
            for member in members:
                if not (isinstance(member, ast.Constant) and isinstance(member.value, str | int)):
                    raise _invalid(member, "condition-list-member")
        case _:
            raise _invalid(node, "condition-operand")


def _check_call(node: ast.Call) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in FUNCTIONS:
        raise _invalid(node, "condition-function", known=", ".join(FUNCTIONS))
    texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if node.keywords or len(texts) != len(node.args) or len(texts) != FUNCTIONS[name]:
        raise _invalid(node, "condition-arguments", name=name, count=FUNCTIONS[name])
    if name == "time_of_day":
        try:
            [time.fromisoformat(text) for text in texts]
        except ValueError as error:
            raise _invalid(node, "condition-time") from error


def _invalid(node: ast.expr, code: str, **values: object) -> BadCondition:
    return BadCondition(code, {"column": node.col_offset + 1, **values})


def _value(node: ast.expr, facts: Facts) -> Any:  # noqa: PLR0911  # one return for each kind of node
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return facts.values.get(name)
        case ast.List(elts=members) | ast.Tuple(elts=members):
            return [_value(member, facts) for member in members]
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(value, facts) for value in values)
        case ast.BoolOp(values=values):
            return any(_value(value, facts) for value in values)
        case ast.UnaryOp(operand=operand):
            return not _value(operand, facts)
        case ast.Call(func=ast.Name(id="in_area"), args=[ast.Constant(value=code)]):
            return code in facts.areas
        case ast.Call(args=[ast.Constant(value=str(opens)), ast.Constant(value=str(closes))]):
            return _within(facts.time_of_day, time.fromisoformat(opens), time.fromisoformat(closes))
        case ast.Compare(left=left, ops=operators, comparators=operands):
            sides = [_value(side, facts) for side in (left, *operands)]
            pairs = zip(sides, operators, sides[1:], strict=False)
            return all(_compares(one, type(operator), other) for one, operator, other in pairs)
    raise AssertionError(f"unchecked node {node!r}")


def _within(moment: time | None, opens: time, closes: time) -> bool:
    """Return whether the moment lies in the half-open window, which may pass midnight."""
    if moment is None:
        return False
    return opens <= moment < closes if opens <= closes else moment >= opens or moment < closes


def _compares(one: Any, operator: type[ast.cmpop], other: Any) -> bool:
    if one is None or other is None:
        return False
    if operator in (ast.In, ast.NotIn):
        return bool(one in other) == (operator is ast.In)
    if operator in (ast.Eq, ast.NotEq):
        return bool(one == other) == (operator is ast.Eq)
    if isinstance(one, str) != isinstance(other, str):
        return False
    ordered = {ast.Lt: one < other, ast.LtE: one <= other, ast.Gt: one > other, ast.GtE: one >= other}
    return bool(ordered[operator])
