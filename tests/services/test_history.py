"""The history: nothing without the passphrase, and no signature under words that were not signed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.case import Case, Review, ReviewStatus, add_statement, conclude, start_review
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.errors import CaseMissing, InputError, StoreError, StoreLocked, StoreMissing, WrongPassphrase
from medrag_desktop.services.history import History, HistoryState
from tests.drafts import make_case, make_draft
from tests.fakes import MemoryVault

PASSPHRASE = "correct horse battery"


def make_history(vault: MemoryVault | None = None) -> History:
    ticks = itertools.count()
    return History(vault or MemoryVault(PASSPHRASE), lambda: f"2026-11-22T10:00:{next(ticks):02d}+00:00")


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault(PASSPHRASE)


@pytest.fixture
def history(vault: MemoryVault) -> History:
    opened = make_history(vault)
    opened.unlock(PASSPHRASE)
    return opened


def state_of(history: History) -> HistoryState:
    return history.state


def review_of(case: Case) -> Review:
    assert case.draft is not None
    return case.review or start_review(case.draft)


USES: dict[str, Callable[[History], object]] = {
    "save": lambda h: h.save(make_case()),
    "sign": lambda h: h.sign(make_case(), start_review(make_draft()), "Dr A"),
    "case": lambda h: h.case("1"),
    "full_id": lambda h: h.full_id("1"),
    "find": lambda h: h.find("fever"),
    "erase": lambda h: h.erase("1"),
    "keep_working": lambda h: h.keep_working(make_case()),
    "forget_working": lambda h: h.keep_working(None),
    "working": lambda h: h.working(),
}


@given(
    st.lists(st.sampled_from(sorted(USES)), min_size=1, max_size=6), st.sampled_from(["absent", "locked", "relocked"])
)
def test_while_it_is_locked_only_the_state_can_be_asked(uses: list[str], how: str) -> None:
    vault = MemoryVault("" if how == "absent" else PASSPHRASE)
    history = make_history(vault)
    if how == "relocked":
        history.unlock(PASSPHRASE)
        history.lock()
        vault.store.calls.clear()
    for use in uses:
        with pytest.raises(StoreLocked, match="passphrase"):
            USES[use](history)
    assert history.state is (HistoryState.ABSENT if how == "absent" else HistoryState.LOCKED)
    assert vault.store.calls == []


def test_every_public_method_is_known_to_the_test_above() -> None:
    public = {name for name in vars(History) if not name.startswith("_")}
    needless = {"state", "create", "unlock", "unlock_with_recovery", "change_passphrase", "lock", "new_case", "reopen"}
    needless |= {"renew_recovery_words", "confirm_recovery_words", "recovery_words_confirmed"}  # they tell no case
    assert public - needless == set(USES) - {"forget_working"}


def test_creating_gives_the_recovery_words_and_leaves_it_open() -> None:
    vault = MemoryVault()
    history = make_history(vault)
    assert state_of(history) is HistoryState.ABSENT
    with pytest.raises(StoreMissing):
        history.unlock(PASSPHRASE)
    assert history.create(PASSPHRASE) == vault.words
    assert state_of(history) is HistoryState.OPEN
    with pytest.raises(StoreError):
        make_history(vault).create(PASSPHRASE)


def test_a_short_passphrase_is_refused_wherever_one_is_set(vault: MemoryVault) -> None:
    history = make_history(vault)
    words = " ".join(vault.words)
    for use in (
        lambda: make_history(MemoryVault()).create("seven77"),
        lambda: history.unlock_with_recovery(words, "seven77"),
        lambda: history.change_passphrase(PASSPHRASE, "seven77"),
    ):
        with pytest.raises(InputError, match="8"):
            use()
    history.unlock(PASSPHRASE)


def test_a_wrong_passphrase_opens_nothing_and_the_recovery_words_do(vault: MemoryVault) -> None:
    history = make_history(vault)
    for attempt in ("", "Correct horse battery", PASSPHRASE + " "):
        with pytest.raises(WrongPassphrase):
            history.unlock(attempt)
    with pytest.raises(WrongPassphrase):
        history.unlock_with_recovery("abandon " * 12, "another passphrase")
    assert state_of(history) is HistoryState.LOCKED
    history.unlock_with_recovery(" ".join(vault.words), "another passphrase")
    assert state_of(history) is HistoryState.OPEN
    history.change_passphrase("another passphrase", "a third passphrase")
    history.lock()
    with pytest.raises(WrongPassphrase):
        history.unlock("another passphrase")
    history.unlock("a third passphrase")


def test_fresh_recovery_words_take_the_place_of_the_old(vault: MemoryVault) -> None:
    history, old = make_history(vault), " ".join(vault.words)
    with pytest.raises(WrongPassphrase):
        history.renew_recovery_words("another passphrase")
    words = history.renew_recovery_words(PASSPHRASE)
    assert not history.recovery_words_confirmed()
    with pytest.raises(WrongPassphrase):
        history.unlock_with_recovery(old, "another passphrase")
    history.confirm_recovery_words()
    assert history.recovery_words_confirmed()
    history.unlock_with_recovery(" ".join(words), "another passphrase")
    assert state_of(history) is HistoryState.OPEN


def test_a_case_is_saved_found_and_erased(history: History) -> None:
    case = history.save(replace(history.new_case(Encounter(chief_complaint="Fever")), draft=make_draft()))
    assert case.updated > case.created
    assert history.case(case.id) == case
    assert [line.id for line in history.find("fever")] == [case.id]
    assert history.find("fracture") == ()
    history.erase(case.id)
    with pytest.raises(CaseMissing):
        history.case(case.id)
    with pytest.raises(CaseMissing):
        history.erase(case.id)


def test_ids_of_new_cases_differ(history: History) -> None:
    assert len({history.new_case().id for _ in range(100)}) == 100


def test_an_id_may_be_abbreviated_while_it_means_one_case(history: History) -> None:
    ids = ["aaaa1111-0000-4000-8000-000000000000", "aaaa2222-0000-4000-8000-000000000000"]
    for case_id in ids:
        history.save(make_case(case_id))
    assert history.full_id("AAAA1") == ids[0]
    assert history.full_id(ids[1]) == ids[1]
    with pytest.raises(InputError, match="2 cases"):
        history.full_id("aaaa")
    for unknown in ("b", "", "  ", "%", f"{ids[0]}0"):
        with pytest.raises(CaseMissing):
            history.full_id(unknown)


def test_signing_needs_a_name_and_a_draft(history: History) -> None:
    case = make_case()
    for name in ("", "  \n"):
        with pytest.raises(InputError, match="name"):
            history.sign(case, review_of(case), name)
    with pytest.raises(InputError, match="draft"):
        history.sign(history.new_case(), Review(), "Dr A")
    assert history.find() == ()


def test_signing_saves_and_changing_afterwards_amends(history: History, vault: MemoryVault) -> None:
    case = history.save(make_case())
    signed = history.sign(case, conclude(review_of(case), "Measles"), "Dr A")
    assert signed.signed
    assert vault.store.cases[case.id] == signed
    changed = add_statement(review_of(history.reopen(signed)), 0, "Seen again.")
    saved = history.save(replace(signed, review=changed))
    assert not saved.signed
    again = history.sign(saved, changed, "Dr B")
    assert again.review is not None
    assert (again.review.status, again.review.reviewer) == (ReviewStatus.AMENDED, "Dr B")
    assert again.review.signed > (review_of(signed).signed or "")


def test_saving_a_signed_case_as_it_stands_keeps_the_signature(history: History) -> None:
    case = make_case()
    signed = history.sign(case, review_of(case), "Dr A")
    assert history.save(signed).signed
    assert history.save(history.case(case.id)).signed


@pytest.mark.parametrize(
    "change",
    [
        lambda c: replace(c, encounter=Encounter(history="Other words.")),
        lambda c: replace(c, draft=make_draft("Other words.")),
        lambda c: replace(c, review=replace(c.review, diagnosis="Other words.")),
        lambda c: replace(c, review=replace(c.review, reviewer="Dr B")),
        lambda c: replace(c, id="22222222-2222-4222-8222-222222222222"),
    ],
)
def test_no_other_words_are_saved_under_a_signature(history: History, change: Callable[[Case], Case]) -> None:
    case = make_case()
    signed = history.sign(case, review_of(case), "Dr A")
    saved = history.save(change(signed))
    assert not saved.signed
    assert not history.case(saved.id).signed


def test_reopening_what_is_not_signed_changes_nothing(history: History) -> None:
    for case in (history.new_case(), make_case(), make_case(review=start_review(make_draft()))):
        assert history.reopen(case) is case


def test_what_is_being_typed_is_there_at_the_next_start(history: History, vault: MemoryVault) -> None:
    case = history.new_case(Encounter(history="Fever sin"))
    history.keep_working(case)
    history.lock()
    later = make_history(vault)
    later.unlock(PASSPHRASE)
    assert later.working() == case
    later.keep_working(None)
    assert later.working() is None


def test_locking_closes_the_store_once(history: History, vault: MemoryVault) -> None:
    history.lock()
    history.lock()
    assert vault.store.calls.count("close") == 1
    assert state_of(history) is HistoryState.LOCKED
