"""Keeps the texts that the cells of an XLSX share in a temporary file: memory does not grow with their number."""

import tempfile
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import Self

PAGE_TEXTS, PAGE_CHARACTERS = 64, 8_192  # a page ends with whichever is reached first
KEPT = 2_048  # pages in memory
BETWEEN = "\0"  # XML cannot contain it


class SharedTexts:
    """Texts by number; those used lately are in memory."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as its texts are used
        self._firsts, self._places = array("Q"), array("Q", [0])
        self._length = 0
        self._page = lru_cache(KEPT)(self._read)
        page: list[str] = []
        size = 0
        for text in texts:
            page.append(text)
            size += len(text)
            if len(page) == PAGE_TEXTS or size >= PAGE_CHARACTERS:
                self._put(page)
                page, size = [], 0
        self._put(page)
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < self._length:
            raise IndexError(number)
        page = bisect_right(self._firsts, number) - 1
        return self._page(page)[number - self._firsts[page]]

    def _put(self, page: list[str]) -> None:
        if page:
            content = BETWEEN.join(page).encode("utf-8", "surrogatepass")
            self._file.write(content)
            self._firsts.append(self._length)
            self._places.append(self._places[-1] + len(content))
            self._length += len(page)

    def _read(self, page: int) -> list[str]:
        start, end = self._places[page], self._places[page + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode("utf-8", "surrogatepass").split(BETWEEN)
