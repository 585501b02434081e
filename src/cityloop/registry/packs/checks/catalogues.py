"""Whether the catalogues of all packs fit together: nothing twice, nothing spoken of that is not there.

Each table by itself is checked where it is read, in catalogue_texts.py.
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
    """Yield what does not fit together between the packs: a class twice, or one that is spoken of and is not there."""
    yield from _twice((one.name, one.at) for pack in packs for one in pack.catalogues)
    yield from _twice((" ".join(one.key), one.at) for pack in packs for one in pack.classes)
    conditions = [one for pack in packs for one in pack.conditions]
    yield from _twice((f"{' '.join(one.key)} condition {one.number}", one.at) for one in conditions)
    catalogues = {one.name: one for pack in packs for one in pack.catalogues}
    classes = {one.key for pack in packs for one in pack.classes}
    for one in (one for pack in packs for one in pack.classes):
        if one.catalogue not in catalogues:
            yield Fault(one.at, f"no pack has a catalogue {one.catalogue}")
        elif reason := code_fault(one.code, catalogues[one.catalogue].digits):
            yield Fault(f"{one.at} code", reason)
    spoken_of: list[PackCondition | OtherName] = [*conditions, *(one for pack in packs for one in pack.names)]
    for spoken in spoken_of:
        if spoken.key not in classes:
            yield Fault(f"{spoken.at} code", _missing(spoken.key))
    for line in (line for pack in packs for line in pack.crosswalk):
        yield from _crosswalk_faults(line, classes, catalogues)


def _crosswalk_faults(
    line: CrosswalkLine, classes: set[ClassKey], known: Mapping[str, PackCatalogue]
) -> Iterator[Fault]:
    if line.source not in classes:
        yield Fault(f"{line.at} from_code", _missing(line.source))
    if line.to_code and line.target not in classes:
        yield Fault(f"{line.at} to_code", _missing(line.target))
    if line.to_catalogue not in known:
        yield Fault(f"{line.at} to_catalogue", f"no pack has a catalogue {line.to_catalogue}")


def _missing(key: ClassKey) -> str:
    return f"{key.catalogue} has no {key.kind} {key.code}"


def _twice(named: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    known: dict[str, str] = {}
    for name, at in named:
        if name in known:
            yield Fault(at, f"{name} stands in {known[name]} already")
        known.setdefault(name, at)
