"""The index of settings and the pages of procedures: each shows what is declared."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cityloop.casework.words import limit_words
from cityloop.core.errors import NotFound
from cityloop.presentation.pages.people import person
from cityloop.presentation.settings.procedures.page import edge_words, list_rows, picture, procedure_page
from cityloop.presentation.settings.procedures.words import Vocabulary
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.city.facts import title
from cityloop.registry.people.permissions import check_has_post


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the pages of settings."""
    check_has_post(person(request))
    return render(request, "settings/index.html")


@require_GET
@login_required
def procedures(request: HttpRequest) -> HttpResponse:
    """List the procedures, each with its versions, the newest first."""
    check_has_post(person(request))
    city = current_city()
    rows = list_rows(city.procedures.values(), vocabulary(city))
    return render(request, "settings/procedures.html", {"rows": rows})


@require_GET
@login_required
def procedure(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """Show a version of a procedure: its picture, its stages, tasks and actions."""
    check_has_post(person(request))
    city = current_city()
    found = city.procedures.get((name, version))
    if found is None:
        raise NotFound("no-such-procedure")
    words = vocabulary(city)
    versions = sorted((other for known, other in city.procedures if known == name), reverse=True)
    drawn = picture(found, words)
    context = {
        "procedure": procedure_page(found, words),
        "picture": drawn,
        "lines": [(edge, edge_words(found, edge, words)) for edge in drawn.edges],
        "versions": versions,
    }
    return render(request, "settings/procedure.html", context)


def vocabulary(city: City) -> Vocabulary:
    """Return the vocabulary of the city's procedures in the language of the page."""
    roles = {name: role.title for name, role in city.roles.items()}
    titles = {name: city.latest(name).title for name, _ in city.procedures}
    return Vocabulary(title, limit_words, roles, titles)
