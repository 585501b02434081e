"""The pages of areas: the tree, one area with what is in it and its history, the checks, and where a place lies."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from cityloop.core.errors import Fault, Invalid, NotFound, Refusal
from cityloop.core.place.areas import UPWARD
from cityloop.core.place.geo import Crs, parse_crs
from cityloop.core.place.where import where
from cityloop.presentation.pages.fields import faults_of
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.query import change_seen, text_asked
from cityloop.presentation.pages.sentences import sentence
from cityloop.presentation.problems import status_of
from cityloop.presentation.settings.areas import words
from cityloop.registry.areas import queries
from cityloop.registry.areas.actions import WantedArea, change_area, last_change
from cityloop.registry.areas.answers import lines, sentences
from cityloop.registry.areas.imports.doubts import of_layout, scopes
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.city.facts import AreaFacts
from cityloop.registry.history import queries as change_queries
from cityloop.registry.history.tables import AREAS
from cityloop.registry.people.permissions import check_has_post, check_may_edit, may_edit
from cityloop.runtime import clock

SHOWN = 300  # doubts on one page, the largest


@require_GET
@login_required
def areas(request: HttpRequest) -> HttpResponse:
    """Show the tree of areas, or one level or kind of grid as a list."""
    check_has_post(person(request))
    city, today = current_city(), _today(current_city())
    counts = queries.levels(city, today)
    level = _level_asked(request, city)
    after = text_asked(request.GET, "after") or ""
    rows, following = queries.listed(city, level, after, today) if level else (queries.tree(city, today), "")
    drawn = words.tree_layers([level] if level else [count.level for count in counts], city)
    context = {"counts": counts, "level": level, "page": {"rows": rows}, "following": following, "map": drawn}
    return render(request, "settings/areas.html", context)


@require_GET
@login_required
def area(request: HttpRequest, code: str) -> HttpResponse:
    """Show an area: its facts, its outline, what is in it, its history."""
    check_has_post(person(request))
    return _area_page(request, _existing_area(code))


@require_POST
@login_required
def edit_area(request: HttpRequest, code: str) -> HttpResponse:
    """Give an area another name, grade or other days."""
    check_may_edit(person(request))
    found, posted = _existing_area(code), {name: str(value).strip() for name, value in request.POST.items()}
    seen = change_seen(posted)
    wanted = {name: posted.get(name, "") for name in ("name", "grade", "valid_from", "valid_until", "reason")}
    try:
        change_area(code, WantedArea(**wanted, seen=seen), person(request).account, clock.now(), _today(current_city()))
    except Refusal as refusal:
        return _area_page(request, found, refusal)
    return redirect("settings:area", code)


@require_GET
@login_required
def checks(request: HttpRequest) -> HttpResponse:
    """Show overlaps, gaps and pieces outside the area around, of one level, in a list and on the map."""
    check_has_post(person(request))
    city, today = current_city(), _today(current_city())
    counts = queries.levels(city, today)
    level = _chosen_level(request, city)
    parts, chosen = _chosen_part(request, city, level)
    found = of_layout(city.layout(), level, chosen) if level else ()
    rows = words.doubt_rows(found, level, city)
    kinds = {
        kind: (title, sum(row.kind == kind for row in rows), words.size_of(row for row in rows if row.kind == kind))
        for kind, title in words.kinds_of_doubt().items()
    }
    context = {"counts": counts, "level": level, "rows": rows[:SHOWN], "in_all": len(rows), "kinds": kinds}
    context |= {"parts": [city.areas[code] for code in parts], "part": chosen}
    context["map"] = words.doubts_layers(level, chosen, city) if level else None
    return render(request, "settings/area_checks.html", context)


@require_GET
@login_required
def doubts(request: HttpRequest) -> HttpResponse:
    """Return the doubtful pieces of one level as GeoJSON, the largest first."""
    check_has_post(person(request))
    city = current_city()
    level = _chosen_level(request, city)
    found = of_layout(city.layout(), level, _chosen_part(request, city, level)[1]) if level else ()
    content = words.doubt_features(found, level, city, SHOWN)
    return JsonResponse(content, content_type="application/geo+json", json_dumps_params={"ensure_ascii": False})


@require_GET
@login_required
def where_is_it(request: HttpRequest) -> HttpResponse:
    """Show which areas a place lies in, or why it lies in none."""
    check_has_post(person(request))
    city = current_city()
    query = {name: text_asked(request.GET, name) or "" for name in ("lon", "lat", "crs", "on")}
    context: dict[str, Any] = {"query": query, "systems": words.system_choices()}
    if query["lon"] or query["lat"]:
        try:
            found = where(city.layout(_read_day(query["on"])), *_read_pair(query), _read_system(query["crs"]))
        except Invalid as refusal:
            context |= {"faults": faults_of(refusal)}
            return render(request, "settings/area_where.html", context, status=status_of(refusal))
        context |= {"found": found, "lines": lines(found, city), "sentences": sentences(found, city)}
    return render(request, "settings/area_where.html", context)


def _read_pair(query: dict[str, str]) -> tuple[float, float]:
    pair, faults = {}, []
    for name in ("lon", "lat"):
        try:
            pair[name] = float(query[name])
        except ValueError:
            faults.append(Fault(name, "not-degrees"))
    if faults:
        raise Invalid(faults)
    return pair["lon"], pair["lat"]


def _read_system(text: str) -> Crs:
    try:
        return parse_crs(text) if text else Crs.WGS84
    except ValueError as error:
        raise Invalid([Fault("crs", "unknown-coordinate-system", {"value": text})]) from error


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid([Fault("on", "not-a-day")]) from error


def _chosen_level(request: HttpRequest, city: City) -> str:
    """Return the requested level, else the smallest level of the tree that has areas."""
    smallest = next((level for level in UPWARD if level in _levels(city)), "")
    return _level_asked(request, city) or smallest


def _level_asked(request: HttpRequest, city: City) -> str:
    wanted = text_asked(request.GET, "level") or ""
    if wanted and wanted not in _levels(city):
        raise NotFound("no-such-level")
    return wanted


def _levels(city: City) -> set[str]:
    return {found.level for found in city.areas.values()}


def _chosen_part(request: HttpRequest, city: City, level: str) -> tuple[list[str], str]:
    """Return the parts of the city of which one is looked at, where a level has too many areas; and the one chosen."""
    parts = scopes(city.layout(), level) if level else []
    wanted = text_asked(request.GET, "in") or ""
    return parts, wanted if wanted in parts else (parts[0] if parts else "")


def _today(city: City) -> date:
    return clock.now().astimezone(city.calendar.time_zone).date()


def _existing_area(code: str) -> AreaFacts:
    found = current_city().areas.get(code)
    if found is None:
        raise NotFound("no-such-area")
    return found


def _area_page(request: HttpRequest, found: AreaFacts, refusal: Refusal | None = None) -> HttpResponse:
    city, today = current_city(), _today(current_city())
    rows = queries.children_of(city, found.code, today)
    editing = may_edit(person(request))
    context = {
        "area": found,
        "is_standing": found.is_valid(today),
        "around": queries.around(city, found.code),
        "size": f"{queries.size(city, found.code):,.0f}",
        "attributes": queries.attributes(found.code),
        "children": rows,
        "map": words.area_layers(found, rows, city),
        "rows": change_queries.history(AREAS.name, [found.code]),
        "may_edit": editing,
        "seen": last_change(found.code),
        "fields": words.edit_fields(found, request.POST, refusal) if editing else (),
        "refused": sentence(refusal) if refusal else "",
    }
    return render(request, "settings/area.html", context, status=status_of(refusal) if refusal else 200)
