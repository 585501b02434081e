"""The cases behind one count of a figure, a page at a time, as far as the person may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlglot import exp

from cityloop.casework.queries import CaseRow, cases_by_number
from cityloop.core.actors import Actor
from cityloop.evaluation.indicators.appraising import Behind
from cityloop.presentation.figures.questions.query import FigureQuery
from cityloop.presentation.figures.ranking import amount

PAGE = 50


@dataclass(frozen=True, slots=True)
class CountedCase:
    """A case with how much it adds to the count; None: one, as nearly every case does."""

    case: CaseRow
    adds: str | None


@dataclass(frozen=True, slots=True)
class CasesBehind:
    """A page of cases; the person may not see `hidden` of them, `untold` rows are not listed at all."""

    rows: Sequence[CountedCase]
    next: str
    total: str
    cases: int
    hidden: int
    untold: int


def cases_behind(actor: Actor, chosen: FigureQuery, count: str, behind: Behind, after: str) -> CasesBehind:
    """Return a page of the cases that a count adds up, each once, with how much it adds in all."""
    is_once = isinstance(chosen.book.counts[count].measure.aggregate.this, exp.Distinct)
    adding: dict[str, Fraction] = {}
    for number, added in behind.rows:
        adding[number] = Fraction(1) if is_once else adding.get(number, Fraction(0)) + Fraction(added)
    first = int(after) if after.isdecimal() and len(after) < 7 else 0
    numbers = list(adding)[first : first + PAGE]
    found = cases_by_number(actor, numbers)
    lines = [CountedCase(found[number], _adds(adding[number])) for number in numbers if number in found]
    return CasesBehind(
        rows=lines,
        next=str(first + PAGE) if len(adding) > first + PAGE else "",
        total=amount(Fraction(len(adding)) if is_once and not behind.untold else Fraction(behind.total)),
        cases=len(adding),
        hidden=len(numbers) - len(lines),
        untold=behind.untold,
    )


def _adds(added: Fraction) -> str | None:
    return None if added == 1 else amount(added)
