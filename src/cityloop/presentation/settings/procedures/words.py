"""A declared procedure as text: who does what by when, with which inputs, under which conditions.

The pages of settings and of the documentation share this text. Titles come from the procedure;
how their language is chosen, and how a limit is written, comes with the Vocabulary. The effects of an action are in
effects.py.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cityloop.core.clocks.worktime import Limit
from cityloop.core.procedures.procedure import (
    Action,
    Beginning,
    Guard,
    GuardCount,
    LimitRule,
    Need,
    NeedKind,
    Procedure,
    Requirement,
    Separation,
    TaskKind,
    Timer,
    Words,
)
from cityloop.presentation.settings.procedures.conditions import condition_words


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How titles and limits are written, and the titles of roles and procedures."""

    say: Callable[[Words], str]
    limit: Callable[[Limit], str]
    roles: Mapping[str, Words]
    procedures: Mapping[str, Words]
    with_code: bool = False  # conditions are followed by their code

    def role(self, name: str | None) -> str:
        known = self.roles.get(name or "")
        return self.say(known) if known else name or ""

    def procedure(self, name: str) -> str:
        return self.say(self.procedures[name]) if name in self.procedures else name


@dataclass(frozen=True, slots=True)
class Claim:
    """What must be true, as text; `otherwise` is the sentence where it is not."""

    words: str
    otherwise: str = ""


def part_words(part: Separation) -> str:
    """Return the title of a part in the separation of handling and judging."""
    return {Separation.DESK: _("Desk"), Separation.HANDLING: _("Handling"), Separation.JUDGING: _("Judging")}[part]


def holder_words(kind: TaskKind, v: Vocabulary) -> str:
    """Return who does such a task."""
    role = v.role(kind.role)
    return _("%(role)s of the unit that has the task") % {"role": role} if kind.held_by_unit else role


def limit_rule_words(procedure: Procedure, rule: LimitRule | None, v: Vocabulary) -> str:
    """Return where a limit comes from, in the order in which the sources are tried."""
    if rule is None:
        return _("none")
    named = {"handle": _("the category's handling limit"), "case": _("the category's limit for the case")}
    sources = [_("what is asked for as “%s”") % _need_title(procedure, rule.asked, v)] if rule.asked else []
    sources += [named.get(rule.name, rule.name)] if rule.name else []
    return _(", else ").join([*sources, v.limit(rule.otherwise)])


def short_limit(rule: LimitRule, v: Vocabulary) -> str:
    """Return a limit as a short text, for a picture."""
    if rule.asked:
        return _("limit as asked")
    return _("limit by category") if rule.name else v.limit(rule.otherwise)


def timer_words(procedure: Procedure, timer: Timer, v: Vocabulary) -> str:
    """Return what happens at a share of a limit."""
    action = procedure.actions.get(timer.action or "")
    what = v.say(action.title) if action else _("the limit is noted as passed")
    return _("at %(percent)d %%: %(what)s") % {"percent": timer.percent, "what": what}


def who_words(procedure: Procedure, action: Action, v: Vocabulary) -> str:
    """Return who may do an action."""
    if action.automatic:
        return _("the system")
    if action.on:
        return holder_words(procedure.tasks[action.on], v)
    role = v.role(action.role)
    return _("%(role)s of a unit that handled the case") % {"role": role} if action.handled else role


def beginner_words(begins: Beginning, v: Vocabulary) -> str:
    """Return who may begin a case."""
    if begins.role:
        return _("%(role)s by hand, or an action of another procedure") % {"role": v.role(begins.role)}
    return _("a report, or an action of another procedure")


def need_words(need: Need, v: Vocabulary) -> str:
    """Return an input with its bounds and choices."""
    more = list(_bounds(need, v))
    if need.choices:
        more.append(" / ".join(v.say(title) for _name, title in need.choices))
    if not need.required:
        more.append(_("may be left out"))
    return (
        _("%(title)s (%(more)s)") % {"title": v.say(need.title), "more": _("; ").join(more)}
        if more
        else v.say(need.title)
    )


def claims(procedure: Procedure, action: Action, v: Vocabulary) -> Iterator[Claim]:
    """Yield everything that must be true for an action."""
    if action.within:
        yield Claim(_("no more than %s after the task was opened") % v.limit(action.within))
    yield from (claim_of(procedure, requirement, v) for requirement in action.requires)
    if _judges(procedure, action):
        yield Claim(_("neither the person nor the unit handled the case"))


def claim_of(procedure: Procedure, requirement: Requirement, v: Vocabulary) -> Claim:
    """Return what a requirement says."""
    words = [_guard_words(procedure, requirement.guard, v)] if requirement.guard else []
    if requirement.condition:
        code = f" `{requirement.condition.words}`" if v.with_code else ""
        words.append(condition_words(procedure, requirement.condition, v.say) + code)
    otherwise = v.say(requirement.otherwise) if requirement.otherwise else ""
    return Claim(_(" and ").join(words) or _("none of these is true"), otherwise)


def _judges(procedure: Procedure, action: Action) -> bool:
    part = procedure.tasks[action.on].part if action.on else action.part
    return part is Separation.JUDGING and not action.automatic


def _need_title(procedure: Procedure, name: str, v: Vocabulary) -> str:
    """Return the title of the input that a limit comes from, in the first place that has it."""
    needs = [*procedure.begins.needs, *(need for action in procedure.actions.values() for need in action.needs)]
    found = next((need for need in needs if need.name == name), None)
    return v.say(found.title) if found else name


def _bounds(need: Need, v: Vocabulary) -> Iterator[str]:
    match need.kind:
        case NeedKind.NUMBER:
            if need.most:
                yield _("at most %s") % (v.limit(Limit(need.most, need.unit)) if need.unit else need.most)
        case NeedKind.DATE:
            if need.most:
                yield ngettext("at most %d day ahead", "at most %d days ahead", need.most) % need.most
        case NeedKind.UNITS | NeedKind.PHOTOS:
            yield (
                _("%(least)d to %(most)d") % {"least": need.least, "most": need.most}
                if need.most
                else (_("%d or more") % need.least)
            )


def _guard_words(procedure: Procedure, guard: Guard, v: Vocabulary) -> str:
    task = v.say(procedure.tasks[guard.kind].title)
    words = {
        GuardCount.ALL: _("every “%s” is done") % task,
        GuardCount.ANY: _("one “%s” is done") % task,
        GuardCount.QUORUM: ngettext("%(n)d “%(task)s” is done", "%(n)d “%(task)s” are done", guard.quorum)
        % {"n": guard.quorum, "task": task},
        GuardCount.NO_OPEN: _("no “%s” is open") % task,
    }[guard.count]
    if not guard.outcomes:
        return words
    outcomes = " / ".join(v.say(procedure.actions[name].title) for name in guard.outcomes)
    return _("%(words)s, by %(outcomes)s") % {"words": words, "outcomes": outcomes}
