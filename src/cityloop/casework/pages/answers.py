"""What the screens of casework are given: frozen values that need no further query."""

from dataclasses import dataclass
from datetime import date, datetime

from cityloop.core.clocks.worktime import DueMoment, Lamp


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """The filters chosen by the chips above the queue; None means all."""

    kind: str | None = None
    lamp: Lamp | None = None
    district: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One chip or option: its value in the URL, its title, how many rows it would show (None: not counted)."""

    value: str
    title: str
    count: int | None = None
    capped: bool = False  # there are `count` rows or more: shown as "999+"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One open task that the person may do."""

    task_id: int
    task_no: int
    number: str
    kind: str
    kind_title: str
    category_name: str | None
    district_name: str | None
    address: str | None
    unit_name: str | None
    reported_at: datetime
    opened_at: datetime
    due_at: datetime | None
    lamp: Lamp | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of the queue, most urgent first; `next` is the key of the following page."""

    rows: tuple[QueueRow, ...]
    next: str | None
    kinds: tuple[Choice, ...]
    lamps: tuple[Choice, ...]
    districts: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One entry of the case's history."""

    seq: int
    at: datetime
    event: str
    action_title: str
    actor_name: str
    actor_role: str | None
    actor_unit: str | None
    says: tuple[tuple[str, str], ...]  # (label, text): reasons, results, chosen unit, category …
    stage_title: str | None
    photos: tuple[tuple[str, str], ...] = ()  # (label, digest), in the order in which they were given


@dataclass(frozen=True, slots=True)
class InputField:
    """One thing an action asks for; kind is a NeedKind of core.procedures.procedure."""

    name: str
    title: str
    kind: str
    required: bool
    choices: tuple[Choice, ...] = ()
    initial: str = ""
    help: str = ""
    least: int = 1  # how many units or photos
    most: int | None = None  # the largest number, days ahead, units or photos


@dataclass(frozen=True, slots=True)
class Offer:
    """An action on a task, or (task 0) on the case, for this person: possible, or refused with the reason."""

    action: str
    title: str
    task_no: int
    fields: tuple[InputField, ...]
    main: bool  # the one filled button of the page
    refused: str | None = None
    task_title: str = ""  # the task, or the whole case, that it is done on


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """Something that happened to a clock: paused, extended, resumed."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class ClockView:
    """A running, paused or stopped clock, with everything that explains it; `due` is None while it is paused."""

    title: str
    started_at: datetime
    due: DueMoment | None
    limit_words: str  # e.g. 2 工作日, extended 4 工作日（含延期 2）
    stopped_at: datetime | None
    lamp: Lamp
    counted_seconds: int
    limit_seconds: int
    events: tuple[ClockEvent, ...] = ()
    paused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task of the case, open or done; `depth` is how many tasks are above it."""

    no: int
    kind_title: str
    role_title: str
    unit_name: str | None
    opened_at: datetime
    done_at: datetime | None
    outcome: str | None
    clock: ClockView | None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class LinkView:
    """Another case and its relation to this one; `state` is its final stage, or that it is open."""

    relation: str
    number: str
    procedure_title: str
    state: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document that an action produced: where to find it, and when it was produced."""

    seq: int
    name: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document with its text."""

    number: str
    title: str
    lines: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class NewCaseForm:
    """A kind of case that this person may begin by hand, and the fields of its form."""

    procedure: str
    title: str
    fields: tuple[InputField, ...]


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything on a case's page. The reporter is masked unless `reporter_shown`."""

    number: str
    procedure_title: str
    stage: str
    stage_title: str
    is_open: bool
    stages: tuple[tuple[str, bool], ...]  # (title, reached) in order, for the progress line
    category_code: str | None
    category_name: str | None
    condition: tuple[str, str] | None  # the condition it was filed by, and when that counts as repaired
    text: str | None
    address: str | None
    lon: str | None
    lat: str | None
    district_name: str | None
    community_name: str | None
    street_name: str | None
    grids: tuple[str, ...]  # the unit grid and other kinds, by name and code
    channel: str
    external_id: str
    reported_at: datetime
    received_at: datetime
    filed_at: datetime | None
    closed_at: datetime | None
    reporter_name: str | None
    reporter_phone: str | None
    may_unmask: bool
    clock: ClockView | None  # the case's overall clock
    has_clock: bool  # False: cases of this procedure have none
    tasks: tuple[TaskView, ...]
    offers: tuple[Offer, ...]
    history: tuple[HistoryLine, ...]
    links: tuple[LinkView, ...]
    documents: tuple[DocumentView, ...]
    place_found: str | None  # how its place was found by its address; None if it was not
    place_contradiction: str | None  # its words name another district than its point lies in, and nobody has decided
    facility: tuple[str, str] | None  # the id of the facility it is about, and its name; "" if no census has it
    outline: str | None  # SVG path of the district, 320 × 220
    spot: tuple[float, float] | None  # the case's place in that picture


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case in a list of cases."""

    number: str
    stage_title: str
    category_name: str | None
    district_name: str | None
    address: str | None
    reported_at: datetime
    filed_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    in_time: bool | None


@dataclass(frozen=True, slots=True)
class CaseFilters:
    """The filters of the list of cases behind a figure or a search."""

    words: str | None = None
    district: str | None = None
    month: date | None = None
    figure: str | None = None  # reported, filed, closed or closed_in_time: each by the time of its own event
    facility: str | None = None  # the id of the facility they are about
    ids: frozenset[int] = frozenset()  # cases that the caller found by the words


@dataclass(frozen=True, slots=True)
class CaseList:
    """One page of cases, newest first."""

    rows: tuple[CaseRow, ...]
    next: str | None
    districts: tuple[Choice, ...]
