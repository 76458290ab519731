"""A small share of the long acceptance run in the window, and proof that the run would notice a loss and a leak."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from medrag_desktop.adapters.case_store import SqlCipherVault
from medrag_desktop.domain.case import Case, Review
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.services.history import History
from tests.acceptance.kill_nine import CHEAP
from tests.acceptance.kill_nine_window import (
    PASSPHRASE,
    Said,
    State,
    check_resumed,
    compare,
    digest,
    planted_words,
    run,
    search_files,
    take_down,
)
from tests.drafts import make_draft
from tests.e2e.conftest import run_medrag

NOW = 100.0


@pytest.mark.models
def test_two_kills_in_the_window_lose_nothing(tmp_path: Path) -> None:
    assert run_medrag("pack", "build", base=tmp_path).code == 0
    said = run(2, tmp_path, seed=11)
    assert said.problems == []
    assert len(said.losses) == 2
    assert len(said.states) > 10
    assert said.planted
    assert search_files(tmp_path, tuple(said.planted))[1] == []


def typed(case: Case, text: str, at: float) -> tuple[Case, State]:
    """Return the case with such a history, and what the window would say of it."""
    now = replace(case, encounter=Encounter(history=text))
    return now, State(at, case.id, digest(now.encounter, now.review))


@pytest.mark.parametrize(
    ("loss", "problem"),
    [
        ("none", ""),
        ("a moment", ""),
        ("typing", "typing are lost"),
        ("all typing", "typing are lost"),
        ("case", "is lost"),
        ("save", "is older"),
        ("signature", "signature"),
        ("other", "typing are lost"),
    ],
)
def test_a_loss_is_noticed(tmp_path: Path, loss: str, problem: str) -> None:
    history = History(SqlCipherVault(tmp_path, CHEAP))
    history.create(PASSPHRASE)
    said = Said()
    one, early = typed(history.new_case(), "fever", NOW - 9)
    one, late = typed(one, "fever and cough", NOW - 8)
    said.states += [early, late]
    stored = replace(one, encounter=Encounter(history="fever")) if loss == "save" else one
    if loss == "signature":
        history.save(stored)
    elif loss != "case":
        history.sign(replace(stored, draft=make_draft()), Review(), "Dr. Sule")
    for words in (["saved", one.id], ["signed", one.id]):
        take_down(words, said)
    two, first = typed(history.new_case(), "r", NOW - (4 if loss == "all typing" else 3))
    seconds_ago = {"typing": 1.5, "a moment": 0.5}.get(loss, 2.0)
    longer, last = typed(two, "rash", NOW - seconds_ago)
    said.states += [first, last]
    kept = {"none": longer, "typing": two, "a moment": two, "all typing": None}.get(loss, longer)
    history.keep_working(typed(two, "other words", 0)[0] if loss == "other" else kept)
    history.lock()
    compare(tmp_path, NOW, said)
    assert bool(said.problems) is bool(problem)
    assert all(problem in told for told in said.problems)


def test_a_window_that_begins_with_something_else_is_noticed() -> None:
    said = Said(resumed="abc")
    check_resumed(State(0.0, "id", "abc"), said)
    assert said.problems == []
    check_resumed(State(0.0, "", "abc"), said)
    check_resumed(State(0.0, "id", "abd"), said)
    assert len(said.problems) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_patients_string_is_found_wherever_it_stands(tmp_path: Path, encoding: str) -> None:
    words = planted_words(3)
    assert len(set(words)) == 50
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "clean").write_bytes(b"\x00\xff" * 999)
    (deep / "leak").write_bytes(b"\x00\xff" * 999 + words[49].upper().encode(encoding) + b"\x07")
    (deep / words[7]).write_bytes(b"")
    assert search_files(tmp_path, words) == (3, [deep / "leak", deep / words[7]])
    assert search_files(tmp_path, words, since=NOW * 1e9) == (0, [])
