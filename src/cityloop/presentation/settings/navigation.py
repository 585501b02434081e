"""The entry of settings in the rail. The pages that it leads to are declared in sections.py."""

from django.utils.translation import gettext_noop

from cityloop.presentation.pages.navigation import RailEntry, has_post

RAIL = (
    RailEntry(
        gettext_noop("Settings"), "settings", "settings:index", order=90, shown=has_post, current_at=("settings",)
    ),
)
