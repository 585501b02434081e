"""A folder with one edition of random facts, with names for the objects in them, for tests of reports on figures."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cityloop.evaluation.facts.files import Edition, FactFolder, table_of
from cityloop.evaluation.facts.relations import RELATIONS
from fact_rows import Rows, drawn

AS_OF = datetime(2026, 8, 1, tzinfo=UTC)
NAMED: dict[str, list[dict[str, Any]]] = {
    "areas": [
        {"code": "490101", "name": "榕东区", "level": "district"},
        {
            "code": "490102",
            "name": "=榕西区",
            "level": "district",
        },  # a name that a spreadsheet would take for a formula
    ],
    "units": [
        {"code": code, "name": name, "kind": "department", "department": code}
        for code, name in (("roads", "市政道路处"), ("parks", "园林处"))
    ],
    "sources": [{"code": "12345", "name": "热线", "kind": "public"}],
    "categories": [
        {"catalogue": "A", "kind": "matter", "code": "06010", "name": "暴露垃圾"},
        {"catalogue": "B", "kind": "matter", "code": "06010", "name": "道路遗撒"},
    ],
}


def kept(folder: Path, rows: Rows | None = None, *, as_of: datetime = AS_OF) -> tuple[FactFolder, Edition]:
    """Return a folder of facts with one edition; each relation of facts is stored in two parts."""
    facts, parts = FactFolder(folder), []
    for name, all_rows in (drawn(7, 120) if rows is None else rows).items():
        half = len(all_rows) // 2
        for number, part in enumerate((all_rows[:half], all_rows[half:])):
            parts.append(facts.write(name, number, table_of(RELATIONS[name], [vars(row) for row in part])))
    for name, named in NAMED.items():
        parts.append(facts.write(name, 0, table_of(RELATIONS[name], named)))
    edition = Edition(as_of, "Asia/Shanghai", tuple(parts), "position 17", {"calendar": "1"})
    facts.save(edition)
    return facts, edition
