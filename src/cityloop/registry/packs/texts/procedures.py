"""The shape of the YAML of a procedure. packs/procedures.py turns it into the procedure that it describes."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cityloop.core.clocks.worktime import LimitUnit
from cityloop.core.invalid_values import InvalidValue
from cityloop.core.procedures.procedure import CaseClock, NeedKind, Separation
from cityloop.registry.packs.texts.titles import LegalBasis, LimitWords, Name, Titles
from cityloop.runtime.yaml_files import Strict

EVENT = r"^[A-Z][A-Za-z]+$"


class LimitText(Strict):
    category: Literal["handle", "case"] | None = None
    asked: str | None = None
    otherwise: LimitWords


class StageText(Strict):
    title: Titles
    final: bool = False
    counts: bool = True


class TaskText(Strict):
    title: Titles
    role: str
    part: Separation
    held_by_unit: bool = False
    limit: LimitText
    timers: dict[Annotated[int, Field(ge=1, le=1000)], str] = Field(default_factory=dict)


class NeedText(Strict):
    name: Name
    kind: NeedKind
    title: Titles
    required: bool = True
    choices: str | dict[str, Titles] = Field(default_factory=dict)
    least: int = Field(default=1, ge=1)
    most: int | None = Field(default=None, ge=1)
    unit: LimitUnit | None = None


class GuardText(Strict):
    """A requirement on tasks: one of all, any, quorum (with of) and no_open; `by` names the outcomes that count."""

    all: str | None = None
    any: str | None = None
    quorum: int | None = Field(default=None, ge=1)
    of: str | None = None
    no_open: str | None = None
    by: tuple[str, ...] = ()
    when: str | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        counts = [name for name in ("all", "any", "quorum", "no_open") if getattr(self, name) is not None]
        if len(counts) > 1:
            raise InvalidValue("one-count", {"names": ", ".join(counts)})
        if not counts and self.when is None:
            raise InvalidValue("count-or-when")
        if (self.quorum is None) != (self.of is None):
            raise InvalidValue("quorum-and-of")
        if self.by and not counts:
            raise InvalidValue("by-without-count")
        return self


class RequirementText(GuardText):
    otherwise: Titles


class OpeningText(Strict):
    task: str
    unit: str = "unit"
    again: Literal["continued", "unstopped", "restarted"] | None = None
    under: bool = False


class BranchText(GuardText):
    to: str | None = None
    opens: tuple[str | OpeningText, ...] = ()
    ends: tuple[str, ...] = ()


class ExtensionText(Strict):
    task: Literal["own", "parent"]
    asked: str | None = None


class NewCaseText(Strict):
    procedure: str
    relation: Literal["child", "linked"] = "linked"
    gives: dict[str, str] = Field(default_factory=dict)
    given: dict[str, str] = Field(default_factory=dict)


class ActionText(Strict):
    title: Titles
    event: str = Field(pattern=EVENT)
    on: str | None = None
    at: tuple[str, ...] = ()
    role: str | None = None
    part: Separation = Separation.DESK
    handled: bool = False
    to: str | None = None
    keeps: bool = False
    opens: tuple[str | OpeningText, ...] = ()
    ends: tuple[str, ...] = ()
    needs: tuple[NeedText, ...] = ()
    requires: tuple[RequirementText, ...] = ()
    within: LimitWords | None = None
    then: tuple[BranchText, ...] = ()
    case_clock: CaseClock | None = None
    extends: ExtensionText | None = None
    begins_case: NewCaseText | None = None
    documents: tuple[str, ...] = ()
    sets: dict[Name, str] = Field(default_factory=dict)
    main: bool = False
    automatic: bool = False


class BeginText(Strict):
    event: str = Field(pattern=EVENT)
    stage: str
    opens: tuple[str | OpeningText, ...]
    title: Titles | None = None
    role: str | None = None
    needs: tuple[NeedText, ...] = ()
    case_clock: Literal[CaseClock.START] | None = None
    documents: tuple[str, ...] = ()


class DocumentText(Strict):
    title: Titles
    lines: tuple[str, ...]


class ProcedureText(Strict):
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: int = Field(ge=1)
    title: Titles
    legal_basis: LegalBasis = None
    case_limit: LimitText | None = None
    case_timers: dict[Annotated[int, Field(ge=1, le=1000)], str] = Field(default_factory=dict)
    reasons: dict[str, dict[str, Titles]] = Field(default_factory=dict)
    begins: BeginText
    stages: dict[Name, StageText]
    tasks: dict[Name, TaskText]
    actions: dict[Name, ActionText]
    documents: dict[Name, DocumentText] = Field(default_factory=dict)
