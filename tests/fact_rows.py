"""Random facts for tests of figures, from a seed, with empty values wherever they are allowed; also as Parquet."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from cityloop.evaluation.facts.files import arrow_schema
from cityloop.evaluation.facts.relations import FACTS, RELATIONS, Column, FactRelation, Type

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = datetime(2026, 5, 1)  # noqa: DTZ001  # UTC without a zone, as facts have it
WORDS = {
    "source_kind": ("collector", "collector", "public", "public", "inspection", "video"),
    "source": ("patrol", "12345"),
    "procedure": ("city-problem",),
    "category": ("06010", "06011", "09005"),
    "district": ("490101", "490102"),
    "department": ("roads", "parks"),
    "unit": ("roads-1", "roads-2", "parks-1"),
    "post": ("collector", "operator", "dispatcher"),
    "person": ("wang", "li", "zhao"),
    "filed_by": ("chen", "lin"),
    "closed_by": ("chen", "wu"),
    "sent_to": ("roads-1", "parks-1"),
    "sent_to_department": ("roads", "parks"),
    "kind": ("accept", "verify", "dispatch", "handle", "handle", "handle", "check", "close", "send_check"),
    "name": ("ReturnRejected", "CaseAssigned", "ExtensionGranted", "CaseFiled"),
    "refusal": ("incomplete", "untrue"),
    "limit_unit": ("work_hour",),
}
OUTCOMES = {
    "accept": ("accept", "accept", "send_to_verify"),
    "handle": ("report_back", "report_back", "propose_explanation", "transfer", "return"),
}
NEVER_EMPTY = ("source_kind", "kind", "name", "case_number")
SELDOM = ("voided_at", "hung_from", "hung_until", "reworked_at", "undone_at", "sent_back_at")

Rows = dict[str, list[SimpleNamespace]]


def drawn(seed: int, cases: int = 240) -> Rows:
    """Return rows of every fact relation; a row need not make sense, so that no figure is right by chance."""
    random = Random(seed)
    return {
        relation.name: [
            _row(random, relation, f"{case:06}", number)
            for case in range(cases)
            for number in range(1 if relation.name == "cases" else 4)
        ]
        for relation in FACTS.values()
    }


def _row(random: Random, relation: FactRelation, case_number: str, number: int) -> SimpleNamespace:
    values = {column.name: _value(random, column) for column in relation.columns}
    if outcomes := OUTCOMES.get(values.get("kind", "")):
        values["outcome"] = random.choice(outcomes)
    return SimpleNamespace(**values | dict.fromkeys(relation.key, number) | {"case_number": case_number})


def _value(random: Random, column: Column) -> Any:  # noqa: PLR0911  # one return for each type
    empty = 0.8 if column.name in SELDOM else 0.25
    if column.name not in NEVER_EMPTY and random.random() < empty:
        return None
    match column.type:
        case Type.TEXT:
            return random.choice(WORDS.get(column.name, ("a", "b")))
        case Type.INTEGER:
            return random.randrange(5)
        case Type.DECIMAL:
            return Decimal(random.randrange(10**9)).scaleb(-7)
        case Type.MOMENT:
            return FIRST + timedelta(hours=random.randrange(24 * 92))
        case Type.DATE:
            return FIRST.date() + timedelta(days=random.randrange(92))
        case Type.BOOL:
            return random.random() < 0.3


def stored(folder: Path, rows: Rows) -> dict[str, Sequence[Path]]:
    """Write rows as Parquet, each relation in two files; return the files by relation."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: dict[str, Sequence[Path]] = {}
    for name, all_rows in rows.items():
        schema = arrow_schema(RELATIONS[name])
        half = len(all_rows) // 2
        paths = [folder / f"{name}-{number}.parquet" for number in (1, 2)]
        for path, part in zip(paths, (all_rows[:half], all_rows[half:]), strict=True):
            pq.write_table(pa.Table.from_pylist([vars(row) for row in part], schema=schema), path)
        found[name] = paths
    return found
