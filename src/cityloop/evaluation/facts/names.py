"""Names of objects in an edition of the facts: areas, units, classes and channels, as they were called then.

The facts do not have the names of persons. Web processes never import this.
"""

from cityloop.evaluation.facts.files import Edition, FactFolder
from cityloop.evaluation.facts.objects import OF_AREAS, OF_UNITS, Names


def names_in(facts: FactFolder, edition: Edition) -> Names:
    """Return the names that an edition of the facts gives its objects."""
    areas = _named(facts, edition, "areas", "code", "name")
    units = _named(facts, edition, "units", "code", "name")
    return {
        **dict.fromkeys(OF_AREAS, areas),
        **dict.fromkeys(OF_UNITS, units),
        "source": _named(facts, edition, "sources", "code", "name"),
        "category": _named(facts, edition, "categories", "code", "name"),
        "major": _named(facts, edition, "categories", "major", "major_name"),
    }


def _named(facts: FactFolder, edition: Edition, relation: str, code: str, name: str) -> dict[str, str]:
    """Return names by code; all of them where several objects have one code, as classes of two catalogues may."""
    found: dict[str, dict[str, None]] = {}
    for part in edition.parts:
        if part.relation == relation:
            columns = facts.table(part).select([code, name]).to_pydict()
            for value, word in zip(columns[code], columns[name], strict=True):
                if value and word:
                    found.setdefault(value, {})[word] = None
    return {value: " / ".join(words) for value, words in found.items()}
