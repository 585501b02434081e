"""Places as a file has them: streets, plates, estates, points of interest, or addresses with their points.

Tables come by sheets.py; of a geographic file every feature is a row, its geometry beside it. What a row teaches about
a place is decided in core.place_learning, writing it in registry.place_actions.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import shapely
from pydantic import model_validator
from shapely.geometry.base import BaseGeometry

from cityloop.channels.imports.facilities import GeographicText, is_geographic
from cityloop.channels.tables.columns import (
    CodeSource,
    ColumnMapping,
    Content,
    Fields,
    FieldSource,
    ListSource,
    NumberSource,
    read_mapping,
)
from cityloop.channels.tables.rows import Sheet, TableRow
from cityloop.channels.tables.sheets import open_sheet
from cityloop.core.errors import Fault, Invalid
from cityloop.core.gazetteer.addresses.reading import Address
from cityloop.core.gazetteer.learning import Observation, display
from cityloop.core.gazetteer.places import Pair, PlaceEntry, PlaceKind
from cityloop.core.place.geo import Crs, PointFault, check_point, to_wgs84
from cityloop.registry.areas.imports.files import Layer, UnreadableFile, read_layer
from cityloop.registry.areas.imports.systems import OWN, into_wgs84, system
from cityloop.registry.city.city import City
from cityloop.registry.gazetteer.actions import observed
from cityloop.registry.gazetteer.finding import key_of, read_address
from cityloop.runtime.yaml_files import read_yaml

KINDS = {  # what a table may call them
    **{
        kind.value: kind for kind in (PlaceKind.STREET, PlaceKind.PLATE, PlaceKind.BLOCK, PlaceKind.ZONE, PlaceKind.POI)
    },
    **{
        "街巷": PlaceKind.STREET,
        "道路": PlaceKind.STREET,
        "门牌": PlaceKind.PLATE,
        "门楼牌": PlaceKind.PLATE,
        "门（楼）牌": PlaceKind.PLATE,
    },
    **{
        "区片": PlaceKind.BLOCK,
        "小区": PlaceKind.BLOCK,
        "地片": PlaceKind.ZONE,
        "兴趣点": PlaceKind.POI,
        "POI": PlaceKind.POI,
    },
}
POINT_FAULTS = {
    PointFault.NOT_FINITE: "is not a number",
    PointFault.OUT_OF_RANGE: "lies outside the earth",
    PointFault.NULL_ISLAND: "is (0, 0), which is what a device sends that does not know where it is",
    PointFault.SWAPPED: "looks like longitude and latitude were exchanged",
}
SEVERAL = re.compile(r"^\[.*\]$")  # how some exports of OpenStreetMap write a stretch of several streets
MOST_SIGNS = 100  # of a name


class PlaceFields(Fields):
    """The fields of a place; a plate has `street` and `number`, what was seen somewhere has `address`."""

    kind: FieldSource | None = None
    name: FieldSource | None = None
    aliases: ListSource | None = None
    street: FieldSource | None = None
    number: CodeSource | None = None
    address: FieldSource | None = None
    district: FieldSource | None = None  # its code or its name; left out: where the point lies
    lon: NumberSource | None = None
    lat: NumberSource | None = None


class PlacesText(GeographicText):
    """What a mapping of places says."""

    fields: PlaceFields
    kind: Literal["street", "plate", "block", "zone", "poi"] | None = None  # of every row that says none itself

    @model_validator(mode="after")
    def _says_what(self) -> "PlacesText":
        fields = self.fields
        if not (fields.name or fields.address or (fields.street and fields.number)):
            raise ValueError("fields: give `name`, or `street` and `number`, or `address`")
        if fields.name and not (self.kind or fields.kind):
            raise ValueError("kind: say what the names are: street, block, zone or poi")
        return self


@dataclass(frozen=True)
class PlaceFile:
    """A file of places opened: its rows, what they mean, the geometry of each (by its number) and its system."""

    sheet: Sheet
    mapping: ColumnMapping[PlacesText]
    shapes: Mapping[int, BaseGeometry]
    crs: "Crs | Any"

    @property
    def is_whole(self) -> bool:
        """Whether one place may stand in many rows, so that all must be read before any is entered."""
        return bool(self.shapes) or self.mapping.text.fields.address is not None


@dataclass(frozen=True, slots=True)
class ReadPlace:
    """What one row says: entries, or an address with its point."""

    entries: tuple[PlaceEntry, ...] = ()
    seen: Observation | None = None


def open_places(path: Path, mapping_path: Path) -> PlaceFile:
    """Return a file of places with the mapping that fits it; raise Invalid for what is wrong with either."""
    text = read_yaml(mapping_path, PlacesText)
    if not is_geographic(path):
        sheet = open_sheet(path, text.wanted())
        mapping = read_mapping(mapping_path, sheet, PlacesText, _without_point)
        return PlaceFile(sheet, mapping, {}, Crs.WGS84 if text.crs == OWN else system(text.crs))
    layer = _layer(path, text)
    named = text.crs if text.crs != OWN else layer.crs or "wgs84"
    mapping = read_mapping(mapping_path, sheet := _as_sheet(layer), PlacesText)
    geometries = [feature.geometry for feature in layer.features]
    moved, _ = into_wgs84(geometries, system(named))
    shapes = {
        f.number: one for f, one in zip(layer.features, moved, strict=True) if one is not None and not one.is_empty
    }
    return PlaceFile(sheet, mapping, shapes, Crs.WGS84)


def _without_point(text: PlacesText) -> Iterator[tuple[tuple[str, ...], str]]:
    for name in ("lon", "lat"):
        if getattr(text.fields, name) is None:
            yield ("fields",), f"{name} is missing: a table has no geometry of its own"


def _layer(path: Path, text: PlacesText) -> Layer:
    try:
        return read_layer(path, text.layer, text.encoding)
    except UnreadableFile as error:
        raise Invalid([Fault(path.name, str(error))]) from error


def _as_sheet(layer: Layer) -> Sheet:
    names = tuple(dict.fromkeys(name for feature in layer.features for name in feature.said))
    rows = (TableRow(f.number, f.number, tuple(f.said.get(name) for name in names)) for f in layer.features)
    return Sheet(names, len(layer.features), rows)


@dataclass(frozen=True)
class PlaceReader:
    """Makes places of the rows of a file, in a city; of a geographic file a feature without a name makes none."""

    file: PlaceFile
    city: City
    source: str

    def read(self, row: TableRow) -> ReadPlace:
        """Return what a row says; raise Invalid naming every field that is wrong."""
        said = self.file.mapping.content(row)
        shape = self.file.shapes.get(row.number)
        point = _on(shape) if shape is not None else self._point(said)
        if said.get("address"):
            return ReadPlace(seen=self._seen(said, point))
        kind = self._kind(said)
        district = self._district(said, point)
        if kind is PlaceKind.PLATE:
            return ReadPlace((self._plate(said, point, district),))
        return ReadPlace(tuple(self._named(said, kind, point, district, shape)))

    def _point(self, said: Content) -> Pair:
        lon, lat = said.get("lon"), said.get("lat")
        missing = [Fault(name, "must be given") for name, value in (("lon", lon), ("lat", lat)) if value is None]
        if missing or lon is None or lat is None:
            raise Invalid(missing)
        try:
            pair = float(lon), float(lat)
        except ValueError:
            raise Invalid([Fault("lon", "is not a number")]) from None
        if not isinstance(self.file.crs, Crs):
            moved, _ = into_wgs84([shapely.Point(pair)], self.file.crs)
            return moved[0].x, moved[0].y
        if fault := check_point(*pair):
            raise Invalid([Fault("lon", POINT_FAULTS[fault])])
        return to_wgs84(*pair, self.file.crs)

    def _seen(self, said: Content, point: Pair) -> Observation:
        address = read_address(said["address"])
        if address.road is None:
            raise Invalid([Fault("address", "names no road")])
        seen = observed(address, point, self.city)
        if seen is None:
            raise Invalid([Fault("address", "names another district than the point lies in")])
        return seen

    def _kind(self, said: Content) -> PlaceKind:
        words = said.get("kind") or self.file.mapping.text.kind or "plate"
        if words not in KINDS:
            raise Invalid([Fault("kind", f"{words!r} is none of {', '.join(KINDS)}")])
        return KINDS[words]

    def _district(self, said: Content, point: Pair) -> str:
        words = said.get("district")
        if not words:
            return self.city.areas_at(*point).get("district", "")
        districts = {code: a for code, a in self.city.areas.items() if a.level == "district"}
        found = [code for code, a in districts.items() if words == code or key_of(a.name) == key_of(words)]
        if len(found) != 1:
            raise Invalid([Fault("district", f"{words!r} is no district of the city")])
        return found[0]

    def _plate(self, said: Content, point: Pair, district: str) -> PlaceEntry:
        street, number = said.get("street"), said.get("number")
        if not (street and number):
            raise Invalid([Fault(name, "must be given") for name in ("street", "number") if not said.get(name)])
        address: Address = read_address(f"{street}{number}号" if number[-1].isdigit() else f"{street}{number}")
        if address.road and len(address.numbers) == 1:
            key, value, suffix = address.road.key, address.numbers[0].value, address.numbers[0].suffix
        elif found := re.fullmatch(r"(\d{1,6})(?:号|栋|幢|座|号楼)?", number):
            key, value, suffix = key_of(street), int(found[1]), ""
        else:
            raise Invalid([Fault("number", f"{number!r} is not a number as 12, 12之3 or 12号")])
        return self._entry(
            PlaceKind.PLATE, key, display(PlaceKind.PLATE, key, value, suffix), point, district, value, suffix
        )

    def _named(
        self, said: Content, kind: PlaceKind, point: Pair, district: str, shape: BaseGeometry | None
    ) -> Iterator[PlaceEntry]:
        names = _names(said.get("name") or "")
        aliases = tuple(key for alias in said.get("aliases") or () if (key := key_of(alias)))
        if not names and shape is None:
            raise Invalid([Fault("name", "must be given")])  # of a map's lines most have no name
        for name in names:
            if len(name) > MOST_SIGNS or not (key := key_of(name)):
                raise Invalid([Fault("name", f"must have 1 to {MOST_SIGNS} signs")])
            kept = shapely.to_wkb(shape) if shape is not None and shape.geom_type != "Point" else None
            one = self._entry(kind, key, name, point, district)
            yield replace(one, aliases=tuple(a for a in aliases if a != key), shape=kept)

    def _entry(
        self, kind: PlaceKind, key: str, name: str, point: Pair, district: str, number: int = 0, suffix: str = ""
    ) -> PlaceEntry:
        community = self.city.areas_at(*point).get("community", "")
        return PlaceEntry(
            kind,
            key,
            name,
            *point,
            number=number,
            suffix=suffix,
            district=district,
            community=community,
            source=self.source,
        )


def _names(words: str) -> list[str]:
    """Return the names in a cell: ['车公庙立交', '香蜜湖路'] is two."""
    if not SEVERAL.match(words):
        return [words.strip()] if words.strip() and words.strip() not in ("None", "nan") else []
    return [name for name in (part.strip(" '\"") for part in words[1:-1].split(",")) if name]


def whole(entries: Iterable[PlaceEntry]) -> list[PlaceEntry]:
    """Return entries with those of one place made one: the pieces of a street are one street."""
    pieces: dict[tuple[str, str, str, int, str], list[PlaceEntry]] = {}
    for one in entries:
        pieces.setdefault(one.identity, []).append(one)
    return [_joined(parts) for parts in pieces.values()]


def _joined(parts: Sequence[PlaceEntry]) -> PlaceEntry:
    first = parts[0]
    shapes = [shapely.from_wkb(one.shape) for one in parts if one.shape]
    if len(parts) == 1 or not shapes:
        return first
    shape = shapely.union_all(shapes)
    if shape.geom_type == "MultiLineString":
        shape = shapely.line_merge(shape)
    lon, lat = _on(shape)
    aliases = tuple(dict.fromkeys(alias for one in parts for alias in one.aliases))
    return replace(first, lon=lon, lat=lat, shape=shapely.to_wkb(shape), aliases=aliases, community="")


def _on(shape: BaseGeometry) -> Pair:
    """Return a point of a shape near its middle."""
    if shape.geom_type.endswith("Polygon"):
        point = shape.representative_point()
    else:
        point = shapely.shortest_line(shape, shape.centroid).interpolate(0)
    return point.x, point.y
