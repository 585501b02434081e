"""A run that a stranger can count again: figures, indicators and facts in one folder. Neither city nor database.

What agrees with itself may still be forged as a whole: the digests are to be compared with those the city published.
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
    """A figure that is not what was said; without a key it is of everything together. None: there is no figure."""

    period: str
    key: Key | None
    indicator: str
    said: FigureCount | None
    counted: FigureCount | None


@dataclass(frozen=True, slots=True)
class Recount:
    """What came of counting a run again: what is wrong with its files, and the figures that differ."""

    said: Appraisal
    faults: tuple[str, ...]
    differences: tuple[FigureDifference, ...]

    @property
    def is_same(self) -> bool:
        """Whether what was counted is what was said, byte for byte, of what it was said to be counted of."""
        return not self.faults and not self.differences


def save(appraisal: Appraisal, book: IndicatorBook, facts: FactFolder, edition: Edition, folder: Path) -> None:
    """Put a run into a folder of its own; it is whole, or not there. NotPossible where something is there already.

    Files are copied and not linked: whoever alters the run does not alter the city's own facts.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotPossible("run-exists", f"{folder} is there already; a run never replaces another.")
    folder = folder.resolve()
    draft = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        for path in sorted({path for paths in facts.files(edition).values() for path in paths}):
            copy = draft / FACTS / path.relative_to(facts.path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        # From where the next export goes on is nobody else's business.
        FactFolder(draft / FACTS).save(replace(edition, position="", context={}))
        _write(draft / FILE, book.text)
        _write(draft / APPRAISAL, appraisal.text)
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except OSError as error:
        raise NotPossible("run-not-written", f"The run cannot be written to {folder}: {error}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def recounted(folder: Path, scratch: Path, tell: Tell = lambda words: None) -> Recount:
    """Check everything a run is made of and count it again. Invalid where the folder holds no run."""
    text = _read(folder)
    said = Appraisal.read(text)
    facts = FactFolder(folder / FACTS)
    edition, book = _edition(facts, said), _book(folder)
    tell("checking the facts")
    faults = [*_faults(said, facts, edition, book)]
    if faults or isinstance(edition, str) or isinstance(book, str):
        return Recount(said, tuple(faults), ())
    tell("counting anew")
    with TemporaryDirectory(dir=scratch, prefix="recount-") as own:
        counted = appraised(_copied(facts, edition, Path(own)), edition, said.pack, book, said.asking, scratch)
    found = tuple(differences(said, counted))
    if not found and counted.text != text:
        faults.append(f"{APPRAISAL}: the figures are the same, but it is not written as CityLoop writes it")
    return Recount(said, tuple(faults), found)


def _copied(facts: FactFolder, edition: Edition, into: Path) -> FactFolder:
    """Return the proved rows in files of our own: what else a stranger's files say could lead the engine astray."""
    own = FactFolder(into)
    for part in edition.parts:
        own.write(part.relation, part.number, facts.table(part))
    return own


def differences(said: Appraisal, counted: Appraisal) -> Iterator[FigureDifference]:
    """Yield every figure in which two appraisals differ, by period and object."""
    for period in dict.fromkeys([*said.whole, *counted.whole]):
        yield from _differences(period, None, said.whole.get(period, {}), counted.whole.get(period, {}))
    for period, key in dict.fromkeys([*said.lines, *counted.lines]):
        yield from _differences(period, key, said.lines.get((period, key), {}), counted.lines.get((period, key), {}))


def _differences(period: str, key: Key | None, said: Tallies, counted: Tallies) -> Iterator[FigureDifference]:
    for code in dict.fromkeys([*said, *counted]):
        if said.get(code) != counted.get(code):
            yield FigureDifference(period, key, code, said.get(code), counted.get(code))


def _faults(said: Appraisal, facts: FactFolder, edition: Edition | str, book: IndicatorBook | str) -> Iterator[str]:
    """Yield what of a run is not what its figures were counted of."""
    if isinstance(book, str):
        yield book
    elif book.digest != said.book:
        yield f"{FILE}: these are other indicators: their digest is {book.digest}, counted was by {said.book}"
    if isinstance(edition, str):
        yield edition
        return
    if edition.digest != said.facts:
        yield f"{FACTS}: this is another edition: its digest is {edition.digest}, counted was of {said.facts}"
    if (edition.as_of, edition.zone) != (said.as_of, said.zone):
        yield f"{APPRAISAL}: it says another moment or time zone than the facts have"
    yield from (f"{FACTS}/{fault}" for fault in facts.faults(edition))


def _edition(facts: FactFolder, said: Appraisal) -> Edition | str:
    """Return the edition a run was counted of, else the one there is; or what is wrong."""
    try:
        found = facts.editions()
    except Refusal as error:
        return error.sentence
    if not found:
        return f"{FACTS}: there is no edition"
    return next((one for one in found if one.digest == said.facts), found[-1])


def _book(folder: Path) -> IndicatorBook | str:
    try:
        return read_book(folder)
    except Invalid as error:
        return error.sentence


def _read(folder: Path) -> str:
    try:
        return (folder / APPRAISAL).read_bytes().decode()
    except (OSError, ValueError) as error:
        raise Invalid([Fault(str(folder / APPRAISAL), f"cannot be read: {error}")], code="appraisal") from error


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
