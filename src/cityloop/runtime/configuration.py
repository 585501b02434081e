"""The CITYLOOP_* settings: one frozen value, read once from the environment. settings.py derives Django's from it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs

from cityloop.core.errors import Fault, Invalid

LANGUAGES = ("zh-hans", "en")
MOST_WORKERS = 64
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")  # as browsers send it


def setting(default: str, meaning: str) -> str:
    """Declare a setting: its default and what it means (the reference page is made from this)."""
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Configuration:
    """Every CITYLOOP_* setting; the variable's name is the field's in capitals."""

    home: str = setting(
        "", "Folder of the city's data: database, keys, checkpoints, evidence, logs. Empty: the platform's data folder"
    )
    database_url: str = setting(
        "", "postgresql:// address of a PostgreSQL server, version 15 or later. Empty: the embedded server"
    )
    postgres_bin: str = setting(
        "", "Folder of PostgreSQL binaries for the embedded server. Empty: those that CityLoop installs"
    )
    time_zone: str = setting("Asia/Shanghai", "The city's time zone, an IANA name")
    language: str = setting("zh-hans", "Language of the screens until a person chooses: zh-hans or en")
    city_name: str = setting("示范市", "The city's name as people read it")
    open_layers: str = setting(
        "1", "1 lets anybody read the areas and the layers that packs open; empty: only those signed in or with a token"
    )
    map_tiles: str = setting(
        "",
        "Address of map tiles in WGS-84 Web Mercator under the maps, such as https://tiles.example/{z}/{x}/{y}.png. "
        "Empty: only the city's own areas, and no request leaves this server",
    )
    map_attribution: str = setting("", "The attribution that the owner of the map tiles asks for, as plain text")
    packs: str = setting(
        "", "Folders of further packs, and -NAME to leave out one that CityLoop ships, separated by the path separator"
    )
    hosts: str = setting("127.0.0.1,localhost", "Host names this city answers to, separated by commas")
    origin: str = setting(
        "",
        "Where browsers find this city behind a proxy that speaks TLS, such as https://city.example.org: its links, "
        "its cookies and the forms it accepts follow from it, and the proxy's X-Forwarded-For is believed. Empty: the "
        "city is used on this machine only",
    )
    web_workers: str = setting("2", "Number of web worker processes")
    data: str = setting("", "Folder of real data for tests and benchmarks; they skip with a notice without it")
    debug: str = setting("", "1 shows tracebacks to the browser. Never in a real city")

    @cached_property
    def home_folder(self) -> Path:
        return Path(self.home) if self.home else Path(platformdirs.user_data_dir("cityloop"))

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def read(environ: Mapping[str, str]) -> Configuration:
    """Return the configuration in the environment; raise Invalid naming every variable that is wrong."""
    names = list(Configuration.__dataclass_fields__)
    given = {name: environ[variable(name)].strip() for name in names if environ.get(variable(name), "").strip()}
    configuration = Configuration(**given)
    faults = list(_faults(configuration))
    if faults:
        raise Invalid(faults, code="settings")
    return configuration


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"CITYLOOP_{name.upper()}"


def _faults(configuration: Configuration) -> Iterator[Fault]:
    if configuration.language not in LANGUAGES:
        yield Fault(variable("language"), "setting-not-a-choice", {"choices": ", ".join(LANGUAGES)})
    try:
        configuration.zone  # noqa: B018  # asking is the check
    except (ZoneInfoNotFoundError, ValueError):
        yield Fault(variable("time_zone"), "setting-not-a-time-zone")
    url = configuration.database_url
    if url and urlsplit(url).scheme not in ("postgresql", "postgres"):
        yield Fault(variable("database_url"), "setting-not-an-address")
    if not _is_tiles(configuration.map_tiles):
        yield Fault(variable("map_tiles"), "setting-not-map-tiles")
    if configuration.origin and not ORIGIN.fullmatch(configuration.origin):
        yield Fault(variable("origin"), "setting-not-an-origin")
    if configuration.open_layers not in ("", "1"):
        yield Fault(variable("open_layers"), "setting-not-a-switch")
    if not configuration.web_workers.isdecimal() or not 1 <= int(configuration.web_workers) <= MOST_WORKERS:
        yield Fault(variable("web_workers"), "not-a-whole-number", {"most": MOST_WORKERS})


def _is_tiles(address: str) -> bool:
    parts = urlsplit(address)
    has_places = all(place in address for place in ("{z}", "{x}", "{y}"))
    # The address becomes part of the Content-Security-Policy and must not add further directives to it.
    is_plain = not any(character in address for character in " ;,'\"")
    is_elsewhere = parts.scheme in ("http", "https") and bool(parts.netloc) and "{" not in parts.netloc
    is_here = address.startswith("/") and not parts.netloc
    return not address or (has_places and is_plain and (is_elsewhere or is_here))
