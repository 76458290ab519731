from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.domain.vocabulary import make_vocabulary
from tests.builders import ABBREVIATIONS, make_test_vocabulary

LEXICON = AhoCorasickLexicon(make_test_vocabulary(), ABBREVIATIONS)


def read(text: str) -> list[tuple[str, str]]:
    return [(mention.finding, text[mention.start : mention.end]) for mention in LEXICON.mentions(text)]


@pytest.mark.parametrize(
    ("text", "finding", "quote"),
    [
        ("has a Fever.", "fever", "Fever"),
        ("FEVERS", "fever", "FEVERS"),
        ("headaches", "headache", "headaches"),
        ("pain in the chest", "chest_pain", "pain in the chest"),
        ("pain in chest", "chest_pain", "pain in chest"),
        ("chest-pain", "chest_pain", "chest-pain"),
        ("severe chest\npain", "chest_pain", "chest\npain"),
        ("diar-\nrhoea", "diarrhoea", "diar-\nrhoea"),
        ("diarrhea", "diarrhoea", "diarrhea"),
        ("dyspnea", "dyspnoea", "dyspnea"),
        ("SOB", "dyspnoea", "SOB"),
        ("CP", "chest_pain", "CP"),
        ("diarhoea", "diarrhoea", "diarhoea"),
        ("vomitting", "vomiting", "vomitting"),
        ("headahce", "headache", "headahce"),
        ("jaundise", "jaundice", "jaundise"),
        ("convulsons", "convulsions", "convulsons"),
        ("chset pain, cough", "cough", "cough"),
        ("not eating", "poor_intake", "not eating"),
        ("pain in the left chest", "chest_pain", "pain in the left chest"),
        ("chest is painful", "chest_pain", "chest is painful"),
        ("the chest hurts", "chest_pain", "chest hurts"),
        ("neck is stiff", "neck_stiffness", "neck is stiff"),
        ("can't drink", "unable_to_drink", "can't drink"),
    ],
)
def test_a_name_is_found_in_its_forms(text: str, finding: str, quote: str) -> None:
    assert read(text) == [(finding, quote)]


def test_a_misspelt_name_is_not_exact() -> None:
    assert [mention.exact for mention in LEXICON.mentions("vomiting, headahce")] == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        "feverfew",
        "coughed",
        "hash",
        "",
        "chest. Pain",
        "chest, pain",
        "Chest\nPain on walking",
        "pain in the side of the chest",
        "a hat with fit",
        "contusion",
    ],
)
def test_what_only_looks_like_a_name_is_not_found(text: str) -> None:
    assert read(text) == []


def test_the_longest_name_wins() -> None:
    assert [finding for finding, _ in read("productive cough and bloody diarrhoea")] == [
        "cough.productive",
        "diarrhoea.bloody",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("afebrile", [("fever", "afebrile", True)]),
        ("anicteric", [("jaundice", "anicteric", True)]),
        (
            "non-bloody diarrhoea",
            [("diarrhoea.bloody", "non-bloody", True), ("diarrhoea", "diarrhoea", False)],
        ),
        (
            "nonbilious vomiting",
            [("vomiting.bilious", "nonbilious", True), ("vomiting", "vomiting", False)],
        ),
    ],
)
def test_words_that_deny(text: str, expected: list[tuple[str, str, bool]]) -> None:
    found = [(m.finding, text[m.start : m.end], m.negated) for m in LEXICON.mentions(text)]
    assert found == expected


def test_two_kinds_of_one_finding_may_share_words() -> None:
    assert read("crushing chest pain going to the arm") == [
        ("chest_pain.pressure", "crushing chest pain"),
        ("chest_pain.radiating", "chest pain going to the arm"),
    ]


def test_findings_that_have_nothing_in_common_share_no_words() -> None:
    extra = '[findings."one"]\nlabel = "recent loss"\nkind = "symptom"\n'
    extra += '[findings."two"]\nlabel = "loss of appetite"\nkind = "symptom"\n'
    lexicon = AhoCorasickLexicon(make_test_vocabulary(extra), {})
    assert [m.finding for m in lexicon.mentions("recent loss of appetite")] == ["two"]


def test_two_names_of_the_same_finding_count_once() -> None:
    extra = '[findings."dm"]\nlabel = "type 2 sugar"\nkind = "history"\nsynonyms = ["sugar sickness"]\n'
    lexicon = AhoCorasickLexicon(make_test_vocabulary(extra), {})
    assert [m.finding for m in lexicon.mentions("type 2 sugar sickness")] == ["dm"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("has lost 7 kg", [("weight_loss", "lost 7 kg")]),
        ("lost about 7.5kg of weight", [("weight_loss", "lost about 7.5kg of weight")]),
        ("lost 10-12 pounds", [("weight_loss", "lost 10-12 pounds")]),
        ("weight down 5 kg", [("weight_loss", "weight down 5 kg")]),
        ("weight is down by 5 kgs", [("weight_loss", "weight is down by 5 kgs")]),
        ("lost 7 friends, weighs 5 kg", []),
        ("frequency and urgency", [("urinary_frequency", "frequency"), ("urinary_urgency", "urgency")]),
        ("urgency, frequency", [("urinary_urgency", "urgency"), ("urinary_frequency", "frequency")]),
        ("urinary frequency", [("urinary_frequency", "urinary frequency")]),
        ("bowel urgency", []),
        ("no change in the frequency of attacks", []),
    ],
)
def test_words_around_a_number_and_words_in_company(text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text) == expected


def test_an_abbreviation_of_two_findings_gives_both() -> None:
    extra = '[findings."nausea"]\nlabel = "nausea"\nkind = "symptom"\n'
    lexicon = AhoCorasickLexicon(make_test_vocabulary(extra), ABBREVIATIONS)
    found = [(m.finding, m.start, m.end) for m in lexicon.mentions("c/o N/V x3")]
    assert found == [("nausea", 4, 7), ("vomiting", 4, 7)]


def test_an_abbreviation_within_a_name_is_opened_on_both_sides() -> None:
    extra = '[findings."lying"]\nlabel = "x"\nkind = "symptom"\n'
    extra += 'synonyms = ["shortness of breath lying flat", "SOB at rest"]\n'
    lexicon = AhoCorasickLexicon(make_test_vocabulary(extra), ABBREVIATIONS)
    for text in ("SOB lying flat", "shortness of breath at rest", "sob at rest"):
        assert [m.finding for m in lexicon.mentions(text)] == ["lying"]


def test_a_library_without_abbreviations_or_findings() -> None:
    assert AhoCorasickLexicon(make_test_vocabulary(), {}).mentions("SOB") == ()
    assert AhoCorasickLexicon(make_vocabulary([]), {}).mentions("fever") == ()


def test_a_label_wins_over_the_synonym_of_another() -> None:
    extra = '[findings."aaa"]\nlabel = "zzz"\nkind = "symptom"\nsynonyms = ["rash"]\n'
    lexicon = AhoCorasickLexicon(make_test_vocabulary(extra), {})
    assert [m.finding for m in lexicon.mentions("rash")] == ["rash"]


_WORDS = [
    "fever",
    "non",
    "-",
    "\n",
    "cough",
    "productive",
    ",",
    ".",
    "bloody",
    "diarrhoea",
    "N/V",
    "\u062d\u0645\u0649",
    "afebrile",
    "crushing",
    "chest",
    "pain",
    "going to the arm",
    "lost 5 kg",
    "frequency and urgency",
]


@given(st.text() | st.lists(st.sampled_from(_WORDS), max_size=20).map(" ".join))
def test_any_text_gives_ordered_mentions_that_lie_in_it(text: str) -> None:
    found = LEXICON.mentions(text)
    assert all(0 <= m.start < m.end <= len(text) for m in found)
    assert [m.start for m in found] == sorted(m.start for m in found)
    for first, second in pairwise(found):
        apart = first.start <= second.start and first.end <= second.end
        assert apart
        assert (first.start, first.end, first.finding) != (second.start, second.end, second.finding)
