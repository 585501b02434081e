"""The schema of a mapping of areas, a YAML file about a geographic file. boundaries.py uses it."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from cityloop.core.invalid_values import InvalidValue
from cityloop.core.place.areas import TREE, is_in_tree
from cityloop.registry.areas.imports.systems import OWN, system
from cityloop.runtime.yaml_files import Strict


class Properties(Strict):
    """The names of the properties of a feature that describe an area; those after `name` only for its own area."""

    code: str
    name: str | None = None
    grade: str | None = None
    valid_from: str | None = None
    valid_until: str | None = None

    @property
    def further(self) -> bool:
        return any((self.grade, self.valid_from, self.valid_until))


class ParentText(Strict):
    code: str


class AreasText(Strict):
    """A mapping of areas: the properties for the features' own level and for the levels around it."""

    level: str | None = None  # of the features; the default is the smallest level named
    area: Properties | None = None  # of the features themselves, if `level` gives their level
    parent: ParentText | None = None
    city: Properties | None = None
    district: Properties | None = None
    street: Properties | None = None
    community: Properties | None = None
    unit_grid: Properties | None = None
    attributes: dict[str, str] = Field(default_factory=dict)  # further values to store, each with its property
    crs: str = OWN
    layer: str | None = None
    encoding: str | None = None
    parts: Literal["refuse", "join"] = "refuse"  # several features of one code
    replaces: Literal["nothing", "parents", "all"] = "nothing"  # known areas that end if the file lacks them
    tolerance_square_metres: float = Field(default=10.0, ge=0, allow_inf_nan=False)
    strict: bool = False

    @field_validator("crs", mode="before")
    @classmethod
    def _is_known_system(cls, name: object) -> str:
        if str(name) != OWN:
            system(str(name))
        return str(name)

    @field_validator("encoding")
    @classmethod
    def _is_known_encoding(cls, name: str | None) -> str | None:
        if name:
            try:
                "".encode(name)
            except LookupError as error:
                raise InvalidValue("unknown-encoding", {"value": name}) from error
        return name

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        named = [level for level in TREE if getattr(self, level)]
        if self.area and not self.level:
            raise InvalidValue("mapping-without-level")
        if self.level and not self.area and self.level not in named:
            raise InvalidValue("mapping-without-area", {"level": self.level})
        if not self.level and not named:
            raise InvalidValue("mapping-without-properties", {"levels": ", ".join(TREE)})
        if self.area and self.level in named:
            raise InvalidValue("mapping-says-twice", {"field": "area", "other": self.level})
        if self.level and is_in_tree(self.level) and named and TREE.index(named[-1]) > TREE.index(self.level):
            raise InvalidValue("mapping-smaller-level", {"smaller": named[-1], "level": self.level})
        if self.parent and self.around:
            raise InvalidValue("mapping-says-twice", {"field": "parent", "other": list(self.around)[-1]})
        if any(properties.further for properties in self.around.values()):
            raise InvalidValue("mapping-dates-around")
        return self

    @property
    def own_level(self) -> str:
        """The level of the features."""
        return self.level or next(level for level in reversed(TREE) if getattr(self, level))

    @property
    def own(self) -> Properties:
        """The properties of the features' own areas."""
        found: Properties = self.area or getattr(self, self.own_level)
        return found

    @property
    def around(self) -> Mapping[str, Properties]:
        """The properties of the areas around them by level, the largest first."""
        named = {level: getattr(self, level) for level in TREE if level != self.own_level}
        return {level: properties for level, properties in named.items() if properties}

    @property
    def named(self) -> Mapping[str, Properties]:
        """The properties of all levels, the largest first."""
        return {**self.around, self.own_level: self.own}

    def where(self, level: str) -> str:
        """Return the field of the mapping that has the properties of a level."""
        return "area" if self.area and level == self.own_level else level
