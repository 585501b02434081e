"""Titles, names, limits and the legal basis as every YAML file of a pack writes them."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from cityloop.core.invalid_values import InvalidValue
from cityloop.registry.words.limits import parse_limit

NAME = r"^[a-z][a-z0-9_]*$"


def _in_both_languages(titles: dict[str, str]) -> dict[str, str]:
    if set(titles) != {"zh", "en"}:
        raise InvalidValue("title-languages")
    return titles


def _document(words: str) -> str:
    if not re.search(r"《[^》]+》|\d\s*号|第[^第条]+条|\b(?:article|no\.)\s?\d", words, re.IGNORECASE):
        raise InvalidValue("legal-basis-form", {"value": words})
    return words


def _limit(words: str) -> str:
    parse_limit(words)
    return words


Titles = Annotated[dict[str, str], AfterValidator(_in_both_languages)]
LimitWords = Annotated[str, AfterValidator(_limit)]
LegalBasis = Annotated[str, AfterValidator(_document)] | None
Name = Annotated[str, Field(pattern=NAME)]
