"""A separate home for every test of the embedded server, with a path short enough for a socket."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cityloop.runtime.postgres import Cluster
from runtime.embedded import DEBIAN_15, end_server

SMALL = {"shared_buffers": "16MB"}


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cl-"))
    yield folder / "home"
    end_server(folder / "home")


@pytest.fixture
def cluster(home: Path) -> Cluster:
    return Cluster(home, settings=SMALL)


@pytest.fixture
def debian_15() -> Path:
    if not (DEBIAN_15 / "postgres").exists():
        pytest.skip("needs the programs of PostgreSQL 15 from Debian")
    return DEBIAN_15


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
