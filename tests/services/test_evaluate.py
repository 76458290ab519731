from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.errors import Cancelled
from medrag_desktop.services.evaluate import bootstrap_mean, evaluate_differential
from medrag_desktop.services.vignettes import Vignette
from medrag_desktop.tasks import Task
from tests.small_library import absent, encounter, present, ranker


def vignettes() -> list[Vignette]:
    clear = encounter(*present("fever", "rash", "koplik_spots"), age_years=5)
    cold = encounter(*present("cough", "fever"), *absent("rash"), age_years=40)
    return [
        Vignette("1", clear, "Rubeola"),
        Vignette("2", cold, "Measles"),
        Vignette("3", cold, "Gout"),
        Vignette("4", encounter(age_years=40), "Measles"),
    ]


def test_places_are_counted_over_all_and_over_what_the_library_covers() -> None:
    result = evaluate_differential(vignettes(), ranker(), task=Task())
    for accuracy in (result.strict, result.lenient):
        assert (accuracy.n, accuracy.covered) == (4, 3)
        assert accuracy.top[1].value == pytest.approx(1 / 4)
        assert accuracy.top_covered[1].value == pytest.approx(1 / 3)
        assert accuracy.top_covered[10].value == 1
        shares = [accuracy.top[k].value for k in sorted(accuracy.top)]
        assert shares == sorted(shares)
    assert {system: accuracy.n for system, accuracy in result.by_system.items()} == {"infectious": 3}
    assert [(m.case, m.reason) for m in result.misses] == [
        ("2", "outranked"),
        ("3", "not in library"),
        ("4", "not extracted"),
    ]
    assert result == evaluate_differential(vignettes(), ranker(), task=Task())


def test_an_empty_file_gives_empty_rates_and_cancelling_stops() -> None:
    assert evaluate_differential([], ranker(), task=Task()).lenient.top[1].value == 0
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        evaluate_differential(vignettes(), ranker(), task=task)


def test_the_probability_of_the_first_candidate_is_held_against_what_is_right() -> None:
    calibration = evaluate_differential(vignettes(), ranker(), task=Task()).calibration
    assert sum(group.n for group in calibration.bins) == 4
    assert all(group.low <= group.promised <= group.high for group in calibration.bins)
    assert sum(group.n * group.right for group in calibration.bins) == pytest.approx(1)
    assert 0 < calibration.brier < 1


def test_emergencies_are_held_against_how_soon_the_program_would_see_them() -> None:
    assert evaluate_differential(vignettes(), ranker(), task=Task()).emergencies is None
    found = evaluate_differential(vignettes(), ranker(), emergencies={"1", "4"}, task=Task()).emergencies
    assert found is not None
    assert (found.emergencies, found.others) == (2, 2)
    assert found.missed == ("4",), "nothing is known of it"
    assert found.flagged.value == 0


@given(st.lists(st.booleans(), min_size=1, max_size=50))
def test_the_interval_holds_the_share(hits: list[bool]) -> None:
    rate = bootstrap_mean(hits)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1
    assert rate.value == pytest.approx(sum(hits) / len(hits))
