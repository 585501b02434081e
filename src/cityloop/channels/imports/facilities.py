"""Reads a census of facilities: which columns mean what, by a mapping or by the names of the standard.

Tables are opened by tables/sheets.py; in a geographic file every feature is a row, with its point next to its
properties. registry.facilities decides what a row becomes. GB/T 47678.5-2026, table 2.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import shapely
from pydantic import Field, field_validator

from cityloop.channels.tables.columns import (
    CodeSource,
    ColumnMapping,
    DateSource,
    DegreesSource,
    Fields,
    FieldSource,
    IdSource,
    TableText,
    in_calendar_of,
    read_mapping,
)
from cityloop.channels.tables.rows import Sheet, TableRow, WantedTable
from cityloop.channels.tables.sheets import open_sheet
from cityloop.core.errors import Fault, Invalid
from cityloop.core.place.geo import Crs
from cityloop.registry.areas.imports.files import (
    GZIP,
    KINDS,
    ZIP,
    FileFeature,
    Layer,
    UnreadableFile,
    read_layer,
)
from cityloop.registry.areas.imports.systems import OWN, system
from cityloop.registry.facilities.entries import Rules
from cityloop.runtime.yaml_files import error_fault, read_yaml

LON, LAT = "point_longitude", "point_latitude"  # the columns for the points of a geographic file
TITLES: Mapping[str, tuple[str, ...]] = {  # by field, the names of the column in the standard and its tables
    "code": ("管理部件标识码", "部件标识码", "标识码", "GLBJBSM", "BSM", "code"),
    "name": ("管理部件名称", "部件名称", "GLBJMC", "name"),
    "authority_code": ("主管部门代码", "ZGBMDM"),
    "authority_name": ("主管部门名称", "主管部门", "ZGBMMC"),
    "owner_code": ("权属单位代码", "QSDWDM"),
    "owner_name": ("权属单位名称", "权属单位", "QSDWMC"),
    "maintainer_code": ("养护单位代码", "YHDWDM"),
    "maintainer_name": ("养护单位名称", "养护单位", "YHDWMC"),
    "unit_grid": ("所在单元网格标识码", "所在单元网格", "SZDYWGBSM"),
    "street": ("所在街道代码", "SZJDDM"),
    "street_name": ("所在街道名称", "SZJDMC"),
    "community": ("所在社区代码", "SZSQDM"),
    "community_name": ("所在社区名称", "SZSQMC"),
    "state": ("管理部件状态", "部件状态", "状态", "GLBJZT"),
    "began_on": ("初始日期", "CSRQ"),
    "changed_on": ("变更日期", "BGRQ"),
    "origin": ("数据来源", "SJLY"),
    "remark": ("备注", "BZ"),
    "address": ("地址", "位置", "位置描述"),
    "lon": (LON, "经度", "JD", "lon", "lng", "longitude"),
    "lat": (LAT, "纬度", "WD", "lat", "latitude"),
}


class FacilityFields(Fields):
    """The fields of a facility; fields that a mapping leaves out are found by the names in TITLES."""

    code: IdSource | None = None
    category: CodeSource | None = None
    name: FieldSource | None = None
    authority_code: CodeSource | None = None
    authority_name: FieldSource | None = None
    owner_code: CodeSource | None = None
    owner_name: FieldSource | None = None
    maintainer_code: CodeSource | None = None
    maintainer_name: FieldSource | None = None
    unit_grid: CodeSource | None = None
    community: CodeSource | None = None
    community_name: FieldSource | None = None
    street: CodeSource | None = None
    street_name: FieldSource | None = None
    district: CodeSource | None = None
    state: FieldSource | None = None
    began_on: DateSource | None = None
    changed_on: DateSource | None = None
    origin: FieldSource | None = None
    remark: FieldSource | None = None
    address: FieldSource | None = None
    lon: DegreesSource | None = None
    lat: DegreesSource | None = None
    crs: FieldSource | None = None
    attributes: dict[str, FieldSource] = Field(default_factory=dict)  # further ones of the city, by name

    def sources(self) -> dict[str, FieldSource]:
        """Return the fields that are mapped, further attributes under `attributes.NAME`."""
        named = {name: source for name in TITLES if (source := getattr(self, name)) is not None}
        for name in ("category", "district", "crs"):
            named |= {name: source} if (source := getattr(self, name)) is not None else {}
        return named | {f"attributes.{name}": source for name, source in self.attributes.items()}


class GeographicText(TableText):
    """The content of a mapping of a table of points, or of a layer of a geographic file."""

    crs: str = OWN  # of every row; `file`: the one that a geographic file names, WGS-84 for a table
    layer: str | None = None
    encoding: str | None = None

    @field_validator("crs", mode="before")
    @classmethod
    def _is_known(cls, name: object) -> str:
        if str(name) != OWN:
            system(str(name))
        return str(name)


class FacilitiesText(GeographicText):
    """The content of a mapping of a census; every key may be left out."""

    fields: FacilityFields = FacilityFields()
    ids: Literal["national", "own"] = "national"
    catalogue: str | None = None
    upgrade: bool = False
    strict: bool = False


def open_census(path: Path, mapping_path: Path | None) -> tuple[Sheet, ColumnMapping[FacilitiesText], Rules]:
    """Return the rows of a file, the mapping that fits them, and the rules for reading them.

    Raise Invalid for what is wrong with the file or the mapping.
    """
    text = read_yaml(mapping_path, FacilitiesText) if mapping_path else FacilitiesText()
    own = Crs.WGS84
    if is_geographic(path):
        layer = _layer(path, text)
        sheet, own = _as_sheet(layer), _layer_system(path, layer, text)
    else:
        names = text.wanted().columns | {name for titles in TITLES.values() for name in titles}
        sheet = open_sheet(path, WantedTable(frozenset(names), text.sheet, text.wanted().heading))
    crs = own if text.crs == OWN else system(text.crs)
    rules = Rules(text.ids, text.catalogue, crs, upgrade=text.upgrade, strict=text.strict)
    return sheet, _mapping_of(path, mapping_path, text, sheet), rules


def is_geographic(path: Path) -> bool:
    """Return whether a file is read as features with points, not as a table."""
    with path.open("rb") as file:
        start = file.read(4)
    kinds = [Path(name).suffix.lower() for name in (path.name.removesuffix(".gz"), path.name)]
    if start == ZIP:
        return ".zip" in kinds
    return start[:2] == GZIP or any(kind in (*KINDS, ".geojson", ".json") for kind in kinds)


def place_word(path: Path) -> str:
    """Return the word for the place of a row: line in a table, feature in a geographic file."""
    return "feature" if is_geographic(path) else "line"


def _mapping_of(
    path: Path, mapping_path: Path | None, text: FacilitiesText, sheet: Sheet
) -> ColumnMapping[FacilitiesText]:
    given = read_mapping(mapping_path, sheet, FacilitiesText) if mapping_path else ColumnMapping(text, {}, {})
    found = {field: name for field, name in _standard_columns(sheet) if field not in given.sources}
    fields = FacilityFields.model_validate({field: {"column": name} for field, name in found.items()})
    sources = {**given.sources, **fields.sources()}
    places = {**given.places, **{field: (sheet.columns.index(name),) for field, name in found.items()}}
    if "code" not in sources:
        names = {"names": ", ".join(TITLES["code"]), "columns": ", ".join(sheet.columns)}
        raise Invalid([Fault(path.name, "table-no-id-column", names)])
    return ColumnMapping(text, in_calendar_of(sheet, sources), places)


def _standard_columns(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Yield the fields whose column has a name of the standard; in a heading of two rows either row may have it."""
    for field, titles in TITLES.items():
        for title in titles:
            fitting = [name for name in sheet.columns if name == title or title in name.split()]
            if len(fitting) == 1:
                yield field, fitting[0]
                break


def _layer(path: Path, text: FacilitiesText) -> Layer:
    try:
        return read_layer(path, text.layer, text.encoding)
    except UnreadableFile as error:
        raise Invalid([Fault(path.name, *error_fault(error))]) from error


def _layer_system(path: Path, layer: Layer, text: FacilitiesText) -> "Crs | Any":
    if text.crs != OWN or layer.crs is None:
        if text.crs == OWN and not layer.is_degrees_by_rule:
            raise Invalid([Fault(path.name, "table-no-coordinate-system")])
        return Crs.WGS84
    try:
        return system(layer.crs)
    except ValueError as error:
        raise Invalid([Fault(path.name, *error_fault(error))]) from error


def _as_sheet(layer: Layer) -> Sheet:
    names = tuple(dict.fromkeys(name for feature in layer.features for name in feature.properties))
    rows = (_as_row(feature, names) for feature in layer.features)
    return Sheet((*names, LON, LAT), len(layer.features), rows)


def _as_row(feature: FileFeature, names: Iterable[str]) -> TableRow:
    point, fault = _point(feature.geometry)
    cells = (*(feature.properties.get(name) for name in names), *point)
    return TableRow(feature.number, feature.number, cells, fault)


def _point(geometry: Any) -> tuple[tuple[float | None, float | None], Fault | None]:
    """Return the coordinates of a geometry, which may be a multipoint of one, or the fault. None is not a fault."""
    if geometry is None or geometry.is_empty:
        return (None, None), None
    parts = shapely.get_parts(geometry)
    if len(parts) != 1 or parts[0].geom_type != "Point":
        return (None, None), Fault("row", "row-not-a-point", {"kind": geometry.geom_type})
    return (parts[0].x, parts[0].y), None
