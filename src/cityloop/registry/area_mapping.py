"""What a mapping of areas may say about a file. What comes of it is said in boundaries."""

from typing import Literal

from pydantic import Field, field_validator

from cityloop.registry.area_systems import OWN, system
from cityloop.registry.yaml_files import Strict


class Properties(Strict):
    """The properties of a feature that hold the code and the name of an area."""

    code: str
    name: str


class AreasText(Strict):
    """What a mapping of areas says; without communities the districts are the smallest areas."""

    district: Properties
    community: Properties | None = None
    crs: str = OWN
    layer: str | None = None
    encoding: str | None = None
    parts: Literal["refuse", "join"] = "refuse"  # several features of one code
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
            except LookupError as wrong:
                raise ValueError(str(wrong)) from wrong
        return words

    @property
    def smallest(self) -> Properties:
        """The properties of the areas that the features are."""
        return self.community or self.district
