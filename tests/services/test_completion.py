from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.domain.vocabulary import FindingDefinition, make_vocabulary
from medrag_desktop.services.completion import SHOWN, Completer
from tests.builders import ABBREVIATIONS, make_test_vocabulary

LIBRARY = Path(__file__).resolve().parents[2] / "assets" / "library"
COMPLETER = Completer(make_test_vocabulary(), ABBREVIATIONS)


@pytest.fixture(scope="module")
def real() -> Completer:
    catalogue = load_catalogue(LIBRARY)
    return Completer(catalogue.vocabulary, catalogue.abbreviations)


def first(typed: str) -> str:
    return next((match.finding for match in COMPLETER.complete(typed)), "")


@pytest.mark.parametrize(
    ("typed", "finding"),
    [
        ("feb", "fever"),
        ("FEVER", "fever"),
        ("  fever  ", "fever"),
        ("fevre", "fever"),
        ("diarhoea", "diarrhoea"),
        ("diarrhoae", "diarrhoea"),
        ("dyspnea", "dyspnoea"),
        ("nek stiffness", "neck_stiffness"),
        ("stiffness neck", "neck_stiffness"),
        ("cough prod", "cough.productive"),
        ("sob", "dyspnoea"),
        ("SOB", "dyspnoea"),
        ("rahs", "rash"),
        ("siezure", "convulsions"),
        ("crush", "chest_pain.pressure"),
        ("family sugar", "history.family_diabetes"),
    ],
)
def test_what_is_meant_comes_first(typed: str, finding: str) -> None:
    assert first(typed) == finding


def test_the_synonym_that_fits_is_shown_and_a_label_is_not_repeated() -> None:
    by_synonym, by_label = COMPLETER.complete("breathlessn")[0], COMPLETER.complete("shortness")[0]
    assert (by_synonym.label, by_synonym.matched, by_synonym.kind) == (
        "shortness of breath",
        "breathlessness",
        "symptom",
    )
    assert by_label.matched == ""


def test_a_name_that_begins_so_comes_before_one_that_is_like_it() -> None:
    findings = [match.finding for match in COMPLETER.complete("cough")]
    assert findings[0] == "cough"
    assert set(findings) == {"cough", "cough.productive", "cough.prolonged"}


@pytest.mark.parametrize("typed", ["", "   ", "xqzw", "\x00", "...", "💉"])
def test_nothing_fits_what_is_no_finding(typed: str) -> None:
    assert COMPLETER.complete(typed) == ()


def test_accents_and_marks_are_no_hindrance() -> None:
    vocabulary = make_vocabulary((FindingDefinition("sjoegren", "Sjögren's dry-eye", "history", "test"),))
    completer = Completer(vocabulary)
    assert [m.finding for m in completer.complete("sjogren s dry eye")] == ["sjoegren"]
    assert [m.finding for m in completer.complete("Sjögren")] == ["sjoegren"]


@given(st.text(max_size=200))
def test_any_text_gives_at_most_eight_different_findings(typed: str) -> None:
    found = [match.finding for match in COMPLETER.complete(typed)]
    assert len(found) == len(set(found)) <= SHOWN


def test_every_label_of_the_library_finds_its_finding(real: Completer) -> None:
    catalogue = load_catalogue(LIBRARY)
    lost = [
        d.label
        for d in catalogue.vocabulary.definitions.values()
        if d.id not in [match.finding for match in real.complete(d.label)]
    ]
    assert lost == []


def test_a_label_with_a_slip_is_still_found(real: Completer) -> None:
    catalogue = load_catalogue(LIBRARY)
    lost, tried = [], 0
    for d in catalogue.vocabulary.definitions.values():
        words = d.label.split()
        longest = max(words, key=len)
        if len(longest) < 6 or not longest.isalpha():
            continue
        tried += 1
        slipped = longest[:2] + longest[3] + longest[2] + longest[4:]
        typed = " ".join(slipped if word == longest else word for word in words)
        lost += [typed] * (d.id not in [match.finding for match in real.complete(typed)])
    assert tried > 400
    assert len(lost) <= tried // 50, lost


def test_a_keystroke_in_the_whole_library_costs_milliseconds(real: Completer) -> None:
    typed = "shortness of breth", "diarhea", "convulsins", "high fever", "neck stif", "s"
    spent = []
    for words in typed:
        for end in range(1, len(words) + 1):
            start = time.process_time()
            real.complete(words[:end])
            spent.append(time.process_time() - start)
    # the goal is 5 ms; on a busy computer twice and three times that are seen, which nobody who types notices
    assert sorted(spent)[len(spent) // 2] < 0.03
