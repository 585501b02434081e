"""A condition of a procedure as text for clerks. Conditions are read and evaluated in core/conditions.py."""

import ast
from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from cityloop.core.conditions import Condition
from cityloop.core.procedures.procedure import Procedure, Words

Say = Callable[[Words], str]

_OPERATORS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "=",
    ast.NotEq: "≠",
    ast.Lt: "<",
    ast.LtE: "≤",
    ast.Gt: ">",
    ast.GtE: "≥",
    ast.In: "∈",
    ast.NotIn: "∉",
}


def condition_words(procedure: Procedure, condition: Condition, say: Say) -> str:
    """Return what the condition claims."""
    return _claim(procedure, condition.tree, say)


def _claim(procedure: Procedure, node: ast.expr, say: Say) -> str:
    match node:
        case ast.BoolOp(op=operator, values=values):
            joint = _(" and ") if isinstance(operator, ast.And) else _(" or ")
            return joint.join(_inside(procedure, value, say) for value in values)
        case ast.UnaryOp(operand=operand):
            return _("not: %s") % _inside(procedure, operand, say)
        case ast.Compare():
            return _comparison(procedure, node, say)
        case ast.Call(func=ast.Name(id="in_area"), args=[ast.Constant(value=code)]):
            return _("the place is in the area %s") % code
        case ast.Call(args=[ast.Constant(value=opens), ast.Constant(value=closes)]):
            return _("the time of day is from %(opens)s to %(closes)s") % {"opens": opens, "closes": closes}
        case _:
            return _operand(procedure, node, say)


def _inside(procedure: Procedure, node: ast.expr, say: Say) -> str:
    words = _claim(procedure, node, say)
    return _("(%s)") % words if isinstance(node, ast.BoolOp) else words


def _comparison(procedure: Procedure, node: ast.Compare, say: Say) -> str:
    if noted := _noted_by(procedure, node, say):
        return noted
    of_stage = isinstance(node.left, ast.Name) and node.left.id == "stage"
    words = _operand(procedure, node.left, say)
    for operator, other in zip(node.ops, node.comparators, strict=True):
        words += f" {_OPERATORS[type(operator)]} {_operand(procedure, other, say, of_stage=of_stage)}"
    return words


def _noted_by(procedure: Procedure, node: ast.Compare, say: Say) -> str:
    """Return which actions set the value that is compared; "" where it is not such a comparison."""
    match node:
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.Eq() | ast.NotEq() as operator], comparators=[ast.Constant() as constant]
        ):
            setting = [action for action in procedure.actions.values() if name in action.sets]
            found = [say(action.title) for action in setting if action.sets[name] == constant.value]
            words = _("“%s” was done") if len(found) == len(setting) else _("of several, “%s” was done last")
            words = words if isinstance(operator, ast.Eq) else _("not: %s") % words
            return words % " / ".join(found) if found else ""
    return ""


def _operand(procedure: Procedure, node: ast.expr, say: Say, *, of_stage: bool = False) -> str:
    match node:
        case ast.Name(id=name):
            return _name(procedure, name, say)
        case ast.List(elts=members) | ast.Tuple(elts=members):
            return " / ".join(_operand(procedure, member, say, of_stage=of_stage) for member in members)
        case ast.Constant(value=value):
            stage = procedure.stages.get(str(value)) if of_stage else None
            return say(stage.title) if stage else str(value)
    return ast.unparse(node)


def _name(procedure: Procedure, name: str, say: Say) -> str:
    kind, _separator, rest = name.partition("_")
    if kind == "times" and rest in procedure.actions:
        return _("times of “%s”") % say(procedure.actions[rest].title)
    if kind == "open" and rest in procedure.tasks:
        return _("number of open “%s”") % say(procedure.tasks[rest].title)
    if kind == "late" and rest in procedure.tasks:
        return _("number of late “%s”") % say(procedure.tasks[rest].title)
    known = {
        "category": _("category"),
        "district": _("district"),
        "community": _("community"),
        "channel": _("channel"),
        "duty": _("unit on duty"),
        "overdue": _("the task is overdue"),
        "spent": _("percent of the limit used"),
        "extensions": _("number of extensions"),
        "open_subs": _("number of open tasks under this one"),
        "limit_unit": _("unit of the limit"),
        "limit_amount": _("amount of the limit"),
        "stage": _("stage"),
        "case_overdue": _("the case is overdue"),
        "open_children": _("number of open cases under this one"),
    }
    return known.get(name, name)
