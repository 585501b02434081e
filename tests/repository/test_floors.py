"""The contracts between floors and rooms notice every breach; `make check` holds them."""

import shutil
import subprocess
import sys
import tomllib
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


def spoilt(folder: Path) -> Path:
    """Copy the source into a folder, where it may be spoilt."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    ignored = shutil.ignore_patterns("static", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", folder / "src", ignore=ignored)
    return folder


BREACHES = [  # (contract, module that breaks it, what it imports for that)
    ("Imports only point down the floors", "casework.rules.scope", "cityloop.intake.reports"),
    ("The core is pure", "core.chain", "os"),
    ("The core is pure", "core.place.geo", "django"),
    ("Web processes never load the analytical libraries", "casework.queries", "pyarrow"),
    ("Rooms of the core", "core.codes.classes", "cityloop.core.place.areas"),
    ("Rooms of the runtime", "runtime.postgres.locks", "cityloop.runtime.log.events"),
    ("Rooms of the registry", "registry.packs.folders", "cityloop.registry.city.facts"),
    ("Rooms of casework", "casework.history.events", "cityloop.casework.pages.masking"),
    ("Rooms of the channels", "channels.tables.rows", "cityloop.channels.imports.days"),
    ("Rooms of evaluation", "evaluation.facts.names", "cityloop.evaluation.measures.marking"),
    ("Rooms of the presentation", "presentation.pages.fields", "cityloop.presentation.settings.sections"),
    ("Rooms of the entry", "entry.console.showing", "cityloop.entry.server.serving"),
    ("No circle of files or folders", "core.gazetteer.addresses.words", "cityloop.core.gazetteer.addresses.areas"),
]


@pytest.fixture(scope="module")
def breached(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the source in which every contract is broken."""
    root = spoilt(tmp_path_factory.mktemp("breached"))
    for _, module, imported in BREACHES:
        path = root / "src" / "cityloop" / f"{module.replace('.', '/')}.py"
        path.write_text(f"{path.read_text()}\n\nimport {imported}\n")
    result = lint(root)
    assert result.returncode != 0
    return result.stdout


@pytest.mark.parametrize(("contract", "module", "imported"), BREACHES, ids=[f"{c}: {m}" for c, m, _ in BREACHES])
def test_a_breach_is_noticed(breached: str, contract: str, module: str, imported: str) -> None:
    assert any(line.startswith(contract) and "BROKEN" in line for line in breached.splitlines()), breached
    output = breached.split("Broken contracts", 1)[1]
    assert module.rsplit(".", 1)[-1] in output and imported.rsplit(".", 1)[-1] in output


def test_every_contract_is_breached_here() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    known = {contract for contract, _, _ in BREACHES}
    assert [c["name"] for c in contracts if not any(c["name"].startswith(name) for name in known)] == []


@pytest.mark.parametrize("undeclared", ["attic", "registry/attic"], ids=["floor", "room"])
def test_what_nobody_declared_is_noticed(tmp_path: Path, undeclared: str) -> None:
    root = spoilt(tmp_path)
    (root / "src" / "cityloop" / undeclared).mkdir()
    (root / "src" / "cityloop" / undeclared / "__init__.py").write_text("")
    result = lint(root)
    assert result.returncode != 0 and "attic" in result.stdout + result.stderr


def test_a_web_process_has_not_loaded_the_analytical_libraries(tmp_path: Path) -> None:
    """Jobs are known to every process by name; what they load comes when a worker does them."""
    begin = (
        "import sys, django; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns; "
        "print({'duckdb', 'pyarrow', 'sklearn', 'pandas', 'xlsxwriter'} & set(sys.modules))"
    )
    environ = {"DJANGO_SETTINGS_MODULE": "cityloop.runtime.settings", "CITYLOOP_HOME": str(tmp_path)}
    output = subprocess.run([sys.executable, "-c", begin], env=environ, capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "set()"
