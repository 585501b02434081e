"""The fact relations that figures are counted over: their columns, types and meaning, as they are published.

Measures over them are parsed by measures/grammar.py. Moments are UTC without a zone, days are those of the city's own
time zone; there are no floats, because their sums differ from run to run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class Type(StrEnum):
    """The type of a column."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MOMENT = "moment"
    DATE = "date"
    BOOL = "bool"


IN_DUCKDB: Mapping[Type, str] = {
    Type.TEXT: "VARCHAR",
    Type.INTEGER: "BIGINT",
    Type.DECIMAL: "DECIMAL(10,7)",
    Type.MOMENT: "TIMESTAMP",
    Type.DATE: "DATE",
    Type.BOOL: "BOOLEAN",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `groups`: figures can be grouped by it. Only columns of the key are never empty."""

    name: str
    type: Type
    meaning: str
    groups: bool = False


@dataclass(frozen=True)
class FactRelation:
    """A published relation; only facts are counted over."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    is_fact: bool = field(default=True)

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}

    @property
    def groupings(self) -> tuple[str, ...]:
        """The columns that figures over it can be grouped by."""
        return tuple(column.name for column in self.columns if column.groups)


def _columns(type_: Type, *, groups: bool = False, **meanings: str) -> tuple[Column, ...]:
    return tuple(Column(name, type_, meaning, groups) for name, meaning in meanings.items())


# What every fact has of its case, so that no figure needs a join.
OF_THE_CASE = (
    *_columns(Type.TEXT, case_number="The number of the case."),
    *_columns(
        Type.TEXT,
        groups=True,
        procedure="The procedure the case goes through.",
        source="The channel by which it was reported, such as 12345 or patrol.",
        source_kind="What kind of source that is: collector, public, inspection, video, sensor, leader, linked, other.",
        catalogue="The catalogue its class is of.",
        category_kind="component or matter.",
        category="The code of its class.",
        major="The code of its major class.",
        district="The code of the district it is in.",
        street="The code of the street.",
        community="The code of the community.",
        unit_grid="The code of the unit grid.",
        patrol_grid="The code of the patrol grid; of several the smallest.",
        appraisal_grid="The code of the appraisal grid; of several the smallest.",
        social_grid="The code of the social-governance grid; of several the smallest.",
        grade="The grade of the area: A, B or C.",
    ),
    *_columns(
        Type.MOMENT,
        voided_at="When the case was voided (作废).",
        hung_from="When its latest suspension (挂账) began.",
        hung_until="When that ended; empty while it lasts.",
    ),
    *_columns(Type.BOOL, is_exempt="An appeal against the score was granted (申诉成立); the raw facts stay."),
)

_LIMITED = (
    *_columns(
        Type.INTEGER,
        limit_amount="How long its limit is, without extensions.",
        limit_seconds="The limit in counted seconds, with extensions.",
        raw_seconds="Seconds of real time, from its beginning to its end; empty: it has not ended.",
        counted_seconds="Seconds that count: in the limit's own unit of time, without pauses, with what was counted "
        "before it was taken up again; empty: it has not ended.",
        extensions="How often more time was granted.",
    ),
    *_columns(Type.TEXT, limit_unit="What the limit is counted in, such as work_hour."),
    *_columns(Type.MOMENT, due_at="When its limit ends, with pauses and extensions; empty: it has no limit."),
)

CASES = FactRelation(
    "cases",
    "One row for each case, at the moment of the facts.",
    ("case_number",),
    (
        *OF_THE_CASE,
        *_columns(
            Type.TEXT,
            groups=True,
            department="The department of the unit that handles the case, or handled it last.",
            unit="That unit.",
            post="The post of who reported it, if that was a person of the city.",
            person="The account of who reported it, if that was a person of the city.",
            filed_post="The post of who filed it.",
            filed_by="The account of who filed it.",
            closed_post="The post of who closed it.",
            closed_by="The account of who closed it.",
            stage="The stage it is in.",
            condition="The condition it was filed by.",
        ),
        *_columns(
            Type.TEXT,
            origin="The number of the case it was begun from.",
            facility="The id of what it is about.",
            refusal="Why it was not accepted: the reason chosen.",
        ),
        *_columns(
            Type.MOMENT,
            reported_at="When it was reported.",
            received_at="When the city received the report.",
            verified_at="When a check on the spot confirmed it (核实属实).",
            unverified_at="When a check on the spot did not confirm it.",
            accepted_at="When it was accepted (受理).",
            filing_due_at="When the limit for filing it ended.",
            filed_at="When it was filed (立案).",
            closed_at="When it was closed, for any reason; empty: it is open.",
            revisited_at="When the reporter was asked how satisfied they are (回访).",
        ),
        *_LIMITED,
        *_columns(
            Type.INTEGER,
            version="The version of the procedure.",
            dispatches="How often it was dispatched.",
            reassignments="How often it passed from one unit to another.",
            reworks="How often it was sent back to be done again (返工).",
            reopenings="How often it was opened again after it had been closed.",
        ),
        *_columns(
            Type.BOOL,
            is_self_handled="The collector fixed it on the spot (自行处置).",
            was_corrected="Its class, place or entry was corrected after the report (差错).",
            is_satisfied="The reporter was satisfied; empty: did not answer.",
            told_in_time="Whether it was in time according to the imported history itself; never calculated.",
        ),
        *_columns(
            Type.DATE,
            reported_on="The day it was reported.",
            filed_on="The day it was filed.",
            closed_on="The day it was closed.",
        ),
        *_columns(Type.DECIMAL, lon="Longitude, WGS-84, degrees.", lat="Latitude, WGS-84, degrees."),
    ),
)

TASKS = FactRelation(
    "tasks",
    "One row for each task of a case.",
    ("case_number", "task_no"),
    (
        *OF_THE_CASE,
        *_columns(
            Type.TEXT,
            groups=True,
            department="The department of the unit that has the task.",
            unit="The unit that has it, else the unit of who did it.",
            post="The post that has to do it.",
            person="The account of who did it.",
            sent_to_department="Of a dispatch: the department of the unit it went to.",
            sent_to="Of a dispatch: the unit it went to.",
            kind="The kind of task, such as handle.",
            part="desk, handling or judging.",
            outcome="The action by which it was done.",
        ),
        *_columns(
            Type.MOMENT,
            opened_at="When it was opened.",
            done_at="When somebody did it; empty also where another action made it superfluous.",
            open_until="When it was no longer open, done or superfluous; empty: it is open.",
            returned_at="Of handling: when it was confirmed that the unit was the wrong one (退回).",
            sent_back_at="Of a dispatch: when the unit it went to turned out to be the wrong one.",
            reworked_at="Of handling: when a check found that it was not really done (返工).",
            undone_at="Of handling: when what was reported back was set aside, by a check or otherwise.",
        ),
        *_LIMITED,
        *_columns(Type.INTEGER, task_no="Its number within the case.", parent_no="The task it is under, or came from."),
    ),
)

PASSAGES = FactRelation(
    "passages",
    "One row for each stay of a case in a stage.",
    ("case_number", "passage_no"),
    (
        *OF_THE_CASE,
        *_columns(
            Type.TEXT,
            groups=True,
            department="The department of the unit that handled the case then.",
            unit="That unit.",
            stage="The stage.",
            left_by="The action by which the case left it.",
        ),
        *_columns(
            Type.MOMENT, entered_at="When the case came to the stage.", left_at="When it left it; empty: not yet."
        ),
        *_LIMITED,
        *_columns(Type.INTEGER, passage_no="Its number within the case."),
        *_columns(Type.BOOL, is_hung="The clock of the case was paused there (挂账)."),
    ),
)

EVENTS = FactRelation(
    "events",
    "One row for each event in the history of a case.",
    ("case_number", "seq"),
    (
        *OF_THE_CASE,
        *_columns(
            Type.TEXT,
            groups=True,
            department="The department of the unit whose handling it concerns.",
            unit="The unit whose handling it concerns.",
            post="The post of who acted.",
            person="The account of who acted.",
            own_unit="The unit of who acted.",
            name="The event, such as CaseFiled.",
            action="The action.",
            stage="The stage after it.",
            stage_before="The stage before it.",
            task_kind="The kind of the task it was done on.",
            reason="The reason that was chosen.",
        ),
        *_columns(Type.MOMENT, happened_at="When it happened."),
        *_columns(Type.DATE, happened_on="The day it happened."),
        *_columns(Type.INTEGER, seq="Its number within the history.", task_no="The task it was done on."),
        *_columns(Type.BOOL, is_automatic="The system did it alone."),
    ),
)

AREAS = FactRelation(
    "areas",
    "Every area with the areas around it.",
    ("code",),
    (
        *_columns(
            Type.TEXT,
            code="Its code.",
            name="Its name.",
            level="Its level, or the kind of grid.",
            parent="The code of the area around it.",
            district="The code of the district it is, or is in.",
            street="The code of the street it is, or is in.",
            community="The code of the community it is, or is in.",
            grade="A, B or C.",
        ),
        *_columns(Type.DATE, valid_from="Its first day.", valid_until="The first day on which it no longer exists."),
    ),
    is_fact=False,
)

UNITS = FactRelation(
    "units",
    "Every unit with its department.",
    ("code",),
    (
        *_columns(
            Type.TEXT,
            code="Its code.",
            name="Its name.",
            kind="department, street_office, community, company, centre or estate.",
            parent="The code of the unit it belongs to.",
            department="The code of the uppermost unit it belongs to; its own where it belongs to none.",
        ),
        *_columns(Type.BOOL, handles="It may be given cases to handle.", is_active="It gets new cases."),
    ),
    is_fact=False,
)

CATEGORIES = FactRelation(
    "categories",
    "Every class of every catalogue.",
    ("catalogue", "kind", "code"),
    (
        *_columns(
            Type.TEXT,
            catalogue="The catalogue.",
            kind="component or matter.",
            code="Its code.",
            name="Its name.",
            major="The code of its major class.",
            major_name="The name of its major class.",
        ),
        *_columns(Type.BOOL, is_local="The city added this class itself."),
    ),
    is_fact=False,
)

SOURCES = FactRelation(
    "sources",
    "Every channel by which cases were reported.",
    ("code",),
    _columns(
        Type.TEXT, code="The channel.", name="Its name.", kind="What kind of source it is; see cases.source_kind."
    ),
    is_fact=False,
)

RELATIONS: Mapping[str, FactRelation] = {
    relation.name: relation for relation in (CASES, TASKS, PASSAGES, EVENTS, AREAS, UNITS, CATEGORIES, SOURCES)
}
FACTS: Mapping[str, FactRelation] = {name: relation for name, relation in RELATIONS.items() if relation.is_fact}
