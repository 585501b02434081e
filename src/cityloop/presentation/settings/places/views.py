"""The page of the gazetteer: trying an address, looking through the entries, removing a wrong one."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from cityloop.casework.queries import Choice
from cityloop.core.gazetteer.addresses.words import LONGEST
from cityloop.core.gazetteer.places import PlaceKind
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.query import text_asked
from cityloop.presentation.settings.places import words as place_words
from cityloop.registry.city.current import current_city
from cityloop.registry.gazetteer import finding as gazetteer
from cityloop.registry.gazetteer import queries as place_queries
from cityloop.registry.gazetteer.actions import remove_place
from cityloop.registry.people.permissions import check_has_post, check_may_edit, may_edit
from cityloop.runtime import clock


@require_GET
@login_required
def places(request: HttpRequest) -> HttpResponse:
    """Show what an address is understood as and where it lies; list the entries."""
    check_has_post(person(request))
    address, words, kind = ((text_asked(request.GET, name) or "")[:LONGEST] for name in ("address", "words", "kind"))
    found = gazetteer.place_of(address) if address else None
    counts = place_queries.counts()
    context = {
        "address": address,
        "understood": place_words.understood(gazetteer.read_address(address)) if address else (),
        "found": found,
        "layers": place_words.layer(found) if found and (found.place or found.alternatives) else None,
        "page": place_queries.places(
            words, kind if kind in list(PlaceKind) else None, text_asked(request.GET, "after")
        ),
        "words": words,
        "kind": kind or None,
        "kinds": [Choice(name, f"{place_words.kind_words(name)} {number:,}") for name, number in counts.items()],
        "areas": current_city().areas,
        "may_edit": may_edit(person(request)),
    }
    return render(request, "settings/places.html", context)


@require_POST
@login_required
def remove(request: HttpRequest) -> HttpResponse:
    """Remove an entry; it can be undone in the history."""
    check_may_edit(person(request))
    remove_place(request.POST.get("row_key", ""), person(request).account, clock.now())
    return redirect("settings:places")
