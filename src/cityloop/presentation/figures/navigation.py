"""The entry of figures in the rail."""

from django.utils.translation import gettext_noop

from cityloop.core.actors import Actor
from cityloop.evaluation.answers.scopes import scopes
from cityloop.presentation.pages.navigation import RailEntry
from cityloop.registry.city.city import City


def _sees_figures(actor: Actor, city: City) -> bool:
    return bool(scopes(actor, city))


RAIL = (
    RailEntry(
        gettext_noop("Appraisal"),
        "trophy",
        "figures:ranking",
        order=30,
        shown=_sees_figures,
        current_at=("figures", "workbench:districts"),
    ),
)
