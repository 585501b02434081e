"""What the events of a procedure mean for the facts of its cases: rules of a few kinds, defined by packs. Pure.

texts.py reads them from packs; what is the same for every procedure (stages, tasks, clocks, closing) needs no rule and
is in cases.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cityloop.core.procedures.casefile import TaskState
from cityloop.core.procedures.procedure import Words
from cityloop.evaluation.facts.walk import CaseStep, Walk

Value = datetime | int | bool | str | None


@dataclass(frozen=True, slots=True)
class Moment:
    """When an event of these names happened first or last; None where one of `undone_by` undid it afterwards."""

    events: tuple[str, ...]
    is_first: bool = False
    undone_by: tuple[str, ...] = ()

    def of(self, walk: Walk) -> datetime | None:
        step = self.step(walk)
        return step.event.at if step else None

    def step(self, walk: Walk) -> CaseStep | None:
        """Return that event."""
        found = walk.events(self.events)
        if not found:
            return None
        chosen = found[0 if self.is_first else -1]
        undone = any(step.event.seq > chosen.event.seq for step in walk.events(self.undone_by))
        return None if undone else chosen


@dataclass(frozen=True, slots=True)
class Happened:
    """Whether an event of these names happened and none of `undone_by` undid it afterwards."""

    events: tuple[str, ...]
    undone_by: tuple[str, ...] = ()

    def of(self, walk: Walk) -> bool:
        return Moment(self.events, undone_by=self.undone_by).of(walk) is not None


@dataclass(frozen=True, slots=True)
class Times:
    """How many events of these names happened."""

    events: tuple[str, ...]

    def of(self, walk: Walk) -> int:
        return len(walk.events(self.events))


@dataclass(frozen=True, slots=True)
class AnswerMeaning:
    """What was chosen for this need in the last event of these names."""

    need: str
    events: tuple[str, ...]

    def of(self, walk: Walk) -> str | None:
        found = walk.events(self.events)
        return found[-1].move.answers.get(self.need) if found else None


@dataclass(frozen=True, slots=True)
class DueMeaning:
    """When the last task of this kind is, or was, due."""

    kind: str

    def of(self, walk: Walk) -> datetime | None:
        found = [task for task in walk.case.tasks if task.kind == self.kind]
        return found[-1].due_at if found else None


@dataclass(frozen=True, slots=True)
class Linked:
    """Whether a linked case of this procedure was closed in one of these stages."""

    procedure: str
    stages: tuple[str, ...]

    def of(self, walk: Walk) -> bool:
        return any(link.procedure == self.procedure and link.outcome in self.stages for link in walk.case.links)


@dataclass(frozen=True, slots=True)
class OfTask:
    """When an event of these names last happened about a task of this kind."""

    kind: str
    events: tuple[str, ...]

    def of(self, walk: Walk) -> Mapping[int, datetime]:
        found = ((walk.task_behind(step, self.kind), step.event.at) for step in walk.events(self.events))
        return {task.no: at for task, at in found if task}


@dataclass(frozen=True, slots=True)
class SentTo:
    """The unit of the first task opened by the event of these names that did a task of this kind."""

    kind: str
    events: tuple[str, ...]

    def of(self, walk: Walk) -> Mapping[int, str]:
        found = ((walk.case.task(step.move.task), _held(step)) for step in walk.events(self.events))
        return {task.no: held.unit for task, held in found if task and task.kind == self.kind and held and held.unit}


CaseRule = Moment | Happened | Times | AnswerMeaning | DueMeaning | Linked
TaskRule = OfTask | SentTo


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a pack defines for a version of a procedure: the kinds of task that mean handling, and columns."""

    handling: tuple[str, ...] = ()
    cases: Mapping[str, CaseRule] = field(default_factory=dict)
    tasks: Mapping[str, TaskRule] = field(default_factory=dict)


NOTHING = Meaning()


@dataclass(frozen=True, slots=True)
class SourceMeaning:
    """A channel by which cases are reported: what kind of source it is, and its titles."""

    kind: str
    title: Words


def _held(step: CaseStep) -> TaskState | None:
    return next((task for task in step.move.opened if task.unit), None)
