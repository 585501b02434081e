"""Reads a procedure from its file and checks it: every fault names file, line and field, and says what to do.

The shape of the file is in texts/procedures.py, the checks of a whole procedure in core/procedures/soundness.py.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cityloop.core import conditions
from cityloop.core.clocks.history import ClockEventKind as ClockFact
from cityloop.core.clocks.worktime import Limit
from cityloop.core.errors import Invalid
from cityloop.core.procedures import requirements, soundness
from cityloop.core.procedures.procedure import (
    LIMIT_PASSED,
    Action,
    Beginning,
    Branch,
    CaseRelation,
    DocumentKind,
    Extension,
    Guard,
    GuardCount,
    LimitRule,
    Need,
    NewCaseRule,
    Procedure,
    Requirement,
    Stage,
    TaskKind,
    TaskOpening,
    Timer,
    Words,
)
from cityloop.registry.packs.checks.law import basis_faults
from cityloop.registry.packs.faults import FieldFault, Where
from cityloop.registry.packs.texts import procedures as texts
from cityloop.runtime.yaml_files import faults_at, read_yaml


def read_procedure(path: Path) -> Procedure:
    """Return the procedure in a file; raise Invalid where it is malformed or has faults."""
    reading = _Reading(read_yaml(path, texts.ProcedureText))
    procedure = reading.procedure()
    found = [*reading.faults, *soundness.faults(procedure), *basis_faults(reading.text.model_dump())]
    if found:
        raise Invalid(faults_at(path, found), code="pack")
    return procedure


class _Reading:
    """Turns the text of one file into a procedure; `faults` collects what is wrong in it."""

    def __init__(self, text: texts.ProcedureText) -> None:
        self.text = text
        self.faults: list[FieldFault] = []
        own = [name for action in text.actions.values() for name in action.sets]
        self.names = requirements.names(text.actions, text.tasks, own)

    def procedure(self) -> Procedure:
        text = self.text
        return Procedure(
            name=text.name,
            version=text.version,
            title=text.title,
            begins=self._beginning(text.begins),
            stages={name: Stage(name, stage.title, stage.final, stage.counts) for name, stage in text.stages.items()},
            tasks={name: _task(name, task) for name, task in text.tasks.items()},
            actions={name: self._action(name, action) for name, action in text.actions.items()},
            case_limit=_limit(text.case_limit) if text.case_limit else None,
            case_timers=_timers(text.case_timers),
            documents={
                name: DocumentKind(name, document.title, document.lines) for name, document in text.documents.items()
            },
        )

    def _beginning(self, text: texts.BeginText) -> Beginning:
        return Beginning(
            event=text.event,
            stage=text.stage,
            opens=_openings(text.opens),
            title=text.title or {"zh": "上报", "en": "Report"},
            role=text.role,
            needs=self._needs(text.needs, ("begins",)),
            case_clock=text.case_clock,
            documents=text.documents,
        )

    def _action(self, name: str, text: texts.ActionText) -> Action:
        where = ("actions", name)
        return Action(
            name=name,
            title=text.title,
            event=text.event,
            on=text.on,
            at=text.at,
            role=text.role,
            part=text.part,
            handled=text.handled,
            to=text.to,
            keeps=text.keeps,
            opens=_openings(text.opens),
            ends=text.ends,
            needs=self._needs(text.needs, where),
            requires=tuple(
                self._requirement(requirement, requirement.otherwise, (*where, "requires", str(no)))
                for no, requirement in enumerate(text.requires)
            ),
            within=Limit.read(text.within) if text.within else None,
            branches=tuple(self._branch(branch, (*where, "then", str(no))) for no, branch in enumerate(text.then)),
            case_clock=text.case_clock,
            extends=Extension(text.extends.task == "parent", text.extends.asked) if text.extends else None,
            begins_case=_new_case(text.begins_case) if text.begins_case else None,
            documents=text.documents,
            sets=text.sets,
            main=text.main,
            automatic=text.automatic,
        )

    def _branch(self, text: texts.BranchText, where: Where) -> Branch:
        return Branch(self._requirement(text, {}, where), text.to, _openings(text.opens), text.ends)

    def _requirement(self, text: texts.GuardText, otherwise: Words, where: Where) -> Requirement:
        condition = None
        if text.when is not None:
            try:
                condition = conditions.read(text.when, self.names)
            except conditions.BadCondition as error:
                self.faults.append(((*where, "when"), error.code, error.values))
        return Requirement(_guard(text), condition, otherwise)

    def _needs(self, needs: Sequence[texts.NeedText], where: Where) -> tuple[Need, ...]:
        return tuple(self._need(need, (*where, "needs", str(no))) for no, need in enumerate(needs))

    def _need(self, text: texts.NeedText, where: Where) -> Need:
        choices = text.choices if isinstance(text.choices, Mapping) else self._reasons(text.choices, where)
        return Need(
            text.name, text.kind, text.title, text.required, tuple(choices.items()), text.least, text.most, text.unit
        )

    def _reasons(self, name: str, where: Where) -> Mapping[str, Words]:
        if name not in self.text.reasons:
            values = {"name": name, "known": ", ".join(self.text.reasons)}
            self.faults.append(((*where, "choices"), "unknown-reasons" if self.text.reasons else "no-reasons", values))
        return self.text.reasons.get(name, {})


def _task(name: str, text: texts.TaskText) -> TaskKind:
    limit, timers = _limit(text.limit), _timers(text.timers, LIMIT_PASSED)
    return TaskKind(name, text.title, text.role, text.part, text.held_by_unit, limit, timers)


def _limit(text: texts.LimitText) -> LimitRule:
    return LimitRule(text.category, Limit.read(text.otherwise), text.asked)


def _timers(text: Mapping[int, str], *further: Timer) -> tuple[Timer, ...]:
    """Return the timers by percent."""
    timers = [*further, *(Timer(percent, action) for percent, action in text.items())]
    return tuple(sorted(timers, key=lambda timer: timer.percent))


def _openings(opens: Sequence[str | texts.OpeningText]) -> tuple[TaskOpening, ...]:
    return tuple(
        TaskOpening(opening)
        if isinstance(opening, str)
        else TaskOpening(opening.task, opening.unit, ClockFact(opening.again) if opening.again else None, opening.under)
        for opening in opens
    )


def _guard(text: texts.GuardText) -> Guard | None:
    if text.quorum is not None and text.of is not None:
        return Guard(text.of, GuardCount.QUORUM, text.quorum, text.by)
    for count in (GuardCount.ALL, GuardCount.ANY, GuardCount.NO_OPEN):
        if (kind := getattr(text, count.value)) is not None:
            return Guard(kind, count, outcomes=text.by)
    return None


def _new_case(text: texts.NewCaseText) -> NewCaseRule:
    return NewCaseRule(text.procedure, CaseRelation(text.relation), text.gives, text.given)
