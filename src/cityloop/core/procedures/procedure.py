"""The parts of a procedure, as data. Nothing runs here.

A case has one stage and any number of open tasks. An action is done on an open task, or on the case in certain
stages; it ends its task or keeps it, opens others, moves the case on, moves clocks, opens further cases. A case is
defined in casefile.py; deciding.py has what an action may do and its effects, soundness.py the checks of a procedure;
the YAML is read in registry/packs. GB/T 30428.8-2020.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cityloop.core.clocks.history import ClockEventKind as ClockFact
from cityloop.core.clocks.worktime import Limit, LimitUnit
from cityloop.core.conditions import Condition

Words = Mapping[str, str]  # the same words in several languages: {"zh": …, "en": …}


class Separation(StrEnum):
    """The side of a kind of task in the separation of 指挥 and 监督."""

    DESK = "desk"
    HANDLING = "handling"
    JUDGING = "judging"


class NeedKind(StrEnum):
    """What an action can ask for."""

    TEXT = "text"  # personal words
    CHOICE = "choice"
    CATEGORY = "category"
    CONDITION = "condition"  # one of those for filing that the case's category has; it gives the limit of handling
    DISTRICT = "district"
    UNIT = "unit"
    UNITS = "units"  # several, separated by blanks
    NUMBER = "number"  # a whole number from 1
    DATE = "date"  # a day after today
    PHOTOS = "photos"  # digests, separated by blanks


class GuardCount(StrEnum):
    """How many of the tasks a guard asks about must be done."""

    ALL = "all"  # at least one, and none still open
    ANY = "any"
    QUORUM = "quorum"  # so many of them
    NO_OPEN = "no_open"  # none is open; it also holds if there is none at all


class CaseRelation(StrEnum):
    """The relation of another case to this one."""

    CHILD = "child"  # opened from this one, which waits for it if its procedure says so
    PARENT = "parent"
    LINKED = "linked"


@dataclass(frozen=True, slots=True)
class Stage:
    """A place in the procedure; a case in a final stage is closed. One that does not count is in no figure."""

    name: str
    title: Words
    final: bool = False
    counts: bool = True


@dataclass(frozen=True, slots=True)
class LimitRule:
    """Where a clock's limit comes from: an answer, else the category's limit of that name, else this one."""

    name: str | None
    otherwise: Limit
    asked: str | None = None  # the need, a number or a date, that gives the limit


@dataclass(frozen=True, slots=True)
class Timer:
    """What happens when a clock reaches a share of its limit; None at 100: it is noted that the limit has passed."""

    percent: int
    action: str | None


LIMIT_PASSED = Timer(100, None)


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A kind of task: who may do it, which part it plays, by when, and its timers."""

    name: str
    title: Words
    role: str
    part: Separation
    held_by_unit: bool  # True: the unit named by the action that opens it; False: whoever holds the role
    limit: LimitRule
    timers: tuple[Timer, ...] = (LIMIT_PASSED,)  # by percent


@dataclass(frozen=True, slots=True)
class Need:
    """Something an action must or may be given. Text is personal and leaves the event as a commitment."""

    name: str
    kind: NeedKind
    title: Words
    required: bool = True
    choices: tuple[tuple[str, Words], ...] = ()
    least: int = 1  # how many units or photos
    most: int | None = None  # the largest number, days ahead, units or photos
    unit: LimitUnit | None = None  # the unit of a number that is a limit


@dataclass(frozen=True, slots=True)
class Guard:
    """A question about tasks of one kind: those still open, and those of the present visit to the stage.

    For an action on such a task, only its siblings count: tasks under the same parent.
    """

    kind: str
    count: GuardCount
    quorum: int = 1
    outcomes: tuple[str, ...] = ()  # the actions by which they must have been done; none: by any


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must hold: a guard over tasks, a condition over facts, or both; else the texts say why not."""

    guard: Guard | None = None
    condition: Condition | None = None
    otherwise: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskOpening:
    """A task to be opened, or one for each unit that was named.

    `unit` is the need that names its unit, or "own" for the unit of the post that acts. `again` gives the task back
    to the unit that held the former one, with its clock continued, unstopped or restarted.
    """

    kind: str
    unit: str = "unit"
    again: ClockFact | None = None
    under: bool = False  # it is a sub-task of the one acted on, or was continued from it


@dataclass(frozen=True, slots=True)
class Branch:
    """Further effects if the requirement holds after the action's own effects; the first that holds counts."""

    requirement: Requirement
    to: str | None = None
    opens: tuple[TaskOpening, ...] = ()
    ends: tuple[str, ...] = ()


class CaseClock(StrEnum):
    """What an action does to the case's own clock."""

    START = "start"
    PAUSE = "pause"  # 挂账
    RESUME = "resume"
    CONTINUE = "continue"  # after a closing, with what was left
    RESTART = "restart"  # after a closing, with the whole limit


@dataclass(frozen=True, slots=True)
class Extension:
    """延期: the clock of this task, or of the task it is under, gets more time."""

    of_parent: bool
    asked: str | None = None  # the need that gives the amount; None: the limit once more


@dataclass(frozen=True, slots=True)
class NewCaseRule:
    """A case to be opened by an action: its answers from this action's answers, and its fixed answers.

    It takes over category, place and address.
    """

    procedure: str
    relation: CaseRelation
    gives: Mapping[str, str] = field(default_factory=dict)  # need of its beginning → need of this action, or "own"
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done: on a task of kind `on`, or on the case in one of the stages `at`."""

    name: str
    title: Words
    event: str
    on: str | None
    at: tuple[str, ...] = ()
    role: str | None = None  # who may, in the stages `at`
    part: Separation = Separation.DESK  # and as what
    handled: bool = False  # only for a unit that handled the case
    to: str | None = None  # None: the stage stays
    keeps: bool = False  # the task stays open
    opens: tuple[TaskOpening, ...] = ()
    ends: tuple[str, ...] = ()  # kinds of task of which every open one is ended
    needs: tuple[Need, ...] = ()
    requires: tuple[Requirement, ...] = ()
    within: Limit | None = None  # only so long after the task was opened
    branches: tuple[Branch, ...] = ()
    case_clock: CaseClock | None = None
    extends: Extension | None = None
    begins_case: NewCaseRule | None = None
    documents: tuple[str, ...] = ()
    sets: Words = field(default_factory=dict)  # facts of the case
    main: bool = False
    automatic: bool = False  # done by the system alone


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a case begins; `role`, if any, may begin one by hand."""

    event: str
    stage: str
    opens: tuple[TaskOpening, ...]
    title: Words = field(default_factory=dict)
    role: str | None = None
    needs: tuple[Need, ...] = ()
    case_clock: CaseClock | None = None
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A document that an action produces: its title and lines, with {names} of values in them."""

    name: str
    title: Words
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Procedure:
    """A declared procedure for a kind of case, in one version."""

    name: str
    version: int
    title: Words
    begins: Beginning
    stages: Mapping[str, Stage]
    tasks: Mapping[str, TaskKind]
    actions: Mapping[str, Action]
    case_limit: LimitRule | None = None
    case_timers: tuple[Timer, ...] = ()
    documents: Mapping[str, DocumentKind] = field(default_factory=dict)

    def actions_on(self, kind: str) -> tuple[Action, ...]:
        """Return the actions on a kind of task that people do, in the order they were declared."""
        return tuple(action for action in self.actions.values() if action.on == kind and not action.automatic)

    def actions_at(self, stage: str) -> tuple[Action, ...]:
        """Return the actions on the case itself that people do in a stage."""
        return tuple(action for action in self.actions.values() if stage in action.at and not action.automatic)
