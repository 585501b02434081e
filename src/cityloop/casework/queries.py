"""Every read of cases and tasks, named for the screen that needs it. A case that a person may not see is not found."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Max, Min, Q

from cityloop.casework import models, words
from cityloop.casework.history.projection import state
from cityloop.casework.pages import documents, masking, offers, story
from cityloop.casework.pages.answers import (
    CaseFilters,
    CaseList,
    CasePage,
    CaseRow,
    Choice,
    ClockView,
    HistoryLine,
    InputField,
    NewCaseForm,
    Offer,
    QueueFilters,
    QueuePage,
    QueueRow,
    ShownDocument,
    TaskView,
)
from cityloop.casework.pages.queue import queue
from cityloop.casework.rules.scope import may_see, visible
from cityloop.core.actors import Actor
from cityloop.core.errors import NotFound
from cityloop.core.personal_words import Mask, unmasked
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.city.facts import title

__all__ = [
    "CaseFilters",
    "CaseList",
    "CasePage",
    "CaseRow",
    "Choice",
    "ClockView",
    "HistoryLine",
    "InputField",
    "NewCaseForm",
    "Offer",
    "QueueFilters",
    "QueuePage",
    "QueueRow",
    "ShownDocument",
    "TaskView",
    "beginnings",
    "case_page",
    "cases",
    "cases_by_number",
    "cases_to_wake",
    "counts_by_district",
    "document",
    "is_followed",
    "next_to_wake",
    "open_cases_of_unit",
    "procedures_without_pack",
    "queue",
    "reported_span",
    "sees_case",
]

PAGE = 50  # rows on a page
RANKED = {"procedure": "city-problem", "counts": True}  # the cases that figures count: voided ones are left out


def case_page(actor: Actor, number: str, now: datetime) -> CasePage:
    """Return the case's page as this person may see it; raise NotFound for a case outside the person's scope."""
    row = models.Case.objects.filter(number=number).first()
    case = state(row, row.tasks.order_by("no")) if row else None
    if row is None or case is None or not may_see(actor, case, current_city()):
        raise NotFound("no-such-case")
    return story.page(row, case, actor, now)


def sees_case(actor: Actor, number: str) -> bool:
    """Return whether this person may see the case, without reading what is on its page."""
    return models.Case.objects.filter(visible(actor, current_city()), number=number).exists()


def document(actor: Actor, number: str, seq: int, name: str) -> ShownDocument:
    """Return a document of a case; raise NotFound if there is none, or the case is outside the person's scope."""
    row = models.Case.objects.filter(number=number).first()
    city = current_city()
    sees = row is not None and may_see(actor, state(row, row.tasks.order_by("no")), city)
    procedure = city.procedures.get((row.procedure, row.version)) if row and sees else None
    found = documents.produced(row, procedure, actor, seq, name, city) if row and procedure else None
    if found is None:
        raise NotFound("no-such-document")
    return found


def beginnings(actor: Actor) -> tuple[NewCaseForm, ...]:
    """Return the kinds of case that this person may begin by hand, with the fields of their forms."""
    return offers.beginnings(actor, current_city())


def cases(actor: Actor, filters: CaseFilters, after: str | None) -> CaseList:
    """Return the cases that this person may see, 50 on a page, the latest reported first."""
    city = current_city()
    rows = models.Case.objects.filter(visible(actor, city) & _condition(filters) & _beyond(after))
    found = list(rows.order_by("-reported_at", "-id")[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return CaseList(
        rows=_rows(found[:PAGE], actor, city),
        next=f"{last.reported_at.isoformat()}_{last.id}" if last else None,
        districts=tuple(Choice(area.code, area.name) for area in city.areas.values() if area.level == "district"),
    )


def cases_by_number(actor: Actor, numbers: Iterable[str]) -> dict[str, CaseRow]:
    """Return those of the cases that this person may see, by number; the others are left out."""
    city = current_city()
    rows = models.Case.objects.filter(visible(actor, city), number__in=list(numbers))
    return {row.number: row for row in _rows(list(rows), actor, city)}


def counts_by_district(actor: Actor, figure: str, month: date) -> dict[str, int]:
    """Return how many cases a figure of a month counts in each district; "" means no district."""
    rows = models.Case.objects.filter(visible(actor, current_city()) & counted(figure, month), **RANKED)
    sums = rows.values_list("district").annotate(number=Count("pk")).order_by()
    return {district or "": number for district, number in sums}


def reported_span(actor: Actor) -> tuple[datetime, datetime] | None:
    """Return when the first case was reported and when the last was reported or, if filed, closed; None: no cases."""
    rows = models.Case.objects.filter(visible(actor, current_city()))
    span = rows.aggregate(first=Min("reported_at"), last=Max("reported_at"))
    if span["first"] is None:
        return None
    # A query of its own with the condition of its index: one query for both would read every case.
    closed = rows.exclude(closed_at=None).exclude(clock_started_at=None).aggregate(last=Max("closed_at"))
    return span["first"], max(span["last"], closed["last"] or span["last"])


def cases_to_wake(until: datetime) -> list[int]:
    """Return the cases in which a timer of an open task or of the case's clock expired by then."""
    tasks = models.Task.objects.filter(done_at__isnull=True, wake_at__isnull=False, wake_at__lte=until)
    cases = models.Case.objects.filter(is_open=True, wake_at__isnull=False, wake_at__lte=until)
    return sorted({*tasks.values_list("case_id", flat=True), *cases.values_list("pk", flat=True)})


def next_to_wake(until: datetime) -> tuple[int, datetime] | None:
    """Return the case whose timer expires next, and when; None if none expires before then."""
    tasks = models.Task.objects.filter(done_at__isnull=True, wake_at__isnull=False, wake_at__lt=until)
    cases = models.Case.objects.filter(is_open=True, wake_at__isnull=False, wake_at__lt=until)
    rows = tasks.values_list("wake_at", "case_id").union(cases.values_list("wake_at", "pk"))
    first = rows.order_by("wake_at", "case_id").first()
    return (first[1], first[0]) if first and first[0] else None


def open_cases_of_unit(unit: str) -> int:
    """Return in how many cases a unit has an open task."""
    return models.Task.objects.filter(unit=unit, done_at=None).values("case").distinct().count()


def is_followed(procedure: str, version: int) -> bool:
    """Return whether a case, open or closed, began with this version of a procedure."""
    return models.Case.objects.filter(procedure=procedure, version=version).exists()


def procedures_without_pack() -> tuple[str, ...]:
    """Return the procedures, by name and version, that cases began with and that no pack contains any more."""
    used = set(models.Case.objects.values_list("procedure", "version").distinct().order_by())
    return tuple(f"{name} {version}" for name, version in sorted(used - set(current_city().procedures)))


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """Return the first moment of a month and of the next, in the city's time."""
    first = month.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    zone = settings.CITYLOOP.zone
    return tuple(datetime(day.year, day.month, 1, tzinfo=zone) for day in (first, following))  # type: ignore[return-value]


def counted(figure: str, month: date) -> Q:
    """Return the condition of the cases that a figure of a month counts, each by the time of its own event."""
    first, following = month_bounds(month)
    if figure == "reported":
        return Q(reported_at__gte=first, reported_at__lt=following)
    if figure == "filed":
        return Q(clock_started_at__gte=first, clock_started_at__lt=following)
    closed = Q(closed_at__gte=first, closed_at__lt=following, clock_started_at__isnull=False)
    return closed & Q(closed_at__lte=F("case_due_at")) if figure == "closed_in_time" else closed


def _condition(filters: CaseFilters) -> Q:
    condition = Q(pk__isnull=False)
    if filters.words:
        condition &= Q(number__startswith=filters.words.strip()) | Q(pk__in=filters.ids)
    if filters.facility:
        condition &= Q(facility=filters.facility)
    if filters.district is not None:
        condition &= Q(district=filters.district) if filters.district else Q(district=None)
    if filters.month:
        condition &= counted(filters.figure or "reported", filters.month) & (Q(**RANKED) if filters.figure else Q())
    return condition


def _beyond(after: str | None) -> Q:
    """Return the condition of the page after a key; an invalid key means the first page."""
    moment, _, case_id = (after or "").partition("_")
    try:
        reported_at, last = datetime.fromisoformat(moment), int(case_id)
    except ValueError:
        return Q(pk__isnull=False)
    if reported_at.tzinfo is None or not 0 <= last < 2**63:
        return Q(pk__isnull=False)
    return Q(reported_at__lt=reported_at) | Q(reported_at=reported_at, pk__lt=last)


def _rows(rows: Sequence[models.Case], actor: Actor, city: City) -> tuple[CaseRow, ...]:
    masks = masking.masks(actor, [row.pk for row in rows if row.address or row.category_words])
    return tuple(_row(row, city, masks.get(row.pk, unmasked)) for row in rows)


def _row(row: models.Case, city: City, mask: Mask) -> CaseRow:
    procedure = city.procedures.get((row.procedure, row.version))
    in_time = row.closed_at <= row.case_due_at if row.closed_at and row.case_due_at else None
    return CaseRow(
        number=row.number,
        stage_title=title(procedure.stages[row.stage].title) if procedure else row.stage,
        category_name=words.named_category(row.category, mask(row.category_words or "") or None, city),
        district_name=words.area_name(row.district, city),
        address=mask(row.address or "") or None,
        reported_at=row.reported_at,
        filed_at=row.clock_started_at,
        closed_at=row.closed_at,
        due_at=row.case_due_at,
        in_time=in_time,
    )
