from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.domain.encounter import Encounter, Presence
from medrag_desktop.domain.vocabulary import make_vocabulary, parse_findings
from medrag_desktop.services.extract import extract_findings

VOCABULARY = make_vocabulary(
    parse_findings(
        """
[findings."crackles"]
label = "crackles"
kind = "sign"
denied_by = ["lungs clear", "clear chest"]
[findings."wheeze"]
label = "wheeze"
kind = "sign"
denied_by = ["lungs clear"]
[findings."poor_feeding"]
label = "poor feeding"
kind = "symptom"
synonyms = ["not feeding well"]
denied_by = ["feeding well"]
[findings."history.smoking"]
label = "smoking"
kind = "history"
denied_by = ["never smoked"]
[findings."fever"]
label = "fever"
kind = "symptom"
""",
        "general",
    )
)
LEXICON = AhoCorasickLexicon(VOCABULARY, {})


def read(encounter: Encounter) -> set[str]:
    found = extract_findings(encounter, LEXICON, VOCABULARY)
    return {("+" if f.presence is Presence.PRESENT else "-") + f.finding for f in found}


@pytest.mark.parametrize(
    ("history", "wanted"),
    [
        ("Fever. Lungs clear.", "+fever -crackles -wheeze"),
        ("The lungs are clear, no fever", "-fever -crackles -wheeze"),
        ("No fever, lungs clear", "-fever -crackles -wheeze"),
        ("Lungs clear, fever last week", "-crackles -wheeze +fever"),
        ("feeding well", "-poor_feeding"),
        ("not feeding well", "+poor_feeding"),
        ("not now feeding well", "+poor_feeding"),
        ("has not been seen feeding well", ""),
        ("no fever lungs clear", "-fever -crackles -wheeze"),
        ("return if not lungs clear", ""),
        ("lungs clear but crackles at the base", "+crackles -wheeze"),
        ("His brother has never smoked", ""),
        ("never smoked", "-history.smoking"),
    ],
)
def test_words_for_the_normal_state_deny(history: str, wanted: str) -> None:
    assert read(Encounter(history=history)) == set(wanted.split())


def test_what_was_normal_in_the_past_history_never_becomes_a_finding() -> None:
    assert not {f for f in read(Encounter(past_history=("previously never smoked",))) if f.startswith("+")}


_AROUND = st.lists(st.sampled_from("not no non or never denies was until only ? : , .".split())).map(" ".join)


@given(_AROUND, _AROUND)
def test_words_for_the_normal_state_never_state_a_finding(before: str, after: str) -> None:
    assert not {f for f in read(Encounter(history=f"{before} lungs clear {after}")) if f.startswith("+")}
