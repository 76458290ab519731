from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.domain.encounter import Encounter, Presence
from medrag_desktop.domain.vocabulary import make_vocabulary, parse_findings
from medrag_desktop.services.extract import extract_findings

NAMES = {
    "poor_vision": ["poor vision"],
    "foul_discharge": ["discharge smells bad"],
    "chest_pain": ["chest pain"],
    "chest_pain.on_breathing": ["sharp chest pain on breathing"],
    "knee_swelling": ["knee swelling"],
    "sleeplessness": ["lies awake all night"],
    "travel": ["came back"],
}
TOML = "\n".join(f'[findings."{i}"]\nlabel = "{names[0]}"\nkind = "symptom"\n' for i, names in NAMES.items())
COMMON = "\n".join(
    f'[findings."common_{number}"]\nlabel = "back {word}"\nkind = "symptom"\n'
    f'[findings."other_{number}"]\nlabel = "came {word}"\nkind = "symptom"\n'
    for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split())
)
VOCABULARY = make_vocabulary(parse_findings(TOML + COMMON, "general"))
LEXICON = AhoCorasickLexicon(VOCABULARY, {})


def read(history: str) -> set[str]:
    found = extract_findings(Encounter(history=history), LEXICON, VOCABULARY)
    return {("+" if f.presence is Presence.PRESENT else "-") + f.finding for f in found}


@pytest.mark.parametrize(
    ("history", "wanted"),
    [
        ("the vision has become poor", "+poor_vision"),
        ("vision worse, poor man", ""),
        ("vision and poor", ""),
        ("A discharge that smells really bad", "+foul_discharge"),
        ("No discharge that smells bad", "-foul_discharge"),
        ("The pain in the chest is sharp and worse", "+chest_pain"),
        ("On breathing in, chest pain", "+chest_pain"),
        ("chest pain, which is sharp on breathing", "+chest_pain"),
        ("sharp breathing pain in chest", "+chest_pain +chest_pain.on_breathing"),
        ("swelling of the foot and the knee", ""),
        ("swelling in the foot below the knee", ""),
        ("at night she lies all awake", "+sleeplessness"),
        ("the back came off", ""),
    ],
)
def test_words_of_a_name_may_stand_apart(history: str, wanted: str) -> None:
    assert read(history) == set(wanted.split())


def test_the_quote_goes_from_the_first_to_the_last_word() -> None:
    text = "Now the vision has become poor."
    (mention,) = LEXICON.mentions(text)
    assert text[mention.start : mention.end] == "vision has become poor"


@given(
    st.lists(st.sampled_from("vision poor chest pain sharp no , . and knee swelling back came".split()), max_size=12)
)
def test_mentions_stand_in_order_within_the_text(words: list[str]) -> None:
    text = " ".join(words)
    mentions = LEXICON.mentions(text)
    assert list(mentions) == sorted(mentions, key=lambda m: (m.start, m.end))
    assert all(0 <= m.start < m.end <= len(text) for m in mentions)
