"""The pages of settings in the order of the page that leads to them, each with what it is for."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

SECTIONS = (
    ("procedures", gettext_noop("Procedures"), gettext_noop("How each kind of case goes.")),
    ("catalogues", gettext_noop("Catalogues"), gettext_noop("Classes, filing conditions and their limits.")),
    ("areas", gettext_noop("Areas"), gettext_noop("Districts, streets, communities and grids on the map.")),
    ("facilities", gettext_noop("Facilities"), gettext_noop("What stands in the city, and who looks after it.")),
    ("places", gettext_noop("Gazetteer"), gettext_noop("Streets, estates and door plates by their names.")),
    ("units", gettext_noop("Units"), gettext_noop("Departments, streets, communities and companies.")),
    ("people", gettext_noop("People"), gettext_noop("Accounts and the posts they hold.")),
    ("rosters", gettext_noop("Rosters"), gettext_noop("Who is on duty when.")),
    ("duties", gettext_noop("Responsibility"), gettext_noop("Who sees to what where: none, one or many.")),
    ("packs", gettext_noop("Packs"), gettext_noop("The domains this city runs, and what each brought.")),
    (
        "changes",
        gettext_noop("History of changes"),
        gettext_noop("What was changed here, by whom; changes can be undone."),
    ),
)


@dataclass(frozen=True, slots=True)
class Section:
    """One page of settings."""

    title: str
    note: str
    url: str
    is_current: bool


def sections(request: HttpRequest) -> list[Section]:
    """Return the pages of settings, the present one marked."""
    found = ((title, note, _url(name)) for name, title, note in SECTIONS)
    return [Section(_(title), _(note), url, request.path.startswith(url)) for title, note, url in found if url]


def _url(name: str) -> str:
    try:
        return reverse(f"settings:{name}")
    except NoReverseMatch:
        return ""
