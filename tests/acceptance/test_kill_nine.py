"""A small share of the long acceptance run, and proof that the run would notice a loss."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from medrag_desktop.adapters.case_store import SqlCipherVault
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.services.history import History
from tests.acceptance.kill_nine import CHEAP, PASSPHRASES, Kept, compare, run, save, text_of


def test_two_kills_lose_nothing(tmp_path: Path) -> None:
    tally = run(2, tmp_path / "history", seed=1)
    assert tally.problems == []
    assert tally.saves + tally.keeps > 0


@pytest.mark.parametrize("loss", ["case", "save", "half", "typed", "erasure", "none"])
def test_a_loss_is_noticed(tmp_path: Path, loss: str) -> None:
    history = History(SqlCipherVault(tmp_path, CHEAP))
    history.create(PASSPHRASES[1])
    case = save(history, history.new_case(), 1)
    gone = save(history, history.new_case(), 1)
    history.keep_working(replace(case, encounter=Encounter(history=text_of("typed", 5))))
    if loss == "half":
        history.save(replace(case, encounter=Encounter(history=text_of(case.id, 2))))
    kept = Kept({case.id: 1, gone.id: 1}, {}, set(), (5,))
    if loss == "case":
        history.erase(gone.id)
    elif loss == "save":
        kept.cases[case.id] = 2
    elif loss == "typed":
        kept.typed = (6, 7)
    elif loss == "erasure":
        del kept.cases[gone.id]
        kept.erased.add(gone.id)
    history.lock()
    assert bool(list(compare(tmp_path, kept, whole=True))) is (loss != "none")
