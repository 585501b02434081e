"""Indicators as people write them: the schema of a pack's indicators.yaml; every error has file, line and field.

Measures are parsed by measures/grammar.py; indicators themselves are in core/indicators/indicator.py.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cityloop.core.errors import Invalid
from cityloop.core.indicators.indicator import (
    Adds,
    Better,
    FigureUnit,
    Indicator,
    Subject,
    Term,
    Variant,
    Words,
    formula,
)
from cityloop.evaluation.facts.relations import FACTS
from cityloop.evaluation.indicators.law import about
from cityloop.evaluation.measures.compiling import Counting, NoSuchGrouping
from cityloop.evaluation.measures.grammar import Measure, read_claim, read_measure
from cityloop.evaluation.measures.marking import BadMeasure
from cityloop.evaluation.pack_faults import FieldFault, FieldPath, located
from cityloop.registry.packs.checks.law import FIGURES, About, basis_faults
from cityloop.registry.packs.texts.titles import LegalBasis, Name, Titles
from cityloop.runtime.yaml_files import Strict, read_yaml

FILE = "indicators.yaml"
GROUPED_BY: Mapping[Subject, tuple[str, ...]] = {  # the columns that a count needs for a subject
    Subject.AREA: ("district", "street", "community", "unit_grid"),
    Subject.DEPARTMENT: ("department", "unit"),
    Subject.POST: ("post",),
    Subject.PERSON: ("person",),
}

_TERM = re.compile(r"\s*([+-]?)\s*([a-z][a-z0-9_]*(?::[a-z][a-z0-9_]*)?)\s*")

Basis = Literal["implementation", "usual"]
Use = Literal["statistic"] | None


class CountVariantText(Strict):
    title: Titles
    sql: str
    columns: dict[str, str] = Field(default_factory=dict)


class CountText(Strict):
    title: Titles
    meaning: Titles
    sql: str
    columns: dict[str, str] = Field(default_factory=dict)
    excludes: tuple[Name, ...] = ()
    subjects: tuple[Subject, ...]
    better: Better = Better.NEITHER
    about: About | None = None
    use: Use = None
    basis: Basis = "usual"
    variants: dict[Name, CountVariantText] = Field(default_factory=dict)


class IndicatorVariantText(Strict):
    title: Titles
    numerator: str | None = None
    denominator: str | None = None
    subjects: tuple[Subject, ...] | None = None


class IndicatorText(Strict):
    title: Titles
    numerator: str
    denominator: str | None = None
    unit: FigureUnit = FigureUnit.PERCENT
    places: int = Field(default=2, ge=0, le=6)
    excludes: tuple[Name, ...] = ()
    subjects: tuple[Subject, ...]
    better: Better
    use: Use = None
    basis: Basis = "usual"
    variants: dict[Name, IndicatorVariantText] = Field(default_factory=dict)


class ExclusionText(Strict):
    title: Titles
    when: str


class IndicatorsText(Strict):
    standard: Annotated[str, Field(min_length=1)]
    legal_basis: LegalBasis = None
    exclusions: dict[Name, ExclusionText] = Field(default_factory=dict)
    counts: dict[Name, CountText]
    indicators: dict[Name, IndicatorText] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeclaredCount:
    """A declared count, or a variant of one: its title and how it is counted."""

    title: Words
    meaning: Words
    measure: Measure
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IndicatorBook:
    """Every indicator of a pack; a count is an indicator too. Counts by code, or by code:variant."""

    standard: str
    counts: Mapping[str, DeclaredCount]
    exclusions: Mapping[str, Words]
    indicators: Mapping[str, Indicator]
    claims: Mapping[str, str]  # of the exclusions
    text: str = ""  # the file it was read from

    @property
    def digest(self) -> str:
        """Return the SHA-256 of its file, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def counting(self, count: str, excludes: tuple[str, ...]) -> Counting:
        """Return how a count is counted with these rows excluded."""
        found = self.counts[count]
        without = tuple(read_claim(self.claims[name], found.measure.relation) for name in excludes)
        return Counting(found.measure, without, found.columns)

    def adds(self, indicator: Indicator) -> Adds:
        """Return over what the figures of an indicator add up: over what all of its counts do."""
        adds = Adds()
        for term in indicator.terms:
            adds &= self.counting(term.count, indicator.excludes).adds
        return adds

    def formula(self, indicator: Indicator, language: str) -> str:
        """Return in words how an indicator is calculated; for a count, what it means."""
        titles = {code: count.title for code, count in self.counts.items()}
        text = formula(indicator, titles, self.exclusions, language)
        if indicator.code in self.counts:
            text += ("：" if language == "zh" else ": ") + self.counts[indicator.code].meaning[language]
        return text


def read_book(folder: Path) -> IndicatorBook:
    """Return the indicators of a pack's folder; raise Invalid with file, line and field of every error."""
    path = folder / FILE
    text = read_yaml(path, IndicatorsText)
    counts: dict[str, DeclaredCount] = {}
    faults = [*_count_faults(text, counts)]
    faults += _exclusion_faults(text) if not faults else ()
    indicators: dict[str, Indicator] = {}
    faults += _indicator_faults(text, counts, indicators) if not faults else ()
    faults += _law_faults(text, indicators) if not faults else ()
    if faults:
        raise Invalid(located(path, faults), code="pack")
    return IndicatorBook(
        text.standard,
        counts,
        {name: exclusion.title for name, exclusion in text.exclusions.items()},
        indicators,
        {name: exclusion.when for name, exclusion in text.exclusions.items()},
        path.read_text(encoding="utf-8"),
    )


class NotASum(ValueError):
    """The text is not a sum of counts from a column on, which counts from 1."""

    def __init__(self, text: str, column: int) -> None:
        super().__init__(f"{text}: not a sum of counts from column {column} on")
        self.column = column


def read_terms(text: str) -> tuple[Term, ...]:
    """Return a sum of counts, written as register - cancel; NotASum where the text is not one."""
    terms: list[Term] = []
    place = 0
    while place < len(text) or not terms:
        found = _TERM.match(text, place)
        if not found or bool(terms) != bool(found[1]):
            raise NotASum(text, place + 1)
        terms.append(Term(found[2], -1 if found[1] == "-" else 1))
        place = found.end()
    return tuple(terms)


def _count_faults(text: IndicatorsText, counts: dict[str, DeclaredCount]) -> Iterator[FieldFault]:
    """Read the counts into `counts`; yield their errors."""
    for code, count in text.counts.items():
        for name, path, declared, title in _declared(code, count):
            try:
                measure = read_measure(declared.sql)
            except BadMeasure as error:
                yield FieldFault((*path, "sql"), error.code, error.values)
                continue
            counts[name] = DeclaredCount(title, count.meaning, measure, {**count.columns, **declared.columns})
            yield from _column_faults(path, count.subjects, counts[name])
        if any(code in relation.by_name for relation in FACTS.values()):
            yield FieldFault(("counts", code), "indicator-code-of-column")


def _declared(code: str, count: CountText) -> Iterator[tuple[str, FieldPath, CountText | CountVariantText, Words]]:
    """Yield a count and its variants: code, path in the file, content, and title."""
    yield code, ("counts", code), count, count.title
    for name, variant in count.variants.items():
        title = _narrower(count.title, variant.title)
        yield f"{code}:{name}", ("counts", code, "variants", name), variant, title


def _narrower(title: Words, variant: Words) -> Words:
    return {"zh": f"{title['zh']}（{variant['zh']}）", "en": f"{title['en']} ({variant['en']})"}


def _column_faults(where: FieldPath, subjects: tuple[Subject, ...], count: DeclaredCount) -> Iterator[FieldFault]:
    """Yield an error for every column that the subjects of a count need and its relation lacks."""
    counting = Counting(count.measure, columns=count.columns)
    needed = {column for subject in subjects for column in GROUPED_BY[subject]} | set(count.columns)
    for column in sorted(needed):
        try:
            counting.column(column)
        except NoSuchGrouping as error:
            field = "columns" if column in count.columns else "subjects"
            yield FieldFault((*where, field), error.code, error.values)


def _exclusion_faults(text: IndicatorsText) -> Iterator[FieldFault]:
    for name, exclusion in text.exclusions.items():
        for relation in FACTS.values():
            try:
                read_claim(exclusion.when, relation)
            except BadMeasure as error:
                yield FieldFault(("exclusions", name, "when"), error.code, error.values)
                break


def _indicator_faults(
    text: IndicatorsText, counts: Mapping[str, DeclaredCount], indicators: dict[str, Indicator]
) -> Iterator[FieldFault]:
    """Read counts and ratios as indicators into `indicators`; yield their errors."""
    for code, count in text.counts.items():
        yield from _unknown_exclusions(text, ("counts", code, "excludes"), count.excludes)
        indicators[code] = _of_count(code, count, text.standard)
    for code, indicator in text.indicators.items():
        where = ("indicators", code)
        if code in text.counts:
            yield FieldFault(where, "indicator-code-of-count")
        yield from _unknown_exclusions(text, (*where, "excludes"), indicator.excludes)
        sums: dict[FieldPath, tuple[Term, ...]] = {}
        for field, sum_text, subjects in _sums(where, indicator):
            try:
                sums[field] = read_terms(sum_text)
            except NotASum as error:
                yield FieldFault(field, "indicator-not-a-sum", {"column": error.column})
            else:
                yield from _term_faults(text, counts, subjects, field, sums[field])
        indicators[code] = _indicator(code, indicator, where, sums, text.standard)


def _sums(where: FieldPath, indicator: IndicatorText) -> Iterator[tuple[FieldPath, str, tuple[Subject, ...]]]:
    """Yield the sums of counts that an indicator and its variants name, with their fields and subjects."""
    declared: list[tuple[FieldPath, str | None, str | None, tuple[Subject, ...]]]
    declared = [(where, indicator.numerator, indicator.denominator, indicator.subjects)]
    for name, variant in indicator.variants.items():
        subjects = variant.subjects or indicator.subjects
        declared.append(((*where, "variants", name), variant.numerator, variant.denominator, subjects))
    for place, above, below, subjects in declared:
        for field, sum_text in (("numerator", above), ("denominator", below)):
            if sum_text is not None:
                yield (*place, field), sum_text, subjects


def _term_faults(
    text: IndicatorsText,
    counts: Mapping[str, DeclaredCount],
    subjects: tuple[Subject, ...],
    field: FieldPath,
    terms: tuple[Term, ...],
) -> Iterator[FieldFault]:
    for term in terms:
        if term.count not in counts:
            yield FieldFault(field, "indicator-unknown-count", {"count": term.count})
            continue
        missing = set(subjects) - set(text.counts[term.count.partition(":")[0]].subjects)
        if missing:
            values = {"count": term.count, "subjects": ", ".join(sorted(missing))}
            yield FieldFault(field, "indicator-other-subjects", values)


def _unknown_exclusions(text: IndicatorsText, where: FieldPath, names: tuple[str, ...]) -> Iterator[FieldFault]:
    for name in names:
        if name not in text.exclusions:
            values = {"name": name, "known": ", ".join(text.exclusions)}
            yield FieldFault(where, "indicator-unknown-exclusion", values)


def _law_faults(text: IndicatorsText, indicators: Mapping[str, Indicator]) -> Iterator[FieldFault]:
    """Yield the errors of figures that the law does not let be ranked or scored, and of titles without a basis."""
    yield from (FieldFault(*fault) for fault in basis_faults(text.model_dump()))
    declared: dict[str, set[About]] = {}
    for code, indicator in indicators.items():  # counts come first: a ratio is about what its counts are about
        of_count = text.counts.get(code)
        place = ("counts" if of_count else "indicators", code)
        declared[code] = about(indicator, declared) | ({of_count.about} if of_count and of_count.about else set())
        if indicator.is_statistic and indicator.better is not Better.NEITHER:
            yield FieldFault((*place, "better"), "statistic-better")
        for matter in sorted(declared[code]) if not indicator.is_statistic else ():
            yield FieldFault((*place, "title"), FIGURES[matter].code, {"title": indicator.title["zh"]})


def _of_count(code: str, count: CountText, standard: str) -> Indicator:
    return Indicator(
        code=code,
        title=count.title,
        unit=FigureUnit.COUNT,
        numerator=(Term(code),),
        excludes=count.excludes,
        better=count.better,
        subjects=count.subjects,
        clause=standard,
        is_statistic=count.use is not None,
        basis=count.basis,
        places=0,
        variants={name: Variant(variant.title, (Term(f"{code}:{name}"),)) for name, variant in count.variants.items()},
    )


def _indicator(
    code: str, indicator: IndicatorText, where: FieldPath, sums: Mapping[FieldPath, tuple[Term, ...]], standard: str
) -> Indicator:
    is_ratio = indicator.denominator is not None
    return Indicator(
        code=code,
        title=indicator.title,
        unit=indicator.unit if is_ratio else FigureUnit.COUNT,
        numerator=sums.get((*where, "numerator"), ()),
        denominator=sums.get((*where, "denominator"), ()),
        excludes=indicator.excludes,
        better=indicator.better,
        subjects=indicator.subjects,
        clause=standard,
        is_statistic=indicator.use is not None,
        basis=indicator.basis,
        places=indicator.places if is_ratio else 0,
        variants={
            name: Variant(
                variant.title,
                sums.get((*where, "variants", name, "numerator")),
                sums.get((*where, "variants", name, "denominator")),
                variant.subjects,
            )
            for name, variant in indicator.variants.items()
        },
    )
