"""The pages of facilities: the list, one facility with its cases and its history, and changing it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from cityloop.casework.queries import CaseFilters, Choice, cases
from cityloop.core.errors import Fault, Invalid, NotFound, Refusal
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.query import change_seen, text_asked
from cityloop.presentation.pages.sentences import sentence
from cityloop.presentation.problems import status_of
from cityloop.presentation.settings.facilities import words as facility_words
from cityloop.registry.city.current import current_city
from cityloop.registry.facilities import queries
from cityloop.registry.facilities.actions import UNITS, FacilityEdit, change_facility, last_change
from cityloop.registry.facilities.queries import FacilityFilters
from cityloop.registry.history import queries as change_queries
from cityloop.registry.history.tables import FACILITIES
from cityloop.registry.models import STATES, Facility
from cityloop.registry.organisation.actors import districts
from cityloop.registry.people.permissions import check_has_post, check_may_edit, may_edit
from cityloop.runtime import clock


@require_GET
@login_required
def facilities(request: HttpRequest) -> HttpResponse:
    """List facilities by id, narrowed by class, state, district, or the beginning of an id or a name."""
    check_has_post(person(request))
    filters = _filters(request)
    names = queries.classes_in_use()
    context = {
        "page": queries.facilities(filters, text_asked(request.GET, "after") or None),
        "filters": filters,
        "narrowing": filters != FacilityFilters(),
        "names": names,
        "classes": [Choice(code, f"{code} {name}") for code, name in names.items()],
        "states": facility_words.state_choices(),
        "districts": [Choice(district.value, district.title) for district in districts()],
        "units": current_city().units,
        "areas": current_city().areas,
    }
    return render(request, "settings/facilities.html", context)


@require_GET
@login_required
def facility(request: HttpRequest, code: str) -> HttpResponse:
    """Show a facility: its facts, its place, the cases about it that this person may see, its history."""
    check_has_post(person(request))
    return _facility_page(request, _existing_facility(code))


@require_POST
@login_required
def edit_facility(request: HttpRequest, code: str) -> HttpResponse:
    """Give a facility another state, other units or another remark."""
    check_may_edit(person(request))
    row, posted = _existing_facility(code), {name: str(value).strip() for name, value in request.POST.items()}
    units = {role: posted.get(role, getattr(row, role)) for role in UNITS}
    seen = change_seen(posted)
    wanted = FacilityEdit(posted.get("state", ""), units, posted.get("remark", ""), posted.get("reason", ""), seen)
    try:
        change_facility(code, wanted, person(request).account, clock.now())
    except Refusal as refusal:
        return _facility_page(request, row, refusal)
    return redirect("settings:facility", code)


def _existing_facility(code: str) -> Facility:
    row = queries.facility(code) if "\x00" not in code else None
    if row is None:
        raise NotFound("no-such-facility")
    return row


def _filters(request: HttpRequest) -> FacilityFilters:
    wanted = {name: text_asked(request.GET, name) or None for name in ("category", "state", "district", "words")}
    if wanted["state"] and wanted["state"] not in STATES:
        raise Invalid([Fault("state", "not-a-choice")])
    return FacilityFilters(**wanted)


def _facility_page(request: HttpRequest, row: Facility, refusal: Refusal | None = None) -> HttpResponse:
    city, who = current_city(), person(request)
    tied = cases(who, CaseFilters(facility=row.code), request.GET.get("after"))
    context = {
        "facility": row,
        "state": facility_words.state_words(row.state),
        "category": queries.component_names().get(row.catalogue, {}).get(row.category, row.category),
        "units": facility_words.units_of(row, city),
        "areas": facility_words.areas_of(row, city),
        "map": facility_words.map_of(row),
        "cases": tied,
        "page": tied,
        "rows": change_queries.history(FACILITIES.name, [row.code]),
        "may_edit": may_edit(who),
        "seen": last_change(row.code),
        "fields": facility_words.edit_fields(row, city, request.POST, refusal) if may_edit(who) else (),
        "refused": sentence(refusal) if refusal else "",
    }
    return render(request, "settings/facility.html", context, status=status_of(refusal) if refusal else 200)
