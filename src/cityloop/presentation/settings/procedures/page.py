"""The pages of procedures as values: the list, and one procedure with its picture and tables. words.py has its text."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cityloop.core.diagrams.diagram import Picture, Speech, draw
from cityloop.core.diagrams.lanes import StageEdge
from cityloop.core.procedures.procedure import Action, Procedure, TaskKind
from cityloop.core.procedures.transitions import Transition, stage_graph
from cityloop.presentation.settings.procedures.effects import (
    Consequence,
    clock_words,
    consequences,
    document_words,
    opening_words,
)
from cityloop.presentation.settings.procedures.words import (
    Claim,
    Vocabulary,
    beginner_words,
    claims,
    holder_words,
    limit_rule_words,
    need_words,
    part_words,
    short_limit,
    timer_words,
    who_words,
)


@dataclass(frozen=True, slots=True)
class ListRow:
    """A version of a procedure in the list of all."""

    name: str
    version: int
    title: str
    is_newest: bool  # new cases begin with it
    stages: int
    actions: int
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """What can be done in a stage, and where it leads."""

    action: str
    title: str
    automatic: bool
    to: str
    to_title: str
    stays: bool


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage, the tasks that may be open in it, and the actions that leave it."""

    name: str
    title: str
    final: bool
    counts: bool
    tasks: tuple[tuple[str, str, str], ...]  # name, title, holder and limit
    leaves: tuple[Leave, ...]


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A kind of task."""

    name: str
    title: str
    holder: str
    part: str
    limit: str
    timers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action."""

    name: str
    title: str
    event: str
    automatic: bool
    main: bool
    who: str
    on: tuple[str, ...]  # the task, or the stages
    is_on_task: bool
    needs: tuple[str, ...]
    claims: tuple[Claim, ...]
    follows: tuple[Consequence, ...]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document, and the actions that write it."""

    name: str
    title: str
    lines: tuple[str, ...]
    written_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcedurePage:
    """A procedure's page."""

    name: str
    version: int
    title: str
    begins: str
    begins_needs: tuple[str, ...]
    begins_follows: tuple[str, ...]
    limit: str
    timers: tuple[str, ...]
    stages: tuple[StageRow, ...]
    tasks: tuple[TaskRow, ...]
    actions: tuple[ActionRow, ...]
    documents: tuple[DocumentRow, ...]


def list_rows(procedures: Iterable[Procedure], v: Vocabulary) -> list[ListRow]:
    """Return every version of every procedure, the newest first."""
    found = sorted(procedures, key=lambda procedure: (procedure.name, -procedure.version))
    newest = {procedure.name: procedure.version for procedure in reversed(found)}
    return [
        ListRow(
            name=procedure.name,
            version=procedure.version,
            title=v.say(procedure.title),
            is_newest=procedure.version == newest[procedure.name],
            stages=len(procedure.stages),
            actions=len(procedure.actions),
            tasks=tuple(v.say(kind.title) for kind in procedure.tasks.values()),
        )
        for procedure in found
    ]


def procedure_page(procedure: Procedure, v: Vocabulary) -> ProcedurePage:
    """Return everything on the page except the picture."""
    begins = procedure.begins
    follows = [opening_words(procedure, opening, begins.needs, v) for opening in begins.opens]
    follows += [clock_words(begins.case_clock)] if begins.case_clock else []
    follows += document_words(procedure, begins.documents, v)
    return ProcedurePage(
        name=procedure.name,
        version=procedure.version,
        title=v.say(procedure.title),
        begins=beginner_words(begins, v),
        begins_needs=tuple(need_words(need, v) for need in begins.needs),
        begins_follows=tuple(follows),
        limit=limit_rule_words(procedure, procedure.case_limit, v),
        timers=tuple(timer_words(procedure, timer, v) for timer in procedure.case_timers),
        stages=tuple(_stages(procedure, v)),
        tasks=tuple(_task(procedure, kind, v) for kind in procedure.tasks.values()),
        actions=tuple(_action(procedure, action, v) for action in procedure.actions.values()),
        documents=tuple(_documents(procedure, v)),
    )


def picture(procedure: Procedure, v: Vocabulary) -> Picture:
    """Return the procedure drawn in the reader's language."""
    return draw(procedure, Speech(v.say, lambda kind: _holder_and_limit(kind, v), _("Stays here:"), _(" (automatic)")))


def edge_words(procedure: Procedure, edge: StageEdge, v: Vocabulary) -> str:
    """Return what a line of the picture means."""
    titles = {name: v.say(stage.title) for name, stage in procedure.stages.items()}
    actions = " · ".join(v.say(procedure.actions[name].title) for name in edge.actions)
    return f"{titles[edge.from_stage]} → {titles[edge.to_stage]} · {actions}"


def _holder_and_limit(kind: TaskKind, v: Vocabulary) -> str:
    return f"{v.role(kind.role)} · {short_limit(kind.limit, v)}"


def _stages(procedure: Procedure, v: Vocabulary) -> Iterator[StageRow]:
    found = stage_graph(procedure)
    for name, kinds in found.tasks.items():
        stage = procedure.stages[name]
        tasks = (procedure.tasks[kind] for kind in kinds)
        yield StageRow(
            name=name,
            title=v.say(stage.title),
            final=stage.final,
            counts=stage.counts,
            tasks=tuple((kind.name, v.say(kind.title), _holder_and_limit(kind, v)) for kind in tasks),
            leaves=tuple(_leave(procedure, move, v) for move in found.transitions if move.from_stage == name),
        )


def _leave(procedure: Procedure, move: Transition, v: Vocabulary) -> Leave:
    to = v.say(procedure.stages[move.to_stage].title)
    return Leave(
        move.action, v.say(procedure.actions[move.action].title), move.automatic, move.to_stage, to, move.stays
    )


def _task(procedure: Procedure, kind: TaskKind, v: Vocabulary) -> TaskRow:
    return TaskRow(
        name=kind.name,
        title=v.say(kind.title),
        holder=holder_words(kind, v),
        part=part_words(kind.part),
        limit=limit_rule_words(procedure, kind.limit, v),
        timers=tuple(timer_words(procedure, timer, v) for timer in kind.timers),
    )


def _action(procedure: Procedure, action: Action, v: Vocabulary) -> ActionRow:
    stages = tuple(v.say(procedure.stages[name].title) for name in action.at)
    return ActionRow(
        name=action.name,
        title=v.say(action.title),
        event=action.event,
        automatic=action.automatic,
        main=action.main,
        who=who_words(procedure, action, v),
        on=(v.say(procedure.tasks[action.on].title),) if action.on else stages,
        is_on_task=action.on is not None,
        needs=tuple(need_words(need, v) for need in action.needs),
        claims=tuple(claims(procedure, action, v)),
        follows=tuple(consequences(procedure, action, v)),
    )


def _documents(procedure: Procedure, v: Vocabulary) -> Iterator[DocumentRow]:
    writers: Mapping[str, tuple[str, ...]] = {
        name: tuple(v.say(action.title) for action in procedure.actions.values() if name in action.documents)
        for name in procedure.documents
    }
    for name, document in procedure.documents.items():
        yield DocumentRow(name, v.say(document.title), document.lines, writers[name])
