"""The pages of responsibility: none, one or many by class and district, one class on the map, the duties themselves."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from cityloop.casework.queries import Choice
from cityloop.core.errors import Fault, Invalid, NotFound, Refusal
from cityloop.core.invalid_values import InvalidValue
from cityloop.core.place.responsibility import DutyCount
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.query import text_asked
from cityloop.presentation.pages.sentences import sentence
from cityloop.presentation.problems import status_of
from cityloop.presentation.settings.organisation import duty_words
from cityloop.registry.areas.answers import level_title
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.history.tables import DUTIES
from cityloop.registry.names import class_names
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.organisation import queries
from cityloop.registry.people.permissions import check_has_post, check_may_edit, may_edit
from cityloop.runtime import clock

SHOWN = 300  # duties on the page; more are found by narrowing
LEVELS = ("district", "street", "community")


@require_GET
@login_required
def duties(request: HttpRequest) -> HttpResponse:
    """Show how many classes have nobody, one or several units in each district, and the duties themselves."""
    check_has_post(person(request))
    return _duties_page(request)


@require_GET
@login_required
def classes(request: HttpRequest, major: str, district: str) -> HttpResponse:
    """Show the classes of a major class with who is responsible for each in a district."""
    check_has_post(person(request))
    city, standing = current_city(), _chosen_standing(request)
    rows = duty_words.classes_answered(city, major, district)
    if not rows or district not in city.areas:
        raise NotFound("no-such-class")
    context = {
        "rows": [row for row in rows if standing in (None, row.standing)],
        "all": len(rows),
        "major": next(
            category.major for category in city.categories.values() if duty_words.major_key(category) == major
        ),
        "district": city.areas[district],
        "standings": _standing_choices(),
        "standing": standing,
    }
    return render(request, "settings/duty_classes.html", context)


@require_GET
@login_required
def one_class(request: HttpRequest, reference: str) -> HttpResponse:
    """Show on the map, and in a table, who is responsible for a class in each area of a level."""
    check_has_post(person(request))
    city, level = current_city(), text_asked(request.GET, "level") or "district"
    category = city.categories.get(reference)
    if category is None:
        raise NotFound("no-such-class")
    levels = [level for level in LEVELS if any(area.level == level for area in city.areas.values())]
    if level not in levels:
        raise Invalid([Fault("level", "not-a-choice")])
    rows = duty_words.areas_answered(city, reference, level)
    standing = _chosen_standing(request)
    context = {
        "category": category,
        "rows": [row for row in rows if standing in (None, row.standing)],
        "map": duty_words.map_of(rows, city),
        "levels": [(level, level_title(level, city)) for level in levels],
        "level": level,
        "standings": _standing_choices(),
        "standing": standing,
        "sums": [(count, sum(row.standing is count for row in rows)) for count in DutyCount],
    }
    return render(request, "settings/duty_class.html", context)


@require_POST
@login_required
def set_duty(request: HttpRequest) -> HttpResponse:
    """Enter a duty, or change its details."""
    check_may_edit(person(request))
    city = current_city()
    try:
        row, reason = _posted_duty(request, city)
        organisation.set_duties([row], person(request).account, clock.now(), city=city, source=reason)
    except Refusal as refusal:
        return _duties_page(request, refusal)
    return redirect("settings:duties")


@require_POST
@login_required
def remove_duty(request: HttpRequest) -> HttpResponse:
    """Take a duty away; the history keeps it, and it can be put back there."""
    check_may_edit(person(request))
    posted = {name: request.POST.get(name, "").strip() for name in (*DUTIES.key, "reason")}
    if any("\x00" in words for words in posted.values()):
        raise Invalid([Fault("reason", "unstorable-character")])
    key = DUTIES.named(posted)
    organisation.set_duties(
        [], person(request).account, clock.now(), city=current_city(), removed=[key], source=posted["reason"][:200]
    )
    return redirect("settings:duties")


def _duties_page(request: HttpRequest, refusal: Refusal | None = None) -> HttpResponse:
    city, edits = current_city(), may_edit(person(request))
    unit, area = text_asked(request.GET, "unit") or "", text_asked(request.GET, "area")
    words, listed = text_asked(request.GET, "words") or "", request.GET.get("listed") == "1"
    found = queries.duties(unit=unit, area=area, category=_class_meant(words, city), listed=listed)
    context = {
        "districts": duty_words.districts_of(city),
        "matrix": duty_words.matrix(city),
        "standings": list(DutyCount),
        "rows": duty_words.duty_rows(found[:SHOWN], city),
        "more": max(0, len(found) - SHOWN),
        "narrowing": bool(unit or area is not None or words or listed),
        "words": words,
        "unit": unit or None,
        "area": area,
        "listed": listed,
        "units": [Choice(unit.code, unit.name) for unit in city.units.values()],
        "areas": [Choice(code, name) for code, name in duty_words.districts_of(city)],
        "may_edit": edits,
        "fields": duty_words.duty_fields(city, request.POST, refusal) if edits else (),
        "refused": sentence(refusal) if refusal else "",
    }
    return render(request, "settings/duties.html", context, status=status_of(refusal) if refusal else 200)


def _class_meant(words: str, city: City) -> str:
    """Return the class that the words mean; the words themselves where they mean none, so that nothing is found."""
    try:
        return class_names(city).meant(words)
    except ValueError:
        return words


def _posted_duty(request: HttpRequest, city: City) -> tuple[dict[str, Any], str]:
    """Return the duty of a form, and its reason; Invalid naming every invalid field."""
    posted = {
        name: request.POST.get(name, "").strip()
        for name in ("category", "area", "unit", "is_listed", "basis", "reason")
    }
    faults = []
    if posted["unit"] not in city.units:
        faults.append(Fault("unit", "not-a-choice"))
    if posted["area"] and posted["area"] not in city.areas:
        faults.append(Fault("area", "not-a-choice"))
    if not posted["reason"]:
        faults.append(Fault("reason", "required"))
    elif not posted["reason"].isprintable() or len(posted["reason"]) > organisation.LONGEST_WORDS:
        faults.append(Fault("reason", "unstorable-character"))
    try:
        category = class_names(city).meant(posted["category"])
    except InvalidValue as error:
        category = ""
        faults.append(error.fault("category"))
    if faults:
        raise Invalid(faults)
    row = {"category": category, "area": posted["area"], "unit": posted["unit"], "basis": posted["basis"]}
    return {**row, "is_listed": duty_words.is_listed(posted["is_listed"])}, posted["reason"]


def _chosen_standing(request: HttpRequest) -> DutyCount | None:
    words = request.GET.get("standing")
    if not words:
        return None
    if words not in tuple(DutyCount):
        raise Invalid([Fault("standing", "not-a-choice")])
    return DutyCount(words)


def _standing_choices() -> list[Choice]:
    return [Choice(count.value, duty_words.standing_words(count)) for count in DutyCount]
