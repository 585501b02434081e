"""What the environment says: one frozen value, read once. Django's own settings are derived from it in settings.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs

from cityloop.core.errors import Fault, Invalid

LANGUAGES = ("zh-hans", "en")


def setting(default: str, meaning: str) -> str:
    """Declare a setting: its default and what it means (the reference page is made from this)."""
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
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
    city_name: str = setting("示范市", "The city's name as its people read it")
    open_layers: str = setting(
        "1", "1 lets anybody read the areas and the layers that packs open; empty: only those signed in or with a token"
    )
    map_tiles: str = setting(
        "",
        "Address of map tiles in WGS-84 Web Mercator under the maps, such as https://tiles.example/{z}/{x}/{y}.png. "
        "Empty: the city's own areas alone, and no request leaves the house",
    )
    map_attribution: str = setting("", "What the owner of the map tiles wants to be named as; plain words")
    packs: str = setting(
        "", "Folders of further packs, and -NAME for one of ours to be left out, separated by the path separator"
    )
    hosts: str = setting("127.0.0.1,localhost", "Host names this city answers to, separated by commas")
    web_workers: str = setting("2", "Number of web worker processes")
    data: str = setting("", "Folder of real data for tests and benchmarks; they skip with a notice without it")
    debug: str = setting("", "1 shows tracebacks to the browser. Never in a real city")

    @property
    def home_folder(self) -> Path:
        return Path(self.home) if self.home else Path(platformdirs.user_data_dir("cityloop"))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def read(environ: Mapping[str, str]) -> Configuration:
    """Return the configuration in the environment; raise Invalid naming every variable that is wrong."""
    names = list(Configuration.__dataclass_fields__)
    given = {name: environ[variable(name)].strip() for name in names if environ.get(variable(name), "").strip()}
    configuration = Configuration(**given)
    faults = [Fault(variable(name), reason) for name, reason in _wrong(configuration)]
    if faults:
        raise Invalid(faults, code="settings")
    return configuration


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"CITYLOOP_{name.upper()}"


def _wrong(configuration: Configuration) -> list[tuple[str, str]]:
    wrong = []
    if configuration.language not in LANGUAGES:
        wrong.append(("language", f"must be one of {', '.join(LANGUAGES)}"))
    try:
        configuration.zone  # noqa: B018  # asking is the check
    except (ZoneInfoNotFoundError, ValueError):
        wrong.append(("time_zone", "is not the name of a time zone, such as Asia/Shanghai"))
    url = configuration.database_url
    if url and urlsplit(url).scheme not in ("postgresql", "postgres"):
        wrong.append(("database_url", "must begin with postgresql://"))
    if not _is_tiles(configuration.map_tiles):
        wrong.append(
            ("map_tiles", "must be an http(s):// address that holds {z}, {x} and {y}, or a path beginning with /")
        )
    if configuration.open_layers not in ("", "1"):
        wrong.append(("open_layers", "must be 1 or empty"))
    if not configuration.web_workers.isdecimal() or not 1 <= int(configuration.web_workers) <= 64:
        wrong.append(("web_workers", "must be a whole number from 1 to 64"))
    return wrong


def _is_tiles(address: str) -> bool:
    parts = urlsplit(address)
    placed = all(place in address for place in ("{z}", "{x}", "{y}"))
    # What stands in a policy of the pages must not bring further words into it.
    plain = not any(sign in address for sign in " ;,'\"")
    elsewhere = parts.scheme in ("http", "https") and bool(parts.netloc) and "{" not in parts.netloc
    return not address or (placed and plain and (elsewhere or (address.startswith("/") and not parts.netloc)))
