"""What packs bring, as text: the kinds of things, what a role sees, what a layer shows."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

KINDS = {
    "roles": gettext_noop("Roles"),
    "procedures": gettext_noop("Procedures"),
    "catalogues": gettext_noop("Catalogues"),
    "classes": gettext_noop("Classes"),
    "names": gettext_noop("Other names"),
    "crosswalk": gettext_noop("Crosswalk"),
    "conditions": gettext_noop("Filing conditions"),
    "limits": gettext_noop("Limits"),
    "layers": gettext_noop("Open layers"),
    "grid_kinds": gettext_noop("Kinds of grid"),
    "calendar": gettext_noop("Working calendar"),
}
SEES = {
    "area": gettext_noop("every case of the post's area"),
    "unit": gettext_noop("cases that its unit handles or handled"),
    "none": gettext_noop("no case"),
}
SOURCES = {
    "facilities": gettext_noop("Facilities"),
    "areas": gettext_noop("Areas"),
    "places": gettext_noop("Gazetteer"),
}


def counted(counts: Mapping[str, int]) -> list[str]:
    """Return the number of things of each kind, such as Roles 3."""
    return [_(KINDS[kind]) if kind == "calendar" else f"{_(KINDS[kind])} {many}" for kind, many in counts.items()]


def sees_words(sees: str) -> str:
    """Return which cases a role sees."""
    return _(SEES[sees])


def source_words(source: str) -> str:
    """Return what a layer is made of."""
    return _(SOURCES[source])
