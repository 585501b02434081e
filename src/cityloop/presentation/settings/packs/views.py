"""The pages of packs: which there are, and what each brought. Packs are changed in their files."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cityloop.presentation.pages.people import person
from cityloop.presentation.settings.packs.words import counted, sees_words, source_words
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.city.facts import title
from cityloop.registry.history import queries as change_queries
from cityloop.registry.packs import queries as pack_queries
from cityloop.registry.packs.contents import counts
from cityloop.registry.packs.queries import PackLine
from cityloop.registry.people.permissions import check_has_post, may_edit

CLASSES_SHOWN = 60


@require_GET
@login_required
def packs(request: HttpRequest) -> HttpResponse:
    """List the packs with what each brings and when it was taken up."""
    check_has_post(person(request))
    rows = [(line, counted(counts(line.pack)) if line.pack else []) for line in pack_queries.lines_in_force()]
    return render(request, "settings/packs.html", {"rows": rows})


@require_GET
@login_required
def pack(request: HttpRequest, name: str) -> HttpResponse:
    """Show a pack: its roles, procedures, catalogues, classes and layers, and the changes it made."""
    check_has_post(person(request))
    lines = pack_queries.lines_in_force()
    line = pack_queries.named(lines, name)
    titles = {line.name: title(line.pack.title) for line in lines if line.pack}
    context = {
        "line": line,
        "changes": change_queries.changes_of_pack(name),
        "may_edit": may_edit(person(request)),
        **_contents(line, current_city(), titles),
    }
    return render(request, "settings/pack.html", context)


def _contents(line: PackLine, city: City, titles: dict[str, str]) -> dict[str, Any]:
    pack = line.pack
    if pack is None:
        return {}
    own = [category.key.reference for category in pack.classes if category.key.reference in city.classes]
    return {
        "title": title(pack.title),
        "counts": counted(counts(pack)),
        "requires": [(name, titles.get(name, name)) for name in pack.requires],
        "roles": [(role.name, title(role.title), sees_words(role.sees)) for role in pack.roles],
        "procedures": [
            (procedure, title(procedure.title))
            for procedure in pack.procedures
            if (procedure.name, procedure.version) in city.procedures
        ],
        "catalogues": [(catalogue.name, title(catalogue.title)) for catalogue in pack.catalogues],
        "classes": [city.classes[reference] for reference in own[:CLASSES_SHOWN]],
        "classes_in_all": len(own),
        "lists": sorted({category.catalogue for category in pack.classes}),
        "layers": [(layer.name, title(layer.title), source_words(layer.source)) for layer in pack.layers],
        "grid_kinds": [(name, title(words)) for name, words in pack.grid_kinds.items()],
    }
