"""The place of an error in the text of a measure: line, column and the text that is marked.

The errors themselves are found by claims.py and grammar.py; their sentences are in core/sentences/figures.py.
"""

from typing import NamedTuple

from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from cityloop.core.sentences import english

LONGEST_MARK = 60  # characters


class TextSpan(NamedTuple):
    """A part of a text, from its first to its last character."""

    start: int
    end: int


class BadMeasure(ValueError):
    """The text is not a measure; line and column count from 1, `marked` is the text at fault.

    `code` and `values` are those of a Fault.
    """

    def __init__(self, text: str, span: TextSpan, code: str, **values: object) -> None:
        before = text[: span.start]
        self.line = before.count("\n") + 1
        self.column = span.start - before.rfind("\n")
        self.marked = _shortened(text[span.start : span.end + 1])
        self.code = code
        self.values = {"line": self.line, "column": self.column, "marked": self.marked, **values}
        super().__init__(english(code, self.values))


def bad_part(text: str, node: exp.Expr, code: str, **values: object) -> BadMeasure:
    """Return the error of a part of a text; a part that has no place of its own is marked with what is around it."""
    around: exp.Expr | None = node
    while around is not None:
        if span := _span(around):
            return BadMeasure(text, _closed(text, span), code, **values)
        around = around.parent
    return BadMeasure(text, TextSpan(0, len(text) - 1), code, **values)


def not_sql(text: str, error: Exception) -> BadMeasure:
    """Return the error of a text that is not SQL at all."""
    if not text.strip():
        return BadMeasure(text, TextSpan(0, -1), "measure-empty")
    if isinstance(error, ParseError) and error.errors and (highlight := error.errors[0].get("highlight")):
        start = _place(text, error.errors[0]["line"], error.errors[0]["col"]) - len(highlight) + 1
        return BadMeasure(text, TextSpan(max(start, 0), start + len(highlight) - 1), "measure-not-sql")
    code = "measure-not-closed" if isinstance(error, TokenError) else "measure-not-sql"
    return BadMeasure(text, TextSpan(0, len(text) - 1), code)


def _span(node: exp.Expr) -> TextSpan | None:
    """Return where a part of the text begins and ends; a part made of several words has the span of all of them."""
    places = [part.meta for part in node.walk() if part._meta and "start" in part._meta]
    return TextSpan(min(place["start"] for place in places), max(place["end"] for place in places)) if places else None


def _closed(text: str, span: TextSpan) -> TextSpan:
    """Return the span with the brackets that close those opened within it: they have no place of their own."""
    marked = text[span.start : span.end + 1]
    left, end = marked.count("(") - marked.count(")"), span.end
    while left > 0 and (closing := text.find(")", end + 1)) >= 0:
        left, end = left - 1, closing
    return TextSpan(span.start, end)


def _place(text: str, line: int, column: int) -> int:
    """Return the position of the character before a column of a line."""
    return sum(len(earlier) + 1 for earlier in text.split("\n")[: line - 1]) + column - 1


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_MARK else f"{text[: LONGEST_MARK - 1]}…"
