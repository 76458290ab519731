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
[findings."chest_pain"]
label = "chest pain"
kind = "symptom"
[findings."chest_pain.to_back"]
label = "chest pain going to the back"
kind = "symptom"
qualifiers = ["goes through to the back", "radiating to the back"]
[findings."chest_pain.on_coughing"]
label = "chest pain on coughing"
kind = "symptom"
qualifiers = ["worse with cough"]
[findings."abdominal_pain"]
label = "abdominal pain"
kind = "symptom"
[findings."abdominal_pain.to_back"]
label = "abdominal pain going to the back"
kind = "symptom"
qualifiers = ["goes through to the back", "radiating to the back"]
[findings."cough"]
label = "cough"
kind = "symptom"
""",
        "general",
    )
)
LEXICON = AhoCorasickLexicon(VOCABULARY, {})


def read(history: str, complaint: str = "") -> set[str]:
    found = extract_findings(Encounter(chief_complaint=complaint, history=history), LEXICON, VOCABULARY)
    return {("+" if f.presence is Presence.PRESENT else "-") + f.finding for f in found}


@pytest.mark.parametrize(
    ("history", "wanted"),
    [
        ("Chest pain since morning. It goes through to the back.", "+chest_pain +chest_pain.to_back"),
        ("Abdominal pain. It is radiating to the back.", "+abdominal_pain +abdominal_pain.to_back"),
        (
            "Chest pain last week, now abdominal pain radiating to the back",
            "+chest_pain +abdominal_pain +abdominal_pain.to_back",
        ),
        ("Chest pain, it does not go far. Not radiating to the back.", "+chest_pain -chest_pain.to_back"),
        ("Chest pain, non radiating to the back", "+chest_pain -chest_pain.to_back"),
        ("No chest pain radiating to the back", "-chest_pain"),
        ("It goes through to the back", ""),
        ("Cough. It goes through to the back", "+cough"),
        ("Chest pain, worse with cough", "+chest_pain +chest_pain.on_coughing"),
    ],
)
def test_words_belong_to_the_finding_named_before_them(history: str, wanted: str) -> None:
    assert read(history) == set(wanted.split())


def test_the_complaint_is_what_the_history_goes_on_about() -> None:
    assert "+abdominal_pain.to_back" in read("Since morning. It goes through to the back.", "Abdominal pain")
    assert not read("Goes through to the back.", "No abdominal pain") & {"+abdominal_pain.to_back"}


def test_the_words_are_quoted_where_they_stand() -> None:
    history = "Chest pain. It goes through to the back."
    found = extract_findings(Encounter(history=history), LEXICON, VOCABULARY)
    quoted = next(f for f in found if f.finding == "chest_pain.to_back")
    assert history[quoted.start : quoted.end] == quoted.quote == "goes through to the back"


@given(st.text(max_size=120))
def test_any_text_is_read(text: str) -> None:
    for finding in extract_findings(Encounter(history=f"chest pain {text} radiating to the back"), LEXICON, VOCABULARY):
        assert finding.finding in VOCABULARY
