"""The contracts between the floors hold, and each of them notices a breach."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).with_name("lint-imports")),
        "--config",
        str(root / "pyproject.toml"),
        "--no-cache",
    ]
    environ = {"PYTHONPATH": str(root / "src"), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the source that may be spoilt."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("static", "__pycache__", "*.egg-info")
    )
    return tmp_path


@pytest.mark.parametrize(
    ("module", "breach", "contract"),
    [
        ("casework/rules/scope.py", "from cityloop.intake import reports", "Imports only point down the floors"),
        ("registry/city/city.py", "from cityloop.casework import models", "Imports only point down the floors"),
        ("core/chain.py", "import os", "The core is pure"),
        ("core/place/geo.py", "from django.conf import settings", "The core is pure"),
        ("casework/queries.py", "import pyarrow", "Web processes never load the analytical libraries"),
        ("presentation/problems.py", "import pandas", "Web processes never load the analytical libraries"),
    ],
)
def test_a_breach_is_noticed(copy: Path, module: str, breach: str, contract: str) -> None:
    path = copy / "src" / "cityloop" / module
    path.write_text(f"{path.read_text()}\n\n{breach}\n")
    result = lint(copy)
    assert result.returncode != 0
    assert any(line.startswith(contract) and "BROKEN" in line for line in result.stdout.splitlines()), result.stdout


def test_a_floor_nobody_declared_is_noticed(copy: Path) -> None:
    (copy / "src" / "cityloop" / "attic").mkdir()
    (copy / "src" / "cityloop" / "attic" / "__init__.py").write_text("")
    result = lint(copy)
    assert result.returncode != 0 and "attic" in result.stdout + result.stderr


def test_a_web_process_has_not_loaded_the_analytical_libraries(tmp_path: Path) -> None:
    """Jobs are known to every process by name; what they load comes when a worker does them."""
    begin = (
        "import sys, django; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns; "
        "print({'duckdb', 'pyarrow', 'sklearn', 'pandas', 'xlsxwriter'} & set(sys.modules))"
    )
    environ = {"DJANGO_SETTINGS_MODULE": "cityloop.runtime.settings", "CITYLOOP_HOME": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", begin], env=environ, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
