"""Facts for the bench of appraisals: a year of a city of any size, drawn by DuckDB straight into Parquet files.

Ten cases behave as ten million do: what a case is follows from its number alone. Nothing is counted here.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cityloop.evaluation.facts.relations import FACTS, IN_DUCKDB, OF_THE_CASE, FactRelation

STARTS = datetime(2025, 12, 31, 16, tzinfo=UTC)  # midnight in the city
AS_OF = STARTS + timedelta(days=365)
PART = 250_000  # cases whose facts lie in one file of each relation

# A throw of dice for a case: a whole number from 0, the same whenever it is asked.
_MACROS = f"""
CREATE MACRO dice(n, salt, sides) AS (hash(n, salt) % sides)::BIGINT;
CREATE MACRO later(moment, minutes) AS moment + to_minutes((minutes)::BIGINT);
CREATE MACRO entry(name, begun_at, ended_at, minutes, way, post, person) AS struct_pack(name := name,
    begun_at := begun_at, ended_at := ended_at, minutes := minutes, way := way, post := post, person := person);
CREATE MACRO seen(moment) AS CASE WHEN moment <= TIMESTAMP '{AS_OF:%Y-%m-%d %H:%M:%S}' THEN moment END;
"""

# Who, where and what of one case; 40 departments with 300 units, 10 districts with 100 streets.
_NATURE = f"""
CREATE OR REPLACE TEMP TABLE natures AS
WITH drawn AS (
    SELECT range AS n,
        TIMESTAMP '{STARTS:%Y-%m-%d %H:%M:%S}' + to_microseconds(range * (31536000000000 // $cases)) AS r,
        dice(n, 1, 1000) AS origin, dice(n, 2, 100) * dice(n, 3, 100) // 100 AS spot, dice(n, 4, 1000) AS place,
        least(dice(n, 5, 300), dice(n, 6, 300)) AS u, dice(n, 7, 300) AS wrong_u, dice(n, 8, 120) AS class
    FROM range($first, $last)
)
SELECT n, r, u, wrong_u, '2026' || lpad(n::VARCHAR, 9, '0') AS case_number, 'city-problem' AS procedure,
    CASE WHEN origin < 500 THEN 'patrol' WHEN origin < 750 THEN '12345' WHEN origin < 850 THEN 'wechat'
        WHEN origin < 950 THEN 'camera' ELSE 'inspection' END AS source,
    CASE WHEN origin < 500 THEN 'collector' WHEN origin < 850 THEN 'public' WHEN origin < 950 THEN 'video'
        ELSE 'inspection' END AS source_kind,
    'gbt30428-2' AS catalogue, if(class < 40, 'component', 'matter') AS category_kind,
    printf('%02d%03d', class // 12 + 1, class) AS category, printf('%02d', class // 12 + 1) AS major,
    printf('4901%02d', spot % 10 + 1) AS district, printf('4901%02d%03d', spot % 10 + 1, spot) AS street,
    printf('4901%02d%03d%03d', spot % 10 + 1, spot, place // 100) AS community,
    printf('4901%02d%03d%03d%03d', spot % 10 + 1, spot, place // 100, place % 100) AS unit_grid,
    printf('p%05d', spot * 10 + place // 100) AS patrol_grid, printf('a%05d', spot) AS appraisal_grid,
    printf('s%06d', spot * 50 + place // 20) AS social_grid, substr('ABC', (spot % 3 + 1)::INTEGER, 1) AS grade,
    printf('department-%02d', u % 40) AS department, printf('unit-%03d', u) AS unit,
    printf('department-%02d', wrong_u % 40) AS wrong_department, printf('unit-%03d', wrong_u) AS wrong_unit,
    printf('person-%04d', dice(n, 9, 1500)) AS collector, printf('person-%04d', 2000 + dice(n, 10, 40)) AS operator,
    printf('person-%04d', 2100 + dice(n, 11, 40)) AS dispatcher,
    printf('person-%04d', 2200 + dice(n, 12, 20)) AS closer,
    1440 * [1, 2, 3, 5, 7, 15][(class % 6 + 1)::INTEGER] AS minutes,
    -- one in eight is late, one in two hundred for good
    CASE WHEN dice(n, 13, 200) = 0 THEN 100 WHEN dice(n, 13, 8) = 0 THEN 1 + dice(n, 14, 300) / 100
        ELSE 0.05 + dice(n, 14, 950) / 1000 END AS share,
    dice(n, 15, 100) < 4 AND origin < 850 AS is_refused, dice(n, 16, 100) < 6 AS is_reworked,
    dice(n, 17, 100) < 4 AS is_returned, dice(n, 18, 100) < 2 AS is_hung, dice(n, 19, 100) = 0 AS is_voided,
    dice(n, 20, 200) = 0 AS is_exempt, dice(n, 21, 100) < 5 AS is_extended, dice(n, 22, 100) < 3 AS is_self_handled
FROM drawn
"""  # noqa: S608

# When it happened what was going to happen; the moments after that of the facts have not come yet.
_LIVES = """
CREATE OR REPLACE TEMP TABLE lives AS
WITH accepted AS (SELECT *, later(r, 3 + dice(n, 30, 45)) AS a FROM natures),
verified AS (SELECT *, if(source_kind = 'public', later(a, 10 + dice(n, 31, 150)), NULL) AS v FROM accepted),
filed AS (SELECT *, later(coalesce(v, a), 2 + dice(n, 32, 40)) AS f FROM verified),
sent AS (SELECT *, later(f, 2 + dice(n, 33, 40)) AS s1 FROM filed),
sent_again AS (SELECT *, if(is_returned, later(s1, 60 + dice(n, 34, 900)), NULL) AS b,
    if(is_returned, later(s1, 90 + dice(n, 34, 900)), s1) AS s FROM sent),
handled AS (SELECT *, later(s, minutes) AS due, later(s, minutes * share + if(is_hung, 14400, 0)) AS h FROM sent_again),
reworked AS (SELECT *, if(is_reworked, later(h, 60 + dice(n, 35, 600)), NULL) AS w,
    if(is_reworked, later(h, 60 + dice(n, 35, 600) + minutes * share / 3), h) AS h2 FROM handled),
checked AS (SELECT *, later(h2, 30 + dice(n, 36, 800)) AS c FROM reworked),
closed AS (SELECT *, if(is_refused, a, later(c, 10 + dice(n, 37, 300))) AS e FROM checked)
SELECT *, CASE WHEN is_refused THEN NULL ELSE seen(f) END AS filed_at, seen(e) AS closed_at,
    if(is_voided AND NOT is_refused, seen(e), NULL) AS voided_at,
    if(is_hung AND NOT is_refused, seen(later(s, 600)), NULL) AS hung_from,
    if(is_hung AND NOT is_refused, seen(later(s, 15000)), NULL) AS hung_until
FROM closed
"""

_TASKS = (
    "entry('accept', r, a, 45, if(is_refused, 'refuse', if(v IS NULL, 'accept', 'send_to_verify')), 'operator', "
    "operator)",
    "entry('verify', if(is_refused OR v IS NULL, NULL, a), v, 150, 'confirm', 'collector', collector)",
    "entry('dispatch', if(is_refused, NULL, f), s1, 38, 'dispatch', 'dispatcher', dispatcher)",
    "entry('handle', if(is_refused OR NOT is_returned, NULL, s1), b, minutes, 'return', 'wrong', NULL)",
    "entry('dispatch', if(is_refused OR NOT is_returned, NULL, b), s, 38, 'dispatch', 'dispatcher', dispatcher)",
    "entry('handle', if(is_refused, NULL, s), h, minutes, 'report_back', 'right', NULL)",
    "entry('handle', if(is_refused, NULL, w), h2, minutes // 2, 'report_back', 'right', NULL)",
    "entry('check', if(is_refused, NULL, h2), c, 770, 'confirm', 'collector', collector)",
    "entry('close', if(is_refused, NULL, c), e, 280, 'close', 'duty', closer)",
)
_PASSAGES = (
    "entry('accepting', r, coalesce(f, e), 240, 'file', '', '')",
    "entry('dispatching', if(is_refused, NULL, f), s, 38, 'dispatch', '', '')",
    "entry('handling', if(is_refused, NULL, s), h, minutes, 'report_back', '', '')",
    "entry('hung', if(is_refused, NULL, hung_from), hung_until, 0, 'resume', '', '')",
    "entry('checking', if(is_refused, NULL, h2), c, 480, 'confirm', '', '')",
    "entry('closing', if(is_refused, NULL, c), e, 240, 'close', '', '')",
)
_EVENTS = (
    "entry('CaseReported', r, r, 0, 'report', 'collector', collector)",
    "entry('CaseAccepted', if(is_refused, NULL, a), a, 0, 'accept', 'operator', operator)",
    "entry('CaseFiled', if(is_refused, NULL, f), f, 0, 'file', 'operator', operator)",
    "entry('CaseDispatched', if(is_refused, NULL, s1), s1, 0, 'dispatch', 'dispatcher', dispatcher)",
    "entry('ReturnRejected', if(is_refused OR dice(n, 38, 50) > 0, NULL, s), s, 0, 'reject', '', dispatcher)",
    "entry('ExtensionGranted', if(is_refused OR NOT is_extended, NULL, later(s, 60)), s, 0, 'grant', '', dispatcher)",
    "entry('HandlingReported', if(is_refused, NULL, h2), h2, 0, 'report_back', 'unit', '')",
    "entry('CheckPassed', if(is_refused, NULL, c), c, 0, 'confirm', 'collector', collector)",
    "entry('CaseClosed', if(is_refused, NULL, e), e, 0, 'close', 'duty', closer)",
)
_WRONGLY = "entry.name = 'dispatch' AND is_returned AND entry.begun_at = f"
_LIMITED = {
    "limit_amount": "entry.minutes",
    "limit_seconds": "entry.minutes * 60",
    "limit_unit": "'work_hour'",
    "raw_seconds": "date_diff('second', entry.begun_at, coalesce(seen(entry.ended_at), entry.begun_at))",
    "counted_seconds": "date_diff('second', entry.begun_at, coalesce(seen(entry.ended_at), entry.begun_at)) // 3",
    "extensions": "0",
    "due_at": "later(entry.begun_at, entry.minutes)",
}


def _entries(entries: tuple[str, ...]) -> str:
    """Return where the rows of a case come from, in their order, without those that have not begun yet."""
    return f"""
        FROM (SELECT *, unnest(entries) AS entry, generate_subscripts(entries, 1) AS number FROM (
            SELECT *, list_filter([{", ".join(entries)}], lambda one: seen(one.begun_at) IS NOT NULL) AS entries
            FROM lives
        ))"""  # noqa: S608


_KNOWN = {  # columns that the case gives
    *(column.name for column in OF_THE_CASE if not column.name.endswith("_at")), "voided_at", "filed_at", "closed_at",
    "department", "unit", "is_self_handled",
}  # fmt: skip
# Of each relation what it is drawn from, and the columns that the case does not give; all others are empty.
_DRAWN: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "cases": ("FROM lives", {
        "reported_at": "r",
        "received_at": "later(r, 1)",
        "verified_at": "if(is_refused, NULL, seen(v))",
        "unverified_at": "if(is_refused, seen(v), NULL)",
        "accepted_at": "if(is_refused, NULL, seen(a))",
        "filing_due_at": "later(r, 120)",
        "revisited_at": "if(source_kind = 'public' AND NOT is_refused, seen(later(e, 1440)), NULL)",
        "due_at": "if(is_refused, NULL, later(due, 1440))",
        "department": "if(is_refused, NULL, department)",
        "unit": "if(is_refused, NULL, unit)",
        "post": "if(source_kind = 'collector', 'collector', NULL)",
        "person": "if(source_kind = 'collector', collector, NULL)",
        "filed_post": "if(filed_at IS NULL, NULL, 'operator')",
        "filed_by": "if(filed_at IS NULL, NULL, operator)",
        "closed_post": "if(closed_at IS NULL, NULL, 'duty')",
        "closed_by": "if(closed_at IS NULL, NULL, closer)",
        "stage": "if(closed_at IS NULL, 'handling', 'closed')",
        "refusal": "if(is_refused, 'incomplete', NULL)",
        "limit_amount": "minutes // 1440",
        "limit_seconds": "minutes * 60",
        "limit_unit": "'work_day'",
        "raw_seconds": "date_diff('second', r, coalesce(closed_at, r))",
        "counted_seconds": "date_diff('second', r, coalesce(closed_at, r)) // 3",
        "extensions": "is_extended::BIGINT",
        "version": "1",
        "dispatches": "1 + is_returned::BIGINT",
        "reassignments": "is_returned::BIGINT",
        "reworks": "is_reworked::BIGINT",
        "reopenings": "0",
        "was_corrected": "dice(n, 40, 50) = 0",
        "is_satisfied": "if(dice(n, 41, 3) = 0, NULL, dice(n, 42, 10) < 8)",
        "reported_on": "later(r, 480)::DATE",
        "filed_on": "later(filed_at, 480)::DATE",
        "closed_on": "later(closed_at, 480)::DATE",
        "lon": "112.7 + dice(n, 43, 4000000) / 10000000",
        "lat": "31.3 + dice(n, 44, 4000000) / 10000000",
    }),
    "tasks": (_entries(_TASKS), {
        **_LIMITED,
        "task_no": "number",
        "kind": "entry.name",
        "part": "if(entry.name = 'handle', 'handling', if(entry.name = 'check', 'judging', 'desk'))",
        "outcome": "if(seen(entry.ended_at) IS NULL, NULL, entry.way)",
        "opened_at": "entry.begun_at",
        "done_at": "seen(entry.ended_at)",
        "open_until": "seen(entry.ended_at)",
        "department": "if(entry.post = 'right', department, if(entry.post = 'wrong', wrong_department, 'centre'))",
        "unit": "if(entry.post = 'right', unit, if(entry.post = 'wrong', wrong_unit, 'centre'))",
        "post": "if(entry.post IN ('right', 'wrong'), NULL, entry.post)",
        "person": "entry.person",
        "sent_to_department": f"if({_WRONGLY}, wrong_department, if(entry.name = 'dispatch', department, NULL))",
        "sent_to": f"if({_WRONGLY}, wrong_unit, if(entry.name = 'dispatch', unit, NULL))",
        "returned_at": "if(entry.post = 'wrong', seen(b), NULL)",
        "sent_back_at": f"if({_WRONGLY}, seen(b), NULL)",
        "undone_at": "if(entry.name = 'handle' AND entry.ended_at = h, seen(w), NULL)",
        "reworked_at": "if(entry.name = 'handle' AND entry.ended_at = h, seen(w), NULL)",
    }),
    "passages": (_entries(_PASSAGES), {
        **_LIMITED,
        "passage_no": "number",
        "stage": "entry.name",
        "left_by": "if(seen(entry.ended_at) IS NULL, NULL, entry.way)",
        "entered_at": "entry.begun_at",
        "left_at": "seen(entry.ended_at)",
        "is_hung": "entry.name = 'hung'",
    }),
    "events": (_entries(_EVENTS), {
        "seq": "number",
        "name": "entry.name",
        "action": "entry.way",
        "post": "nullif(entry.post, '')",
        "person": "nullif(entry.person, '')",
        "happened_at": "entry.begun_at",
        "happened_on": "later(entry.begun_at, 480)::DATE",
        "is_automatic": "false",
    }),
}  # fmt: skip


def draw(folder: Path, cases: int, tell: Callable[[str], None] = lambda _: None) -> dict[str, list[Path]]:
    """Write the facts of so many cases; return the files by relation, each part in the order of its key."""
    import duckdb

    found: dict[str, list[Path]] = {name: [] for name in FACTS}
    with duckdb.connect(config={"threads": 2, "memory_limit": "4GB", "temp_directory": str(folder)}) as connection:
        connection.execute(_MACROS)
        for first in range(0, cases, PART):
            last = min(first + PART, cases)
            connection.execute(_NATURE, {"first": first, "last": last, "cases": cases})
            connection.execute(_LIVES)
            for relation in FACTS.values():
                path = folder / f"{relation.name}-{first // PART:04}.parquet"
                connection.execute(_written(relation, path))
                found[relation.name].append(path)
            tell(f"{last:,} cases are drawn")
    return found


def _written(relation: FactRelation, path: Path) -> str:
    source, own = _DRAWN[relation.name]
    columns = ", ".join(
        f"CAST({own.get(column.name, column.name if column.name in _KNOWN else 'NULL')} AS {IN_DUCKDB[column.type]})"
        f" AS {column.name}"
        for column in relation.columns
    )
    return f"COPY (SELECT {columns} {source}) TO '{path}' (FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION V2)"
