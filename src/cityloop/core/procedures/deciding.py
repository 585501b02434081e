"""The procedure engine: what an actor may do on a case, and what the effects are. Pure.

`decide` returns a Move, `after` (casefile.py) folds a Move into the next state, and the same `refusal` answers for the
button shown and the action done. Locking, storing and notifying are done in casework; what happens automatically is in
waking.py.

Two rules hold in every procedure (PRODUCT.md, "The idea that keeps it simple"): an action is one move, and nobody,
person or unit, who handled a case may judge it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from cityloop.core.actors import SYSTEM, Actor, Post
from cityloop.core.clocks import worktime
from cityloop.core.clocks.history import Clock, Fact
from cityloop.core.clocks.history import ClockEventKind as ClockFact
from cityloop.core.clocks.worktime import Calendar
from cityloop.core.errors import NotAllowed, NotPossible, Refusal
from cityloop.core.procedures.casefile import (
    NOTHING,
    CaseState,
    ClockChange,
    Link,
    Move,
    TaskState,
    after,
)
from cityloop.core.procedures.needs import asked_limit, checked, facts_of, split
from cityloop.core.procedures.opening import ActionStep, Terms, kept_limits, limits_begun_with, opened
from cityloop.core.procedures.procedure import (
    Action,
    Branch,
    CaseClock,
    Extension,
    Procedure,
    Separation,
    Words,
)
from cityloop.core.procedures.requirements import holds
from cityloop.core.procedures.timing import retimed, timing

_CASE_CLOCK = {
    CaseClock.PAUSE: ClockFact.PAUSED,
    CaseClock.RESUME: ClockFact.RESUMED,
    CaseClock.CONTINUE: ClockFact.CONTINUED,
    CaseClock.RESTART: ClockFact.RESTARTED,
}


def begin(
    procedure: Procedure,
    facts: Words,
    words: Words,
    now: datetime,
    terms: Terms,
    *,
    inputs: Words = NOTHING,
    by: Post | None = None,
    links: tuple[Link, ...] = (),
) -> Move:
    """Return the move that opens a case with these facts; raise Invalid if a need is not met."""
    beginning = procedure.begins
    answers = checked(beginning.needs, inputs, terms.calendar.local_date(now))
    plain, texts = split(beginning.needs, answers)
    empty = CaseState(stage=beginning.stage, is_open=True, tasks=(), facts=facts, length=0)
    step = ActionStep(procedure, empty, None, beginning.needs, answers, by, now, terms)
    stage = procedure.stages[beginning.stage]
    move = Move(
        event=beginning.event,
        action="begin",
        task=None,
        stage=stage.name,
        final=stage.final,
        by=by,
        facts={**facts, **facts_of(beginning.needs, answers), **limits_begun_with(step)},
        answers=plain,
        words={**words, **texts},
        opened=opened(step, beginning.opens),
        links=links,
        documents=beginning.documents,
    )
    return _clock_started(step, move) if beginning.case_clock is CaseClock.START else move


def may_begin(procedure: Procedure, actor: Actor) -> Post | None:
    """Return the post by which the actor may begin such a case by hand, None if it may not."""
    return next((post for post in actor.posts if post.role == procedure.begins.role), None)


def refusal(
    procedure: Procedure, case: CaseState, action: Action, task_no: int, actor: Actor, now: datetime, calendar: Calendar
) -> Refusal | None:
    """Return why this actor may not do this action now, on this task or (0) on the case; None if it may."""
    task = case.task(task_no)
    if found := _misplaced(case, action, task):
        return found
    if found := _not_theirs(case, action, task, actor):
        return found
    if action.within and task and now > (until := worktime.due(task.opened_at, action.within, calendar).at):
        return NotPossible("too-late-for-this", {"until": f"{until.astimezone(calendar.time_zone):%Y-%m-%d %H:%M}"})
    for requirement in action.requires:
        if not holds(requirement, procedure, case, task, now, calendar):
            return _refusal_in_own_words(requirement.otherwise)
    return None


def post_for(case: CaseState, task: TaskState, actor: Actor) -> Post | None:
    """Return the post by which the actor may do the task, None if no post fits its role, unit and area."""
    posts = (post for post in actor.posts if post.role == task.role and task.unit in (None, post.unit))
    return _inside(case, posts)


def post_at(case: CaseState, action: Action, actor: Actor) -> Post | None:
    """Return the post by which the actor may do an action on the case itself, None if none fits."""
    posts = (post for post in actor.posts if post.role == action.role)
    return _inside(case, (post for post in posts if not action.handled or post.unit in case.handling_units))


def decide(
    procedure: Procedure,
    case: CaseState,
    name: str,
    task_no: int,
    actor: Actor,
    inputs: Words,
    now: datetime,
    terms: Terms,
) -> Move:
    """Return the effects of the action, or raise the Refusal that says why it may not be done.

    `terms` have the present limits of the case's category; the limits it is filed with stay for good.
    """
    action = procedure.actions.get(name)
    if action is None:
        raise NotPossible("no-such-action")
    if refused := refusal(procedure, case, action, task_no, actor, now, terms.calendar):
        raise refused
    answers = checked(action.needs, inputs, terms.calendar.local_date(now))
    task = case.task(task_no)
    by = None if action.automatic else _acting_post(case, action, task, actor)
    step = ActionStep(procedure, case, task, action.needs, answers, by, now, terms)
    move = _branched(step, action, _with_clocks(step, action, _plain(step, action)), actor.account)
    _check_somebody_goes_on(case, move, actor.account, now)
    return move


def _plain(step: ActionStep, action: Action) -> Move:
    """Return the move without its effects on running clocks, and without its branches."""
    stage = step.procedure.stages[action.to or step.case.stage]
    plain, words = split(action.needs, step.answers)
    return Move(
        event=action.event,
        action=action.name,
        task=step.task.no if step.task else None,
        stage=stage.name,
        final=stage.final,
        by=step.by,
        facts={**action.sets, **facts_of(action.needs, step.answers)},
        answers=plain,
        words=words,
        opened=opened(step, action.opens),
        keeps=action.keeps,
        ended=_superfluous(step.case, step.task, action.ends, keeps=action.keeps),
        handling=action.on is None and action.part is Separation.HANDLING,
        counts=stage.counts,
        documents=action.documents,
    )


def _with_clocks(step: ActionStep, action: Action, move: Move) -> Move:
    if action.extends:
        move = replace(move, changes=move.changes + _extended(step, action.extends))
    if action.case_clock is CaseClock.START and step.case.clock_started_at is None:
        return _clock_started(step, move)
    if action.case_clock in _CASE_CLOCK and step.case.clock:
        fact = Fact(_CASE_CLOCK[action.case_clock], step.now)
        move = replace(move, changes=(*move.changes, _of_the_case(step, step.case.clock, fact)))
    return move


def _clock_started(step: ActionStep, move: Move) -> Move:
    """Return the move with the case's clock started; the case keeps the limits of its category from then on."""
    rule = step.procedure.case_limit
    if rule is None:
        return move
    limit = step.limit(rule)
    clock = Clock(limit, (Fact(ClockFact.STARTED, step.now),))
    found = timing(clock, step.procedure.case_timers, 0, step.terms.calendar)
    return replace(
        move,
        facts={**move.facts, **kept_limits(step.terms)},
        clock_started=True,
        case_limit=limit,
        case_due_at=found.due_at,
        changes=(*move.changes, ClockChange(None, found)) if found.wake_at else move.changes,
    )


def _of_the_case(step: ActionStep, clock: Clock, fact: Fact) -> ClockChange:
    timers, fired = step.procedure.case_timers, 0 if fact.kind is ClockFact.RESTARTED else step.case.fired
    changed = clock.noted(fact.kind, fact.at, fact.limit)
    return ClockChange(None, retimed(changed, timers, fired, step.now, step.terms.calendar), fact)


def _extended(step: ActionStep, extension: Extension) -> tuple[ClockChange, ...]:
    """Return the change of the task's clock, and of the case's if it counts in the same way."""
    task = step.case.task(step.task.parent) if extension.of_parent and step.task else step.task
    if task is None or task.clock is None or not task.is_open:
        raise NotPossible("nothing-to-extend")
    limit = task.clock.limit_in_force
    if extension.asked and (answer := step.answers.get(extension.asked)):
        need = next(need for need in step.needs if need.name == extension.asked)
        limit = asked_limit(need, answer, step.terms.calendar.local_date(step.now), limit.unit)
    fact = Fact(ClockFact.EXTENDED, step.now, limit)
    timers = step.procedure.tasks[task.kind].timers
    longer = task.clock.noted(fact.kind, fact.at, limit)
    own = ClockChange(task.no, retimed(longer, timers, task.fired, step.now, step.terms.calendar), fact)
    whole = step.case.clock
    if whole is None or whole.unit.is_continuous != limit.unit.is_continuous:
        return (own,)
    return own, _of_the_case(step, whole, fact)


def _branched(step: ActionStep, action: Action, move: Move, account: str) -> Move:
    """Return the move with the effects of the first branch that holds once the action is done."""
    if not action.branches:
        return move
    state = after(step.case, move, account, step.now)
    for branch in action.branches:
        if holds(branch.requirement, step.procedure, state, step.task, step.now, step.terms.calendar):
            return _with_branch(step, branch, move, state)
    return move


def _with_branch(step: ActionStep, branch: Branch, move: Move, state: CaseState) -> Move:
    stage = step.procedure.stages[branch.to or move.stage]
    further = replace(step, case=replace(state, length=step.case.length))
    return replace(
        move,
        stage=stage.name,
        final=stage.final,
        counts=stage.counts,
        opened=move.opened + opened(further, branch.opens),
        ended=move.ended + _superfluous(state, None, branch.ends, keeps=True),
    )


def _superfluous(case: CaseState, task: TaskState | None, kinds: Iterable[str], *, keeps: bool) -> tuple[int, ...]:
    """Return the open tasks that an action ends besides its own: those of the kinds, and all under what it ends."""
    named = set(kinds)
    ended = {other.no for other in case.open_tasks if other.kind in named}
    own = {task.no} if task and not keeps else set()
    for other in case.open_tasks:  # a task is numbered after the one it is under
        if other.parent in ended | own:
            ended.add(other.no)
    return tuple(sorted(ended - ({task.no} if task else set())))


def _check_somebody_goes_on(case: CaseState, move: Move, account: str, now: datetime) -> None:
    state = after(case, move, account, now)
    if state.is_open and not state.open_tasks:
        raise NotPossible("nobody-goes-on")


def _misplaced(case: CaseState, action: Action, task: TaskState | None) -> Refusal | None:
    """Return why nobody can do the action here."""
    if action.on is None:
        here = case.stage in action.at
        return None if here else NotPossible("not-in-this-stage")
    if task is None or task.kind != action.on:
        return NotPossible("no-such-task")
    return None if task.is_open else NotPossible("task-done")


def _not_theirs(case: CaseState, action: Action, task: TaskState | None, actor: Actor) -> Refusal | None:
    """Return why this actor may not do the action."""
    if action.automatic or actor is SYSTEM:
        by_itself = action.automatic and actor is SYSTEM
        return None if by_itself else NotAllowed("done-by-itself")
    if _acting_post(case, action, task, actor) is None:
        return NotAllowed("not-your-task")
    part = task.part if task else action.part
    if part is Separation.JUDGING and _handled(case, actor):
        return NotAllowed("handled-it")
    return None


def _acting_post(case: CaseState, action: Action, task: TaskState | None, actor: Actor) -> Post | None:
    return post_for(case, task, actor) if task else post_at(case, action, actor)


def _inside(case: CaseState, posts: Iterable[Post]) -> Post | None:
    return next((post for post in posts if post.covers(case.areas)), None)


def _handled(case: CaseState, actor: Actor) -> bool:
    return actor.account in case.handlers or any(post.unit in case.barred_units for post in actor.posts)


def _refusal_in_own_words(words: Mapping[str, str]) -> Refusal:
    """Return a refusal in the words of the procedure."""
    return NotPossible("not-now", words=words)
