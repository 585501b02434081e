"""Template tags of the pages of settings. The text is in the words.py of each room."""

from collections.abc import Mapping
from typing import Any

from django import template

from cityloop.presentation.settings.facilities import words as facility_words
from cityloop.presentation.settings.history import words as change_words
from cityloop.presentation.settings.organisation import duty_words
from cityloop.presentation.settings.organisation import words as organisation_words
from cityloop.presentation.settings.places import words as place_words
from cityloop.presentation.settings.sections import ShownSection, shown_sections
from cityloop.registry.areas.answers import level_title
from cityloop.registry.city.current import current_city
from cityloop.registry.city.facts import title

register = template.Library()

register.filter("table_words", change_words.table_words)
register.filter("event_words", change_words.event_words)
register.filter("kind_words", change_words.kind_words)
register.filter("state_words", facility_words.state_words)
register.filter("field_words", change_words.field_words)
register.filter("value_words", change_words.value_words)
register.filter("actor_words", change_words.actor_words)
register.filter("key_words", change_words.key_words)
register.filter("place_kind_words", place_words.kind_words)
register.filter("kind_of_unit", organisation_words.kind_of_unit)
register.filter("standing_words", duty_words.standing_words)
register.filter("why_words", place_words.why_words)


@register.filter
def level_words(level: str) -> str:
    """The title of a level of areas or of a kind of grid."""
    return level_title(level, current_city())


@register.filter
def entry(values: Mapping[str, str], name: str) -> str:
    """The value of a name, empty where there is none."""
    return values.get(name, "")


@register.simple_tag
def title_of_words(words: Mapping[str, str]) -> str:
    """A title in the language of the page."""
    return title(words)


@register.simple_tag(takes_context=True)
def settings_sections(context: dict[str, Any]) -> list[ShownSection]:
    """The pages of settings that the person may open."""
    return shown_sections(context["request"])
