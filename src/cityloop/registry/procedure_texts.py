"""Procedures as people write them: the shape of their YAML, and what is checked before one is let in.

Running them is the engine's (core.procedure); putting packs together is done by packs.py.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from cityloop.core.errors import Invalid
from cityloop.core.procedure import Action, LimitRule, Need, Part, Procedure, Stage, TaskKind
from cityloop.core.worktime import Limit, Unit
from cityloop.registry.yaml_files import Strict, faults_at, read_yaml


def _in_both_languages(titles: dict[str, str]) -> dict[str, str]:
    if set(titles) != {"zh", "en"}:
        raise ValueError("a title is given in zh and in en")
    return titles


Titles = Annotated[dict[str, str], AfterValidator(_in_both_languages)]


class LimitText(Strict):
    category: Literal["handle", "case"] | None = None
    otherwise: str

    def rule(self) -> LimitRule:
        return LimitRule(self.category, parse_limit(self.otherwise))


class StageText(Strict):
    title: Titles
    final: bool = False


class TaskText(Strict):
    title: Titles
    role: str
    part: Part
    held_by_unit: bool = False
    limit: LimitText


class NeedText(Strict):
    name: str
    kind: Literal["text", "category", "district", "unit", "choice"]
    title: Titles
    required: bool = True
    choices: dict[str, Titles] = Field(default_factory=dict)


class ActionText(Strict):
    title: Titles
    event: str = Field(pattern=r"^[A-Z][A-Za-z]+$")
    on: str
    to: str
    opens: tuple[str, ...] = ()
    needs: tuple[NeedText, ...] = ()
    main: bool = False
    starts_case_clock: bool = False
    to_last_unit: bool = False


class BeginText(Strict):
    event: str = Field(pattern=r"^[A-Z][A-Za-z]+$")
    stage: str
    opens: tuple[str, ...]


class ProcedureText(Strict):
    name: str
    version: int = Field(ge=1)
    title: Titles
    case_limit: LimitText
    begins: BeginText
    stages: dict[str, StageText]
    tasks: dict[str, TaskText]
    actions: dict[str, ActionText]


def read_procedure(path: Path) -> Procedure:
    """Return the procedure in a file; raise Invalid when it is malformed or names what it does not declare."""
    text = read_yaml(path, ProcedureText)
    if faults := list(_dangling(text)):
        raise Invalid(faults_at(path, faults))
    return Procedure(
        name=text.name,
        version=text.version,
        title=text.title,
        begins_event=text.begins.event,
        begins_stage=text.begins.stage,
        begins_tasks=text.begins.opens,
        stages={name: Stage(name, stage.title, stage.final) for name, stage in text.stages.items()},
        tasks={name: _task(name, task) for name, task in text.tasks.items()},
        actions={name: _action(name, action) for name, action in text.actions.items()},
        case_limit=text.case_limit.rule(),
    )


def parse_limit(words: str) -> Limit:
    """Return the limit written as an amount and a unit, such as "4 work_hour"; raise ValueError otherwise."""
    amount, _, unit = words.partition(" ")
    if not amount.isdecimal() or unit not in set(Unit):
        raise ValueError(f"{words!r} is no limit: write an amount and one of {', '.join(Unit)}")
    return Limit(int(amount), Unit(unit))


def _task(name: str, text: TaskText) -> TaskKind:
    return TaskKind(name, text.title, text.role, text.part, text.held_by_unit, text.limit.rule())


def _action(name: str, text: ActionText) -> Action:
    needs = tuple(Need(n.name, n.kind, n.title, n.required, tuple(n.choices.items())) for n in text.needs)
    marks = {"main": text.main, "starts_case_clock": text.starts_case_clock, "to_last_unit": text.to_last_unit}
    return Action(name, text.title, text.event, text.on, text.to, text.opens, needs, **marks)


def _dangling(text: ProcedureText) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every name that is used and not declared, every limit that is none, every task that nothing ends."""
    if text.begins.stage not in text.stages:
        yield ("begins", "stage"), f"there is no stage {text.begins.stage}"
    yield from ((("begins", "opens"), why) for why in _cannot_open(text, text.begins.opens, None))
    for name, action in text.actions.items():
        for field, why in _action_faults(text, action):
            yield ("actions", name, field), why
    for name, task in text.tasks.items():
        if not any(action.on == name for action in text.actions.values()):
            yield ("tasks", name), "no action is done on it, so it could never end"
        if fault := limit_fault(task.limit.otherwise):
            yield ("tasks", name, "limit"), fault
    if fault := limit_fault(text.case_limit.otherwise):
        yield ("case_limit",), fault


def _action_faults(text: ProcedureText, action: ActionText) -> Iterator[tuple[str, str]]:
    if action.on not in text.tasks:
        yield "on", f"there is no kind of task {action.on}"
    stage = text.stages.get(action.to)
    if stage is None:
        yield "to", f"there is no stage {action.to}"
    elif stage.final and action.opens:
        yield "opens", f"the case is closed in {action.to}: no task can be opened there"
    elif not stage.final and not action.opens:
        yield "opens", f"the case would stop in {action.to}: nobody would hold a task"
    yield from (("opens", why) for why in _cannot_open(text, action.opens, action))
    names = [need.name for need in action.needs]
    kinds = [need.kind for need in action.needs if need.kind in ("category", "district")]
    if len(set(names)) < len(names) or len(set(kinds)) < len(kinds):
        yield "needs", "two needs have one name, or both set the category or the district"


def _cannot_open(text: ProcedureText, kinds: Sequence[str], action: ActionText | None) -> Iterator[str]:
    """Yield why tasks of these kinds cannot be opened by the action (None: by the beginning of the case)."""
    names_unit = action is not None and (
        action.to_last_unit or any(n.name == "unit" and n.kind == "unit" and n.required for n in action.needs)
    )
    for kind in kinds:
        if kind not in text.tasks:
            yield f"there is no kind of task {kind}"
        elif text.tasks[kind].held_by_unit and not names_unit:
            yield f"{kind} is held by a unit: ask for one with a need named unit, or say to_last_unit"


def limit_fault(words: str) -> str | None:
    try:
        parse_limit(words)
    except ValueError as wrong:
        return str(wrong)
    return None
