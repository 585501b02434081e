"""A pack's facts.yaml: what the events of procedures mean for the facts, and by which channels cases are reported.

Every fault is told with file, line and field. What the rules tell of a case is in meanings.py.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from cityloop.core.errors import Invalid
from cityloop.core.procedures.procedure import Procedure
from cityloop.evaluation.facts.meanings import (
    AnswerMeaning,
    CaseRule,
    DueMeaning,
    Happened,
    Linked,
    Meaning,
    Moment,
    OfTask,
    SentTo,
    SourceMeaning,
    TaskRule,
    Times,
)
from cityloop.evaluation.facts.relations import CASES, TASKS, Type
from cityloop.evaluation.pack_faults import FieldFault, FieldPath, located
from cityloop.registry.packs.texts.titles import Titles
from cityloop.runtime.yaml_files import Strict, read_yaml

FILE = "facts.yaml"
# Columns that no engine can know: the pack of the procedure says what gives them.
CASE_COLUMNS = (
    "accepted_at",
    "verified_at",
    "unverified_at",
    "filing_due_at",
    "filed_at",
    "revisited_at",
    "refusal",
    "dispatches",
    "reworks",
    "is_self_handled",
    "is_satisfied",
    "is_exempt",
)
TASK_COLUMNS = ("returned_at", "sent_back_at", "reworked_at", "undone_at", "sent_to")
CASE_WAYS: Mapping[Type, tuple[str, ...]] = {  # which rules give a column of a type; one of them is said
    Type.MOMENT: ("first", "last", "due"),
    Type.INTEGER: ("times",),
    Type.BOOL: ("happened", "linked"),
    Type.TEXT: ("answer",),
}
TASK_WAYS: Mapping[Type, tuple[str, ...]] = {Type.MOMENT: ("last",), Type.TEXT: ("by",)}

Kind = Literal["collector", "public", "inspection", "video", "sensor", "leader", "linked", "other"]
Names = tuple[str, ...]


class CaseColumnText(Strict):
    first: Names = ()
    last: Names = ()
    happened: Names = ()
    undone_by: Names = ()
    times: Names = ()
    due: str = ""
    answer: str = ""
    of: Names = ()
    linked: str = ""
    closed_in: Names = ()


class TaskColumnText(Strict):
    kind: str
    last: Names = ()
    by: Names = ()


class ColumnsText(Strict):
    handling: Names | None = None
    cases: dict[str, CaseColumnText] = Field(default_factory=dict)
    tasks: dict[str, TaskColumnText] = Field(default_factory=dict)


class ProcedureFactsText(ColumnsText):
    versions: dict[int, ColumnsText] = Field(default_factory=dict)  # what is otherwise in these


class SourceText(Strict):
    kind: Kind
    title: Titles


class FactsText(Strict):
    sources: dict[str, SourceText] = Field(default_factory=dict)
    procedures: dict[str, ProcedureFactsText] = Field(default_factory=dict)


@dataclass(frozen=True)
class FactBook:
    """What packs lay down for the facts."""

    meanings: Mapping[tuple[str, int], Meaning] = field(default_factory=dict)  # by procedure and version
    sources: Mapping[str, SourceMeaning] = field(default_factory=dict)  # by channel

    def joined(self, other: "FactBook") -> "FactBook":
        """Return both together; what the other one says counts where both say something."""
        return FactBook({**self.meanings, **other.meanings}, {**self.sources, **other.sources})


def read_books(folders: Iterable[Path], procedures: Sequence[Procedure]) -> FactBook:
    """Return what the packs in folders lay down; later ones count more. Invalid naming all that is wrong."""
    book, faults = FactBook(), []
    for folder in folders:
        if not (folder / FILE).exists():
            continue
        try:
            book = book.joined(read_book(folder, procedures))
        except Invalid as error:
            faults += [replace(fault, field=f"{folder.name}/{fault.field}") for fault in error.faults]
    if faults:
        raise Invalid(faults, code="pack")
    return book


def read_book(folder: Path, procedures: Sequence[Procedure]) -> FactBook:
    """Return what a pack lays down for procedures, of whichever pack; Invalid with file, line and field."""
    path = folder / FILE
    text = read_yaml(path, FactsText)
    ways: dict[str, list[Procedure]] = {}
    for way in procedures:
        ways.setdefault(way.name, []).append(way)
    if faults := [*_faults(text, ways)]:
        raise Invalid(located(path, faults), code="pack")
    meanings = {
        (name, way.version): _meaning(one, one.versions.get(way.version, ColumnsText()))
        for name, one in text.procedures.items()
        for way in ways[name]
    }
    return FactBook(meanings, {name: SourceMeaning(one.kind, one.title) for name, one in text.sources.items()})


def _meaning(text: ProcedureFactsText, version: ColumnsText) -> Meaning:
    handling = version.handling if version.handling is not None else text.handling or ()
    cases, tasks = {**text.cases, **version.cases}, {**text.tasks, **version.tasks}
    return Meaning(
        handling,
        {name: _case_rule(one) for name, one in cases.items()},
        {name: _task_rule(one) for name, one in tasks.items()},
    )


def _case_rule(text: CaseColumnText) -> CaseRule:  # noqa: PLR0911  # one return for each kind of rule
    if text.first:
        return Moment(text.first, True, text.undone_by)
    if text.last:
        return Moment(text.last, False, text.undone_by)
    if text.happened:
        return Happened(text.happened, text.undone_by)
    if text.times:
        return Times(text.times)
    if text.due:
        return DueMeaning(text.due)
    if text.linked:
        return Linked(text.linked, text.closed_in)
    return AnswerMeaning(text.answer, text.of)


def _task_rule(text: TaskColumnText) -> TaskRule:
    return OfTask(text.kind, text.last) if text.last else SentTo(text.kind, text.by)


def _faults(text: FactsText, ways: Mapping[str, Sequence[Procedure]]) -> Iterator[FieldFault]:
    for name, one in text.procedures.items():
        if name not in ways:
            yield from _unknown(("procedures", name), name, "procedure", set(ways))
            continue
        for version, columns in one.versions.items():
            known = [way for way in ways[name] if way.version == version]
            place: FieldPath = ("procedures", name, "versions", str(version))
            if known:
                yield from _column_faults(place, columns, known, ways)
            else:
                yield FieldFault(place, "facts-unknown-version", {"procedure": name, "version": version})
        yield from _column_faults(("procedures", name), one, ways[name], ways)


def _column_faults(
    where: FieldPath, text: ColumnsText, ways: Sequence[Procedure], others: Mapping[str, Sequence[Procedure]]
) -> Iterator[FieldFault]:
    """Yield what is wrong with the columns of a procedure; its events and tasks may be those of any of its versions."""
    events = {action.event for way in ways for action in way.actions.values()} | {way.begins.event for way in ways}
    kinds = {kind for way in ways for kind in way.tasks}
    for number, kind in enumerate(text.handling or ()):
        yield from _unknown((*where, "handling", str(number)), kind, "task", kinds)
    for name, one in text.cases.items():
        place = (*where, "cases", name)
        yield from _misfit(place, name, CASE_COLUMNS, CASES.by_name[name].type if name in CASE_COLUMNS else None, one)
        yield from _of_case(place, one, events, kinds, others)
    for name, each in text.tasks.items():
        place = (*where, "tasks", name)
        yield from _misfit(place, name, TASK_COLUMNS, TASKS.by_name[name].type if name in TASK_COLUMNS else None, each)
        yield from _unknown((*place, "kind"), each.kind, "task", kinds)
        yield from _unknown_events(place, ("last", "by"), each, events)


def _misfit(
    place: FieldPath, name: str, known: Names, kind: Type | None, text: CaseColumnText | TaskColumnText
) -> Iterator[FieldFault]:
    """Yield that packs do not fill a column of that name, or that its rule is none of those that can."""
    if kind is None:
        yield FieldFault(place, "facts-not-a-column", {"known": ", ".join(known)})
        return
    table = CASE_WAYS if isinstance(text, CaseColumnText) else TASK_WAYS
    said = [way for ways in table.values() for way in ways if getattr(text, way)]
    if len(said) != 1 or said[0] not in table[kind]:
        yield FieldFault(place, "facts-one-rule", {"rules": ", ".join(table[kind])})


def _of_case(
    place: FieldPath, text: CaseColumnText, events: set[str], kinds: set[str], others: Mapping[str, Sequence[Procedure]]
) -> Iterator[FieldFault]:
    yield from _unknown_events(place, ("first", "last", "happened", "undone_by", "times", "of"), text, events)
    if text.due:
        yield from _unknown((*place, "due"), text.due, "task", kinds)
    if text.linked:
        yield from _unknown((*place, "linked"), text.linked, "procedure", set(others))
        stages = {stage for way in others.get(text.linked, ()) for stage in way.stages}
        for number, stage in enumerate(text.closed_in if stages else ()):
            yield from _unknown((*place, "closed_in", str(number)), stage, "stage", stages)
    needed = {"closed_in": bool(text.linked), "of": bool(text.answer)}
    for name, is_needed in needed.items():
        if bool(getattr(text, name)) != is_needed:
            yield FieldFault((*place, name), "required" if is_needed else "facts-other-rule")
    if text.undone_by and not (text.first or text.last or text.happened):
        yield FieldFault((*place, "undone_by"), "facts-other-rule")


def _unknown_events(
    place: FieldPath, fields: Names, text: CaseColumnText | TaskColumnText, events: set[str]
) -> Iterator[FieldFault]:
    for name in fields:
        for number, event in enumerate(getattr(text, name)):
            yield from _unknown((*place, name, str(number)), event, "event", events)


def _unknown(place: FieldPath, name: str, what: str, known: set[str]) -> Iterator[FieldFault]:
    if name not in known:
        yield FieldFault(place, f"facts-unknown-{what}", {"name": name, "known": ", ".join(sorted(known))})
