"""Words beyond the lexicon: near a name they are possible, counted nowhere, and never silent about a danger sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.encounter import Encounter, Finding, Presence
from medrag_desktop.domain.possible_finding import PossibleFinding
from medrag_desktop.domain.triage import DangerRule, NotAssessed
from medrag_desktop.ports import Lexicon, Vectors
from medrag_desktop.services.assess import Assessor, Versions
from medrag_desktop.services.library import Library
from medrag_desktop.services.possible import (
    MOST,
    Names,
    PossibleReader,
    names_of,
    says_the_opposite,
    unread_clauses,
)
from medrag_desktop.tasks import Task
from tests.fakes import FakeEncoder, FakeLexicon, MemoryPack, MemoryShelf
from tests.small_library import PASSAGES, VOCABULARY, ranker

LEXICON = FakeLexicon({"fever": "fever", "cough": "cough"})
MEANINGS = {
    "fever": ("hot as an oven", "body on fire", "burning body heat"),
    "rash": ("skin covered in spots", "spotty skin everywhere"),
    "cough.bloody": ("blood comes up from lungs",),
    "lower_abdominal_pain": ("belly hurts beneath", "belly does not hurt beneath"),
}


class MeaningEncoder(FakeEncoder):
    """Texts of one meaning have one direction; any other text its own."""

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        names = {name: finding for finding, name in names_of(VOCABULARY)}
        known = names | {text: finding for finding, said in MEANINGS.items() for text in said}
        return super()._vectors([known.get(text.casefold(), text) for text in texts])


def reader(lexicon: Lexicon = LEXICON, near: float = 0.9) -> PossibleReader:
    encoder, pairs = MeaningEncoder(), names_of(VOCABULARY)
    vectors = encoder.encode_questions([name for _, name in pairs], task=Task())
    return PossibleReader(encoder, lexicon, Names(pairs, vectors), near)


def read(text: str, *findings: Finding, complaint: str = "") -> tuple[PossibleFinding, ...]:
    encounter = Encounter(chief_complaint=complaint, history=text, findings=findings)
    encounter, observations, _ = ranker().triage(encounter)
    return reader().read(encounter, observations, task=Task())


def test_words_near_a_name_are_possible_and_keep_quote_and_place() -> None:
    text = "He has cough. Hot as an oven since dawn, and SKIN COVERED IN SPOTS!"
    (found,) = read(text)
    assert (found.finding, found.field, found.quote) == ("rash", "history", "SKIN COVERED IN SPOTS")
    assert text[found.start : found.end] == found.quote
    assert 0.9 <= found.similarity <= 1


def test_both_texts_are_read_in_order_and_a_finding_is_named_once() -> None:
    found = read("hot as an oven, skin covered in spots", complaint="Body on fire")
    assert [(each.finding, each.field) for each in found] == [("fever", "chief_complaint"), ("rash", "history")]


@pytest.mark.parametrize(
    "text",
    [
        "no skin covered in spots",
        "He denies skin covered in spots.",
        "His brother has skin covered in spots.",
        "If skin covered in spots, come back.",
        "skin covered in spots resolved last week",
        "skin covered in spots and cough",
        "spots",
        "skin covered in 3 spots",
        "skin covered in spots 40",
        "the skin is normal",
        "",
    ],
)
def test_what_is_not_said_of_the_patient_now_or_is_no_clause_makes_none(text: str) -> None:
    found = read(text)
    assert [each.finding for each in found] == (["rash"] if text == "skin covered in spots and cough" else [])


@pytest.mark.parametrize("presence", Presence)
def test_a_finding_that_the_form_decides_is_not_possible(presence: Presence) -> None:
    assert read("skin covered in spots", Finding("rash", presence)) == ()


def test_a_finding_that_another_one_implies_or_denies_is_not_possible() -> None:
    assert read("hot as an oven", Finding("fever.high")) == ()
    assert read("blood comes up from lungs", Finding("cough", Presence.ABSENT)) == ()
    assert [each.finding for each in read("blood comes up from lungs", Finding("cough"))] == ["cough.bloody"]


def test_words_that_say_the_opposite_of_a_name_make_none() -> None:
    assert [each.finding for each in read("belly hurts beneath")] == ["lower_abdominal_pain"]
    assert read("belly does not hurt beneath") == ()
    assert says_the_opposite("able to walk", "unable to walk")
    assert says_the_opposite("reflexes are decreased", "brisk reflexes")
    assert not says_the_opposite("cannot walk", "unable to walk")


def test_only_the_nearest_few_are_shown() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"[: MOST + 4]
    pairs = tuple((f"finding_{letter}", f"word{letter} thing{letter}") for letter in letters)
    encoder = FakeEncoder(dimension=4096)
    names = Names(pairs, encoder.encode_questions([name for _, name in pairs], task=Task()))
    text = ". ".join(name for _, name in pairs)
    encounter, observations, _ = ranker().triage(Encounter(history=text))
    found = PossibleReader(encoder, LEXICON, names).read(encounter, observations, task=Task())
    assert len(found) == MOST
    assert [each.start for each in found] == sorted(each.start for each in found)


@pytest.mark.parametrize("text", ["a" * 5000, "\0", "\ud800 \ud800", "(((((", ", , ,", "\n\n\n", "é ñ", "١٢ ٣٤"])
def test_any_text_can_be_read(text: str) -> None:
    assert read(text) == ()
    assert all(each.text.strip() for each in unread_clauses(Encounter(history=text), LEXICON))


def test_the_nearest_name_wins() -> None:
    names = Names((("a", "x"), ("b", "y")), np.eye(2, dtype=np.float32))
    ((finding, name, cosine),) = names.nearest(np.array([[0.6, 0.8]], dtype=np.float32))
    assert (finding, name) == ("b", "y")
    assert cosine == pytest.approx(0.8)


RULE = DangerRule("spots", "Look for meningitis.", Urgency.EMERGENCY, "Guide", all_of=("rash", "fever"))
OTHER = DangerRule("bleeding", "Stop the blood.", Urgency.URGENT, "Guide", all_of=("vaginal_bleeding",))
TEXT = Encounter(history="fever for two days, skin covered in spots")


def assessor(possible: PossibleReader | None, *rules: DangerRule) -> Assessor:
    whole = ranker()
    catalogue = replace(whole.catalogue, danger_rules=rules or (RULE, OTHER))
    library = Library(MemoryShelf(MemoryPack(PASSAGES)), FakeEncoder())
    return Assessor(replace(whole, catalogue=catalogue), library, None, Versions(), possible)


def test_a_possible_finding_changes_neither_signs_nor_ranking_nor_findings() -> None:
    plain = assessor(None).assess(TEXT, task=Task())
    draft = assessor(reader()).assess(TEXT, task=Task())
    assert [each.finding for each in draft.possible] == ["rash"]
    assert (plain.possible, draft.danger_signs) == ((), ())
    assert (draft.differential, draft.findings, draft.urgency) == (plain.differential, plain.findings, plain.urgency)


def test_a_rule_that_a_possible_finding_would_make_fire_is_not_assessed_and_says_why() -> None:
    draft = assessor(reader()).assess(TEXT, task=Task())
    needs = {each.id: each.needs for each in draft.danger_signs_not_assessed}
    assert needs["spots"][0] == 'confirm "skin covered in spots" (perhaps rash)'
    assert not any(need.startswith("confirm") for need in needs["bleeding"])


def test_a_broader_finding_of_a_rule_is_doubted_for_a_narrower_possible_one() -> None:
    rule = replace(RULE, all_of=(), any_of=("rash", "cough"))
    encounter = replace(TEXT, findings=(Finding("rash", Presence.ABSENT),), history="blood comes up from lungs")
    draft = assessor(reader(), rule).assess(encounter, task=Task())
    needs = {each.id: each.needs for each in draft.danger_signs_not_assessed}
    assert 'confirm "blood comes up from lungs" (perhaps bloody cough)' in needs["spots"]


def test_what_fired_already_is_not_to_be_confirmed() -> None:
    draft = assessor(reader(), replace(RULE, all_of=("fever",))).assess(
        replace(TEXT, findings=(Finding("fever"),)), task=Task()
    )
    assert [sign.id for sign in draft.danger_signs] == ["spots"]
    assert draft.danger_signs_not_assessed == ()


def test_a_rule_that_no_possible_finding_is_named_in_asks_for_all_of_them() -> None:
    whole = assessor(None).ranker
    possible = (PossibleFinding("cough", "hacking away", "history", 0, 12, 0.9),)
    encounter, _, signs = whole.triage(Encounter(history="hacking away"))
    assert whole.doubted(encounter, signs, ()) == signs
    assert all(isinstance(each, NotAssessed) for each in whole.doubted(encounter, signs, possible).not_assessed)
