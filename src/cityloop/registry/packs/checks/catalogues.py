"""Checks the catalogues of all packs together: nothing is given twice, every class that is named exists.

Each table alone is checked where it is read, in texts/catalogue.py.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from cityloop.core.codes.classes import ClassKey
from cityloop.core.codes.crosswalk import CrosswalkLine
from cityloop.core.errors import Fault
from cityloop.registry.packs.texts.catalogue import CatalogueClass, OtherName, PackCatalogue, PackCondition, code_fault


class Given(Protocol):
    """What packs give of catalogues; several packs add to one another."""

    @property
    def catalogues(self) -> Sequence[PackCatalogue]: ...
    @property
    def classes(self) -> Sequence[CatalogueClass]: ...
    @property
    def names(self) -> Sequence[OtherName]: ...
    @property
    def crosswalk(self) -> Sequence[CrosswalkLine]: ...
    @property
    def conditions(self) -> Sequence[PackCondition]: ...


def catalogue_faults(packs: Sequence[Given]) -> Iterator[Fault]:
    """Yield the faults between packs: a class that is given twice, or one that is named and does not exist."""
    yield from _twice((catalogue.name, catalogue.at) for pack in packs for catalogue in pack.catalogues)
    yield from _twice((" ".join(category.key), category.at) for pack in packs for category in pack.classes)
    conditions = [condition for pack in packs for condition in pack.conditions]
    yield from _twice(
        (f"{' '.join(condition.key)} condition {condition.number}", condition.at) for condition in conditions
    )
    catalogues = {catalogue.name: catalogue for pack in packs for catalogue in pack.catalogues}
    classes = {category.key for pack in packs for category in pack.classes}
    for category in (category for pack in packs for category in pack.classes):
        if category.catalogue not in catalogues:
            yield Fault(category.at, "unknown-catalogue", {"name": category.catalogue})
        elif reason := code_fault(category.code, catalogues[category.catalogue].digits):
            yield Fault(f"{category.at} code", *reason)
    references: list[PackCondition | OtherName] = [*conditions, *(name for pack in packs for name in pack.names)]
    for named in references:
        if named.key not in classes:
            yield _missing(f"{named.at} code", named.key)
    for line in (line for pack in packs for line in pack.crosswalk):
        yield from _crosswalk_faults(line, classes, catalogues)


def _crosswalk_faults(
    line: CrosswalkLine, classes: set[ClassKey], known: Mapping[str, PackCatalogue]
) -> Iterator[Fault]:
    if line.source not in classes:
        yield _missing(f"{line.at} from_code", line.source)
    if line.to_code and line.target not in classes:
        yield _missing(f"{line.at} to_code", line.target)
    if line.to_catalogue not in known:
        yield Fault(f"{line.at} to_catalogue", "unknown-catalogue", {"name": line.to_catalogue})


def _missing(field: str, key: ClassKey) -> Fault:
    return Fault(field, "not-in-catalogue", key._asdict())


def _twice(named: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    known: dict[str, str] = {}
    for name, at in named:
        if name in known:
            yield Fault(at, "given-twice", {"name": name, "place": known[name]})
        known.setdefault(name, at)
