"""Files of areas opened: GeoJSON, Shapefile, GeoPackage and KML, also zipped. What their features mean is said above.

GDAL (pyogrio) is loaded inside functions alone: only an import of such a file needs it, no web process does.
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

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
KINDS = (".shp", ".gpkg", ".kml")  # what GDAL reads here; everything else is taken for a GeoJSON
BESIDE = (".dbf", ".shx", ".prj", ".cpg")  # what a Shapefile is made of besides .shp
LARGEST_UNPACKED = 4 << 30
RAW = "ISO-8859-1"  # gives every byte of a DBF back as it is
# A GBK, GB2312 or code page 936 is part of GB18030.
CHINESE = re.compile(r"gb|936|cp936|hz|euccn", re.IGNORECASE)


class UnreadableFile(Exception):
    """A file that is not what it should be; the sentence says why."""


@dataclass(frozen=True, slots=True)
class FileFeature:
    """One feature as the file has it: its number from 1, what it says, its geometry if that can be read."""

    number: int
    said: Mapping[str, Any]
    geometry: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class Layer:
    """The features of a file and the coordinate system it names itself."""

    features: tuple[FileFeature, ...]
    crs: str | None
    is_degrees_by_rule: bool  # a GeoJSON or KML that names no system is in WGS-84


def read_layer(path: Path, layer: str | None, encoding: str | None) -> Layer:
    """Return the features of a file; Unreadable says why there are none."""
    with _unpacked(path) as (file, kind):
        return _from_gdal(file, kind, layer, encoding) if kind in KINDS else _from_geojson(file)


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[Path, str]]:
    """Give the file itself, or what a zip holds under plain names: GDAL and GBK names in zips disagree."""
    with path.open("rb") as opened:
        if opened.read(4) != ZIP:
            yield path, path.suffix.lower()
            return
    with tempfile.TemporaryDirectory() as folder:
        try:
            unpacked = _extract(path, Path(folder))
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as wrong:
            raise UnreadableFile(f"is not a zip that can be read: {wrong}") from wrong
        yield unpacked


def _extract(path: Path, folder: Path) -> tuple[Path, str]:
    with zipfile.ZipFile(path) as packed:
        entries = [entry for entry in packed.infolist() if not entry.filename.startswith("__MACOSX")]
        inside = [entry for entry in entries if _kind(entry.filename) in (*KINDS, ".geojson")]
        if len(inside) != 1:
            names = ", ".join(entry.filename for entry in inside) or "none"
            raise UnreadableFile(f"must hold one Shapefile, GeoPackage, KML or GeoJSON; it has: {names}")
        stem, kind = inside[0].filename[: -len(_kind(inside[0].filename))], _kind(inside[0].filename)
        for entry in entries:
            own = entry.filename[: -len(_kind(entry.filename))] == stem if _kind(entry.filename) else False
            if own and _kind(entry.filename) in (kind, *BESIDE):
                if entry.file_size > LARGEST_UNPACKED:
                    raise UnreadableFile("holds more than 4 GiB; unpack it first")
                with packed.open(entry) as source, (folder / f"areas{_kind(entry.filename)}").open("wb") as target:
                    shutil.copyfileobj(source, target)
    return folder / f"areas{kind}", kind


def _kind(name: str) -> str:
    return Path(name).suffix.lower()


def _from_geojson(file: Path) -> Layer:
    try:
        raw = file.read_bytes()
        content = json.loads(gzip.decompress(raw) if raw.startswith(GZIP) else raw)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as wrong:
        raise UnreadableFile(f"is not a GeoJSON that can be read: {wrong}") from wrong
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise UnreadableFile("is not a FeatureCollection of GeoJSON")
    read = (
        FileFeature(n, f.get("properties") or {}, _shape(f.get("geometry"))) for n, f in enumerate(features, start=1)
    )
    return Layer(tuple(read), _named_in(content), is_degrees_by_rule=True)


def _named_in(content: Mapping[str, Any]) -> str | None:
    """Return the system of a GeoJSON written before 2016, when it could name one."""
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
        read = [pyogrio.raw.read(file, layer=one, encoding=RAW if is_shapefile else None) for one in layers]
    except (RuntimeError, ValueError) as error:  # what pyogrio's own errors are
        raise UnreadableFile(f"cannot be read: {error}") from error
    said, geometries = _rows(read)
    if is_shapefile:
        said = _decoded(said, _encodings(file, encoding))
    pairs = zip(said, shapely.from_wkb(geometries, on_invalid="ignore"), strict=True)
    features = tuple(FileFeature(number, *pair) for number, pair in enumerate(pairs, start=1))
    return Layer(features, read[0][0]["crs"] if read else None, is_degrees_by_rule=kind == ".kml")


def _layers(layers: list[str], kind: str) -> list[str]:
    """Return the layers to read: every folder of a KML, the only layer of everything else."""
    if kind != ".kml" and len(layers) != 1:
        raise UnreadableFile(f"has {len(layers)} layers, name one in the mapping: {', '.join(layers)}")
    return layers


def _rows(read: Sequence[tuple[Any, ...]]) -> tuple[list[dict[str, Any]], list[bytes | None]]:
    said: list[dict[str, Any]] = []
    geometries: list[bytes | None] = []
    for about, _, shapes, columns in read:
        if shapes is not None:
            names, plain = about["fields"].tolist(), [[_plain(value) for value in column] for column in columns]
            rows = zip(*plain, strict=True) if plain else ([] for _ in shapes)
            said += (dict(zip(names, row, strict=True)) for row in rows)
            geometries += shapes.tolist()
    return said, geometries


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and math.isnan(value) else value


def _encodings(file: Path, asked: str | None) -> list[str]:
    """Return the encodings to try, in that order: the one asked for, else the one of the .cpg, else the usual two."""
    beside = next((one for one in (file.with_suffix(".cpg"), file.with_suffix(".CPG")) if one.exists()), None)
    word = asked or (beside.read_text("ascii", "replace").strip() if beside else "")
    if CHINESE.search(word):
        return ["gb18030"]
    if re.fullmatch(r"(cp)?65001", word, re.IGNORECASE):
        return ["utf-8"]
    try:
        return [codecs.lookup(word).name] if word else ["utf-8", "gb18030"]
    except LookupError:
        return ["utf-8", "gb18030"]


def _decoded(said: list[dict[str, Any]], encodings: list[str]) -> list[dict[str, Any]]:
    for encoding in encodings:
        try:
            return [{_text(k, encoding): _text(v, encoding) for k, v in row.items()} for row in said]
        except UnicodeDecodeError:
            continue
    why = f"its words are not in {' or '.join(encodings)}; name the encoding in the mapping, as in `encoding: gb18030`"
    raise UnreadableFile(why)


def _text(value: Any, encoding: str) -> Any:
    """Decode what a DBF holds; a field that was cut off within a sign loses the piece of it."""
    if not isinstance(value, str):
        return value
    return codecs.getincrementaldecoder(encoding)().decode(value.encode(RAW))
