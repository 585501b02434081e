"""The workbench's entries of the rail."""

from django.utils.translation import gettext_noop

from cityloop.presentation.pages.navigation import RailEntry, everybody

RAIL = (
    RailEntry(gettext_noop("Workbench"), "inbox", "workbench:queue", order=10, shown=everybody),
    RailEntry(
        gettext_noop("Cases"),
        "folders",
        "workbench:cases",
        order=20,
        shown=everybody,
        current_at=tuple(f"workbench:{name}" for name in ("case", "act", "reporter", "document", "new_case")),
    ),
)
