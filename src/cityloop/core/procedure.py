"""The general engine: what a procedure is, what an action on a case may do and what it brings about.

A case has one stage and any number of open tasks. An action is done on one open task; it ends that task, may open
others, and may move the case to another stage. Deciding is pure: `decide` returns a Move, `after` folds a Move into
the next state, and the same `refusal` answers for the button shown and the action done. Reading the YAML of a
procedure, locking, writing and telling happen above.

Two rules hold in every procedure (PRODUCT.md, "The idea that keeps it simple"): an action is one move, and nobody,
person or unit, who handled a case may judge it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from cityloop.core.errors import Fault, Invalid, NotAllowed, NotPossible, Refusal
from cityloop.core.worktime import YELLOW_SHARE, Due, Limit

Words = Mapping[str, str]  # the same words in several languages: {"zh": …, "en": …}
DueAfter = Callable[[datetime, Limit], Due]

LONGEST_TEXT = 4000  # characters in one answer


class Part(StrEnum):
    """What a kind of task is in the separation of 指挥 and 监督."""

    DESK = "desk"
    HANDLING = "handling"
    JUDGING = "judging"


@dataclass(frozen=True, slots=True)
class Post:
    """A person's post: a role in a unit, for one area and all below it (None: the whole city)."""

    role: str
    unit: str
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person or an account of a connected system, with the posts it holds."""

    account: str
    name: str
    posts: tuple[Post, ...] = ()
    channels: tuple[str, ...] = ()  # by which a connected system may hand in reports; empty: by any but our own


@dataclass(frozen=True, slots=True)
class Stage:
    """A place in the procedure; a case in a final stage is closed."""

    name: str
    title: Words
    final: bool = False


@dataclass(frozen=True, slots=True)
class LimitRule:
    """Where a clock's limit comes from: the category's own limit of that name, else the one given here."""

    name: str | None
    otherwise: Limit


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A kind of task: who may do it, which part it plays, by when."""

    name: str
    title: Words
    role: str
    part: Part
    held_by_unit: bool  # True: the unit named by the action that opens it; False: whoever holds the role
    limit: LimitRule | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """Something an action must or may be given. Text is personal and leaves the event as a commitment."""

    name: str
    kind: str  # text, category, district, unit, choice
    title: Words
    required: bool = True
    choices: tuple[tuple[str, Words], ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done on a task of kind `on`."""

    name: str
    title: Words
    event: str
    on: str
    to: str
    opens: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    main: bool = False
    starts_case_clock: bool = False
    to_last_unit: bool = False  # the unit that last held such a task gets it again (rework)


@dataclass(frozen=True, slots=True)
class Procedure:
    """A declared way of a kind of case, of one version."""

    name: str
    version: int
    title: Words
    begins_event: str
    begins_stage: str
    begins_tasks: tuple[str, ...]
    stages: Mapping[str, Stage]
    tasks: Mapping[str, TaskKind]
    actions: Mapping[str, Action]
    case_limit: LimitRule

    def actions_on(self, kind: str) -> tuple[Action, ...]:
        """Return the actions on a kind of task, in the order they were declared."""
        return tuple(action for action in self.actions.values() if action.on == kind)


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a case, numbered from 1 within it."""

    no: int
    kind: str
    role: str
    part: Part
    unit: str | None
    opened_at: datetime
    limit: Limit | None
    yellow_at: datetime | None
    due_at: datetime | None
    done_at: datetime | None = None
    outcome: str | None = None
    passed_at: datetime | None = None  # when it was noted that the limit had passed

    @property
    def is_open(self) -> bool:
        return self.done_at is None


@dataclass(frozen=True, slots=True)
class Move:
    """What one action brings about; an event says exactly this."""

    event: str
    action: str
    task: int | None
    stage: str
    final: bool
    by: Post | None
    facts: Words = field(default_factory=dict)  # what the case knows of itself from now on
    answers: Words = field(default_factory=dict)  # what was chosen, not personal
    words: Words = field(default_factory=dict)  # personal words, kept apart from the event
    opened: tuple[Task, ...] = ()
    passed: tuple[int, ...] = ()  # tasks whose limit is noted as passed
    case_limit: Limit | None = None
    case_due_at: datetime | None = None
    clock_started: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """The state of a case, folded from its moves."""

    stage: str
    is_open: bool
    tasks: tuple[Task, ...]
    facts: Words
    length: int  # how many events its history has
    clock_started_at: datetime | None = None
    case_limit: Limit | None = None
    case_due_at: datetime | None = None
    closed_at: datetime | None = None
    handlers: frozenset[str] = frozenset()  # accounts that acted on a handling task
    handling_units: frozenset[str] = frozenset()  # units that held one

    def task(self, no: int) -> Task | None:
        """Return the task of that number, None when the case has no such task."""
        return self.tasks[no - 1] if 0 < no <= len(self.tasks) else None

    @property
    def areas(self) -> tuple[str, ...]:
        """Return the codes of the areas the case lies in, the smallest last."""
        return tuple(self.facts[name] for name in ("district", "community") if self.facts.get(name))


NOTHING: Words = MappingProxyType({})


def begin(procedure: Procedure, facts: Words, words: Words, now: datetime, due_after: DueAfter) -> Move:
    """Return the move that opens a case with these facts."""
    tasks = _open(procedure, procedure.begins_tasks, None, 0, {}, now, due_after)
    stage = procedure.stages[procedure.begins_stage]
    return Move(
        event=procedure.begins_event,
        action="begin",
        task=None,
        stage=stage.name,
        final=stage.final,
        by=None,
        facts=facts,
        words=words,
        opened=tasks,
    )


def refusal(case: Case, action: Action, task_no: int, actor: Actor) -> Refusal | None:
    """Return why this actor may not do this action on this task now; None when it may."""
    task = case.task(task_no)
    if task is None or task.kind != action.on:
        return NotPossible("no-such-task", "This case has no such task.")
    if not task.is_open:
        return NotPossible("task-done", "This task has already been done.")
    if post_for(case, task, actor) is None:
        return NotAllowed("not-your-task", "None of your posts holds this task.")
    if task.part is Part.JUDGING and _handled(case, actor):
        return NotAllowed("handled-it", "You or your unit handled this case, so somebody else must judge it.")
    return None


def post_for(case: Case, task: Task, actor: Actor) -> Post | None:
    """Return the post by which the actor may do the task, None when no post fits its role, unit and area."""
    for post in actor.posts:
        fits_unit = task.unit is None or task.unit == post.unit
        fits_area = post.area is None or post.area in case.areas
        if post.role == task.role and fits_unit and fits_area:
            return post
    return None


def decide(
    procedure: Procedure,
    case: Case,
    name: str,
    task_no: int,
    actor: Actor,
    inputs: Words,
    limits: Mapping[str, Limit],
    now: datetime,
    due_after: DueAfter,
) -> Move:
    """Return what the action brings about, or raise the Refusal that says why it may not be done.

    `limits` are the limits of the case's category by name, as they stand now; the move keeps them for good.
    """
    action = procedure.actions.get(name)
    if action is None:
        raise NotPossible("no-such-action", "This procedure has no such action.")
    if refused := refusal(case, action, task_no, actor):
        raise refused
    answers = _checked(action, inputs)
    task = case.tasks[task_no - 1]
    unit = _last_unit(case, action.opens) if action.to_last_unit else answers.get("unit")
    kinds = {need.name: need.kind for need in action.needs}
    facts = {kinds[k]: v for k, v in answers.items() if kinds[k] in ("category", "district")}
    stage = procedure.stages[action.to]
    move = Move(
        event=action.event,
        action=action.name,
        task=task_no,
        stage=stage.name,
        final=stage.final,
        by=post_for(case, task, actor),
        facts=facts,
        answers={k: v for k, v in answers.items() if kinds[k] != "text"},
        words={k: v for k, v in answers.items() if kinds[k] == "text"},
        opened=_open(procedure, action.opens, unit, len(case.tasks), limits, now, due_after),
    )
    if not action.starts_case_clock or case.clock_started_at is not None:
        return move
    limit = _limit(procedure.case_limit, limits)
    return replace(move, clock_started=True, case_limit=limit, case_due_at=due_after(now, limit).at)


def limits_passed(case: Case, now: datetime) -> Move | None:
    """Return the move that notes every open task whose limit has passed; None when there is none to note."""
    passed = tuple(t.no for t in case.tasks if t.is_open and t.due_at and t.due_at < now and t.passed_at is None)
    if not passed:
        return None
    return Move("LimitPassed", "limit_passed", None, case.stage, not case.is_open, None, passed=passed)


def after(case: Case | None, move: Move, account: str, at: datetime) -> Case:
    """Return the state of the case after a move; None is the state before the first."""
    case = case or Case(stage=move.stage, is_open=True, tasks=(), facts=NOTHING, length=0)
    acted_on = case.task(move.task) if move.task else None
    tasks = tuple(
        replace(task, done_at=at, outcome=move.action) if task.no == move.task else task for task in case.tasks
    )
    tasks = tuple(replace(task, passed_at=at) if task.no in move.passed else task for task in tasks)
    if move.final:
        tasks = tuple(replace(t, done_at=at, outcome="ended") if t.is_open else t for t in tasks)
    handled = acted_on is not None and acted_on.part is Part.HANDLING
    new_units = {task.unit for task in move.opened if task.part is Part.HANDLING and task.unit}
    return replace(
        case,
        stage=move.stage,
        is_open=not move.final,
        tasks=tasks + move.opened,
        facts={**case.facts, **move.facts},
        length=case.length + 1,
        clock_started_at=at if move.clock_started else case.clock_started_at,
        case_limit=move.case_limit or case.case_limit,
        case_due_at=move.case_due_at or case.case_due_at,
        closed_at=case.closed_at or (at if move.final else None),
        handlers=case.handlers | {account} if handled else case.handlers,
        handling_units=case.handling_units | new_units,
    )


def _handled(case: Case, actor: Actor) -> bool:
    return actor.account in case.handlers or any(post.unit in case.handling_units for post in actor.posts)


def _checked(action: Action, inputs: Words) -> dict[str, str]:
    """Return the answers without blanks, or raise Invalid naming every wrong field."""
    known = {need.name for need in action.needs}
    answers = {name: words.strip() for name, words in inputs.items() if name in known and words.strip()}
    faults = []
    for need in action.needs:
        words = answers.get(need.name, "")
        if need.required and not words:
            faults.append(Fault(need.name, "This must be filled in."))
        elif need.kind == "choice" and words and words not in dict(need.choices):
            faults.append(Fault(need.name, "This is not one of the choices."))
        elif len(words) > LONGEST_TEXT:
            faults.append(Fault(need.name, f"This is longer than {LONGEST_TEXT} characters."))
        elif "\x00" in words:
            faults.append(Fault(need.name, "This contains a character that cannot be stored."))
    if faults:
        raise Invalid(faults)
    return answers


def _last_unit(case: Case, kinds: tuple[str, ...]) -> str | None:
    held = [task.unit for task in case.tasks if task.kind in kinds]
    return held[-1] if held else None


def _limit(rule: LimitRule, limits: Mapping[str, Limit]) -> Limit:
    return limits.get(rule.name, rule.otherwise) if rule.name else rule.otherwise


def _open(
    procedure: Procedure,
    kinds: tuple[str, ...],
    unit: str | None,
    already: int,
    limits: Mapping[str, Limit],
    now: datetime,
    due_after: DueAfter,
) -> tuple[Task, ...]:
    tasks = []
    for no, name in enumerate(kinds, start=already + 1):
        kind = procedure.tasks[name]
        limit = _limit(kind.limit, limits) if kind.limit else None
        due = due_after(now, limit) if limit else None
        yellow_at, due_at = (due.reached(YELLOW_SHARE), due.at) if due else (None, None)
        holder = unit if kind.held_by_unit else None
        tasks.append(Task(no, kind.name, kind.role, kind.part, holder, now, limit, yellow_at, due_at))
    return tuple(tasks)
