"""Code, comments, documentation and messages are in plain English: words that were a dialect once do not come back.

The list is small on purpose. It names the words that readers stumbled over, and what to write instead.
"""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = {  # parts of identifiers, and what is meant
    "town": "city",
    "said": "payload, row, posted, attributes: what it is",
    "told": "details, message, lines: what it is",
    "heard": "received",
    "wrong": "faults, refused; error in except",
    "signs": "characters",
    "came": "outcome, result",
    "gone": "removed",
    "reckoned": "calculated",
    "way": "procedure; path for a path",
    "ways": "procedures; paths",
}
WHOLE_NAMES = {"one": "the noun: area, row, item", "ones": "the noun"}
KEPT = {"told_in_time", "ones"}  # a field of imported histories; the digit of a number below ten
PROSE = {  # patterns in comments, docstrings, messages and documents, and what to write instead
    r"reckon\w*": "calculate, count",
    r"anew": "again",
    r"whence|thereof|therein|hitherto|whereof|thereupon": "plain words",
    r"let go again": "release",
    r"what is so": "say what",
    r"(?:is|are) no \w+ of ours": "is not ours",
    r"(?<!there )is no (?:unit|area|class|limit|period|number|moment|role|shift|code)\b": "is not a …",
    r"signs(?! (?:in|out|up|the|and|a)\b)": "characters",
    r"wholly": "completely",
    r"kept by heart|told of|spoken of|laid down in words": "plain words",
}
FORBIDDEN = re.compile("|".join(rf"\b(?:{pattern})\b" for pattern in PROSE), re.IGNORECASE)
NOT_OURS = re.compile(r"/static/vendor/|^LICENSE|^requirements/|\.po$|package-lock|/migrations/")
THIS = "tests/repository/test_words.py"


def files(*suffixes: str) -> Iterator[Path]:
    """Yield the files of the repository with one of the suffixes that we wrote."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if name.endswith(suffixes) and not NOT_OURS.search(name) and name != THIS and (ROOT / name).exists():
            yield ROOT / name


def names_to_replace(code: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, name and what to write instead of each name of the dialect."""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type != tokenize.NAME or token.string in KEPT:
            continue
        if token.string.startswith("test_"):
            continue  # a sentence
        if token.string in WHOLE_NAMES:
            yield token.start[0], token.string, WHOLE_NAMES[token.string]
        elif parts := set(token.string.lower().split("_")) & set(NAMES):
            yield token.start[0], token.string, NAMES[parts.pop()]


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file that people read as text: of code its comments and its texts of several words."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        yield from enumerate(re.sub(r"^```.*?^```", "", text, flags=re.S | re.M).splitlines(), start=1)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and " " in token.string):
            yield token.start[0], token.string


@pytest.mark.parametrize("folder", ["src", "tests", "docs"])
def test_names_are_plain(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}; write {instead}"
        for path in files(".py")
        if path.is_relative_to(ROOT / folder)
        for line, name, instead in names_to_replace(path.read_text("utf-8"))
    ]
    assert found == []


def test_prose_is_plain() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {word[0]}"
        for path in files(".py", ".md", ".html", ".yaml")
        for line, text in prose(path)
        for word in FORBIDDEN.finditer(text)
    ]
    assert found == []


def test_no_class_name_is_used_twice() -> None:
    """A name says whose it is: models and the errors of one reader are the exceptions, and private names of a file."""
    places: dict[str, list[str]] = {}
    for path in files(".py"):
        if path.is_relative_to(ROOT / "src") and path.name != "models.py":
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef) and node.name not in ("Meta", "Migration") and node.name[0] != "_":
                    places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


@pytest.mark.parametrize("code", ["town = 1", "def told(x): ...", "said_rows = []", "for one in rows: 1", "WAYS = {}"])
def test_a_name_of_the_dialect_is_noticed(code: str) -> None:
    assert list(names_to_replace(code))


@pytest.mark.parametrize("code", ["told_in_time = 1", "sign_in = 1", "someone = 1", "is_one_of = 1", "highway = 1"])
def test_other_names_are_left_alone(code: str) -> None:
    assert not list(names_to_replace(code))


@pytest.mark.parametrize(
    "text", ["how it is reckoned", "This is no unit.", "longer than 60 signs", "counted anew", "what is so is found"]
)
def test_prose_of_the_dialect_is_noticed(text: str) -> None:
    assert FORBIDDEN.search(text)


def test_plain_prose_is_left_alone() -> None:
    assert not FORBIDDEN.search("She signs in. The leader signs the bulletin. It is no longer valid.")
