"""What people call units, areas, roles and classes, and the code each name means. A name of several is not guessed.

Used where tables and forms name things in words; what codes there are is known by the city.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cityloop.core.codes.classes import HOME
from cityloop.registry.city.city import City
from cityloop.registry.models import Unit

TOLD = 5  # codes told where a name means several


@dataclass(frozen=True)
class CodeNames:
    """Codes by themselves and by name; `what` is what they are codes of."""

    what: str
    codes: frozenset[str]
    by_name: Mapping[str, frozenset[str]]

    def code(self, words: str) -> str:
        """Return the code that the words mean; ValueError where they mean none, or several."""
        if words in self.codes:
            return words
        found = sorted(self.by_name.get(words, ()))
        if not found:
            raise ValueError(f"{words} is no {self.what} of the city")
        if len(found) > 1:
            shown = ", ".join(found[:TOLD]) + ", …" * (len(found) > TOLD)
            raise ValueError(f"{words} may mean {shown}: give the code")
        return found[0]


def names(what: str, known: Iterable[tuple[str, Iterable[str]]]) -> CodeNames:
    """Return the names of codes, each code given with what it is called."""
    codes, by_name = set(), dict[str, set[str]]()
    for code, called in known:
        codes.add(code)
        for name in filter(None, called):
            by_name.setdefault(name, set()).add(code)
    return CodeNames(what, frozenset(codes), {name: frozenset(found) for name, found in by_name.items()})


def unit_names(further: Iterable[tuple[str, Iterable[str]]] = ()) -> CodeNames:
    """Return what the city's units are called: by name, alias and credit code; `further` are about to be entered."""
    rows = Unit.objects.values_list("code", "name", "credit_code", "aliases")
    known = ((code, (name, credit_code, *aliases)) for code, name, credit_code, aliases in rows)
    return names("unit", (*known, *further))


def area_names(city: City) -> CodeNames:
    """Return what areas are called: by name, and where two share one, by the name of the area around before it."""
    return names("area", ((area.code, (area.name, _within(city, code))) for code, area in city.areas.items()))


def _within(city: City, code: str) -> str:
    area = city.areas[code]
    around = city.areas.get(area.parent or "")
    return f"{around.name}{area.name}" if around else ""


def role_names(city: City) -> CodeNames:
    """Return what roles are called, in every language."""
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
            raise ValueError(f"no class has the code {words}, and none begins with it")
        found = self.named.by_name.get(words, frozenset())
        fitting = frozenset(one for one in found if not kind or _kind(one) == kind)
        return CodeNames("class", frozenset(), {words: fitting}).code(words)


def class_names(city: City) -> ClassNames:
    """Return what classes are called: those that may be filed under, and the components of the home catalogue."""
    components = {key: one for key, one in city.classes.items() if one.kind == "component" and one.catalogue == HOME}
    called: dict[str, set[str]] = {}
    for reference, one in {**city.categories, **components}.items():
        called.setdefault(reference, set()).add(one.name)
        called.setdefault(reference[: len(reference) - len(one.code) + 2], set()).add(one.major)
    return ClassNames(frozenset((*city.categories, *components)), names("class", called.items()))


def _kind(reference: str) -> str:
    return "component" if "component:" in reference else "matter"
