"""The shape of the layers that a pack opens to everybody. registry/published.py reads their features."""

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from cityloop.core.errors import Fault
from cityloop.core.invalid_values import InvalidValue
from cityloop.registry.packs.texts.titles import Titles
from cityloop.runtime.yaml_files import Strict

NARROWED_BY = {
    "facilities": ("category", "state"),
    "areas": ("level", "code"),
    "places": ("kind", "district"),
}


def _is_free(name: str) -> str:
    if name == "facilities" or name.startswith("areas-"):
        raise InvalidValue("layer-name-reserved", {"name": name})
    return name


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,60}$"), AfterValidator(_is_free)]


class LayerText(Strict):
    """A layer: what it is made of, narrowed to rows that have one of the values of every field named."""

    name: Name
    title: Titles
    source: Literal["facilities", "areas", "places"]
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_narrowed_by_what_there_is(self) -> Self:
        known = NARROWED_BY[self.source]
        if unknown := sorted(self.where.keys() - set(known)):
            values = {"names": ", ".join(unknown), "source": self.source, "known": ", ".join(known)}
            raise InvalidValue("layer-field", values)
        if self.source == "facilities" and not self.where.get("category"):
            raise InvalidValue("layer-without-category")
        return self


def twice(layers: Iterable[tuple[str, LayerText]]) -> list[Fault]:
    """Return a fault for every name that two layers have, from (pack, layer) pairs."""
    seen: dict[str, str] = {}
    faults = []
    for pack, layer in layers:
        if layer.name in seen:
            field = f"{pack}/pack.yaml layers.{layer.name}"
            faults.append(Fault(field, "layer-name-taken", {"pack": seen[layer.name]}))
        seen.setdefault(layer.name, pack)
    return faults
