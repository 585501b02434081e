"""A saved run that a stranger can count again: figures, indicators and facts in one folder. No city, no database.

A run that is consistent may still be forged as a whole: compare its digests with those the city published.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cityloop.core.errors import Fault, Invalid, NotPossible, Refusal
from cityloop.core.indicators.indicator import FigureCount
from cityloop.evaluation.facts.files import Edition, FactFolder
from cityloop.evaluation.indicators.appraising import Appraisal, Tallies
from cityloop.evaluation.indicators.counting import appraised
from cityloop.evaluation.indicators.texts import FILE, IndicatorBook, read_book
from cityloop.evaluation.measures.compiling import Key

APPRAISAL, FACTS = "appraisal.json", "facts"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """A figure that is not as it was saved; without a key it is of everything together. None: there is no figure."""

    period: str
    key: Key | None
    indicator: str
    saved: FigureCount | None
    counted: FigureCount | None


@dataclass(frozen=True, slots=True)
class Recount:
    """The result of counting a saved run again: the faults of its files, and the figures that differ."""

    saved: Appraisal
    faults: tuple[Fault, ...]
    differences: tuple[FigureDifference, ...]

    @property
    def is_same(self) -> bool:
        """Whether the files are unaltered and the figures counted again are the saved ones, byte for byte."""
        return not self.faults and not self.differences


def save(appraisal: Appraisal, book: IndicatorBook, facts: FactFolder, edition: Edition, folder: Path) -> None:
    """Save a run in a folder of its own, completely or not at all. NotPossible where the folder has content already.

    Files are copied and not linked: a change to the run does not change the city's own facts.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotPossible("run-exists", {"folder": str(folder)})
    folder = folder.resolve()
    draft = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        for path in sorted({path for paths in facts.files(edition).values() for path in paths}):
            copy = draft / FACTS / path.relative_to(facts.path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        # Where the next export continues is of no use to others.
        FactFolder(draft / FACTS).save(replace(edition, position="", context={}))
        _write(draft / FILE, book.text)
        _write(draft / APPRAISAL, appraisal.text)
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except OSError as error:
        raise NotPossible("run-not-written", {"folder": str(folder), "error": str(error)}) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def recounted(folder: Path, scratch: Path, tell: Tell = lambda words: None) -> Recount:
    """Check the files of a run and count it again. Invalid where the folder has no run."""
    text = _read(folder)
    saved = Appraisal.read(text)
    facts = FactFolder(folder / FACTS)
    edition, book = _edition(facts, saved), _book(folder)
    tell("checking the facts")
    faults = [*_faults(saved, facts, edition, book)]
    if faults or isinstance(edition, Fault) or isinstance(book, tuple):
        return Recount(saved, tuple(faults), ())
    tell("counting again")
    with TemporaryDirectory(dir=scratch, prefix="recount-") as own:
        counted = appraised(_copied(facts, edition, Path(own)), edition, saved.pack, book, saved.asking, scratch)
    found = tuple(differences(saved, counted))
    if not found and counted.text != text:
        faults.append(Fault(APPRAISAL, "run-other-form"))
    return Recount(saved, tuple(faults), found)


def _copied(facts: FactFolder, edition: Edition, into: Path) -> FactFolder:
    """Return the verified rows in new files: other content of a stranger's files could mislead the engine."""
    own = FactFolder(into)
    for part in edition.parts:
        own.write(part.relation, part.number, facts.table(part))
    return own


def differences(saved: Appraisal, counted: Appraisal) -> Iterator[FigureDifference]:
    """Yield every figure in which two appraisals differ, by period and object."""
    for period in dict.fromkeys([*saved.whole, *counted.whole]):
        yield from _differences(period, None, saved.whole.get(period, {}), counted.whole.get(period, {}))
    for period, key in dict.fromkeys([*saved.lines, *counted.lines]):
        yield from _differences(period, key, saved.lines.get((period, key), {}), counted.lines.get((period, key), {}))


def _differences(period: str, key: Key | None, saved: Tallies, counted: Tallies) -> Iterator[FigureDifference]:
    for code in dict.fromkeys([*saved, *counted]):
        if saved.get(code) != counted.get(code):
            yield FigureDifference(period, key, code, saved.get(code), counted.get(code))


def _faults(
    saved: Appraisal, facts: FactFolder, edition: Edition | Fault, book: IndicatorBook | tuple[Fault, ...]
) -> Iterator[Fault]:
    """Yield the parts of a run that are not those its figures were counted with."""
    if isinstance(book, tuple):
        yield from book
    elif book.digest != saved.book:
        yield Fault(FILE, "run-other-indicators", {"found": book.digest, "wanted": saved.book})
    if isinstance(edition, Fault):
        yield edition
        return
    if edition.digest != saved.facts:
        yield Fault(FACTS, "run-other-facts", {"found": edition.digest, "wanted": saved.facts})
    if (edition.as_of, edition.zone) != (saved.as_of, saved.zone):
        yield Fault(APPRAISAL, "run-other-moment")
    yield from (replace(fault, field=f"{FACTS}/{fault.field}") for fault in facts.faults(edition))


def _edition(facts: FactFolder, saved: Appraisal) -> Edition | Fault:
    """Return the edition that a run was counted over, else the newest one; a Fault where none can be read."""
    try:
        editions = facts.editions()
    except Refusal as error:
        return Fault(FACTS, error.code, error.values)
    if not editions:
        return Fault(FACTS, "run-no-edition")
    return next((edition for edition in editions if edition.digest == saved.facts), editions[-1])


def _book(folder: Path) -> IndicatorBook | tuple[Fault, ...]:
    try:
        return read_book(folder)
    except Invalid as error:
        return error.faults


def _read(folder: Path) -> str:
    try:
        return (folder / APPRAISAL).read_bytes().decode()
    except (OSError, ValueError) as error:
        raise Invalid(
            [Fault(str(folder / APPRAISAL), "run-unreadable", {"error": str(error)})], code="appraisal"
        ) from error


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
