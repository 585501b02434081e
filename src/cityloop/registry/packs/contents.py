"""What a pack brings, counted and named: for the command that checks it and for its page. reading.py reads it."""

from collections.abc import Iterable, Mapping

from cityloop.registry.packs.reading import Pack

KINDS = (
    "roles",
    "procedures",
    "catalogues",
    "classes",
    "names",
    "crosswalk",
    "conditions",
    "limits",
    "layers",
    "grid_kinds",
    "calendar",
)


def counts(pack: Pack) -> dict[str, int]:
    """Return how much a pack brings of each kind, in the order of KINDS; kinds of which it has none are left out."""
    found = {kind: _many(getattr(pack, kind)) for kind in KINDS}
    return {kind: many for kind, many in found.items() if many}


def named(pack: Pack) -> dict[str, tuple[str, ...]]:
    """Return what a pack brings of each kind by name: of classes their catalogues, of conditions their profiles."""
    return {
        "roles": tuple(role.name for role in pack.roles),
        "procedures": tuple(f"{procedure.name} {procedure.version}" for procedure in pack.procedures),
        "catalogues": tuple(catalogue.name for catalogue in pack.catalogues),
        "classes": _once(category.catalogue for category in pack.classes),
        "conditions": _once(condition.profile for condition in pack.conditions),
        "layers": tuple(layer.name for layer in pack.layers),
        "grid_kinds": tuple(pack.grid_kinds),
    }


def _many(part: object) -> int:
    return len(part) if isinstance(part, tuple | Mapping) else int(part is not None)


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
