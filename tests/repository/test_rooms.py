"""Everything has its place: folders stay small, and nothing stands in the root of the repository that does not belong.

Which floor may import which, and the order of the rooms in it, is in test_floors.py.
"""

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_FILES = 12  # Python files directly in one folder; one more, and it gets rooms
ALIKE = 3  # files whose names begin with the same word
AT_THE_ROOT = {
    ".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "README.zh-CN.md",
    "SECURITY.md", "bench", "docs", "frontend", "ops", "pyproject.toml", "requirements", "src", "tests",
}  # fmt: skip
ONE_LINE_EACH = ("__init__.py",)


def kept() -> list[PurePosixPath]:
    """Return every file that belongs to the repository: those git tracks, and new ones that it does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [PurePosixPath(name) for name in listed.split("\0") if name and (ROOT / name).exists()]


def crowded(paths: list[PurePosixPath]) -> Iterator[str]:
    """Yield the folders that should have rooms, and why."""
    modules = [path for path in paths if path.suffix == ".py" and path.name not in ONE_LINE_EACH]
    for folder, count in sorted(Counter(path.parent for path in modules).items()):
        if count > MOST_FILES:
            yield f"{folder} has {count} Python files"
        first_words = Counter(path.stem.split("_")[0] for path in modules if path.parent == folder)
        yield from (f"{folder} has {n} files that begin with {word}" for word, n in first_words.items() if n >= ALIKE)


def repeating(paths: list[PurePosixPath]) -> Iterator[str]:
    """Yield the files whose name begins with the name of their room."""
    for path in paths:
        if path.suffix == ".py" and path.stem.startswith(f"{path.parent.name}_"):
            yield str(path)


def source() -> list[PurePosixPath]:
    return [path for path in kept() if path.is_relative_to("src") and "migrations" not in path.parts]


def test_no_folder_is_crowded() -> None:
    assert list(crowded(source())) == []


def test_no_file_repeats_the_name_of_its_room() -> None:
    assert list(repeating(source())) == []


def test_the_root_has_only_what_is_named_here() -> None:
    assert {path.parts[0] for path in kept()} <= AT_THE_ROOT


def test_no_package_of_others_is_kept() -> None:
    suffixes = {".whl", ".gz", ".zip", ".tgz", ".egg", ".jar", ".so", ".exe"}
    assert [str(path) for path in kept() if path.suffix in suffixes] == []


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ([f"{letter}.py" for letter in "abcdefghijklm"], "src/room has 13 Python files"),
        (["area_words.py", "area_views.py", "area.py"], "src/room has 3 files that begin with area"),
    ],
)
def test_a_crowded_folder_is_noticed(names: list[str], why: str) -> None:
    assert list(crowded([PurePosixPath("src/room") / name for name in names])) == [why]
    assert list(crowded([PurePosixPath("src/room") / name for name in names[1:]])) == []


def test_a_file_that_repeats_its_room_is_noticed() -> None:
    assert list(repeating([PurePosixPath("src/areas/areas_words.py"), PurePosixPath("src/areas/words.py")])) == [
        "src/areas/areas_words.py"
    ]
