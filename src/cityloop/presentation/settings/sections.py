"""The pages of settings in the order of the index page: what each is for, and who may open it."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cityloop.core.actors import Actor
from cityloop.presentation.pages.navigation import Shown, has_post
from cityloop.presentation.pages.people import person
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.people.permissions import may_edit


@dataclass(frozen=True, slots=True)
class Section:
    """One page of settings. `shown` is the right that its view demands: who would be refused there sees no tile."""

    url_name: str
    title: str
    note: str
    shown: Shown = has_post


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section as pages render it, in the reader's language."""

    title: str
    note: str
    url: str
    is_current: bool


def _may_edit(actor: Actor, city: City) -> bool:
    return may_edit(actor)


SECTIONS = (
    Section("procedures", gettext_noop("Procedures"), gettext_noop("How each kind of case goes.")),
    Section("catalogues", gettext_noop("Catalogues"), gettext_noop("Classes, filing conditions and their limits.")),
    Section("areas", gettext_noop("Areas"), gettext_noop("Districts, streets, communities and grids on the map.")),
    Section(
        "facilities",
        gettext_noop("Facilities"),
        gettext_noop("The facilities of the city, and who is responsible for them."),
    ),
    Section("places", gettext_noop("Gazetteer"), gettext_noop("Streets, estates and door plates by their names.")),
    Section("units", gettext_noop("Units"), gettext_noop("Departments, streets, communities and companies.")),
    Section("people", gettext_noop("People"), gettext_noop("Accounts and their posts."), shown=_may_edit),
    Section("rosters", gettext_noop("Rosters"), gettext_noop("Who is on duty when.")),
    Section("duties", gettext_noop("Responsibility"), gettext_noop("Who sees to what where: none, one or many.")),
    Section("packs", gettext_noop("Packs"), gettext_noop("The domains this city runs, and what each brought.")),
    Section(
        "changes",
        gettext_noop("History of changes"),
        gettext_noop("What was changed here, by whom; changes can be undone."),
    ),
)


def shown_sections(request: HttpRequest) -> list[ShownSection]:
    """Return the pages of settings that the person may open, the present one marked."""
    actor, city = person(request), current_city()
    return [_as_shown(section, request) for section in SECTIONS if section.shown(actor, city)]


def _as_shown(section: Section, request: HttpRequest) -> ShownSection:
    url = reverse(f"settings:{section.url_name}")
    return ShownSection(_(section.title), _(section.note), url, is_current=request.path.startswith(url))
