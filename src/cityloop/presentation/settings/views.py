"""The pages of settings, to be read: each view asks for what is declared and shows it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cityloop.casework.words import limit_words
from cityloop.core.errors import NotAllowed, NotFound
from cityloop.presentation.settings.procedure_page import edge_words, list_rows, picture, procedure_page
from cityloop.presentation.settings.procedure_words import Vocabulary
from cityloop.presentation.workbench.people import person
from cityloop.registry.city import City, city, title


@require_GET
@login_required
def procedures(request: HttpRequest) -> HttpResponse:
    """List the procedures, each with its versions, the newest first."""
    _check_has_post(request)
    town = city()
    rows = list_rows(town.procedures.values(), vocabulary(town))
    return render(request, "settings/procedures.html", {"rows": rows})


@require_GET
@login_required
def procedure(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """Show a version of a procedure: its picture, its stages, tasks and actions."""
    _check_has_post(request)
    town = city()
    found = town.procedures.get((name, version))
    if found is None:
        raise NotFound("no-such-procedure", "There is no such procedure, or not in this version.")
    words = vocabulary(town)
    versions = sorted((other for known, other in town.procedures if known == name), reverse=True)
    drawn = picture(found, words)
    context = {
        "procedure": procedure_page(found, words),
        "picture": drawn,
        "lines": [(edge, edge_words(found, edge, words)) for edge in drawn.edges],
        "versions": versions,
    }
    return render(request, "settings/procedure.html", context)


def vocabulary(town: City) -> Vocabulary:
    """Return how the city's procedures are told in the language of the present screen."""
    roles = {name: role.title for name, role in town.roles.items()}
    titles = {name: town.latest(name).title for name, _ in town.procedures}
    return Vocabulary(title, limit_words, roles, titles)


def _check_has_post(request: HttpRequest) -> None:
    if not person(request).posts:
        raise NotAllowed("no-post", "You hold no post in this city yet; ask the administrator for one.")
