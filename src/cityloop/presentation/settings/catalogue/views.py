"""Catalogues: searching classes, one class with its conditions and limits, and changing them."""

from collections import Counter
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cityloop.casework.words import limit_words
from cityloop.core.codes.classes import HOME, ClassKey, class_key
from cityloop.core.codes.crosswalk import major_of
from cityloop.core.errors import Invalid, NotFound
from cityloop.presentation.pages.fields import faults_of
from cityloop.presentation.pages.people import person
from cityloop.registry.catalogue import actions as catalogue_actions
from cityloop.registry.catalogue.actions import GRADES
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.city.facts import CategoryFacts
from cityloop.registry.history import queries as change_queries
from cityloop.registry.history.tables import CLASSES, CONDITIONS
from cityloop.registry.people.permissions import check_has_post, check_may_edit, may_edit
from cityloop.runtime import clock

MOST_FOUND = 60


@require_GET
@login_required
def catalogues(request: HttpRequest) -> HttpResponse:
    """List the catalogues; find classes by words, pinyin or code, in one catalogue or in all."""
    check_has_post(person(request))
    city, words = current_city(), request.GET.get("words", "").strip()
    chosen = request.GET.get("catalogue", "")
    context = {
        "catalogues": _catalogues(city),
        "words": words,
        "chosen": chosen,
        "classes": _matching_classes(city, words, chosen, request.GET.get("major", "")),
        "majors": _majors(city, chosen or HOME),
        "major": request.GET.get("major", ""),
        "may_edit": may_edit(person(request)),
    }
    return render(request, "settings/catalogues.html", context)


@require_GET
@login_required
def category(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a class: its conditions for filing with their limits, what it was called before, its history."""
    check_has_post(person(request))
    return _class_page(request, _existing_class(reference))


@require_POST
@login_required
def set_limits(request: HttpRequest, reference: str) -> HttpResponse:
    """Give a class other limits."""
    check_may_edit(person(request))
    category = _existing_class(reference)
    handle, case = request.POST.get("handle", ""), request.POST.get("case", "")
    try:
        catalogue_actions.set_class_limits(_key(category), handle, case, person(request).account, clock.now())
    except Invalid as error:
        return _class_page(request, category, error, "limits")
    return redirect("settings:class", category.reference)


@require_http_methods(["POST"])
@login_required
def set_condition(request: HttpRequest, reference: str) -> HttpResponse:
    """Enter, change or remove a condition for filing."""
    check_may_edit(person(request))
    category, posted, by, now = _existing_class(reference), request.POST, person(request).account, clock.now()
    number = posted.get("number", "") or _next_number(category)
    if "remove" in posted:
        catalogue_actions.remove_condition(_key(category), number, by, now)
        return redirect("settings:class", category.reference)
    limits = {grade: posted.get(f"limit_{grade}", "") for grade in GRADES}
    try:
        catalogue_actions.set_condition(
            _key(category), number, posted.get("filing", ""), posted.get("closing", ""), limits, by, now
        )
    except Invalid as error:
        return _class_page(request, category, error, posted.get("number", "") or "new")
    return redirect("settings:class", category.reference)


@require_POST
@login_required
def use_catalogue(request: HttpRequest) -> HttpResponse:
    """Let new cases be filed under a catalogue, or no more."""
    check_may_edit(person(request))
    name, in_use = request.POST.get("name", ""), request.POST.get("in_use") == "1"
    catalogue_actions.use_catalogue(name, person(request).account, clock.now(), in_use=in_use)
    return redirect("settings:catalogues")


@require_POST
@login_required
def add_class(request: HttpRequest) -> HttpResponse:
    """Enter a class of the city's own."""
    check_may_edit(person(request))
    major = request.POST.get("major", "")
    names = dict(_majors(current_city(), HOME))
    if major not in names:
        raise NotFound("no-such-class")
    by, now, name = person(request).account, clock.now(), request.POST.get("name", "")
    key = catalogue_actions.add_local_class(HOME, major, names[major], name, by, now)
    return redirect("settings:class", key.reference)


def _class_page(
    request: HttpRequest, category: CategoryFacts, refusal: Invalid | None = None, where: str = ""
) -> HttpResponse:
    city = current_city()
    key = _key(category)
    context = {
        "category": category,
        "conditions": [
            _shown_condition(condition, request.POST, refusal, where) for condition in category.conditions.values()
        ],
        "new": _condition_form("new", {}, request.POST, refusal, where),
        "limits": {name: limit_words(limit) for name, limit in category.limits.items()},
        "limit_faults": faults_of(refusal) if where == "limits" else {},
        "before": [city.classes[k.reference] for k in city.crosswalk.predecessors(key) if k.reference in city.classes],
        "after": _successors(city, key),
        "history": change_queries.history(*_history_keys(category))
        + change_queries.history("classes", [CLASSES.named(_row(key))]),
        "may_edit": may_edit(person(request)),
        "grades": GRADES,
        "address": reverse("settings:class", args=[category.reference]),
    }
    return render(request, "settings/class.html", context, status=422 if refusal else 200)


def _shown_condition(condition: Any, posted: QueryDict, refusal: Invalid | None, where: str) -> dict[str, Any]:
    shown = {f"limit_{grade}": limit_words(limit) for grade, limit in condition.limits.items()}
    given = {"filing": condition.filing, "closing": condition.closing, **shown}
    return {"condition": condition, "shown": shown, **_condition_form(condition.number, given, posted, refusal, where)}


def _condition_form(
    number: str, given: dict[str, str], posted: QueryDict, refusal: Invalid | None, where: str
) -> dict[str, Any]:
    tried = where == number
    values = {name: posted.get(name, "") for name in ("filing", "closing", *(f"limit_{g}" for g in GRADES))}
    return {"number": number, "values": values if tried else given, "faults": faults_of(refusal) if tried else {}}


def _history_keys(category: CategoryFacts) -> tuple[str, list[str]]:
    return "conditions", [
        CONDITIONS.named({**_row(_key(category)), "number": number}) for number in category.conditions
    ]


def _row(key: ClassKey) -> dict[str, str]:
    return {"catalogue": key.catalogue, "kind": key.kind, "code": key.code}


def _successors(city: City, key: ClassKey) -> list[tuple[str, list[CategoryFacts], tuple[str, ...]]]:
    found = []
    for name in city.catalogues:
        became = city.crosswalk.successors(key, name) if name != key.catalogue else None
        if became:
            classes = [city.classes[k.reference] for k in became.classes if k.reference in city.classes]
            found.append((name, classes, became.notes))
    return found


def _existing_class(reference: str) -> CategoryFacts:
    category = current_city().classes.get(reference)
    if category is None:
        raise NotFound("no-such-class")
    return category


def _key(category: CategoryFacts) -> ClassKey:
    return class_key(category.reference)


def _next_number(category: CategoryFacts) -> str:
    return str(max((int(number) for number in category.conditions if number.isdecimal()), default=0) + 1)


def _catalogues(city: City) -> list[dict[str, Any]]:
    counts = Counter((category.catalogue, category.kind) for category in city.classes.values())
    filed_under = Counter(category.catalogue for category in city.categories.values())
    local = Counter(category.catalogue for category in city.classes.values() if category.is_local)
    return [
        {
            "catalogue": catalogue,
            "components": counts[catalogue.name, "component"],
            "matters": counts[catalogue.name, "matter"],
            "local": local[catalogue.name],
            "filed_under": filed_under[catalogue.name],
            "is_last": catalogue.in_use and catalogue_actions.is_last_in_use(catalogue.name),
        }
        for catalogue in sorted(city.catalogues.values(), key=lambda catalogue: (not catalogue.in_use, catalogue.name))
    ]


def _majors(city: City, catalogue: str) -> list[tuple[str, str]]:
    named = {
        major_of(category.code): category.major
        for category in city.classes.values()
        if category.catalogue == catalogue and category.kind == "matter"
    }
    return sorted(named.items())


def _matching_classes(city: City, words: str, catalogue: str, major: str) -> list[CategoryFacts]:
    if words:
        found = (city.classes[reference] for reference in city.class_search.find(words, len(city.classes)))
        return [category for category in found if not catalogue or category.catalogue == catalogue][:MOST_FOUND]
    if major or catalogue:
        wanted = catalogue or HOME
        return [
            category
            for category in city.classes.values()
            if category.catalogue == wanted
            and (not major or major_of(category.code) == major)
            and (category.kind == "matter" or wanted != HOME)
        ]
    return []
