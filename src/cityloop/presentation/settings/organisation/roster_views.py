"""The page of rosters: who is on duty this week and now; entering and removing shifts."""

from datetime import date, datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET, require_POST

from cityloop.casework.queries import Choice
from cityloop.core.clocks.shifts import shift_moments
from cityloop.core.errors import Fault, Invalid, Refusal
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.query import YEARS, text_asked
from cityloop.presentation.pages.sentences import sentence
from cityloop.presentation.problems import status_of
from cityloop.presentation.settings.organisation import words as organisation_words
from cityloop.presentation.settings.organisation.roster_words import week_of
from cityloop.registry.city.current import current_city
from cityloop.registry.history.tables import ROSTER
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.organisation import queries
from cityloop.registry.people.permissions import check_has_post, check_may_edit, may_edit
from cityloop.runtime import clock


@require_GET
@login_required
def rosters(request: HttpRequest) -> HttpResponse:
    """Show a week of rosters, of all units or of one."""
    check_has_post(person(request))
    return _rosters_page(request)


@require_POST
@login_required
def add_shift(request: HttpRequest) -> HttpResponse:
    """Enter a shift."""
    check_may_edit(person(request))
    try:
        shift = _posted_shift(request)
        organisation.set_shifts([shift], person(request).account, clock.now(), source=shift["note"])
    except Refusal as refusal:
        return _rosters_page(request, refusal)
    return redirect(f"{reverse('settings:rosters')}?day={request.POST.get('day', '').strip()}")


@require_POST
@login_required
def remove_shift(request: HttpRequest) -> HttpResponse:
    """Take a shift off the roster; the history keeps it, and it can be put back there."""
    check_may_edit(person(request))
    posted = {name: request.POST.get(name, "") for name in ("unit", "role", "account", "starts_at")}
    try:
        posted["starts_at"] = organisation.spelled(datetime.fromisoformat(posted["starts_at"]))
    except ValueError:
        raise Invalid([Fault("starts_at", "not-a-choice")]) from None
    organisation.set_shifts([], person(request).account, clock.now(), removed=[ROSTER.named(posted)])
    return redirect(f"{reverse('settings:rosters')}?day={posted['starts_at'][:10]}")


def _rosters_page(request: HttpRequest, refusal: Refusal | None = None) -> HttpResponse:
    city, now = current_city(), clock.now()
    unit = text_asked(request.GET, "unit") or ""
    day = _read_day(text_asked(request.GET, "day"))
    week, edits = week_of(now, city, unit, day), may_edit(person(request))
    today = localtime(now).date()
    usernames = queries.active_usernames() if edits else ()
    fields = organisation_words.shift_fields(city, usernames, (day or today).isoformat(), request.POST, refusal)
    context = {
        "week": week,
        "now_on_duty": week_of(now, city, unit).on_duty,
        "today": today,
        "unit": unit or None,
        "units": [Choice(unit.code, unit.name) for unit in city.units.values() if unit.is_active],
        "may_edit": edits,
        "fields": fields if edits else (),
        "refused": sentence(refusal) if refusal else "",
    }
    return render(request, "settings/rosters.html", context, status=status_of(refusal) if refusal else 200)


def _posted_shift(request: HttpRequest) -> dict[str, str]:
    """Return the shift of a form; Invalid naming every invalid field."""
    names = ("unit", "role", "person", "day", "hours", "note")
    posted = {name: request.POST.get(name, "").strip() for name in names}
    city = current_city()
    known = {
        "unit": posted["unit"] in city.units,
        "role": posted["role"] in city.roles,
        "person": posted["person"] in dict(queries.active_usernames()),
    }
    faults = [Fault(name, "not-a-choice") for name, is_known in known.items() if not is_known]
    day = _read_day(posted["day"] or None)
    if day is None:
        faults.append(Fault("day", "required"))
    if len(posted["note"]) > organisation.LONGEST_WORDS or not posted["note"].isprintable():
        faults.append(Fault("note", "unstorable-character"))
    if faults or day is None:
        raise Invalid(faults)
    starts_at, ends_at = shift_moments(day, posted["hours"], settings.CITYLOOP.zone)
    return organisation.shift(posted["unit"], posted["role"], posted["person"], starts_at, ends_at, posted["note"])


def _read_day(words: str | None) -> date | None:
    if not words:
        return None
    try:
        day = date.fromisoformat(words)
    except ValueError:
        raise Invalid([Fault("day", "not-a-day")]) from None
    if day.year not in YEARS[1:-1]:
        raise Invalid([Fault("day", "day-out-of-range", {"first": f"{YEARS[1]}-01-01", "last": f"{YEARS[-2]}-12-31"})])
    return day
