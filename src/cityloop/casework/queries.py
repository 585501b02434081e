"""Every read of cases and tasks, named for the screen that needs it. What a person may not see is not found."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Max, Min, Q

from cityloop.casework import models, story
from cityloop.casework.answers import (
    CaseFilters,
    CaseList,
    CasePage,
    CaseRow,
    Choice,
    ClockView,
    HistoryLine,
    InputField,
    Offer,
    QueueFilters,
    QueuePage,
    QueueRow,
    TaskView,
)
from cityloop.casework.projection import state
from cityloop.casework.queue import queue
from cityloop.casework.scope import may_see, visible
from cityloop.core.errors import NotFound
from cityloop.core.procedure import Actor
from cityloop.registry.city import City, city, title

__all__ = [
    "CaseFilters",
    "CaseList",
    "CasePage",
    "CaseRow",
    "Choice",
    "ClockView",
    "HistoryLine",
    "InputField",
    "Offer",
    "QueueFilters",
    "QueuePage",
    "QueueRow",
    "TaskView",
    "case_page",
    "cases",
    "cases_with_passed_limits",
    "counts_by_district",
    "queue",
    "reported_span",
    "ways_without_pack",
]

PAGE = 50  # rows of one screenful


def case_page(actor: Actor, number: str, now: datetime) -> CasePage:
    """Return the case's page as this person may see it; NotFound hides what is outside the person's scope."""
    row = models.Case.objects.filter(number=number).first()
    if row is None:
        raise NotFound("no-such-case", "There is no such case, or you may not see it.")
    case = state(row, row.tasks.order_by("no"))
    if not may_see(actor, case, city()):
        raise NotFound("no-such-case", "There is no such case, or you may not see it.")
    return story.page(row, case, actor, now)


def cases(actor: Actor, filters: CaseFilters, after: str | None) -> CaseList:
    """Return the cases that this person may see, 50 a page, the latest reported first."""
    town = city()
    rows = models.Case.objects.filter(visible(actor, town) & _wanted(filters) & _beyond(after))
    found = list(rows.order_by("-reported_at", "-id")[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return CaseList(
        rows=tuple(_row(row, town) for row in found[:PAGE]),
        next=f"{last.reported_at.isoformat()}_{last.id}" if last else None,
        districts=tuple(Choice(area.code, area.name) for area in town.areas.values() if area.level == "district"),
    )


def counts_by_district(actor: Actor, figure: str, month: date) -> dict[str, int]:
    """Return how many cases a figure of a month counts in each district; "" is no district."""
    rows = models.Case.objects.filter(visible(actor, city()) & counted(figure, month))
    sums = rows.values_list("district").annotate(number=Count("pk")).order_by()
    return {district or "": number for district, number in sums}


def reported_span(actor: Actor) -> tuple[datetime, datetime] | None:
    """Return when the first case was reported and when the last was reported or, if filed, closed; None: no cases."""
    rows = models.Case.objects.filter(visible(actor, city()))
    span = rows.aggregate(first=Min("reported_at"), last=Max("reported_at"))
    if span["first"] is None:
        return None
    # Asked apart and with the condition of its index: together they would read every case.
    closed = rows.exclude(closed_at=None).exclude(clock_started_at=None).aggregate(last=Max("closed_at"))
    return span["first"], max(span["last"], closed["last"] or span["last"])


def cases_with_passed_limits(until: datetime) -> list[int]:
    """Return the cases with an open task whose limit passed by then and is not noted yet."""
    passed = models.Task.objects.filter(done_at=None, passed_at=None, due_at__lte=until)
    return list(passed.values_list("case_id", flat=True).distinct().order_by("case_id"))


def ways_without_pack() -> tuple[str, ...]:
    """Return the procedures, by name and version, that cases began with and that no pack has any more."""
    used = set(models.Case.objects.values_list("procedure", "version").distinct().order_by())
    return tuple(f"{name} {version}" for name, version in sorted(used - set(city().procedures)))


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """Return the first moment of a month and of the next, in the city's time."""
    first = month.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    zone = settings.CITYLOOP.zone
    return tuple(datetime(day.year, day.month, 1, tzinfo=zone) for day in (first, following))  # type: ignore[return-value]


def counted(figure: str, month: date) -> Q:
    """Return which cases a figure of a month counts, each by the time of its own event."""
    first, following = month_bounds(month)
    if figure == "reported":
        return Q(reported_at__gte=first, reported_at__lt=following)
    if figure == "filed":
        return Q(clock_started_at__gte=first, clock_started_at__lt=following)
    closed = Q(closed_at__gte=first, closed_at__lt=following, clock_started_at__isnull=False)
    return closed & Q(closed_at__lte=F("case_due_at")) if figure == "closed_in_time" else closed


def _wanted(filters: CaseFilters) -> Q:
    condition = Q(pk__isnull=False)
    if filters.words:
        condition &= Q(number__startswith=filters.words.strip()) | Q(pk__in=filters.ids)
    if filters.district is not None:
        condition &= Q(district=filters.district) if filters.district else Q(district=None)
    if filters.month:
        condition &= counted(filters.figure or "reported", filters.month)
    return condition


def _beyond(after: str | None) -> Q:
    """Return the condition of the page that follows a key; a key nobody gave out is the first page."""
    moment, _, case_id = (after or "").partition("_")
    try:
        reported_at, last = datetime.fromisoformat(moment), int(case_id)
    except ValueError:
        return Q(pk__isnull=False)
    if reported_at.tzinfo is None or not 0 <= last < 2**63:
        return Q(pk__isnull=False)
    return Q(reported_at__lt=reported_at) | Q(reported_at=reported_at, pk__lt=last)


def _row(row: models.Case, town: City) -> CaseRow:
    way = town.procedures[row.procedure, row.version]
    in_time = row.closed_at <= row.case_due_at if row.closed_at and row.case_due_at else None
    return CaseRow(
        number=row.number,
        stage_title=title(way.stages[row.stage].title),
        category_name=story.named_category(row.category, row.category_words, town),
        district_name=story.area_name(row.district, town),
        address=row.address,
        reported_at=row.reported_at,
        filed_at=row.clock_started_at,
        closed_at=row.closed_at,
        due_at=row.case_due_at,
        in_time=in_time,
    )
