"""Collect the messages that people see and compile their translations, which are in locale/.

Run `python -m cityloop.presentation.translations` at set-up: it writes each .mo beside its .po. Babel does it, so that
no GNU gettext is needed. The English words are the keys; a template is read as Django reads it.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from cityloop.core.sentences import SENTENCES

PACKAGE = Path(__file__).resolve().parent.parent
LOCALE = PACKAGE / "presentation" / "locale"
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_noop": None, "gettext_lazy": None}

Message = tuple[str | None, str | tuple[str, ...]]  # (context, words or their singular and plural)


def messages() -> dict[Message, str]:
    """Return every message of the code of every floor and of the templates, each with one place where it is used."""
    found: dict[Message, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        found |= {message: str(path.relative_to(PACKAGE)) for message in _in_python(path.read_bytes())}
    for path in sorted(PACKAGE.rglob("*.html")):
        found |= {message: str(path.relative_to(PACKAGE)) for message in _in_template(path)}
    return found | {(None, sentence): "core/sentences" for sentence in SENTENCES.values()}


def catalog(path: Path) -> Catalog:
    """Return the translations of one .po file."""
    with path.open("rb") as source:
        return read_po(source, locale=path.parts[-3])


def compile_all() -> list[Path]:
    """Write the .mo of every .po, and return them."""
    written = []
    for path in sorted(LOCALE.rglob("*.po")):
        with path.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalog(path))
        written.append(path.with_suffix(".mo"))
    return written


def _in_python(code: bytes) -> Iterator[Message]:
    for _line, words, _comments, context in extract("python", BytesIO(code), KEYWORDS):
        yield context, words


def _in_template(path: Path) -> Iterator[Message]:
    from django.utils.translation import templatize

    # What templatize leaves is calls among filler, which only Babel's lenient reader of JavaScript gets through.
    calls = templatize(path.read_text("utf-8"), origin=path.name)
    for _line, words, _comments, context in extract("javascript", BytesIO(calls.encode()), KEYWORDS):
        yield context, words


if __name__ == "__main__":
    compile_all()
