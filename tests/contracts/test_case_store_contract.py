"""What every vault and case store must do; run against the stand-in and the encrypted one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medrag_desktop.adapters.case_store import SqlCipherVault
from medrag_desktop.adapters.keys import Cost
from medrag_desktop.domain.case import Case, Review, ReviewStatus, conclude, sign, start_review, summarize
from medrag_desktop.domain.encounter import Encounter, Finding, Presence
from medrag_desktop.errors import CaseMissing, StoreError, StoreLocked, StoreMissing, WrongPassphrase
from medrag_desktop.ports import CaseStore, Vault
from tests.builders import encounter, patient, present
from tests.drafts import make_case, make_draft
from tests.fakes import MemoryVault

PASSPHRASE = "correct horse battery"
CHEAP = Cost(passes=1, memory_bytes=8192)
VAULTS: dict[str, Callable[[Path], Vault]] = {
    "memory": lambda _: MemoryVault(),
    "sqlcipher": lambda folder: SqlCipherVault(folder / "history", CHEAP),
}
LATER = "2026-11-22T11:00:00+00:00"


@pytest.fixture(params=sorted(VAULTS))
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    return VAULTS[request.param](tmp_path)


@pytest.fixture
def words(vault: Vault) -> tuple[str, ...]:
    opened, words = vault.create(PASSPHRASE)
    opened.close()
    return words


@pytest.fixture
def store(vault: Vault, words: tuple[str, ...]) -> Iterator[CaseStore]:
    opened = vault.open(PASSPHRASE)
    yield opened
    opened.close()


def drafted(case_id: str = "a", text: str = "Fever", **changes: object) -> Case:
    return replace(make_case(case_id, Encounter(chief_complaint=text)), **changes)  # type: ignore[arg-type]


def ids(store: CaseStore, words: str = "", limit: int = 200) -> list[str]:
    return [line.id for line in store.search(words, limit)]


def test_nothing_is_there_until_it_is_made(vault: Vault) -> None:
    assert not vault.exists()
    for use in (
        lambda: vault.open(PASSPHRASE),
        lambda: vault.open_with_recovery("abandon " * 12, PASSPHRASE),
        lambda: vault.change_passphrase(PASSPHRASE, "another passphrase"),
        lambda: vault.renew_recovery_words(PASSPHRASE),
        vault.confirm_recovery_words,
        vault.recovery_words_confirmed,
    ):
        with pytest.raises(StoreMissing):
            use()
    assert not vault.exists()


def test_it_is_made_open_empty_and_once(vault: Vault) -> None:
    store, words = vault.create(PASSPHRASE)
    assert vault.exists()
    assert len(words) == 12
    assert (store.search(""), store.working()) == ((), None)
    store.save(drafted())
    with pytest.raises(StoreError, match="already"):
        vault.create("another passphrase")
    assert ids(store) == ["a"]
    store.close()
    again = vault.open(PASSPHRASE)
    assert ids(again) == ["a"]
    again.close()


def test_only_the_passphrase_or_the_words_open_it(vault: Vault, words: tuple[str, ...]) -> None:
    for wrong in ("", PASSPHRASE.upper(), f"{PASSPHRASE} ", "\x00", "\ud800", "x" * 10_000):
        with pytest.raises(WrongPassphrase):
            vault.open(wrong)
        with pytest.raises(WrongPassphrase):
            vault.change_passphrase(wrong, "another passphrase")
        with pytest.raises(WrongPassphrase):
            vault.renew_recovery_words(wrong)
        with pytest.raises(WrongPassphrase):
            vault.open_with_recovery(wrong, "another passphrase")
    vault.open(PASSPHRASE).close()


def test_the_recovery_words_set_another_passphrase_and_stay(vault: Vault, words: tuple[str, ...]) -> None:
    written_down = "\n".join(f"{number}. {word.upper()}  " for number, word in enumerate(words, start=1))
    for new in ("a second passphrase", "a third passphrase"):
        store = vault.open_with_recovery(written_down, new)
        store.close()
        with pytest.raises(WrongPassphrase):
            vault.open(PASSPHRASE)
        vault.open(new).close()


def test_fresh_recovery_words_are_the_only_ones(vault: Vault, store: CaseStore, words: tuple[str, ...]) -> None:
    store.save(drafted())
    first = vault.renew_recovery_words(PASSPHRASE)
    second = vault.renew_recovery_words(PASSPHRASE)
    assert len({words, first, second}) == 3
    assert {len(words), len(first), len(second)} == {12}
    assert ids(store) == ["a"]  # the open history stays open
    store.close()
    for old in (words, first):
        with pytest.raises(WrongPassphrase):
            vault.open_with_recovery(" ".join(old), "another passphrase")
    vault.open(PASSPHRASE).close()
    again = vault.open_with_recovery(" ".join(second), "another passphrase")
    assert ids(again) == ["a"]
    again.close()


def test_whether_the_words_are_on_paper_is_remembered(vault: Vault, words: tuple[str, ...]) -> None:
    assert not vault.recovery_words_confirmed()
    vault.change_passphrase(PASSPHRASE, "another passphrase")
    assert not vault.recovery_words_confirmed()
    for _ in range(2):
        vault.confirm_recovery_words()
        assert vault.recovery_words_confirmed()
    vault.change_passphrase("another passphrase", PASSPHRASE)
    assert vault.recovery_words_confirmed()
    fresh = vault.renew_recovery_words(PASSPHRASE)
    assert not vault.recovery_words_confirmed()
    vault.open_with_recovery(" ".join(fresh), PASSPHRASE).close()  # whoever types them has them
    assert vault.recovery_words_confirmed()


def test_a_changed_passphrase_is_the_only_one(vault: Vault, store: CaseStore) -> None:
    store.save(drafted())
    vault.change_passphrase(PASSPHRASE, "another passphrase")
    assert ids(store) == ["a"]  # the open history stays open
    store.close()
    with pytest.raises(WrongPassphrase):
        vault.open(PASSPHRASE)
    again = vault.open("another passphrase")
    assert ids(again) == ["a"]
    again.close()


def test_a_closed_store_answers_nothing(store: CaseStore) -> None:
    store.close()
    store.close()
    uses: tuple[Callable[[], object], ...] = (
        lambda: store.save(drafted()),
        lambda: store.load("a"),
        lambda: store.search(""),
        lambda: store.erase("a"),
        lambda: store.keep_working(None),
        lambda: store.working(),
    )
    for use in uses:
        with pytest.raises(StoreLocked):
            use()


SIGNED = sign(conclude(start_review(make_draft("One.", "Two.")), "Measles"), "Dr A", LATER)


@pytest.mark.parametrize(
    "case",
    [
        make_case("bare", Encounter()),
        replace(make_case("undrafted", Encounter(history="Cough")), draft=None),
        make_case("signed", draft=make_draft("One.", "Two."), review=SIGNED),
        make_case("amended", review=replace(SIGNED, status=ReviewStatus.AMENDED)),
        make_case(
            "full",
            Encounter(
                patient=patient(1 / 3, "female", pregnant=False, weight_kg=4.25),
                history="Two days.\n\tΠυρετός, بخار, 发烧 🤒 \x00 'quoted' \"twice\"",
                findings=(Finding("fever", Presence.ABSENT, duration_hours=0.1, laterality="left"), present("cough")),
                vital_signs=encounter(temperature_celsius=38.7, on_oxygen=False, gcs=15, avpu="A").vital_signs,
                allergies=("penicillin", ""),
            ),
        ),
    ],
    ids=lambda case: str(case.id),
)
def test_a_case_comes_back_as_it_was(store: CaseStore, case: Case) -> None:
    store.save(case)
    store.keep_working(case)
    assert store.load(case.id) == case
    assert store.working() == case
    assert store.search("") == (summarize(case),)


def test_the_last_save_counts(store: CaseStore) -> None:
    first = drafted()
    second = replace(first, encounter=Encounter(history="Cough"), review=SIGNED, updated=LATER)
    third = replace(second, draft=None, review=None)
    for case in (first, second, first, third, third, second):
        store.save(case)
        assert store.load("a") == case
        assert store.search("") == (summarize(case),)


def test_what_is_not_there_is_missing(store: CaseStore) -> None:
    store.save(drafted("a"))
    for unknown in ("b", "", "A", "%", "a\x00", "' OR 1"):
        with pytest.raises(CaseMissing):
            store.load(unknown)
        with pytest.raises(CaseMissing):
            store.erase(unknown)
    assert ids(store) == ["a"]


def test_an_erased_case_is_gone_with_what_was_typed_of_it(store: CaseStore) -> None:
    for name in ("a", "b"):
        store.save(drafted(name, f"Fever {name}bc"))
    store.keep_working(drafted("a", "Fever, more"))
    store.erase("a")
    assert store.working() is None
    assert (ids(store), ids(store, "abc"), ids(store, "fever")) == (["b"], [], ["b"])
    with pytest.raises(CaseMissing):
        store.load("a")
    with pytest.raises(CaseMissing):
        store.erase("a")
    store.save(drafted("a"))
    assert store.load("a") == drafted("a")


def test_erasing_another_case_keeps_what_is_being_typed(store: CaseStore) -> None:
    store.save(drafted("a"))
    store.keep_working(drafted("b"))
    store.erase("a")
    assert store.working() == drafted("b")
    with pytest.raises(CaseMissing):
        store.erase("b")  # it has never been saved
    assert store.working() == drafted("b")


def test_one_case_is_being_typed_at_most_and_it_is_not_saved(store: CaseStore) -> None:
    store.keep_working(drafted("a"))
    store.keep_working(drafted("b"))
    assert store.working() == drafted("b")
    assert ids(store) == []
    store.keep_working(None)
    store.keep_working(None)
    assert store.working() is None


def test_the_newest_comes_first_whatever_the_time_zone(store: CaseStore) -> None:
    times = {
        "third": "2026-11-22T10:30:00+02:00",
        "first": "2026-11-22T10:00:00-05:00",
        "second": "2026-11-22T10:00:00+00:00",
    }
    for name, at in times.items():
        store.save(drafted(name, updated=at))
    assert ids(store) == ["first", "second", "third"]
    assert ids(store, limit=2) == ["first", "second"]
    assert (ids(store, limit=0), ids(store, limit=-1)) == ([], [])


def test_of_the_same_second_the_later_comes_first(store: CaseStore) -> None:
    for name in ("a", "b", "c"):
        store.save(drafted(name))
    assert ids(store, "fever") == ["c", "b", "a"]


FOUND_BY = {
    "reference": make_case("x", Encounter(reference="Wd-77/Zq")),
    "complaint": make_case("x", Encounter(chief_complaint="zq pain, wd")),
    "history": make_case("x", Encounter(history="It is\nWD_zq")),
    "quote": make_case("x", Encounter(findings=(Finding("fever", quote="wd zq"),))),
    "finding": make_case("x", Encounter(findings=(present("wd.zq"),))),
    "medicine": make_case("x", Encounter(medications=("wd zq 5 mg",))),
    "diagnosis": make_case("x", review=Review(diagnosis="Wd zq")),
    "reviewer": make_case("x", review=replace(SIGNED, reviewer="Dr Wd Zq")),
    "differential": make_case(
        "x", draft=replace(make_draft(), differential=(replace(make_draft().differential[0], name="Wd zq"),))
    ),
    "statement": make_case("x", draft=make_draft("Think of wd-zq.")),
    "reviewed statement": make_case("x", review=start_review(make_draft("Think of wd-zq."))),
}


@pytest.mark.parametrize("where", FOUND_BY)
def test_a_case_is_found_by_its_words(store: CaseStore, where: str) -> None:
    store.save(drafted("other"))
    store.save(FOUND_BY[where])
    for question in ("wd", "W", "zq wd", "wd zq", "  wd\n", "Wd,zq", '"wd"'):
        assert ids(store, question) == ["x"], question
    for question in ("wdx", "wd missing", "q", "dz"):
        assert ids(store, question) == [], question


def test_words_that_were_changed_find_the_case_no_more(store: CaseStore) -> None:
    store.save(drafted("a", "Fever"))
    store.save(drafted("a", "Cough", draft=None))
    assert (ids(store, "fever"), ids(store, "cough")) == ([], ["a"])


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Müller", "muller"),
        ("muller", "MÜLLER"),
        (unicodedata.normalize("NFD", "Ångström"), "ångst"),
        ("STRASSE", "straße"),
        ("İstanbul", "istan"),
        ("Лихорадка", "лихор"),
        ("حُمَّى", "حمى"),
        ("बुखार", "बुख"),
        ("发烧三天", "发烧"),
        ("don't", "don't"),
        ("38.5°C", "38.5"),
        ("x" * 100, "x" * 90),
        ("a\x00b", "a\x00b"),
    ],
)
def test_case_and_accents_do_not_matter(store: CaseStore, text: str, question: str) -> None:
    store.save(drafted("a", text, draft=None))
    assert ids(store, question) == ["a"]


def test_vowel_signs_do_matter(store: CaseStore) -> None:
    store.save(drafted("a", "बुखार"))
    assert ids(store, "बखर") == []


HOSTILE = (
    '"', '""', "'", "\\", "*", "fever*", "^fever", "fever OR", "NOT", "AND OR NOT", "NEAR(fever cough, 2)",
    "words:fever",
    "-fever", "{words}: fever", "(", "fever AND (", "fever'; DROP TABLE cases; --", "%", "_", "\x00", "fe\x00ver",
    "\ud800", "fever \udcff", "🤒", "\u202e", "?", "?1", ":a", "x" * 1_000_000, "fever " * 200_000,
    " ".join(f"w{number}" for number in range(100_000)), "]]>", "٠", "ﬁ",
)  # fmt: skip


@pytest.mark.parametrize("question", HOSTILE, ids=lambda question: repr(question[:20]))
def test_any_question_is_only_words(store: CaseStore, question: str) -> None:
    store.save(drafted("a", "Fever"))
    assert ids(store, question) in ([], ["a"])
    store.save(drafted("b", question))
    assert "b" in ids(store, question)
    assert ids(store, "zzzz") == []
    assert len(ids(store)) == 2


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec=None), max_size=60))
def test_whatever_is_typed_is_kept_and_found(store: CaseStore, text: str) -> None:
    case = drafted("a", text)
    store.save(case)
    store.keep_working(case)
    if not any(unicodedata.category(character) == "Cs" for character in text):
        assert store.load("a") == case
    assert store.working() == store.load("a")
    assert ids(store, text) == ["a"]
    for word in text.split():
        assert ids(store, word[: 1 + len(word) // 2]) == ["a"]
