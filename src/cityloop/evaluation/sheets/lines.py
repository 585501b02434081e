"""Figures one after another, with their labels on sheets and terminals, in Chinese and English."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from cityloop.core.indicators.indicator import NOTHING, FigureCount, Indicator, half_up
from cityloop.evaluation.facts.objects import Naming, grouping_title
from cityloop.evaluation.indicators.appraising import Appraisal, indicators
from cityloop.evaluation.indicators.texts import IndicatorBook
from cityloop.evaluation.measures.compiling import Key

Say = Callable[[str], str]

WORDS = {
    "zh": {
        "figures": "指标值",
        "notes": "说明",
        "period": "时段",
        "whole": "合计",
        "code": "代码",
        "indicator_code": "指标代码",
        "indicator": "指标",
        "value": "值",
        "unit": "计量单位",
        "numerator": "分子",
        "denominator": "分母",
        "as_of": "数据时点",
        "facts": "数据摘要（SHA-256）",
        "pack": "指标业务包",
        "book": "指标摘要（SHA-256）",
        "appraisal": "统计结果摘要（SHA-256）",
        "from": "自（含）",
        "to": "至（不含）",
        "by": "分组",
        "only": "仅限",
        "nothing": f"{NOTHING}：没有可统计的内容，不等于零。",
        "formula": "计算方法",
        "variant": "口径",
        "clause": "标准",
        "basis": "依据",
        "excludes": "不计",
        "implementation": "与该标准的一个实现一致",
        "usual": "通常理解",
        "without": "（无）",
    },
    "en": {
        "figures": "Figures",
        "notes": "Notes",
        "period": "Period",
        "whole": "Total",
        "code": "code",
        "indicator_code": "Indicator code",
        "indicator": "Indicator",
        "value": "Value",
        "unit": "Unit",
        "numerator": "Numerator",
        "denominator": "Denominator",
        "as_of": "Moment of the facts",
        "facts": "Digest of the facts (SHA-256)",
        "pack": "Pack of the indicators",
        "book": "Digest of the indicators (SHA-256)",
        "appraisal": "Digest of these figures (SHA-256)",
        "from": "From (included)",
        "to": "To (not included)",
        "by": "Grouped by",
        "only": "Only",
        "nothing": f"{NOTHING}: there was nothing to count, which is not zero.",
        "formula": "Calculation",
        "variant": "Variant",
        "clause": "Standard",
        "basis": "Basis",
        "excludes": "Excluded",
        "implementation": "as one implementation of the standard has it",
        "usual": "the usual reading",
        "without": "(none)",
    },
}


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One figure: of an object or, without a key, the total."""

    period: str
    key: Key | None
    indicator: Indicator
    tally: FigureCount


def lines(appraisal: Appraisal, book: IndicatorBook) -> Iterator[FigureLine]:
    """Yield every figure, by period and object, then the total; 0 where nothing was counted."""
    chosen = indicators(book, appraisal.asking.indicators)
    for period in appraisal.asking.periods:
        for key in appraisal.keys:
            for code, indicator in chosen.items():
                yield FigureLine(period, key, indicator, appraisal.tally(code, period, key) or indicator.tally({}))
        for code, indicator in chosen.items():
            yield FigureLine(period, None, indicator, appraisal.whole[period][code])


def title(indicator: Indicator, language: str) -> str:
    """Return the title of an indicator, with its chosen variant."""
    if indicator.variant is None:
        return indicator.title[language]
    opens, closes = ("（", "）") if language == "zh" else (" (", ")")
    return f"{indicator.title[language]}{opens}{indicator.variants[indicator.variant].title[language]}{closes}"


def amount_words(amount: Fraction, *, thousands: str = "") -> str:
    """Return a count as a decimal; counts of decimals have at most seven places, so none is lost."""
    if amount.denominator == 1:
        return format(amount.numerator, f"{thousands}d")
    return format(half_up(amount, 9).normalize(), f"{thousands}f")


def code_of(indicator: Indicator) -> str:
    """Return the code that requests an indicator."""
    return f"{indicator.code}:{indicator.variant}" if indicator.variant else indicator.code


def object_heads(appraisal: Appraisal, language: str) -> tuple[str, ...]:
    """Return the heads of the columns that name the object of a row: its name and its code, for each grouping."""
    gap = "" if language == "zh" else " "
    titles = [grouping_title(column, language).capitalize() for column in appraisal.asking.by]
    return tuple(text for heading in titles for text in (heading, f"{heading}{gap}{WORDS[language]['code']}"))


def object_cells(appraisal: Appraisal, key: Key | None, names: Naming, say: Say) -> tuple[str, ...]:
    """Return the names and values of an object; of the total, only a label."""
    if key is None:
        return tuple(say("whole") if place == 0 else "" for place in range(2 * len(appraisal.asking.by)))
    return tuple(
        text
        for column, value in zip(appraisal.asking.by, key, strict=True)
        for text in (names(column, value), value or "")
    )
