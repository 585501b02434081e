"""The queue: the open tasks that a person may do, read by index so that it does not slow down over the years."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from cityloop.casework import words
from cityloop.casework.pages.answers import Choice, QueueFilters, QueuePage, QueueRow
from cityloop.casework.pages.masking import masks
from cityloop.casework.rules.scope import place_of
from cityloop.core.actors import Actor
from cityloop.core.clocks.worktime import Lamp
from cityloop.core.personal_words import Mask
from cityloop.core.procedures.procedure import Procedure
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.city.facts import title

PAGE = 50  # rows on a page
COUNTED = 1000  # a chip counts up to so many tasks and then says "at least"

_LAMP = "CASE WHEN task.due_at < %s THEN 'red' WHEN task.yellow_at <= %s THEN 'yellow' ELSE 'green' END"
_WITH_LAMP = {  # the same as ranges of the due moment, which the index finds
    Lamp.RED: "task.due_at < %s",
    Lamp.YELLOW: "task.due_at >= %s AND task.yellow_at <= %s",
    Lamp.GREEN: "task.due_at >= %s AND task.yellow_at > %s",
}
_FIELDS = "id, case_id, no, kind, unit, district, opened_at, yellow_at, due_at"


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a WHERE clause and the values of its parameters."""

    sql: str
    values: tuple[Any, ...] = ()


def queue(actor: Actor, filters: QueueFilters, after: str | None, now: datetime) -> QueuePage:
    """Return the open tasks that this person may do, the most urgent first, 50 on a page."""
    city = current_city()
    held = _held(actor, city)
    if not held:
        return QueuePage((), None, (), (), ())
    rows = _rows(held, filters, after, now)
    counts = _counts(held, now)
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    shown = masks(actor, [row["case_id"] for row in rows[:PAGE]])
    return QueuePage(
        rows=tuple(_row(row, city, now, shown[row["case_id"]]) for row in rows[:PAGE]),
        next=f"{last['due_at'].isoformat()}_{last['id']}" if last else None,
        kinds=_choices(counts, "kind", _kinds(actor, city)),
        lamps=_choices(counts, "lamp", {lamp: lamp_title() for lamp, lamp_title in _LAMP_TITLES.items()}),
        districts=_choices(counts, "district", _districts(city)),
    )


_LAMP_TITLES: dict[str, Callable[[], str]] = {
    "red": lambda: gettext("Overdue"),
    "yellow": lambda: gettext("Due soon"),
    "green": lambda: gettext("In time"),
}


def _held(actor: Actor, city: City) -> tuple[Clause, ...]:
    """Return one clause for every role, unit and area of the person's posts; each reads one index."""
    clauses = {}
    for post in actor.posts:
        for unit in ("", post.unit):
            sql, values = "task.role = %s AND coalesce(task.unit, '') = %s", [post.role, unit]
            if post.area is not None:
                inside = _inside(post.area, city)
                sql, values = sql + inside.sql, [*values, *inside.values]
            clauses[sql, tuple(values)] = Clause(sql, tuple(values))
    return tuple(clauses.values())


def _inside(area: str, city: City) -> Clause:
    place = place_of(area, city)
    sql, values = "", []
    for column, codes in place.columns.items():
        sql += f" AND task.{column} IN ({', '.join(['%s'] * len(codes)) or 'NULL'})"
        values += codes
    if place.fact:
        sql += " AND EXISTS (SELECT 1 FROM casework_case AS own WHERE own.id = task.case_id AND own.facts->>%s ~ %s)"
        values += place.fact
    return Clause(sql, tuple(values))


def _rows(held: Sequence[Clause], filters: QueueFilters, after: str | None, now: datetime) -> list[dict[str, Any]]:
    filtered = [*_filtered(filters, now), *_beyond(after)]
    tail = f"ORDER BY task.due_at, task.id LIMIT {PAGE + 1}"
    union, values = _union(held, filtered, tail)
    statement = f"""
        SELECT DISTINCT task.due_at, task.id, task.case_id, task.no, task.kind, task.unit, task.district,
               task.opened_at, task.yellow_at, found.number, found.address, found.category,
               found.category_words AS words, found.reported_at, found.procedure, found.version
          FROM ({union}) AS task JOIN casework_case AS found ON found.id = task.case_id
         ORDER BY task.due_at, task.id LIMIT {PAGE + 1}
    """  # noqa: S608  # built from constants of this module; every value is a parameter
    return _fetch(statement, values)


def _counts(held: Sequence[Clause], now: datetime) -> list[dict[str, Any]]:
    union, values = _union(held, [], f"ORDER BY task.due_at, task.id LIMIT {COUNTED}")
    statement = f"""
        SELECT task.kind, coalesce(task.district, '') AS district, {_LAMP} AS lamp, count(*) AS tasks
          FROM (SELECT DISTINCT * FROM ({union}) AS every) AS task GROUP BY 1, 2, 3
    """  # noqa: S608
    return _fetch(statement, [now, now, *values])


def _union(held: Sequence[Clause], filtered: Sequence[Clause], tail: str) -> tuple[str, list[Any]]:
    parts, values = [], []
    fields = ", ".join(f"task.{name}" for name in _FIELDS.split(", "))
    for clause in held:
        where = " AND ".join(["task.done_at IS NULL", clause.sql, *(extra.sql for extra in filtered)])
        parts.append(f"(SELECT {fields} FROM casework_task AS task WHERE {where} {tail})")  # noqa: S608
        values += [*clause.values, *(value for extra in filtered for value in extra.values)]
    return " UNION ALL ".join(parts), values


def _filtered(filters: QueueFilters, now: datetime) -> list[Clause]:
    clauses = []
    if filters.kind:
        clauses.append(Clause("task.kind = %s", (filters.kind,)))
    if filters.district is not None:
        in_district = Clause("task.district = %s", (filters.district,))
        clauses.append(in_district if filters.district else Clause("task.district IS NULL"))
    if filters.lamp:
        sql = _WITH_LAMP[filters.lamp]
        clauses.append(Clause(sql, (now,) * sql.count("%s")))
    return clauses


def _beyond(after: str | None) -> list[Clause]:
    """Return the clause for the rows after the last row of the previous page; an invalid key means the first page."""
    moment, _, task_id = (after or "").partition("_")
    try:
        due_at, last = datetime.fromisoformat(moment), int(task_id)
    except ValueError:
        return []
    if due_at.tzinfo is None or not 0 <= last < 2**63:
        return []
    return [Clause("(task.due_at, task.id) > (%s, %s)", (due_at, last))]


def _row(row: dict[str, Any], city: City, now: datetime, mask: Mask) -> QueueRow:
    procedure = city.procedures.get((row["procedure"], row["version"]))
    return QueueRow(
        task_id=row["id"],
        task_no=row["no"],
        number=row["number"],
        kind=row["kind"],
        kind_title=title(procedure.tasks[row["kind"]].title) if procedure else row["kind"],
        category_name=words.named_category(row["category"], mask(row["words"] or ""), city)
        or _title_by_hand(procedure),
        district_name=words.area_name(row["district"], city),
        address=mask(row["address"] or "") or None,
        unit_name=words.unit_name(row["unit"], city),
        reported_at=row["reported_at"],
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        lamp=Lamp.RED if row["due_at"] < now else Lamp.YELLOW if row["yellow_at"] <= now else Lamp.GREEN,
    )


def _title_by_hand(procedure: Procedure | None) -> str | None:
    """Return the title of the procedure, by which a case without a class is shown if it was begun by hand."""
    return title(procedure.title) if procedure and procedure.begins.role else None


def _choices(counts: Sequence[dict[str, Any]], by: str, titles: Mapping[str, str]) -> tuple[Choice, ...]:
    """Return the chips of one kind. If only the most urgent tasks were counted, all values are offered."""
    sums: dict[str, int] = {}
    for row in counts:
        sums[row[by]] = sums.get(row[by], 0) + row["tasks"]
    capped = sum(sums.values()) >= COUNTED
    offered = titles if capped else [value for value in titles if value in sums]
    return tuple(Choice(value, titles[value], sums.get(value), capped) for value in offered)


def _kinds(actor: Actor, city: City) -> dict[str, str]:
    """Return the kinds of task that the person's roles hold, in the order of the procedures."""
    roles = {post.role for post in actor.posts}
    tasks = [task for procedure in city.procedures.values() for task in procedure.tasks.values() if task.role in roles]
    return {task.name: title(task.title) for task in tasks}


def _districts(city: City) -> dict[str, str]:
    return {area.code: area.name for area in city.areas.values() if area.level == "district"} | {
        "": gettext("No district")
    }


def _fetch(statement: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
