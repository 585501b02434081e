"""A real hotline's addresses located again: lower bounds for the gazetteer's quality, so that a loss is noticed."""

import os
from pathlib import Path

import pytest

from cityloop.entry.bench.calculations.gazetteer import REPORTS, VILLAGES, Score, measure

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
DATA = Path(os.environ.get("CITYLOOP_DATA") or BESIDE)

pytestmark = [
    pytest.mark.data,
    pytest.mark.weekly,
    pytest.mark.skipif(
        not (DATA / REPORTS).exists(), reason=f"no real data: CITYLOOP_DATA names no folder with {REPORTS}"
    ),
    pytest.mark.skipif(not (DATA / VILLAGES).exists(), reason=f"no real data: {VILLAGES} is missing"),
]


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    return measure(DATA)


def test_later_reports_are_located_after_learning_from_earlier_ones(scores: list[Score]) -> None:
    ours, plain, *_ = scores
    assert ours.found >= 0.93
    assert ours.near >= 0.60
    assert ours.far >= 0.82
    assert ours.median_metres <= 55
    assert ours.near > 2 * plain.near
    assert ours.far > 2 * plain.far


def test_addresses_that_were_never_learned_are_located_by_their_neighbours(scores: list[Score]) -> None:
    _, _, ours, plain, _ = scores
    assert ours.near >= 0.55
    assert ours.far >= 0.82
    assert ours.median_metres <= 70
    assert ours.far > 5 * plain.far


def test_the_stated_radius_is_right_three_times_in_four(scores: list[Score]) -> None:
    assert all(score.inside >= 0.75 for score in (scores[0], scores[2]))


def test_the_points_themselves_agree_only_to_a_degree(scores: list[Score]) -> None:
    assert 0.9 < scores[-1].near < 0.97
