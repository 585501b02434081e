"""Packs: folders of YAML that give a domain its catalogue, procedures, roles and limits. Reading and checking them.

Whatever is wrong is told with file, line and field. Putting their content into the database is done by actions.py.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cityloop.core.errors import Fault, Invalid
from cityloop.core.procedure import Action, LimitRule, Need, Part, Procedure, Stage, TaskKind
from cityloop.core.worktime import Limit, Unit
from cityloop.registry.calendars import CalendarText

SHIPPED = Path(__file__).resolve().parent.parent / "packs"


def _in_both_languages(titles: dict[str, str]) -> dict[str, str]:
    if set(titles) != {"zh", "en"}:
        raise ValueError("a title is given in zh and in en")
    return titles


Titles = Annotated[dict[str, str], AfterValidator(_in_both_languages)]


class PlainLoader(yaml.SafeLoader):
    """YAML in which only true and false are truth values: `on`, `no` and `y` stay the words they look like."""


PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


class Strict(BaseModel):
    """A part of a pack: unknown fields are refused, so that a slip of the pen is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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


class RoleText(Strict):
    title: Titles
    sees: Literal["area", "unit", "none"]


class RolesText(Strict):
    roles: dict[str, RoleText]


class CatalogueText(Strict):
    name: str
    classes: str


class ClassLimits(Strict):
    handle: str
    case: str


class PackText(Strict):
    name: str
    title: Titles
    roles: str | None = None
    procedures: tuple[str, ...] = ()
    catalogue: CatalogueText | None = None
    calendar: CalendarText | None = None
    limits: dict[str, dict[str, ClassLimits]] = Field(default_factory=dict)


Text = TypeVar("Text", bound=Strict)


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the city: what it is called and which cases it sees (area, unit or none)."""

    name: str
    title: Mapping[str, str]
    sees: str


@dataclass(frozen=True, slots=True)
class CatalogueClass:
    """One class of a catalogue, as a pack gives it."""

    catalogue: str
    kind: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack, read and checked."""

    name: str
    title: Mapping[str, str]
    roles: tuple[Role, ...]
    procedures: tuple[Procedure, ...]
    classes: tuple[CatalogueClass, ...]
    calendar: CalendarText | None
    limits: Mapping[tuple[str, str], ClassLimits]  # (kind, code) → limits

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the pack in a folder; raise Invalid naming file, line and field of everything wrong in it."""
        text = read_yaml(folder / "pack.yaml", PackText)
        roles = read_yaml(folder / text.roles, RolesText).roles if text.roles else {}
        limits = {(kind, code): both for kind, codes in text.limits.items() for code, both in codes.items()}
        for (_, code), both in limits.items():
            _check_limits(folder / "pack.yaml", code, both)
        return cls(
            name=text.name,
            title=text.title,
            roles=tuple(Role(name, role.title, role.sees) for name, role in roles.items()),
            procedures=tuple(read_procedure(folder / name) for name in text.procedures),
            classes=tuple(_classes(folder, text.catalogue)) if text.catalogue else (),
            calendar=text.calendar,
            limits=limits,
        )


def read_all(further: str = "") -> tuple[Pack, ...]:
    """Return every pack: those that CityLoop ships, then those in the further folders."""
    folders = [SHIPPED, *(Path(folder) for folder in further.split(":") if folder)]
    found = tuple(Pack.read(path.parent) for folder in folders for path in sorted(folder.glob("*/pack.yaml")))
    _check_roles(found)
    return found


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
        if fault := _limit_fault(task.limit.otherwise):
            yield ("tasks", name, "limit"), fault
    if fault := _limit_fault(text.case_limit.otherwise):
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


def _check_roles(packs: Sequence[Pack]) -> None:
    """Refuse a procedure whose task nobody may hold."""
    known = {role.name for pack in packs for role in pack.roles}
    faults = [
        Fault(
            f"{way.name} tasks.{kind.name}.role", f"there is no role {kind.role}; known are {', '.join(sorted(known))}"
        )
        for pack in packs
        for way in pack.procedures
        for kind in way.tasks.values()
        if kind.role not in known
    ]
    if faults:
        raise Invalid(faults, code="pack")


def _limit_fault(words: str) -> str | None:
    try:
        parse_limit(words)
    except ValueError as wrong:
        return str(wrong)
    return None


def _check_limits(path: Path, code: str, limits: ClassLimits) -> None:
    for words in (limits.handle, limits.case):
        if fault := _limit_fault(words):
            raise Invalid([Fault(f"{path.name} limits.{code}", fault)])


def _classes(folder: Path, catalogue: CatalogueText) -> Iterator[CatalogueClass]:
    with (folder / catalogue.classes).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield CatalogueClass(catalogue.name, row["kind"], row["code"], row["name"])


def read_yaml(path: Path, shape: type[Text]) -> Text:
    """Return what a YAML file says; raise Invalid naming file, line and field of everything that does not fit."""
    try:
        words = path.read_text(encoding="utf-8")
        node = yaml.compose(words, Loader=PlainLoader)
        content = yaml.load(words, Loader=PlainLoader)  # noqa: S506  # a SafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as wrong:
        raise Invalid([Fault(str(path), str(wrong))], code="pack") from wrong
    try:
        return shape.model_validate(content)
    except ValidationError as wrong:
        lines = _lines(node)
        raise Invalid([_fault(path, error, lines) for error in wrong.errors()], code="pack") from wrong


def faults_at(path: Path, faults: Iterable[tuple[tuple[str, ...], str]]) -> list[Fault]:
    """Return faults found later in a file that could be read, from (path of the field, reason), with their lines."""
    lines = _lines(yaml.compose(path.read_text(encoding="utf-8"), Loader=PlainLoader))
    return [Fault(f"{path.name}:{_line(lines, where)} {'.'.join(where)}", reason) for where, reason in faults]


def _fault(path: Path, error: Any, lines: Mapping[tuple[str, ...], int]) -> Fault:
    where = tuple(str(step) for step in error["loc"])
    return Fault(f"{path.name}:{_line(lines, where)} {'.'.join(where)}", error["msg"])


def _line(lines: Mapping[tuple[str, ...], int], where: tuple[str, ...]) -> int:
    """Return the line of a field, or of the nearest part around it that stands in the file."""
    while where and where not in lines:
        where = where[:-1]
    return lines.get(where, 1)


def _lines(node: yaml.Node | None, where: tuple[str, ...] = ()) -> dict[tuple[str, ...], int]:
    """Return the line number of every field of a YAML document by its path."""
    if node is None:
        return {}
    lines = {where: node.start_mark.line + 1}
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            lines |= _lines(value, (*where, str(name.value)))
    if isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines |= _lines(value, (*where, str(number)))
    return lines
