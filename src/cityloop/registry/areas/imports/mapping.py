"""What a mapping of areas may say about a file. What comes of it is said in boundaries."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from cityloop.core.place.areas import TREE, is_in_tree
from cityloop.registry.areas.imports.systems import OWN, system
from cityloop.runtime.yaml_files import Strict


class Properties(Strict):
    """The properties of a feature that hold what is to be known of an area; those after the name of its own alone."""

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
    """What a mapping of areas says: properties for the features' own level and for those around it."""

    level: str | None = None  # of the features; left out: the smallest level named
    area: Properties | None = None  # of the features themselves, where `level` says what they are
    parent: ParentText | None = None
    city: Properties | None = None
    district: Properties | None = None
    street: Properties | None = None
    community: Properties | None = None
    unit_grid: Properties | None = None
    attributes: dict[str, str] = Field(default_factory=dict)  # what is kept besides, and the property that holds it
    crs: str = OWN
    layer: str | None = None
    encoding: str | None = None
    parts: Literal["refuse", "join"] = "refuse"  # several features of one code
    replaces: Literal["nothing", "parents", "all"] = "nothing"  # known areas that are ended where the file lacks them
    tolerance_square_metres: float = Field(default=10.0, ge=0, allow_inf_nan=False)
    strict: bool = False

    @field_validator("crs", mode="before")
    @classmethod
    def _named(cls, words: object) -> str:
        if str(words) != OWN:
            system(str(words))
        return str(words)

    @field_validator("encoding")
    @classmethod
    def _encoded(cls, words: str | None) -> str | None:
        if words:
            try:
                "".encode(words)
            except LookupError as error:
                raise ValueError(str(error)) from error
        return words

    @model_validator(mode="after")
    def _whole(self) -> Self:
        named = [level for level in TREE if getattr(self, level)]
        if self.area and not self.level:
            raise ValueError("area: say with `level` what the features are")
        if self.level and not self.area and self.level not in named:
            raise ValueError(f"level: say with `area` or `{self.level}` which properties hold code and name")
        if not self.level and not named:
            raise ValueError(f"names no properties: give one of {', '.join(TREE)}, or `level` and `area`")
        if self.area and self.level in named:
            raise ValueError(f"area: {self.level} says the same")
        if self.level and is_in_tree(self.level) and named and TREE.index(named[-1]) > TREE.index(self.level):
            raise ValueError(f"{named[-1]}: is smaller than the {self.level} that the features are")
        if self.parent and self.around:
            raise ValueError(f"parent: {list(self.around)[-1]} says the same")
        if any(properties.further for properties in self.around.values()):
            raise ValueError("grade, valid_from and valid_until are known of the features' own level alone")
        return self

    @property
    def own_level(self) -> str:
        """The level of the areas that the features are."""
        return self.level or next(level for level in reversed(TREE) if getattr(self, level))

    @property
    def own(self) -> Properties:
        """The properties of the areas that the features are."""
        found: Properties = self.area or getattr(self, self.own_level)
        return found

    @property
    def around(self) -> Mapping[str, Properties]:
        """The properties of the areas around them by level, the largest first."""
        named = {level: getattr(self, level) for level in TREE if level != self.own_level}
        return {level: properties for level, properties in named.items() if properties}

    @property
    def named(self) -> Mapping[str, Properties]:
        """All of them by level, the largest first."""
        return {**self.around, self.own_level: self.own}

    def where(self, level: str) -> str:
        """Return the field of the mapping that holds the properties of a level."""
        return "area" if self.area and level == self.own_level else level
