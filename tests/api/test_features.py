"""OGC API – Features: the city as map programs read it, page by page, each reader what they may read."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import shapely
from django.conf import settings as django_settings
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from cityloop.presentation.features.parameters import CRS84
from cityloop.presentation.middleware import policy
from cityloop.registry.areas import actions as area_actions
from cityloop.registry.city import current
from cityloop.registry.models import Area, Facility
from cityloop.registry.people import accounts
from example import NOW, SmallCity

ITEMS = "/ogc/collections/{}/items"
COMMUNITIES = ITEMS.format("areas-community")
FACILITIES = ITEMS.format("facilities")
TOILET, LAMP = "01044", "01053"
LAYER = """
name: open-things
title: {zh: 公开的设施, en: Open things}
layers:
  - name: toilets
    title: {zh: 公共厕所, en: Public toilets}
    source: facilities
    where: {category: ["01044"]}
"""


@pytest.fixture
def anybody(city: SmallCity) -> Client:
    """Somebody who is not signed in, with the checks that real requests meet."""
    return Client(raise_request_exception=False)


@pytest.fixture
def facilities(city: SmallCity) -> list[Facility]:
    """Five facilities in a row from west to east; the last one has no place."""
    rows = [
        Facility(
            code=f"6710010{TOILET if number % 2 else LAMP}0000{number}",
            catalogue="GB/T 47678.5-2026",
            category=TOILET if number % 2 else LAMP,
            name=("路灯", "公共厕所")[number % 2],
            owner_name="王先生 13800138000",
            maintainer_name="市政养护处",
            state="damaged" if number == 2 else "intact",
            lon=None if number == 4 else 120.01 + 0.01 * number,
            lat=None if number == 4 else 23.05,
            areas={"district": "671001"},
            began_on=date(2020, 1, 1 + number),
        )
        for number in range(5)
    ]
    return Facility.objects.bulk_create(rows)


@pytest.fixture
def within(city: SmallCity) -> Client:
    """A connected system with its token."""
    return Client(headers={"Authorization": f"Bearer {accounts.make_token('hotline', 'test', NOW)}"})


def read(client: Client, address: str, **query: str | int) -> dict[str, Any]:
    """Return the document at an address, after checking its status and media type."""
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.getvalue()
    assert answer["content-type"] in ("application/json", "application/geo+json")
    return dict(json.loads(answer.getvalue()))


def ids(client: Client, address: str, **query: str | int) -> list[str]:
    return [feature["id"] for feature in read(client, address, **query)["features"]]


def linked(document: dict[str, Any], rel: str) -> str | None:
    return next((link["href"] for link in document["links"] if link["rel"] == rel), None)


def test_the_first_page_leads_to_everything(anybody: Client) -> None:
    document = read(anybody, "/ogc/")
    assert {link["rel"] for link in document["links"]} >= {"self", "alternate", "service-desc", "conformance", "data"}
    for link in document["links"]:
        answer = anybody.get(link["href"])
        assert (answer.status_code, answer["content-type"].split("; charset")[0]) == (200, link["type"])


def test_every_level_of_areas_is_a_collection_and_facilities_are_none_for_anybody(anybody: Client) -> None:
    found = read(anybody, "/ogc/collections")["collections"]
    assert [feature["id"] for feature in found] == ["areas-district", "areas-community"]
    assert found[0]["extent"]["spatial"]["bbox"] == [[120.0, 23.0, 120.4, 23.1]]
    assert found[0] == read(anybody, "/ogc/collections/areas-district")


def test_pages_follow_each_other_until_everything_was_there_once(anybody: Client) -> None:
    page = read(anybody, COMMUNITIES, limit=3)
    assert (page["numberMatched"], page["numberReturned"], len(page["features"])) == (4, 3, 3)
    rest = read(anybody, linked(page, "next") or "")
    assert linked(rest, "next") is None
    codes = [feature["id"] for feature in (*page["features"], *rest["features"])]
    assert codes == ["671001000001", "671001000002", "671002000001", "671002000002"]


def test_a_page_with_exactly_everything_has_no_next_one(anybody: Client) -> None:
    assert linked(read(anybody, COMMUNITIES, limit=4), "next") is None


def test_a_page_is_never_longer_than_the_longest(anybody: Client) -> None:
    assert len(ids(anybody, COMMUNITIES, limit=999_999)) == 4


@pytest.mark.parametrize(
    ("bbox", "found"),
    [
        ("120.01,23.01,120.02,23.02", ["671001000001"]),
        ("120.05,23.05,120.15,23.06", ["671001000001", "671001000002"]),
        ("120.1,23.0,120.1,23.1", ["671001000001", "671001000002"]),
        ("119,22,121,24", ["671001000001", "671001000002", "671002000001", "671002000002"]),
        ("120.01,23.01,-50,120.02,23.02,9000", ["671001000001"]),
        ("120.35,22,-170,24", ["671002000002"]),
        ("170,22,120.05,24", ["671001000001"]),
        ("100,10,110,20", []),
    ],
    ids=["one", "two", "a line", "all", "heights", "over the date line", "over it from the west", "elsewhere"],
)
def test_a_box_finds_what_lies_in_it_or_touches_it(anybody: Client, bbox: str, found: list[str]) -> None:
    assert ids(anybody, COMMUNITIES, bbox=bbox) == found


def test_a_box_in_the_crook_of_an_area_does_not_find_it(anybody: Client) -> None:
    crook = shapely.box(120.0, 24.0, 120.2, 24.2).difference(shapely.box(120.1, 24.1, 120.2, 24.2))
    area_actions.set_areas([area_actions.NewArea("671003", "弯区", "district", None, crook.wkb)], "test", NOW)
    current.forget()
    assert ids(anybody, ITEMS.format("areas-district"), bbox="120.15,24.15,120.19,24.19") == []
    assert ids(anybody, ITEMS.format("areas-district"), bbox="120.05,24.15,120.19,24.19") == ["671003"]


def test_areas_are_those_of_today_unless_another_day_is_asked_for(anybody: Client) -> None:
    Area.objects.filter(code="671001000001").update(valid_until=date(2020, 1, 1))
    Area.objects.filter(code="671001000002").update(valid_from=date(2020, 1, 1))
    current.forget()
    both = ["671002000001", "671002000002"]
    assert ids(anybody, COMMUNITIES) == ["671001000002", *both]
    assert ids(anybody, COMMUNITIES, datetime="2019-12-31T12:00:00Z") == ["671001000001", *both]
    assert ids(anybody, COMMUNITIES, datetime="2019-12-31T20:00:00Z") == ["671001000002", *both]  # the city's own day
    assert ids(anybody, COMMUNITIES, datetime="../2019-06-01T00:00:00Z") == ["671001000001", *both]
    assert ids(anybody, COMMUNITIES, datetime="2019-06-01/..") == ["671001000001", "671001000002", *both]
    assert ids(anybody, COMMUNITIES, datetime="../..") == ["671001000001", "671001000002", *both]


def test_a_property_narrows_a_collection(anybody: Client) -> None:
    assert ids(anybody, COMMUNITIES, parent="671002") == ["671002000001", "671002000002"]
    assert ids(anybody, COMMUNITIES, parent="671002", name="南区第1社区") == ["671002000001"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit", "0"), ("limit", "-1"), ("limit", "many"), ("limit", "1.5"), ("limit", "9" * 5000), ("limit", ""),
        ("bbox", "1,2,3"), ("bbox", "1,2,3,4,5"), ("bbox", "a,b,c,d"), ("bbox", "nan,0,1,1"), ("bbox", "0,2,1,1"),
        ("bbox", ""), ("datetime", "yesterday"), ("datetime", "2026-13-01T00:00:00Z"), ("datetime", "2026/2025"),
        ("datetime", "2026-02-02/2026-01-01"), ("datetime", "0001-01-01T00:00:00+14:00"), ("f", "xml"),
        ("crs", "EPSG:4326"), ("bbox-crs", "http://www.opengis.net/def/crs/EPSG/0/3857"), ("name", "\0"),
        ("colour", "red"), ("offset", "10"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_a_400_that_names_it(anybody: Client, field: str, value: str) -> None:
    answer = anybody.get(COMMUNITIES, {field: value})
    assert (answer.status_code, answer["content-type"]) == (400, "application/problem+json")
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


def test_a_parameter_given_twice_is_a_400(anybody: Client) -> None:
    assert anybody.get(f"{COMMUNITIES}?limit=1&limit=2").status_code == 400


def test_longitude_and_latitude_may_be_asked_for_by_their_name(anybody: Client) -> None:
    query = {"crs": CRS84, "bbox-crs": CRS84, "bbox": "119,22,121,24"}
    answer = anybody.get(COMMUNITIES, query)
    assert (answer.status_code, answer["Content-Crs"]) == (200, f"<{CRS84}>")


@pytest.mark.parametrize(
    "address",
    [
        "/ogc/collections/nothing",
        "/ogc/collections/nothing/items",
        f"{COMMUNITIES}/nothing",
        f"{COMMUNITIES}/%00",
        "/ogc/collections/%00/items",
        f"{ITEMS.format('areas-district')}/671001000001",
        "/ogc/nothing",
    ],
)
def test_what_does_not_exist_is_a_404(anybody: Client, address: str) -> None:
    answer = anybody.get(address)
    assert (answer.status_code, answer["content-type"]) == (404, "application/problem+json")


def test_nothing_can_be_written(anybody: Client) -> None:
    answer = anybody.post(COMMUNITIES, "{}", content_type="application/json")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


def test_facilities_are_for_those_with_a_name(anybody: Client, within: Client, facilities: list[Facility]) -> None:
    answer = anybody.get(FACILITIES)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    stranger = Client(headers={"Authorization": "Bearer wrong"})
    assert stranger.get(COMMUNITIES).status_code == 401
    page = read(within, FACILITIES)
    assert (page["numberMatched"], page["features"][1]["properties"]["maintainer"]) == (5, "市政养护处")
    assert "王先生" not in json.dumps(page, ensure_ascii=False)


def test_facilities_are_found_by_class_state_name_place_and_day(within: Client, facilities: list[Facility]) -> None:
    codes = [row.code for row in sorted(facilities, key=lambda row: row.code)]
    toilets = [row.code for row in facilities if row.category == TOILET]
    assert ids(within, FACILITIES) == codes
    assert ids(within, FACILITIES, **{"class": TOILET}) == toilets
    assert ids(within, FACILITIES, state="damaged") == [facilities[2].code]
    assert ids(within, FACILITIES, name="公共厕所", district="671001") == toilets
    assert ids(within, FACILITIES, name="公共厕所", district="671002") == []
    placeless = facilities[4].code  # is in every box, as the standard has it
    assert set(ids(within, FACILITIES, bbox="120.005,23,120.025,24")) == {*codes_of(facilities[:2]), placeless}
    assert set(ids(within, FACILITIES, datetime="2020-01-02")) == set(codes_of(facilities[:2]))


def codes_of(rows: list[Facility]) -> list[str]:
    return [row.code for row in rows]


def test_facilities_come_page_by_page_too(within: Client, facilities: list[Facility]) -> None:
    seen, address = [], f"{FACILITIES}?limit=2"
    while address:
        page = read(within, address)
        seen += [feature["id"] for feature in page["features"]]
        address = linked(page, "next") or ""
    assert seen == sorted(codes_of(facilities))


def test_a_layer_of_a_pack_is_open_and_contains_nothing_else(
    anybody: Client, facilities: list[Facility], settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "open-things").mkdir()
    (tmp_path / "open-things" / "pack.yaml").write_text(LAYER, "utf-8")
    settings.CITYLOOP = replace(django_settings.CITYLOOP, packs=str(tmp_path))
    current.forget()
    address = ITEMS.format("toilets")
    assert ids(anybody, address) == [row.code for row in facilities if row.category == TOILET]
    assert ids(anybody, address, **{"class": LAMP}) == []
    assert anybody.get(f"{address}/{facilities[0].code}").status_code == 404
    properties = read(anybody, f"{address}/{facilities[1].code}")["properties"]
    assert {"maintainer", "authority", "owner"}.isdisjoint(properties)


def test_a_city_may_keep_everything_to_those_with_a_name(anybody: Client, within: Client, settings: Any) -> None:
    settings.CITYLOOP = replace(django_settings.CITYLOOP, open_layers="")
    assert read(anybody, "/ogc/collections")["collections"] == []
    assert anybody.get(COMMUNITIES).status_code == 401
    assert len(ids(within, COMMUNITIES)) == 4


def test_what_has_not_changed_is_not_sent_again(anybody: Client) -> None:
    first = anybody.get(COMMUNITIES)
    again = {"headers": {"If-None-Match": first["ETag"]}}
    assert anybody.get(COMMUNITIES, **again).status_code == 304
    area_actions.set_areas(
        [area_actions.NewArea("671003", "新区", "district", None, shapely.box(1, 1, 2, 2).wkb)], "test", NOW
    )
    current.forget()
    assert anybody.get(COMMUNITIES, **again).status_code == 200


def test_a_closed_answer_is_never_one_that_anybody_already_has(within: Client, anybody: Client) -> None:
    etag = within.get(FACILITIES)["ETag"]
    assert anybody.get(FACILITIES, headers={"If-None-Match": etag}).status_code == 401


def test_outlines_run_against_the_clock_with_seven_digits(anybody: Client) -> None:
    clockwise = shapely.Polygon([(1.123456789, 1), (1.123456789, 2), (2, 2), (2, 1)])
    area_actions.set_areas([area_actions.NewArea("671003", "新区", "district", None, clockwise.wkb)], "test", NOW)
    current.forget()
    geometry = read(anybody, f"{ITEMS.format('areas-district')}/671003")["geometry"]
    assert shapely.from_geojson(json.dumps(geometry)).exterior.is_ccw
    assert geometry["coordinates"][0][0][0] in (1.1234568, 2)


def test_a_page_is_sent_while_it_is_written(anybody: Client) -> None:
    assert anybody.get(COMMUNITIES).streaming


@pytest.mark.parametrize("address", ["", "conformance", "api", "collections", "collections/areas-district"])
def test_every_document_is_a_page_for_a_browser(anybody: Client, address: str) -> None:
    answer = anybody.get(f"/ogc/{address}", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (answer.status_code, answer["content-type"]) == (200, "text/html; charset=utf-8")


def test_a_page_of_features_has_a_table_beside_its_map(anybody: Client) -> None:
    page = anybody.get(COMMUNITIES, {"f": "html", "limit": 3}).content.decode()
    assert page.count("<city-map") == 1
    assert "北区第2社区</td>" in page
    assert "after=671002000001" in page
    page = anybody.get(f"{COMMUNITIES}/671001000001", {"f": "html"}).content.decode()
    assert "北区第1社区</h1>" in page


def test_only_the_owner_of_the_map_tiles_is_let_into_a_page() -> None:
    assert "img-src 'self' data:; connect-src 'self';" in policy("")
    assert "connect-src 'self' https://tiles.example:8443;" in policy("https://tiles.example:8443/a/{z}/{x}/{y}.png")
    assert policy("/tiles/{z}/{x}/{y}.png") == policy("")


@pytest.fixture
def served(transactional_db: None, facilities: list[Facility], live_server: Any) -> Iterator[str]:
    """The address of the interface, served over HTTP."""
    yield f"{live_server.url}/ogc/"


def elsewhere(program: str, *words: str) -> Any:
    """Run a program in a separate process and return what it printed."""
    environment = {**os.environ, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *words],
        capture_output=True, text=True, check=False, timeout=120, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


GDAL = """
import json, sys, pyogrio
source, token = sys.argv[1:]
pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": token})
layers = [name for name, _ in pyogrio.list_layers(source)]
communities = pyogrio.read_info(source, layer="areas-community")
meta, _, shapes, fields = pyogrio.raw.read(source, layer="facilities", PAGE_SIZE="2")
near = pyogrio.raw.read(source, layer="areas-community", bbox=(120.01, 23.01, 120.02, 23.02))
codes = list(fields[list(meta["fields"]).index("code")])
told = [layers, communities["features"], communities["crs"], codes, sum(s is not None for s in shapes), len(near[2])]
print(json.dumps(told))
"""


def test_gdal_reads_every_collection_and_all_its_pages(served: str, facilities: list[Facility]) -> None:
    token = accounts.make_token("hotline", "test", NOW)
    layers, communities, system, codes, placed, near = elsewhere(GDAL, f"OAPIF:{served}", token)
    assert layers == ["areas-district", "areas-community", "facilities"]
    assert (communities, placed, near) == (4, 4, 1)
    assert "WGS 84 (CRS84)" in system
    assert sorted(codes) == sorted(codes_of(facilities))


OWSLIB = """
import json, sys
from owslib.ogcapi.features import Features
city = Features(sys.argv[1])
found = city.collection_items("areas-community", bbox=[120.01, 23.01, 120.02, 23.02])
one = city.collection_item("areas-community", "671001000001")
told = [city.feature_collections(), "paths" in city.api(), found["numberMatched"], one["properties"]["name"]]
print(json.dumps(told))
"""


def test_owslib_finds_collections_features_and_the_description(served: str) -> None:
    assert elsewhere(OWSLIB, served) == [["areas-district", "areas-community"], True, 1, "北区第1社区"]


CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_no_request_breaks_the_features(
    city: SmallCity, facilities: list[Facility], mode: schemathesis.GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {accounts.make_token('hotline', 'test', NOW)}"}
    description = schemathesis.openapi.from_wsgi("/ogc/api", get_wsgi_application(), headers=headers)
    operations = [found.ok() for found in description.get_all_operations()]
    assert len(operations) == 3 + 3 * 3  # its own address is left out
    for operation in operations:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def fuzzed(case: schemathesis.Case) -> None:
            case.validate_response(case.call(headers=headers), checks=CHECKS)

        fuzzed()
