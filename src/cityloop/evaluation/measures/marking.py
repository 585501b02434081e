"""Where in the words of a measure something is wrong: line, column and the words marked. What is wrong is said by
claims.py and grammar.py.
"""

from typing import NamedTuple

from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

LONGEST_MARK = 60  # characters


class TextSpan(NamedTuple):
    """A stretch of words, both ends within it."""

    start: int
    end: int


class BadMeasure(ValueError):
    """The words are no measure; line and column count from 1, `marked` are the words that are meant."""

    def __init__(self, words: str, span: TextSpan, why: str) -> None:
        before = words[: span.start]
        self.line = before.count("\n") + 1
        self.column = span.start - before.rfind("\n")
        self.marked = _shortened(words[span.start : span.end + 1])
        self.why = why
        super().__init__(f"line {self.line}, column {self.column}: {self.marked or 'the end'}: {why}")


def wrong(words: str, node: exp.Expr, why: str) -> BadMeasure:
    """Return the refusal of a part of the words; what has no place of its own is marked with what is around it."""
    around: exp.Expr | None = node
    while around is not None:
        if span := _span(around):
            return BadMeasure(words, _closed(words, span), why)
        around = around.parent
    return BadMeasure(words, TextSpan(0, len(words) - 1), why)


def unreadable(words: str, fault: Exception) -> BadMeasure:
    """Return the refusal of words that are no SQL at all."""
    why = "this cannot be read as SQL"
    if isinstance(fault, ParseError) and fault.errors and (highlight := fault.errors[0].get("highlight")):
        start = _place(words, fault.errors[0]["line"], fault.errors[0]["col"]) - len(highlight) + 1
        return BadMeasure(words, TextSpan(max(start, 0), start + len(highlight) - 1), why)
    if isinstance(fault, TokenError):
        why = "a quotation mark or a comment is not closed"
    return BadMeasure(words, TextSpan(0, len(words) - 1), why)


def _span(node: exp.Expr) -> TextSpan | None:
    """Return from where to where a part of the words goes; what was made of several words has the span of all."""
    told = [one.meta for one in node.walk() if one._meta and "start" in one._meta]
    return TextSpan(min(one["start"] for one in told), max(one["end"] for one in told)) if told else None


def _closed(words: str, span: TextSpan) -> TextSpan:
    """Return the stretch with the brackets that close those opened within it: they have no place of their own."""
    marked = words[span.start : span.end + 1]
    left, end = marked.count("(") - marked.count(")"), span.end
    while left > 0 and (closing := words.find(")", end + 1)) >= 0:
        left, end = left - 1, closing
    return TextSpan(span.start, end)


def _place(words: str, line: int, column: int) -> int:
    """Return the position of the character before a column of a line."""
    return sum(len(one) + 1 for one in words.split("\n")[: line - 1]) + column - 1


def _shortened(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= LONGEST_MARK else f"{words[: LONGEST_MARK - 1]}…"
