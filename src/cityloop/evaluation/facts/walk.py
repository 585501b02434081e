"""The course of a case, replayed from its events: what each did, who did or opened tasks, who handled it when. Pure.

cases.py makes facts of it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any

from cityloop.casework.history import events as history
from cityloop.core.procedures.casefile import CaseState, Move, TaskState, after
from cityloop.core.procedures.procedure import Separation


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event of a case, as it is in the log."""

    seq: int
    name: str
    account: str
    at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CaseStep:
    """An event with what it moved, and the case after it."""

    event: LoggedEvent
    move: Move
    after: CaseState


@dataclass(frozen=True)
class Walk:
    """Every event of a case, in order; `kinds` are those of the tasks by which a unit handles it (none: all)."""

    steps: Sequence[CaseStep]
    kinds: Collection[str] = ()

    @property
    def case(self) -> CaseState:
        """The case after its last event."""
        return self.steps[-1].after

    @cached_property
    def opened_by(self) -> Mapping[int, CaseStep]:
        """The event that opened each task, by the task's number."""
        return {task.no: step for step in self.steps for task in step.move.opened}

    @cached_property
    def done_by(self) -> Mapping[int, CaseStep]:
        """The event by which each task was done; one that became superfluous is not here."""
        return {step.move.task: step for step in self.steps if step.move.task and not step.move.keeps}

    @cached_property
    def units(self) -> Sequence[str | None]:
        """The unit that handled the case after each event, or handled it last."""
        found: list[str | None] = []
        for step in self.steps:
            new = [task.unit for task in step.move.opened if self.is_handling(task)]
            found.append(new[-1] if new else found[-1] if found else None)
        return found

    @property
    def reassignments(self) -> int:
        """How often the case passed from those who handled it to others."""
        groups = [{task.unit for task in step.move.opened if self.is_handling(task)} for step in self.steps]
        known = [units for units in groups if units]
        return sum(not (earlier & later) for earlier, later in pairwise(known))

    def events(self, names: Collection[str]) -> list[CaseStep]:
        """Return the steps whose events have one of these names."""
        return [step for step in self.steps if step.event.name in names]

    def is_handling(self, task: TaskState) -> bool:
        """Return whether by this task a unit handles the case."""
        return (
            task.part is Separation.HANDLING and task.unit is not None and (not self.kinds or task.kind in self.kinds)
        )

    def task_behind(self, step: CaseStep, kind: str) -> TaskState | None:
        """Return the task of a kind that an event was about: the task acted on, or the nearest one that it came from.

        Where there is none, the last task of the kind that was opened before.
        """
        task = self.case.task(step.move.task)
        while task is not None:
            if task.kind == kind:
                return task
            task = self.case.task(task.parent or self.opened_by[task.no].move.task)
        earlier = [
            task for task in self.case.tasks if task.kind == kind and self.opened_by[task.no].event.seq < step.event.seq
        ]
        return earlier[-1] if earlier else None

    def unit_concerned(self, place: int) -> str | None:
        """Return the unit whose handling the event at a place concerns.

        The unit that it gave the case to, else the unit whose task it was under, else the unit that handled it last.
        """
        move = self.steps[place].move
        task = None if any(map(self.is_handling, move.opened)) else self.case.task(move.task)
        while task is not None:
            if self.is_handling(task):
                return task.unit
            task = self.case.task(task.parent)
        return self.units[place]


def walk_case(events: Iterable[LoggedEvent], kinds: Collection[str] = ()) -> Walk:
    """Return the course of a case from its events, the first one first."""
    steps: list[CaseStep] = []
    for event in events:
        move = history.move(event.name, event.payload)
        state = after(steps[-1].after if steps else None, move, event.account, event.at)
        steps.append(CaseStep(event, move, state))
    return Walk(steps, kinds)
