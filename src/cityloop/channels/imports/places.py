"""Reads places from a file: streets, plates, estates, points of interest, or addresses with their points.

Tables are opened by tables/sheets.py; in a geographic file every feature is a row with a geometry. core.gazetteer
decides what a row teaches about a place, registry.gazetteer.actions writes it.
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
    DegreesSource,
    Fields,
    FieldSource,
    ListSource,
    read_mapping,
)
from cityloop.channels.tables.rows import Sheet, TableRow
from cityloop.channels.tables.sheets import open_sheet
from cityloop.core.errors import Fault, Invalid
from cityloop.core.gazetteer.addresses.reading import Address
from cityloop.core.gazetteer.learning import Observation, display
from cityloop.core.gazetteer.places import Pair, PlaceEntry, PlaceKind
from cityloop.core.invalid_values import InvalidValue
from cityloop.core.place.geo import Crs, check_point, to_wgs84
from cityloop.registry.areas.imports.files import Layer, UnreadableFile, read_layer
from cityloop.registry.areas.imports.systems import OWN, into_wgs84, system
from cityloop.registry.city.city import City
from cityloop.registry.gazetteer.actions import observed
from cityloop.registry.gazetteer.finding import key_of, read_address
from cityloop.runtime.yaml_files import Misfit, error_fault, read_yaml

KINDS = {  # by the words that a table may have for them
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
SEVERAL = re.compile(r"^\[.*\]$")  # how some exports of OpenStreetMap write a stretch of several streets
LONGEST_NAME = 100  # characters


class PlaceFields(Fields):
    """The fields of a place; a plate has `street` and `number`, an observation has `address`."""

    kind: FieldSource | None = None
    name: FieldSource | None = None
    aliases: ListSource | None = None
    street: FieldSource | None = None
    number: CodeSource | None = None
    address: FieldSource | None = None
    district: FieldSource | None = None  # its code or its name; if left out, where the point is
    lon: DegreesSource | None = None
    lat: DegreesSource | None = None


class PlacesText(GeographicText):
    """The content of a mapping of places."""

    fields: PlaceFields
    kind: Literal["street", "plate", "block", "zone", "poi"] | None = None  # of every row that has none itself

    @model_validator(mode="after")
    def _names_places(self) -> "PlacesText":
        fields = self.fields
        if not (fields.name or fields.address or (fields.street and fields.number)):
            raise InvalidValue("mapping-place-fields")
        if fields.name and not (self.kind or fields.kind):
            raise InvalidValue("mapping-place-kind")
        return self


@dataclass(frozen=True)
class PlaceFile:
    """An open file of places: its rows, its mapping, the geometry of each row (by its number) and its system."""

    sheet: Sheet
    mapping: ColumnMapping[PlacesText]
    shapes: Mapping[int, BaseGeometry]
    crs: "Crs | Any"

    @property
    def is_whole(self) -> bool:
        """Whether one place may be in many rows, so that all must be read before any is entered."""
        return bool(self.shapes) or self.mapping.text.fields.address is not None


@dataclass(frozen=True, slots=True)
class ReadPlace:
    """The content of one row: entries, or an address with its point."""

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
        feature.number: geometry
        for feature, geometry in zip(layer.features, moved, strict=True)
        if geometry is not None and not geometry.is_empty
    }
    return PlaceFile(sheet, mapping, shapes, Crs.WGS84)


def _without_point(text: PlacesText) -> Iterator[Misfit]:
    for name in ("lon", "lat"):
        if getattr(text.fields, name) is None:
            yield ("fields",), "mapping-no-geometry", {"name": name}


def _layer(path: Path, text: PlacesText) -> Layer:
    try:
        return read_layer(path, text.layer, text.encoding)
    except UnreadableFile as error:
        raise Invalid([Fault(path.name, *error_fault(error))]) from error


def _as_sheet(layer: Layer) -> Sheet:
    names = tuple(dict.fromkeys(name for feature in layer.features for name in feature.properties))
    rows = (
        TableRow(each.number, each.number, tuple(each.properties.get(name) for name in names))
        for each in layer.features
    )
    return Sheet(names, len(layer.features), rows)


@dataclass(frozen=True)
class PlaceReader:
    """Makes places from the rows of a file; a feature without a name in a geographic file makes none."""

    file: PlaceFile
    city: City
    source: str

    def read(self, row: TableRow) -> ReadPlace:
        """Return the places of a row; raise Invalid naming every field that is wrong."""
        content = self.file.mapping.content(row)
        shape = self.file.shapes.get(row.number)
        point = _point_on(shape) if shape is not None else self._point(content)
        if content.get("address"):
            return ReadPlace(seen=self._observation(content, point))
        kind = self._kind(content)
        district = self._district(content, point)
        if kind is PlaceKind.PLATE:
            return ReadPlace((self._plate(content, point, district),))
        return ReadPlace(tuple(self._named(content, kind, point, district, shape)))

    def _point(self, content: Content) -> Pair:
        lon, lat = content.get("lon"), content.get("lat")
        missing = [Fault(name, "required") for name, value in (("lon", lon), ("lat", lat)) if value is None]
        if missing or lon is None or lat is None:
            raise Invalid(missing)
        try:
            pair = float(lon), float(lat)
        except ValueError:
            raise Invalid([Fault("lon", "not-degrees")]) from None
        if not isinstance(self.file.crs, Crs):
            moved, _ = into_wgs84([shapely.Point(pair)], self.file.crs)
            return moved[0].x, moved[0].y
        if fault := check_point(*pair):
            raise Invalid([Fault("lon", fault.code)])
        return to_wgs84(*pair, self.file.crs)

    def _observation(self, content: Content, point: Pair) -> Observation:
        address = read_address(content["address"])
        if address.road is None:
            raise Invalid([Fault("address", "cell-no-road")])
        observation = observed(address, point, self.city)
        if observation is None:
            raise Invalid([Fault("address", "cell-other-district")])
        return observation

    def _kind(self, content: Content) -> PlaceKind:
        kind = content.get("kind") or self.file.mapping.text.kind or "plate"
        if kind not in KINDS:
            raise Invalid([Fault("kind", "cell-not-a-choice", {"value": kind, "choices": ", ".join(KINDS)})])
        return KINDS[kind]

    def _district(self, content: Content, point: Pair) -> str:
        name = content.get("district")
        if not name:
            return self.city.areas_at(*point).get("district", "")
        districts = {code: area for code, area in self.city.areas.items() if area.level == "district"}
        codes = [code for code, area in districts.items() if name == code or key_of(area.name) == key_of(name)]
        if len(codes) != 1:
            raise Invalid([Fault("district", "cell-not-a-district", {"value": name})])
        return codes[0]

    def _plate(self, content: Content, point: Pair, district: str) -> PlaceEntry:
        street, number = content.get("street"), content.get("number")
        if not (street and number):
            raise Invalid([Fault(name, "required") for name in ("street", "number") if not content.get(name)])
        address: Address = read_address(f"{street}{number}号" if number[-1].isdigit() else f"{street}{number}")
        if address.road and len(address.numbers) == 1:
            key, value, suffix = address.road.key, address.numbers[0].value, address.numbers[0].suffix
        elif found := re.fullmatch(r"(\d{1,6})(?:号|栋|幢|座|号楼)?", number):
            key, value, suffix = key_of(street), int(found[1]), ""
        else:
            raise Invalid([Fault("number", "cell-not-a-house-number", {"value": number})])
        return self._entry(
            PlaceKind.PLATE, key, display(PlaceKind.PLATE, key, value, suffix), point, district, value, suffix
        )

    def _named(
        self, content: Content, kind: PlaceKind, point: Pair, district: str, shape: BaseGeometry | None
    ) -> Iterator[PlaceEntry]:
        names = _names(content.get("name") or "")
        aliases = tuple(key for alias in content.get("aliases") or () if (key := key_of(alias)))
        if not names and shape is None:
            raise Invalid([Fault("name", "required")])  # most lines of a map have no name
        for name in names:
            if len(name) > LONGEST_NAME or not (key := key_of(name)):
                raise Invalid([Fault("name", "cell-name-length", {"most": LONGEST_NAME})])
            kept = shapely.to_wkb(shape) if shape is not None and shape.geom_type != "Point" else None
            entry = self._entry(kind, key, name, point, district)
            yield replace(entry, aliases=tuple(alias for alias in aliases if alias != key), shape=kept)

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


def _names(text: str) -> list[str]:
    """Return the names in a cell: ['车公庙立交', '香蜜湖路'] is two."""
    if not SEVERAL.match(text):
        return [text.strip()] if text.strip() and text.strip() not in ("None", "nan") else []
    return [name for name in (part.strip(" '\"") for part in text[1:-1].split(",")) if name]


def whole(entries: Iterable[PlaceEntry]) -> list[PlaceEntry]:
    """Return one entry for each place: the pieces of a street are joined."""
    pieces: dict[tuple[str, str, str, int, str], list[PlaceEntry]] = {}
    for entry in entries:
        pieces.setdefault(entry.identity, []).append(entry)
    return [_joined(parts) for parts in pieces.values()]


def _joined(parts: Sequence[PlaceEntry]) -> PlaceEntry:
    first = parts[0]
    shapes = [shapely.from_wkb(part.shape) for part in parts if part.shape]
    if len(parts) == 1 or not shapes:
        return first
    shape = shapely.union_all(shapes)
    if shape.geom_type == "MultiLineString":
        shape = shapely.line_merge(shape)
    lon, lat = _point_on(shape)
    aliases = tuple(dict.fromkeys(alias for part in parts for alias in part.aliases))
    return replace(first, lon=lon, lat=lat, shape=shapely.to_wkb(shape), aliases=aliases, community="")


def _point_on(shape: BaseGeometry) -> Pair:
    """Return a point of a shape near its middle."""
    if shape.geom_type.endswith("Polygon"):
        point = shape.representative_point()
    else:
        point = shapely.shortest_line(shape, shape.centroid).interpolate(0)
    return point.x, point.y
