"""Open geographic files: GeoJSON, Shapefile, GeoPackage and KML, also zipped. gathering.py reads their features.

GDAL (pyogrio) is loaded only inside functions: an import needs it, a web process does not.
"""

import codecs
import gzip
import json
import math
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from cityloop.core.errors import CityLoopError

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
KINDS = (".shp", ".gpkg", ".kml")  # read with GDAL; everything else is read as GeoJSON
SIDECARS = (".dbf", ".shx", ".prj", ".cpg")  # the files of a Shapefile besides .shp
LARGEST_UNPACKED = 4 << 30
RAW = "ISO-8859-1"  # keeps every byte of a DBF
# GBK, GB2312 and code page 936 are parts of GB18030.
CHINESE = re.compile(r"gb|936|cp936|hz|euccn", re.IGNORECASE)


class UnreadableFile(CityLoopError):
    """A file that cannot be read; its code says why."""


@dataclass(frozen=True, slots=True)
class FileFeature:
    """One feature of a file: its number from 1, its properties, its geometry if that can be read."""

    number: int
    properties: Mapping[str, Any]
    geometry: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class Layer:
    """The features of a file and the coordinate system that the file names."""

    features: tuple[FileFeature, ...]
    crs: str | None
    is_degrees_by_rule: bool  # GeoJSON or KML, which is in WGS-84 if it names no system


def read_layer(path: Path, layer: str | None, encoding: str | None) -> Layer:
    """Return the features of a file; raise UnreadableFile if it cannot be read."""
    with _unpacked(path) as (file, kind):
        return _from_gdal(file, kind, layer, encoding) if kind in KINDS else _from_geojson(file)


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the file itself, or the content of a zip under plain names: GDAL cannot read GBK names in zips."""
    with path.open("rb") as opened:
        if opened.read(4) != ZIP:
            yield path, path.suffix.lower()
            return
    with tempfile.TemporaryDirectory() as folder:
        try:
            unpacked = _extract(path, Path(folder))
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
            raise UnreadableFile("layer-not-a-zip", {"error": str(error)}) from error
        yield unpacked


def _extract(path: Path, folder: Path) -> tuple[Path, str]:
    with zipfile.ZipFile(path) as packed:
        entries = [entry for entry in packed.infolist() if not entry.filename.startswith("__MACOSX")]
        inside = [entry for entry in entries if _kind(entry.filename) in (*KINDS, ".geojson")]
        if len(inside) != 1:
            names = ", ".join(entry.filename for entry in inside) or "none"
            raise UnreadableFile("layer-zip-content", {"names": names})
        stem, kind = inside[0].filename[: -len(_kind(inside[0].filename))], _kind(inside[0].filename)
        for entry in entries:
            own = entry.filename[: -len(_kind(entry.filename))] == stem if _kind(entry.filename) else False
            if own and _kind(entry.filename) in (kind, *SIDECARS):
                if entry.file_size > LARGEST_UNPACKED:
                    raise UnreadableFile("layer-zip-too-large")
                with packed.open(entry) as source, (folder / f"areas{_kind(entry.filename)}").open("wb") as target:
                    shutil.copyfileobj(source, target)
    return folder / f"areas{kind}", kind


def _kind(name: str) -> str:
    return Path(name).suffix.lower()


def _from_geojson(file: Path) -> Layer:
    try:
        raw = file.read_bytes()
        content = json.loads(gzip.decompress(raw) if raw.startswith(GZIP) else raw)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise UnreadableFile("layer-not-geojson", {"error": str(error)}) from error
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise UnreadableFile("layer-not-a-collection")
    read = (
        FileFeature(n, f.get("properties") or {}, _shape(f.get("geometry"))) for n, f in enumerate(features, start=1)
    )
    return Layer(tuple(read), _crs_member(content), is_degrees_by_rule=True)


def _crs_member(content: Mapping[str, Any]) -> str | None:
    """Return the coordinate system that a GeoJSON from before 2016 names; newer ones cannot name one."""
    try:
        return str(content["crs"]["properties"]["name"])
    except (KeyError, TypeError):
        return None


def _shape(geometry: Any) -> BaseGeometry | None:
    try:
        return shape(geometry)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, shapely.errors.ShapelyError):
        return None


def _from_gdal(file: Path, kind: str, layer: str | None, encoding: str | None) -> Layer:
    import pyogrio
    import pyogrio.raw

    is_shapefile = kind == ".shp"
    try:
        layers = [layer] if layer else _layers(pyogrio.list_layers(file)[:, 0].tolist(), kind)
        read = [pyogrio.raw.read(file, layer=name, encoding=RAW if is_shapefile else None) for name in layers]
    except (RuntimeError, ValueError) as error:  # the bases of pyogrio's own errors
        raise UnreadableFile("layer-unreadable", {"error": str(error)}) from error
    rows, geometries = _rows(read)
    if is_shapefile:
        rows = _decoded(rows, _encodings(file, encoding))
    pairs = zip(rows, shapely.from_wkb(geometries, on_invalid="ignore"), strict=True)
    features = tuple(FileFeature(number, *pair) for number, pair in enumerate(pairs, start=1))
    return Layer(features, read[0][0]["crs"] if read else None, is_degrees_by_rule=kind == ".kml")


def _layers(layers: list[str], kind: str) -> list[str]:
    """Return the layers to read: every folder of a KML, the only layer of everything else."""
    if kind != ".kml" and len(layers) != 1:
        raise UnreadableFile("layer-one-of-several", {"count": len(layers), "names": ", ".join(layers)})
    return layers


def _rows(read: Sequence[tuple[Any, ...]]) -> tuple[list[dict[str, Any]], list[bytes | None]]:
    rows: list[dict[str, Any]] = []
    geometries: list[bytes | None] = []
    for about, _, shapes, columns in read:
        if shapes is not None:
            names, plain = about["fields"].tolist(), [[_plain(value) for value in column] for column in columns]
            values = zip(*plain, strict=True) if plain else ([] for _ in shapes)
            rows += (dict(zip(names, row, strict=True)) for row in values)
            geometries += shapes.tolist()
    return rows, geometries


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and math.isnan(value) else value


def _encodings(file: Path, wanted: str | None) -> list[str]:
    """Return the encodings to try in order: the wanted one, else the one of the .cpg, else the two usual ones."""
    cpg = next((path for path in (file.with_suffix(".cpg"), file.with_suffix(".CPG")) if path.exists()), None)
    name = wanted or (cpg.read_text("ascii", "replace").strip() if cpg else "")
    if CHINESE.search(name):
        return ["gb18030"]
    if re.fullmatch(r"(cp)?65001", name, re.IGNORECASE):
        return ["utf-8"]
    try:
        return [codecs.lookup(name).name] if name else ["utf-8", "gb18030"]
    except LookupError:
        return ["utf-8", "gb18030"]


def _decoded(rows: list[dict[str, Any]], encodings: list[str]) -> list[dict[str, Any]]:
    for encoding in encodings:
        try:
            return [{_text(k, encoding): _text(v, encoding) for k, v in row.items()} for row in rows]
        except UnicodeDecodeError:
            continue
    raise UnreadableFile("layer-encoding", {"encodings": " or ".join(encodings)})


def _text(value: Any, encoding: str) -> Any:
    """Decode a value of a DBF; a field that was cut off inside a character loses the rest of that character."""
    if not isinstance(value, str):
        return value
    return codecs.getincrementaldecoder(encoding)().decode(value.encode(RAW))
