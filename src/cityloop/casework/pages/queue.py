"""The queue: the open tasks a person may do, read by index so that it does not slow down with the years."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from cityloop.casework import words
from cityloop.casework.pages.answers import Choice, QueueFilters, QueuePage, QueueRow
from cityloop.casework.rules.scope import place_of
from cityloop.core.actors import Actor
from cityloop.core.clocks.worktime import Lamp
from cityloop.core.procedures.procedure import Procedure
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.city.facts import title

PAGE = 50  # rows of one screenful
COUNTED = 1000  # a chip counts so many and then says "at least"

_LAMP = "CASE WHEN task.due_at < %s THEN 'red' WHEN task.yellow_at <= %s THEN 'yellow' ELSE 'green' END"
_WITH_LAMP = {  # the same as ranges of the due moment, which the index finds
    Lamp.RED: "task.due_at < %s",
    Lamp.YELLOW: "task.due_at >= %s AND task.yellow_at <= %s",
    Lamp.GREEN: "task.due_at >= %s AND task.yellow_at > %s",
}
_FIELDS = "id, case_id, no, kind, unit, district, opened_at, yellow_at, due_at"


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of a WHERE and what is put into it."""

    words: str
    values: tuple[Any, ...] = ()


def queue(actor: Actor, filters: QueueFilters, after: str | None, now: datetime) -> QueuePage:
    """Return the open tasks that this person may do, the most urgent first, 50 a page."""
    city = current_city()
    held = _held(actor, city)
    if not held:
        return QueuePage((), None, (), (), ())
    rows = _rows(held, filters, after, now)
    counts = _counts(held, now)
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return QueuePage(
        rows=tuple(_row(row, city, now) for row in rows[:PAGE]),
        next=f"{last['due_at'].isoformat()}_{last['id']}" if last else None,
        kinds=_choices(counts, "kind", _kinds(actor, city)),
        lamps=_choices(counts, "lamp", {lamp: named() for lamp, named in _LAMP_TITLES.items()}),
        districts=_choices(counts, "district", _districts(city)),
    )


_LAMP_TITLES: dict[str, Callable[[], str]] = {
    "red": lambda: gettext("Overdue"),
    "yellow": lambda: gettext("Due soon"),
    "green": lambda: gettext("In time"),
}


def _held(actor: Actor, city: City) -> tuple[Clause, ...]:
    """Return one clause for every kind of open task the person's posts hold; each reads one index."""
    clauses = {}
    for post in actor.posts:
        for unit in ("", post.unit):
            words, values = "task.role = %s AND coalesce(task.unit, '') = %s", [post.role, unit]
            if post.area is not None:
                inside = _inside(post.area, city)
                words, values = words + inside.words, [*values, *inside.values]
            clauses[words, tuple(values)] = Clause(words, tuple(values))
    return tuple(clauses.values())


def _inside(area: str, city: City) -> Clause:
    place = place_of(area, city)
    words, values = "", []
    for column, codes in place.columns.items():
        words += f" AND task.{column} IN ({', '.join(['%s'] * len(codes)) or 'NULL'})"
        values += codes
    if place.fact:
        words += " AND EXISTS (SELECT 1 FROM casework_case AS one WHERE one.id = task.case_id AND one.facts->>%s ~ %s)"
        values += place.fact
    return Clause(words, tuple(values))


def _rows(held: Sequence[Clause], filters: QueueFilters, after: str | None, now: datetime) -> list[dict[str, Any]]:
    narrowed = [*_narrowed(filters, now), *_beyond(after)]
    tail = f"ORDER BY task.due_at, task.id LIMIT {PAGE + 1}"
    union, values = _union(held, narrowed, tail)
    statement = f"""
        SELECT DISTINCT task.due_at, task.id, task.no, task.kind, task.unit, task.district, task.opened_at,
               task.yellow_at, found.number, found.address, found.category, found.category_words AS words,
               found.reported_at, found.procedure, found.version
          FROM ({union}) AS task JOIN casework_case AS found ON found.id = task.case_id
         ORDER BY task.due_at, task.id LIMIT {PAGE + 1}
    """  # noqa: S608  # built of our own words alone; every value is a parameter
    return _read(statement, values)


def _counts(held: Sequence[Clause], now: datetime) -> list[dict[str, Any]]:
    union, values = _union(held, [], f"ORDER BY task.due_at, task.id LIMIT {COUNTED}")
    statement = f"""
        SELECT task.kind, coalesce(task.district, '') AS district, {_LAMP} AS lamp, count(*) AS tasks
          FROM (SELECT DISTINCT * FROM ({union}) AS every) AS task GROUP BY 1, 2, 3
    """  # noqa: S608
    return _read(statement, [now, now, *values])


def _union(held: Sequence[Clause], narrowed: Sequence[Clause], tail: str) -> tuple[str, list[Any]]:
    parts, values = [], []
    fields = ", ".join(f"task.{name}" for name in _FIELDS.split(", "))
    for clause in held:
        where = " AND ".join(["task.done_at IS NULL", clause.words, *(one.words for one in narrowed)])
        parts.append(f"(SELECT {fields} FROM casework_task AS task WHERE {where} {tail})")  # noqa: S608
        values += [*clause.values, *(value for one in narrowed for value in one.values)]
    return " UNION ALL ".join(parts), values


def _narrowed(filters: QueueFilters, now: datetime) -> list[Clause]:
    clauses = []
    if filters.kind:
        clauses.append(Clause("task.kind = %s", (filters.kind,)))
    if filters.district is not None:
        known = Clause("task.district = %s", (filters.district,))
        clauses.append(known if filters.district else Clause("task.district IS NULL"))
    if filters.lamp:
        words = _WITH_LAMP[filters.lamp]
        clauses.append(Clause(words, (now,) * words.count("%s")))
    return clauses


def _beyond(after: str | None) -> list[Clause]:
    """Return what lies beyond the last row of the page before; a key nobody gave out is the first page."""
    moment, _, task_id = (after or "").partition("_")
    try:
        due_at, last = datetime.fromisoformat(moment), int(task_id)
    except ValueError:
        return []
    if due_at.tzinfo is None or not 0 <= last < 2**63:
        return []
    return [Clause("(task.due_at, task.id) > (%s, %s)", (due_at, last))]


def _row(row: dict[str, Any], city: City, now: datetime) -> QueueRow:
    way = city.procedures.get((row["procedure"], row["version"]))
    return QueueRow(
        task_id=row["id"],
        task_no=row["no"],
        number=row["number"],
        kind=row["kind"],
        kind_title=title(way.tasks[row["kind"]].title) if way else row["kind"],
        category_name=words.named_category(row["category"], row["words"], city) or _by_hand(way),
        district_name=words.area_name(row["district"], city),
        address=row["address"],
        unit_name=words.unit_name(row["unit"], city),
        reported_at=row["reported_at"],
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        lamp=Lamp.RED if row["due_at"] < now else Lamp.YELLOW if row["yellow_at"] <= now else Lamp.GREEN,
    )


def _by_hand(way: Procedure | None) -> str | None:
    """Return what a case without a class is called where it was begun by hand: by its procedure."""
    return title(way.title) if way and way.begins.role else None


def _choices(counts: Sequence[dict[str, Any]], by: str, titles: Mapping[str, str]) -> tuple[Choice, ...]:
    """Return the chips of one kind. Where only the most urgent tasks were counted, what was not met is offered, too."""
    sums: dict[str, int] = {}
    for row in counts:
        sums[row[by]] = sums.get(row[by], 0) + row["tasks"]
    capped = sum(sums.values()) >= COUNTED
    offered = titles if capped else [value for value in titles if value in sums]
    return tuple(Choice(value, titles[value], sums.get(value), capped) for value in offered)


def _kinds(actor: Actor, city: City) -> dict[str, str]:
    """Return the kinds of task that the person's roles hold, in the order of the procedures."""
    roles = {post.role for post in actor.posts}
    tasks = [task for way in city.procedures.values() for task in way.tasks.values() if task.role in roles]
    return {task.name: title(task.title) for task in tasks}


def _districts(city: City) -> dict[str, str]:
    return {area.code: area.name for area in city.areas.values() if area.level == "district"} | {
        "": gettext("No district")
    }


def _read(statement: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
