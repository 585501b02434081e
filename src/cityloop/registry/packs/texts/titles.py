"""Titles, names and limits as every YAML file of a pack writes them."""

from typing import Annotated

from pydantic import AfterValidator, Field

from cityloop.core.invalid_values import InvalidValue
from cityloop.registry.words.limits import parse_limit

NAME = r"^[a-z][a-z0-9_]*$"


def _in_both_languages(titles: dict[str, str]) -> dict[str, str]:
    if set(titles) != {"zh", "en"}:
        raise InvalidValue("title-languages")
    return titles


def _limit(words: str) -> str:
    parse_limit(words)
    return words


Titles = Annotated[dict[str, str], AfterValidator(_in_both_languages)]
LimitWords = Annotated[str, AfterValidator(_limit)]
Name = Annotated[str, Field(pattern=NAME)]
