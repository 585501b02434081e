"""The layers that packs publish to everybody: what may be declared, and that no slip publishes anything."""

from pathlib import Path

import pytest

from cityloop.core.errors import Invalid
from cityloop.registry.packs.reading import read_all
from cityloop.runtime.configuration import Configuration, read

HEAD = "name: {name}\ntitle: {{zh: 试, en: Try}}\nlayers:\n"
LAYER = "  - {{name: {name}, title: {{zh: 试, en: Try}}, source: {source}, where: {where}}}\n"


def refusal(folder: Path, **packs: str) -> str:
    """Return why packs of these texts are refused."""
    for name, text in packs.items():
        (folder / name).mkdir()
        (folder / name / "pack.yaml").write_text(HEAD.format(name=name) + text, "utf-8")
    with pytest.raises(Invalid) as caught:
        read_all(str(folder))
    return caught.value.sentence


@pytest.mark.parametrize(
    ("name", "source", "where", "why"),
    [
        ("lamps", "facilities", "{}", "name the category of the facilities"),
        ("lamps", "facilities", "{owner: [x]}", "owner cannot narrow facilities"),
        ("lamps", "cases", "{}", "'facilities', 'areas' or 'places'"),
        ("facilities", "areas", "{}", "The city itself uses the name"),
        ("areas-district", "areas", "{}", "The city itself uses the name"),
        ("Lamps", "areas", "{}", "should match pattern"),
    ],
)
def test_a_layer_that_says_too_little_or_too_much_is_refused(
    tmp_path: Path, name: str, source: str, where: str, why: str
) -> None:
    sentence = refusal(tmp_path, first=LAYER.format(name=name, source=source, where=where))
    assert why in sentence
    assert "pack.yaml:4 layers.0" in sentence


def test_two_layers_of_one_name_are_refused(tmp_path: Path) -> None:
    layer = LAYER.format(name="streets", source="areas", where="{level: [street]}")
    assert "two/pack.yaml layers.streets: The pack first has a layer of this name." in refusal(
        tmp_path, first=layer, two=layer
    )


@pytest.mark.parametrize("tiles", ["", "/tiles/{z}/{x}/{y}.png", "https://t.example/a/{z}/{x}/{y}.png?key=1"])
def test_an_address_of_map_tiles_is_taken(tiles: str) -> None:
    assert read({"CITYLOOP_MAP_TILES": tiles}) == Configuration(map_tiles=tiles)


@pytest.mark.parametrize("origin", ["https://city.example.org", "https://10.0.0.7:8443", "http://city"])
def test_an_origin_is_taken_as_browsers_send_it(origin: str) -> None:
    assert read({"CITYLOOP_ORIGIN": origin}) == Configuration(origin=origin)


@pytest.mark.parametrize(
    "origin", ["city.example.org", "https://city.example.org/", "https://City.example.org", "https://*", "ftp://city"]
)
def test_an_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    with pytest.raises(Invalid, match="CITYLOOP_ORIGIN"):
        read({"CITYLOOP_ORIGIN": origin})


@pytest.mark.parametrize(
    "tiles",
    [
        "https://t.example/",
        "t.example/{z}/{x}/{y}",
        "//t.example/{z}/{x}/{y}",
        "javascript:{z}{x}{y}",
        "https://{s}.example/{z}/{x}/{y}",
        "https://t.example/{z}/{x}/{y}; script-src *",
    ],
)
def test_an_address_that_no_map_could_use_or_that_would_loosen_the_policy_is_refused(tiles: str) -> None:
    with pytest.raises(Invalid, match="CITYLOOP_MAP_TILES"):
        read({"CITYLOOP_MAP_TILES": tiles})
