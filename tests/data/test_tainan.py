"""A real hotline's half year is imported: every row is accounted for, every district agrees with a second count."""

import gzip
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
from click.testing import CliRunner
from django.db.models import Count
from shapely.geometry import shape

from cityloop.casework.models import Case
from cityloop.entry.command_line import main
from cityloop.registry.city import current

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
DATA = Path(os.environ.get("CITYLOOP_DATA") or BESIDE)
REPORTS, VILLAGES = DATA / "tainan1999_2016H1.parquet", DATA / "boundaries" / "tainan_villages.geojson.gz"
MAPPING = """
channel: tainan1999
fields:
  external_id: {column: service_request_id}
  text: {column: description}
  lon: {column: long}
  lat: {column: lat}
  crs: {constant: wgs84}
  category:
    column: service_name
    words:
      違規停車: "09009"
      噪音舉發: "06028"
      路燈故障: "01037"
      髒亂及汙染: "06012"
      道路維修: "06013"
      騎樓舉發: "09006"
  address: {column: address_string}
  reported_at: {column: requested_datetime, format: "%Y-%m-%d %H:%M:%S"}
"""
AREAS = "district: {code: TOWNCODE, name: TOWNNAME}\ncommunity: {code: VILLCODE, name: VILLNAME}\ncrs: wgs84\n"

pytestmark = [
    pytest.mark.data,
    pytest.mark.weekly,
    pytest.mark.skipif(not REPORTS.exists(), reason=f"no real data: CITYLOOP_DATA names no folder with {REPORTS.name}"),
]


def bring_in(kind: str, file: Path, mapping: str) -> str:
    Path("map.yaml").write_text(mapping, encoding="utf-8")
    result = CliRunner().invoke(main, ["import", kind, str(file), "--mapping", "map.yaml"])
    current.forget()
    assert result.exit_code == 0, result.output
    return result.stdout


def counted_without_the_city() -> Counter[str | None]:
    """Count reports by district, testing every village on every point."""
    features = json.loads(gzip.decompress(VILLAGES.read_bytes()))["features"]
    features.sort(key=lambda feature: feature["properties"]["VILLCODE"], reverse=True)
    table = pq.read_table(REPORTS, columns=["long", "lat"])
    points, which = np.unique(np.round(np.column_stack([table["long"], table["lat"]]), 7), axis=0, return_inverse=True)
    districts = np.full(len(points), None, dtype=object)
    for feature in features:  # where two villages meet, the smaller code comes later and has the point
        village = shapely.make_valid(shape(feature["geometry"]))
        shapely.prepare(village)
        districts[shapely.intersects_xy(village, *points.T)] = feature["properties"]["TOWNCODE"]
    return Counter(districts[which.ravel()].tolist())


def test_every_report_of_half_a_year_is_imported_once_and_placed_in_its_district(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert bring_in("areas", VILLAGES, AREAS) == "Districts 37, communities 752.\n"
    first = bring_in("reports", REPORTS, MAPPING)
    rows = pq.ParquetFile(REPORTS).metadata.num_rows
    expected = counted_without_the_city()
    assert f"{rows:,} rows: created {rows:,}, already known 0, conflicts 0, rejected 0" in first
    assert f"placed in no district {expected[None]:,}." in first
    counted = {row["district"]: row["n"] for row in Case.objects.values("district").annotate(n=Count("id"))}
    assert counted == expected
    again = bring_in("reports", REPORTS, MAPPING)
    assert f"created 0, already known {rows:,}, conflicts 0, rejected 0" in again
    assert Case.objects.count() == rows
