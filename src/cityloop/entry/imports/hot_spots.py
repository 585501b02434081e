"""Prints the points that many rows of an import share, and which of them are false hot spots."""

from collections.abc import Iterator, Sequence

from cityloop.core.gazetteer.hot_spots import LEAST, Pile

SHOWN = 20  # false hot spots printed one by one
DISTRICTS = 6  # printed of each of them


def hot_spots(piles: Sequence[Pile]) -> Iterator[str]:
    """Yield lines about points that many cases share, with details of the false hot spots."""
    false = [pile for pile in piles if pile.is_false]
    if not piles:
        return
    yield (
        f"Points shared by {LEAST} cases or more: {len(piles):,}; false hot spots, where the addresses name too "
        f"many streets: {len(false):,}, with {sum(pile.cases for pile in false):,} cases."
    )
    for pile in false[:SHOWN]:
        lon, lat = pile.point
        yield f"  {lon} {lat}: {pile.cases:,} cases ({_most(pile.districts, DISTRICTS)}), {_streets(pile)}"
    if len(false) > SHOWN:
        yield "  …"


def _most(counted: Sequence[tuple[str | None, int]], shown: int) -> str:
    return ", ".join(f"{name or '—'} {number:,}" for name, number in counted[:shown]) + ", …" * (len(counted) > shown)


def _streets(pile: Pile) -> str:
    return f"{len(pile.streets):,} streets, most often {_most(pile.streets[:1], 1)}"
