"""What a stage and its open tasks alone decide about a requirement: it holds, it does not, or (None) it is unknown.

Earlier actions, facts, people and clocks are unknown here; for a case see requirements.py.
"""

import ast
import operator
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from cityloop.core.procedures.procedure import Action, Guard, GuardCount, Requirement

SEVERAL = 2  # so many open tasks of a kind, or more

_OPERATORS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def verdict(
    requirement: Requirement, stage: str, tasks: Sequence[str], action: Action, parted: Collection[str]
) -> bool | None:
    """Return whether the requirement of an action holds in a stage with open tasks of these kinds.

    `parted` are the kinds of which tasks may be under different ones, so that they need not be siblings.
    """
    guard, condition = requirement.guard, requirement.condition
    return _all(
        (
            _of_guard(guard, tasks, action, parted) if guard else True,
            _of_claim(condition.tree, stage, tasks) if condition else True,
        )
    )


def _of_guard(guard: Guard, tasks: Sequence[str], action: Action, parted: Collection[str]) -> bool | None:
    is_open = guard.kind in tasks
    if guard.count is GuardCount.NO_OPEN and not is_open:
        return True
    none_may_be_open = guard.count in (GuardCount.NO_OPEN, GuardCount.ALL)
    may_be_no_sibling = guard.kind == action.on and guard.kind in parted
    return False if none_may_be_open and is_open and not may_be_no_sibling else None


def _of_claim(node: ast.expr, stage: str, tasks: Sequence[str]) -> bool | None:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return _all(_of_claim(value, stage, tasks) for value in values)
        case ast.BoolOp(values=values):
            return _not(_all(_not(_of_claim(value, stage, tasks)) for value in values))
        case ast.UnaryOp(operand=operand):
            return _not(_of_claim(operand, stage, tasks))
        case ast.Compare(left=ast.Name(id=name), ops=[operation], comparators=[ast.Constant(value=operand)]):
            return _compared(_possible(name, operand, stage, tasks), type(operation), operand)
    return None


def _possible(name: str, operand: object, stage: str, tasks: Sequence[str]) -> Sequence[object]:
    """Return every value that the name may have, as far as it matters for the comparison."""
    if name == "stage":
        return (stage,)
    opened, _, kind = name.partition("open_")
    if opened or not kind or not isinstance(operand, int) or kind in ("subs", "children"):
        return ()
    count = tasks.count(kind)
    return range(count, max(count, operand) + 2) if count >= SEVERAL else (count,)


def _compared(values: Sequence[object], operation: type[ast.cmpop], operand: object) -> bool | None:
    found = {_OPERATORS[operation](value, operand) for value in values} if operation in _OPERATORS else set()
    return found.pop() if len(found) == 1 else None


def _all(verdicts: Iterable[bool | None]) -> bool | None:
    found = set(verdicts)
    return False if False in found else None if None in found else True


def _not(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict
