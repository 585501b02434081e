"""Figures, counted as a worker does over the cases of a test and read from their page. No test is here."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from cityloop.evaluation import actions
from cityloop.evaluation.models import CountedAnswer, FactEdition
from example import SmallCity

END = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
Exported = Callable[..., FactEdition]
Row = tuple[str, ...]


@pytest.fixture
def exported(city: SmallCity, settings: object, tmp_path: Path) -> Exported:
    """Export the facts as they are, by default at the end of November; into a folder of their own."""
    settings.CITYLOOP = replace(settings.CITYLOOP, home=str(tmp_path))  # type: ignore[attr-defined]
    return lambda now=END: actions.export_facts(now)


def count() -> int:
    """Count what screens wait for, as a worker does, and return how many answers that was."""
    keys = list(CountedAnswer.objects.filter(answer__isnull=True, failure="").values_list("key", flat=True))
    for key in keys:
        actions.count_answer(key, END)
    return len(keys)


def shown(client: Client, address: str) -> str:
    """The page once everything on it was counted."""
    for _ in range(4):
        content = client.get(address)
        assert content.status_code == 200, (address, content.status_code)
        if not count():
            return content.content.decode()
    raise AssertionError("it never ends counting")


def rows(page: str) -> list[Row]:
    """The rows of the ranking as they are read: rank, object, figure, made of, movement in words."""
    found = []
    for row in re.findall(r"<tr>(.*?)</tr>", re.sub(r"(?s).*?<tbody>", "", page, count=1), re.DOTALL):
        cells = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)
        words = [re.sub(r'<span aria-hidden="true">.*?</span>', "", cell, flags=re.DOTALL) for cell in cells]
        found.append(tuple(unescape(re.sub(r"<[^>]+>|\s+", "", cell)) for cell in words[:5]))
    return found
