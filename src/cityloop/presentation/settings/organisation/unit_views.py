"""The pages of units: the tree, one unit with its people, duties, roster and history, entering and changing it."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cityloop.casework.queries import open_cases_of_unit
from cityloop.channels.tables.cells import as_several
from cityloop.core.errors import Fault, Invalid, NotFound, Refusal
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.query import change_seen, text_asked
from cityloop.presentation.pages.sentences import sentence
from cityloop.presentation.problems import status_of
from cityloop.presentation.settings.organisation import duty_words
from cityloop.presentation.settings.organisation import words as organisation_words
from cityloop.presentation.settings.organisation.roster_words import week_of
from cityloop.registry.city.current import current_city
from cityloop.registry.history import queries as change_queries
from cityloop.registry.history.tables import UNITS
from cityloop.registry.models import Unit
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.organisation import queries
from cityloop.registry.people.permissions import check_has_post, check_may_edit, may_edit
from cityloop.runtime import clock


@require_GET
@login_required
def units(request: HttpRequest) -> HttpResponse:
    """Show the units as a tree, or those whose name or code contains the words."""
    check_has_post(person(request))
    words = text_asked(request.GET, "words") or ""
    lines = [line for line in queries.units() if words in line.name or words in line.code]
    context = {"lines": lines, "words": words, "may_edit": may_edit(person(request))}
    return render(request, "settings/units.html", context)


@require_GET
@login_required
def unit(request: HttpRequest, code: str) -> HttpResponse:
    """Show a unit."""
    check_has_post(person(request))
    return _unit_page(request, _existing_unit(code))


@require_http_methods(["GET", "POST"])
@login_required
def new_unit(request: HttpRequest) -> HttpResponse:
    """Enter a unit."""
    check_may_edit(person(request))
    refusal = None
    if request.method == "POST":
        try:
            posted = _posted(request)
            organisation.add_unit(
                posted["code"], _row_of(posted), posted["reason"], person(request).account, clock.now()
            )
            return redirect("settings:unit", posted["code"])
        except Refusal as error:
            refusal = error
    fields = organisation_words.unit_fields(None, current_city(), request.POST, refusal)
    context = {"fields": fields, "refused": sentence(refusal) if refusal else ""}
    return render(request, "settings/new_unit.html", context, status=status_of(refusal) if refusal else 200)


@require_POST
@login_required
def edit_unit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a unit."""
    check_may_edit(person(request))
    row, posted = _existing_unit(code), _posted(request)
    seen = change_seen(posted)
    try:
        organisation.change_unit(code, _row_of(posted), posted["reason"], seen, person(request).account, clock.now())
    except Refusal as refusal:
        return _unit_page(request, row, refusal)
    return redirect("settings:unit", code)


def _unit_page(request: HttpRequest, row: Unit, refusal: Refusal | None = None) -> HttpResponse:
    city, who = current_city(), person(request)
    now = clock.now()
    posts = queries.posts_of_unit(row.code)
    context = {
        "unit": row,
        "kind": organisation_words.kind_of_unit(row.kind),
        "posts": [organisation_words.post_words(post, city) for post in posts if post.is_active],
        "duties": duty_words.duty_rows(queries.duties_of_unit(row.code), city),
        "shifts": week_of(now, city, row.code).shifts,
        "open_cases": open_cases_of_unit(row.code),
        "below": [unit for unit in city.units.values() if unit.parent == row.code],
        "rows": change_queries.history(UNITS.name, [row.code]),
        "may_edit": may_edit(who),
        "seen": organisation.last_change(row.code),
        "fields": organisation_words.unit_fields(row, city, request.POST, refusal) if may_edit(who) else (),
        "refused": sentence(refusal) if refusal else "",
    }
    return render(request, "settings/unit.html", context, status=status_of(refusal) if refusal else 200)


def _existing_unit(code: str) -> Unit:
    if "\x00" in code:
        raise NotFound("no-such-unit")
    return queries.unit(code)


def _posted(request: HttpRequest) -> Mapping[str, str]:
    names = ("code", "name", "kind", "parent", "credit_code", "aliases", "telephone", "handles", "is_active", "reason")
    return {name: request.POST.get(name, "").strip() for name in (*names, "seen")}


def _row_of(posted: Mapping[str, str]) -> dict[str, Any]:
    """Return the unit of a form as a row; Invalid where a yes or no is neither."""
    row: dict[str, Any] = {name: posted[name] for name in ("name", "kind", "telephone")}
    row |= {"parent": posted["parent"] or None, "aliases": list(as_several(posted["aliases"]))}
    row["credit_code"] = posted["credit_code"].upper()
    for name in ("handles", "is_active"):
        if posted[name] not in ("", organisation_words.YES, organisation_words.NO):
            raise Invalid([Fault(name, "not-a-choice")])
        if posted[name]:
            row[name] = posted[name] == organisation_words.YES
    return row
