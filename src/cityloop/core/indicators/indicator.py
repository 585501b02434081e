"""What an indicator is: counts above and below a line, how they add up, division and rounding, its formula in words.

Counting is done in evaluation; scores are not here. GB/T 30428.4-2016.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

Words = Mapping[str, str]  # the same words in several languages

NOTHING = "—"  # shown if there was nothing to count


class FigureUnit(StrEnum):
    """The unit of an indicator, with the factor for its quotient."""

    _value_: str
    factor: Fraction
    sign: str

    def __new__(cls, word: str, factor: Fraction = Fraction(1), sign: str = "") -> "FigureUnit":
        """Return the unit of that name."""
        unit = str.__new__(cls, word)
        unit._value_ = word
        unit.factor, unit.sign = factor, sign
        return unit

    COUNT = "count"
    RATIO = "ratio"
    PERCENT = "percent", Fraction(100), "%"
    PER_MILLE = "per_mille", Fraction(1000), "‰"
    HOURS = "hours", Fraction(1, 3600), "h"  # of counts of seconds


class Better(StrEnum):
    """Which way an indicator is better."""

    MORE = "more"
    LESS = "less"
    NEITHER = "neither"


class Subject(StrEnum):
    """What an indicator may be about (GB/T 30428.4: 区域评价, 部门评价, 岗位评价)."""

    AREA = "area"
    DEPARTMENT = "department"
    POST = "post"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Adds:
    """What figures may be added up over: objects that share nothing, periods that do not overlap.

    A count of distinct things adds up over neither; a state at the end of each period does not add up over periods.
    """

    objects: bool = True
    periods: bool = True

    def __and__(self, other: "Adds") -> "Adds":
        return Adds(self.objects and other.objects, self.periods and other.periods)


@dataclass(frozen=True, slots=True)
class Term:
    """One count in a sum, added or (sign −1) taken away."""

    count: str
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Variant:
    """Another way to calculate an indicator; None: as the indicator itself does."""

    title: Words
    numerator: tuple[Term, ...] | None = None
    denominator: tuple[Term, ...] | None = None
    subjects: tuple[Subject, ...] | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """A declared figure: a sum of counts, divided by another one if it is a ratio."""

    code: str
    title: Words
    unit: FigureUnit
    numerator: tuple[Term, ...]
    denominator: tuple[Term, ...] = ()  # none: it is a count
    excludes: tuple[str, ...] = ()  # names of exclusions: rows that are left out above and below the line
    better: Better = Better.NEITHER
    subjects: tuple[Subject, ...] = tuple(Subject)
    clause: str = ""  # the standard it is of
    is_statistic: bool = False  # by law it is never ranked or scored
    basis: str = ""  # implementation: as one of the standard has it; usual: the usual reading
    places: int = 2  # decimal places shown
    variants: Mapping[str, Variant] = field(default_factory=dict)
    variant: str | None = None  # the one chosen

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every count it is made of, each once."""
        return tuple({term.count: term for term in (*self.numerator, *self.denominator)}.values())

    def chosen(self, variant: str | None) -> "Indicator":
        """Return the indicator calculated by one of its variants; KeyError if it has none of that name."""
        if variant is None:
            return self
        other = self.variants[variant]
        return replace(
            self,
            variant=variant,
            numerator=self.numerator if other.numerator is None else other.numerator,
            denominator=self.denominator if other.denominator is None else other.denominator,
            subjects=self.subjects if other.subjects is None else other.subjects,
        )

    def tally(self, counts: Mapping[str, Fraction]) -> "FigureCount":
        """Return what was counted for one object in one period; a missing count is 0."""
        return FigureCount(_sum(self.numerator, counts), _sum(self.denominator, counts) if self.denominator else None)

    def value(self, tally: "FigureCount") -> Decimal | None:
        """Return the figure, rounded half up; None if there was nothing to count."""
        return tally.value(self.unit.factor, self.places)

    def written(self, tally: "FigureCount") -> str:
        """Return the figure as it is written with its unit."""
        value = self.value(tally)
        return NOTHING if value is None else f"{value:f}{self.unit.sign}"


@dataclass(frozen=True, slots=True)
class FigureCount:
    """What was counted: above the line and, of a ratio, below it."""

    numerator: Fraction
    denominator: Fraction | None = None

    def __add__(self, other: "FigureCount") -> "FigureCount":
        """Return both together: counts are added, never ratios. ValueError for a count and a ratio."""
        if (self.denominator is None) != (other.denominator is None):
            raise ValueError("A count and a ratio do not add up.")
        if self.denominator is None or other.denominator is None:
            return FigureCount(self.numerator + other.numerator)
        return FigureCount(self.numerator + other.numerator, self.denominator + other.denominator)

    def value(self, factor: Fraction, places: int) -> Decimal | None:
        """Return numerator over denominator times the factor, rounded half up; None if there is nothing below."""
        if self.denominator is None:
            return half_up(self.numerator * factor, places)
        return half_up(self.numerator * factor / self.denominator, places) if self.denominator else None


def added(tallies: Iterable[FigureCount], adds: bool) -> FigureCount:
    """Return tallies together; ValueError if such figures do not add up, or there are none."""
    if not adds:
        raise ValueError("These figures do not add up; count them again for the whole.")
    first, *rest = tallies
    return sum(rest, start=first)


def half_up(number: Fraction, places: int) -> Decimal:
    """Return a number rounded to so many decimal places, halves away from zero; exact, whatever its size.

    Decimal's own division would round twice: to its precision, then to the places.
    """
    doubled = abs(number) * 10**places * 2
    whole = (doubled + 1) // 2  # the only rounding
    digits = tuple(int(digit) for digit in str(int(whole)))
    return Decimal((1 if number < 0 and whole else 0, digits, -places))


def formula(indicator: Indicator, titles: Mapping[str, Words], exclusions: Mapping[str, Words], language: str) -> str:
    """Return the formula of an indicator in words; titles are those of counts and of exclusions, by name."""
    words = _sum_words(indicator.numerator, titles, language, alone=not indicator.denominator)
    if indicator.denominator:
        words += f" ÷ {_sum_words(indicator.denominator, titles, language)}{_factor_words(indicator.unit)}"
    if words != indicator.title[language]:
        words = f"{indicator.title[language]} = {words}"
    if indicator.excludes:
        words += _without([exclusions[name][language] for name in indicator.excludes], language)
    return words


def _sum(terms: Sequence[Term], counts: Mapping[str, Fraction]) -> Fraction:
    return sum((term.sign * counts.get(term.count, Fraction(0)) for term in terms), start=Fraction(0))


def _sum_words(terms: Sequence[Term], titles: Mapping[str, Words], language: str, *, alone: bool = False) -> str:
    operators = {1: " + ", -1: " − "}
    words = "".join(operators[term.sign] + titles[term.count][language] for term in terms)
    words = words.removeprefix(" + ").strip()
    opens, closes = ("（", "）") if language == "zh" else ("(", ")")
    return f"{opens}{words}{closes}" if len(terms) > 1 and not alone else words


def _factor_words(unit: FigureUnit) -> str:
    return {FigureUnit.PERCENT: " × 100%", FigureUnit.PER_MILLE: " × 1000‰", FigureUnit.HOURS: " ÷ 3600"}.get(unit, "")


def _without(names: Sequence[str], language: str) -> str:
    return f"（不计：{'、'.join(names)}）" if language == "zh" else f" (without: {', '.join(names)})"
