"""Reads units, people, rosters and duties for the settings pages. The callers check who may see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q

from cityloop.core.errors import NotFound
from cityloop.registry.models import Account, Appointment, Duty, Roster, Unit
from cityloop.registry.people import accounts
from cityloop.registry.people.streams import stream
from cityloop.runtime.models import Event

PAGE = 100
ABOUT_PEOPLE = 50  # events of one account shown


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit in the tree; `depth` is how many units it is under."""

    code: str
    name: str
    kind: str
    depth: int
    handles: bool
    is_active: bool
    people: int
    duties: int


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post that somebody holds."""

    username: str
    name: str
    role: str
    unit: str
    area: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class PersonLine:
    """An account in the list; the telephone is complete, and whoever shows it masks it."""

    username: str
    name: str
    phone: str
    is_active: bool
    is_machine: bool
    posts: tuple[HeldPost, ...]


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """One thing that happened to an account."""

    name: str
    at: datetime
    by: str
    payload: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on duty from when until when."""

    unit: str
    role: str
    username: str
    name: str
    starts_at: datetime
    ends_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class DutyLine:
    """A duty in the list."""

    category: str
    area: str
    unit: str
    is_listed: bool
    basis: str


def units() -> tuple[UnitLine, ...]:
    """Return all units as a tree: after each unit those under it, by code."""
    counted = Unit.objects.annotate(
        people=Count("appointment__account", filter=Q(appointment__account__is_active=True), distinct=True),
        duties=Count("duty", distinct=True),
    )
    rows = list(counted.select_related("parent").order_by("code"))
    below: dict[str | None, list[Unit]] = {}
    for row in rows:
        below.setdefault(row.parent.code if row.parent else None, []).append(row)
    lines: list[UnitLine] = []
    waiting = [(node, 0) for node in reversed(below.get(None, []))]
    while waiting:
        node, depth = waiting.pop()
        people, duties = getattr(node, "people", 0), getattr(node, "duties", 0)
        lines.append(UnitLine(node.code, node.name, node.kind, depth, node.handles, node.is_active, people, duties))
        waiting += [(child, depth + 1) for child in reversed(below.get(node.code, []))]
    return tuple(lines)


def unit(code: str) -> Unit:
    """Return a unit; NotFound where there is none of that code."""
    found = Unit.objects.select_related("parent").filter(code=code).first()
    if found is None:
        raise NotFound("no-such-unit")
    return found


def posts_of_unit(code: str) -> tuple[HeldPost, ...]:
    """Return the posts of a unit, those of ended accounts last."""
    rows = Appointment.objects.filter(unit__code=code)
    return _posts(rows.order_by("-account__is_active", "role", "account__name", "id"))


def duties_of_unit(code: str) -> tuple[DutyLine, ...]:
    """Return the duties of a unit."""
    return duties(unit=code)


def duties(
    *, unit: str = "", area: str | None = None, category: str = "", listed: bool = False
) -> tuple[DutyLine, ...]:
    """Return duties: of a unit, of an area ("": of the whole city), for a class or its first digits, or listed."""
    rows = Duty.objects.all()
    rows = rows.filter(unit__code=unit) if unit else rows
    rows = rows if area is None else rows.filter(area=area)
    rows = rows.filter(is_listed=True) if listed else rows
    if category:
        above = [category[:length] for length in range(1, len(category))]
        rows = rows.filter(Q(category__startswith=category) | Q(category__in=above))
    values = rows.order_by("category", "area", "unit__code")
    return tuple(DutyLine(*row) for row in values.values_list("category", "area", "unit__code", "is_listed", "basis"))


def people(words: str = "", after: str = "") -> tuple[tuple[PersonLine, ...], str | None]:
    """Return people by username, those whose name or username contains the words, and the key to go on from."""
    rows = Account.objects.filter(username__gt=after).order_by("username")
    rows = rows.filter(Q(name__icontains=words) | Q(username__icontains=words)) if words else rows
    found = list(rows[: PAGE + 1])
    posts: dict[str, list[HeldPost]] = {}
    for post in _posts(Appointment.objects.filter(account__in=found[:PAGE]).order_by("id")):
        posts.setdefault(post.username, []).append(post)
    lines = tuple(_person(row, posts.get(row.username, [])) for row in found[:PAGE])
    return lines, found[PAGE - 1].username if len(found) > PAGE else None


def person(username: str) -> PersonLine:
    """Return one person; NotFound where there is no account of that name."""
    row = Account.objects.filter(username=username).first()
    if row is None:
        raise NotFound("no-such-account")
    return _person(row, _posts(Appointment.objects.filter(account=row).order_by("id")))


def account_events(username: str) -> tuple[AccountEvent, ...]:
    """Return what happened to an account, the last first."""
    account = Account.objects.filter(username=username).first()
    if account is None:
        return ()
    rows = Event.objects.filter(stream=stream(account)).order_by("-seq")[:ABOUT_PEOPLE]
    return tuple(AccountEvent(row.name, row.at, row.actor, row.payload) for row in rows)


def shifts(first: datetime, after: datetime, unit: str = "") -> tuple[Shift, ...]:
    """Return the shifts that touch a span of time, of one unit or of all, in the order in which they begin."""
    rows = Roster.objects.filter(starts_at__lt=after, ends_at__gt=first)
    rows = rows.filter(unit__code=unit) if unit else rows
    columns = ("unit__code", "role", "account__username", "account__name", "starts_at", "ends_at", "note")
    return tuple(Shift(*row) for row in rows.order_by("starts_at", "unit__code", "role", "id").values_list(*columns))


def active_usernames() -> tuple[tuple[str, str], ...]:
    """Return the people who may be on duty: usernames with names."""
    rows = Account.objects.filter(is_active=True, is_machine=False).order_by("username")
    return tuple(rows.values_list("username", "name"))


def _posts(rows: object) -> tuple[HeldPost, ...]:
    columns = ("account__username", "account__name", "role", "unit__code", "area__code", "account__is_active")
    return tuple(HeldPost(*row) for row in rows.values_list(*columns))  # type: ignore[attr-defined]


def _person(row: Account, posts: Sequence[HeldPost]) -> PersonLine:
    phone = accounts.telephone(row)
    return PersonLine(row.username, row.name, phone, row.is_active, row.is_machine, tuple(posts))
