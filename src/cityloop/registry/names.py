"""Finds the code that a name means: of a unit, an area, a role, a class. A name of several is refused, not guessed.

Imports and forms use this; the codes themselves come from the current city.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cityloop.core.codes.classes import HOME
from cityloop.core.invalid_values import InvalidValue
from cityloop.registry.city.city import City
from cityloop.registry.models import Unit

SHOWN = 5  # codes listed where a name means several


@dataclass(frozen=True)
class CodeNames:
    """Codes, and the codes that each name means; `what` (unit, area, role, class, person) is what they stand for."""

    what: str
    codes: frozenset[str]
    by_name: Mapping[str, frozenset[str]]

    def code(self, words: str) -> str:
        """Return the code that the words mean; InvalidValue where they mean none, or several."""
        if words in self.codes:
            return words
        found = sorted(self.by_name.get(words) or with_zeros(words, self.codes))
        if not found:
            raise InvalidValue(f"unknown-{self.what}", {"value": words})
        if len(found) > 1:
            shown = ", ".join(found[:SHOWN]) + ", …" * (len(found) > SHOWN)
            raise InvalidValue("ambiguous", {"values": shown})
        return found[0]


def with_zeros(words: str, codes: Iterable[str]) -> list[str]:
    """Return the codes of digits that a spreadsheet has shortened to these: 06010 for 6010."""
    if not words.isdecimal():
        return []
    return [code for code in codes if len(code) > len(words) and code.isdecimal() and code.lstrip("0") == words]


def names(what: str, known: Iterable[tuple[str, Iterable[str]]]) -> CodeNames:
    """Return codes by name, from each code with its names."""
    codes, by_name = set(), dict[str, set[str]]()
    for code, called in known:
        codes.add(code)
        for name in filter(None, called):
            by_name.setdefault(name, set()).add(code)
    return CodeNames(what, frozenset(codes), {name: frozenset(found) for name, found in by_name.items()})


def unit_names(further: Iterable[tuple[str, Iterable[str]]] = ()) -> CodeNames:
    """Return the city's units by name, alias and credit code; `further` are about to be entered."""
    rows = Unit.objects.values_list("code", "name", "credit_code", "aliases")
    known = ((code, (name, credit_code, *aliases)) for code, name, credit_code, aliases in rows)
    return names("unit", (*known, *further))


def area_names(city: City) -> CodeNames:
    """Return areas by name, and by their name after that of the area around, as two may share a name."""
    return names("area", ((area.code, (area.name, _within(city, code))) for code, area in city.areas.items()))


def _within(city: City, code: str) -> str:
    area = city.areas[code]
    around = city.areas.get(area.parent or "")
    return f"{around.name}{area.name}" if around else ""


def role_names(city: City) -> CodeNames:
    """Return roles by their titles, in every language."""
    return names("role", ((role.name, role.title.values()) for role in city.roles.values()))


@dataclass(frozen=True)
class ClassNames:
    """Classes by code, by their first digits, by name and by the name of their major class."""

    references: frozenset[str]
    named: CodeNames

    def meant(self, words: str, kind: str = "") -> str:
        """Return the reference, or the beginning of several, that the words mean; "" for no words: any class.

        `kind` (component, matter) says which is meant where both have the code or the name.
        """
        if not words:
            return ""
        code = f"{kind}:{words}" if kind == "component" and words.isdecimal() else words
        if code.isdecimal() or ":" in code:
            if any(reference.startswith(code) for reference in self.references):
                return code
            *before, digits = code.rsplit(":", 1)
            start = "".join(f"{part}:" for part in before)
            codes = [name.removeprefix(start) for name in self.references if name.startswith(start)]
            if len(found := with_zeros(digits, codes)) == 1:
                return start + found[0]
            raise InvalidValue("no-class-begins-with", {"value": words})
        named = self.named.by_name.get(words, frozenset())
        fitting = frozenset(reference for reference in named if not kind or _kind(reference) == kind)
        return CodeNames("class", frozenset(), {words: fitting}).code(words)


def class_names(city: City) -> ClassNames:
    """Return by name the classes that may be filed under, and the components of the home catalogue."""
    components = {
        key: category
        for key, category in city.classes.items()
        if category.kind == "component" and category.catalogue == HOME
    }
    called: dict[str, set[str]] = {}
    for reference, category in {**city.categories, **components}.items():
        called.setdefault(reference, set()).add(category.name)
        called.setdefault(reference[: len(reference) - len(category.code) + 2], set()).add(category.major)
    return ClassNames(frozenset((*city.categories, *components)), names("class", called.items()))


def _kind(reference: str) -> str:
    return "component" if "component:" in reference else "matter"
