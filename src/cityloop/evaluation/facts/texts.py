"""A pack's facts.yaml: what the events of procedures mean for the facts, and through which channels cases are reported.

Every error has file, line and field. What the rules give for a case is in meanings.py.
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
# Columns that the engine cannot know: the pack of the procedure defines them.
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
CASE_RULES: Mapping[Type, tuple[str, ...]] = {  # which rules fit a column of a type; exactly one of them is given
    Type.MOMENT: ("first", "last", "due"),
    Type.INTEGER: ("times",),
    Type.BOOL: ("happened", "linked"),
    Type.TEXT: ("answer",),
}
TASK_RULES: Mapping[Type, tuple[str, ...]] = {Type.MOMENT: ("last",), Type.TEXT: ("by",)}

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
    versions: dict[int, ColumnsText] = Field(default_factory=dict)  # what differs in these versions


class SourceText(Strict):
    kind: Kind
    title: Titles


class FactsText(Strict):
    sources: dict[str, SourceText] = Field(default_factory=dict)
    procedures: dict[str, ProcedureFactsText] = Field(default_factory=dict)


@dataclass(frozen=True)
class FactBook:
    """What packs define for the facts."""

    meanings: Mapping[tuple[str, int], Meaning] = field(default_factory=dict)  # by procedure and version
    sources: Mapping[str, SourceMeaning] = field(default_factory=dict)  # by channel

    def joined(self, other: "FactBook") -> "FactBook":
        """Return both together; where both define something, the other one wins."""
        return FactBook({**self.meanings, **other.meanings}, {**self.sources, **other.sources})


def read_books(folders: Iterable[Path], procedures: Sequence[Procedure]) -> FactBook:
    """Return what the packs in folders define; later ones win. Invalid with every error."""
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
    """Return what a pack defines for procedures of any pack; Invalid with file, line and field of every error."""
    path = folder / FILE
    text = read_yaml(path, FactsText)
    by_name: dict[str, list[Procedure]] = {}
    for procedure in procedures:
        by_name.setdefault(procedure.name, []).append(procedure)
    if faults := [*_faults(text, by_name)]:
        raise Invalid(located(path, faults), code="pack")
    meanings = {
        (name, procedure.version): _meaning(declared, declared.versions.get(procedure.version, ColumnsText()))
        for name, declared in text.procedures.items()
        for procedure in by_name[name]
    }
    return FactBook(meanings, {name: SourceMeaning(source.kind, source.title) for name, source in text.sources.items()})


def _meaning(text: ProcedureFactsText, version: ColumnsText) -> Meaning:
    handling = version.handling if version.handling is not None else text.handling or ()
    cases, tasks = {**text.cases, **version.cases}, {**text.tasks, **version.tasks}
    return Meaning(
        handling,
        {name: _case_rule(column) for name, column in cases.items()},
        {name: _task_rule(column) for name, column in tasks.items()},
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


def _faults(text: FactsText, procedures: Mapping[str, Sequence[Procedure]]) -> Iterator[FieldFault]:
    for name, columns in text.procedures.items():
        if name not in procedures:
            yield from _unknown(("procedures", name), name, "facts-unknown-procedure", set(procedures))
            continue
        for version, version_columns in columns.versions.items():
            known = [procedure for procedure in procedures[name] if procedure.version == version]
            place: FieldPath = ("procedures", name, "versions", str(version))
            if known:
                yield from _column_faults(place, version_columns, known, procedures)
            else:
                yield FieldFault(place, "facts-unknown-version", {"procedure": name, "version": version})
        yield from _column_faults(("procedures", name), columns, procedures[name], procedures)


def _column_faults(
    where: FieldPath, text: ColumnsText, procedures: Sequence[Procedure], others: Mapping[str, Sequence[Procedure]]
) -> Iterator[FieldFault]:
    """Yield the errors in the columns of a procedure; its events and tasks may be those of any of its versions."""
    events = {action.event for procedure in procedures for action in procedure.actions.values()}
    events |= {procedure.begins.event for procedure in procedures}
    kinds = {kind for procedure in procedures for kind in procedure.tasks}
    for number, kind in enumerate(text.handling or ()):
        yield from _unknown((*where, "handling", str(number)), kind, "facts-unknown-task", kinds)
    for name, case_column in text.cases.items():
        place = (*where, "cases", name)
        kind_of_column = CASES.by_name[name].type if name in CASE_COLUMNS else None
        yield from _misfit(place, CASE_COLUMNS, kind_of_column, case_column)
        yield from _of_case(place, case_column, events, kinds, others)
    for name, task_column in text.tasks.items():
        place = (*where, "tasks", name)
        kind_of_column = TASKS.by_name[name].type if name in TASK_COLUMNS else None
        yield from _misfit(place, TASK_COLUMNS, kind_of_column, task_column)
        yield from _unknown((*place, "kind"), task_column.kind, "facts-unknown-task", kinds)
        yield from _unknown_events(place, ("last", "by"), task_column, events)


def _misfit(
    place: FieldPath, known: Names, kind: Type | None, text: CaseColumnText | TaskColumnText
) -> Iterator[FieldFault]:
    """Yield an error where packs do not fill the column (kind None) or where its rule does not fit its type."""
    if kind is None:
        yield FieldFault(place, "facts-not-a-column", {"known": ", ".join(known)})
        return
    table = CASE_RULES if isinstance(text, CaseColumnText) else TASK_RULES
    filled = [rule for rules in table.values() for rule in rules if getattr(text, rule)]
    if len(filled) != 1 or filled[0] not in table[kind]:
        yield FieldFault(place, "facts-one-rule", {"rules": ", ".join(table[kind])})


def _of_case(
    place: FieldPath, text: CaseColumnText, events: set[str], kinds: set[str], others: Mapping[str, Sequence[Procedure]]
) -> Iterator[FieldFault]:
    yield from _unknown_events(place, ("first", "last", "happened", "undone_by", "times", "of"), text, events)
    if text.due:
        yield from _unknown((*place, "due"), text.due, "facts-unknown-task", kinds)
    if text.linked:
        yield from _unknown((*place, "linked"), text.linked, "facts-unknown-procedure", set(others))
        stages = {stage for procedure in others.get(text.linked, ()) for stage in procedure.stages}
        for number, stage in enumerate(text.closed_in if stages else ()):
            yield from _unknown((*place, "closed_in", str(number)), stage, "facts-unknown-stage", stages)
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
            yield from _unknown((*place, name, str(number)), event, "facts-unknown-event", events)


def _unknown(place: FieldPath, name: str, code: str, known: set[str]) -> Iterator[FieldFault]:
    if name not in known:
        yield FieldFault(place, code, {"name": name, "known": ", ".join(sorted(known))})
