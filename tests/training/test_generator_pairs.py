"""Library pairs ask for what may be written, of patients who could be, and leave what is held out alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from tokenizers import Tokenizer

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.copy_grammar import CopyGrammar, Words, fixed_words
from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.adapters.source_layout import lay_out, load_tokenizer, target_ids, word_piece_tokenizer
from medrag_desktop.domain.encounter import Encounter, Finding, Patient, Presence, Sex
from medrag_desktop.domain.grounding import NOT_STATED, holds_dose, split_sentences
from medrag_desktop.domain.observations import observe
from medrag_desktop.domain.querying import context_line
from medrag_desktop.training.bart_copy import base_model_folder
from medrag_desktop.training.datasets import Answered, Pair, held_out
from medrag_desktop.training.generator_pairs import (
    LIBRARY_SHARE,
    ONE_IN,
    LibraryPairs,
    Teacher,
    TopicPairs,
    library_held_out,
    with_library,
)
from medrag_desktop.training.synthetic_encounters import TRAINED, draw_encounter, listed, questioned

pytestmark = pytest.mark.train
LIBRARY = Path(__file__).resolve().parents[2] / "assets" / "library"
CATALOGUE = load_catalogue(LIBRARY)
TEACHER = Teacher(CATALOGUE, AhoCorasickLexicon(CATALOGUE.vocabulary, CATALOGUE.abbreviations))


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    source, random = LibraryPairs(CATALOGUE, CATALOGUE.conditions, TRAINED, TEACHER), Random(2)
    return [source.draw(random) for _ in range(400)]


def test_a_pair_is_a_function_of_the_random_state() -> None:
    source = LibraryPairs(CATALOGUE, CATALOGUE.conditions, TRAINED, TEACHER)
    assert [source.draw(Random(5)) for _ in range(3)] == [source.draw(Random(5))] * 3


def test_nearly_every_target_can_be_written_by_the_automaton(pairs: list[Pair]) -> None:
    tokenizer = word_piece_tokenizer(load_tokenizer(base_model_folder() / "tokenizer.json").get_vocab())
    words = fixed_words(tokenizer)
    # other wordings than the program's own do not say which findings are present
    known = [pair for pair in pairs if "present: " in pair.context]
    assert len(known) > 100
    # a passage that does not fit whole into the source loses its last sentence
    assert sum(can_be_written(pair, tokenizer, words) for pair in known) >= 0.97 * len(known)


def can_be_written(pair: Pair, tokenizer: Tokenizer, words: Words) -> bool:
    source = lay_out(tokenizer, pair.section, pair.context, pair.passage)
    grammar = CopyGrammar(words, source, pair.section, pair.context, pair.passage)
    states = grammar.start()
    for piece in target_ids(tokenizer, pair.target):
        allowed = grammar.next(states)
        if piece not in allowed:
            return False
        states = allowed[piece]
    return True


def test_no_target_holds_a_dose_and_each_general_part_stands_in_the_passage(pairs: list[Pair]) -> None:
    for pair in pairs:
        assert not holds_dose(pair.target)
        if pair.target != NOT_STATED:
            general = pair.target.partition("; ")[2] if pair.target.startswith(("This p", "There is")) else pair.target
            assert general.lower() in " ".join(split_sentences(pair.passage)).lower()


def test_every_section_is_asked_and_each_answer_given(pairs: list[Pair]) -> None:
    assert len({pair.section for pair in pairs}) == 8
    assert 0.05 < sum(pair.target == NOT_STATED for pair in pairs) / len(pairs) < 0.5
    assert any(pair.target.startswith("This patient has ") for pair in pairs)
    assert any(pair.target.startswith("There is no ") for pair in pairs)


def test_the_programs_wording_is_the_one_trained_on() -> None:
    encounter = draw_encounter(CATALOGUE.by_id["measles"], CATALOGUE.conditions, Random(4))
    seen = observe(encounter, (), CATALOGUE.vocabulary, CATALOGUE.normal_ranges)
    expected = context_line("Measles", encounter, seen.stated, CATALOGUE.vocabulary)
    assert listed("Measles", encounter, seen, CATALOGUE.vocabulary.label) == expected


def encounter_of(age: float, *present: str, absent: tuple[str, ...] = (), pregnant: bool | None = None) -> Encounter:
    findings = [*map(Finding, present), *(Finding(f, Presence.ABSENT) for f in absent)]
    return Encounter(Patient(age_years=age, sex=Sex.FEMALE, pregnant=pregnant), findings=tuple(findings))


def taught(section: str, passage: str, encounter: Encounter) -> str:
    seen = observe(encounter, (), CATALOGUE.vocabulary, CATALOGUE.normal_ranges)
    name = CATALOGUE.vocabulary.label
    context = listed("Measles", encounter, seen, name)
    return TEACHER.target(
        section, passage, context, {f.finding: name(f.finding) for f in seen.stated}, seen, encounter.patient
    )


PASSAGE = (
    "Measles spreads easily. Adults may have a headache. Children may have diarrhoea. It has no itch, unlike scabies."
)


def test_the_teacher_takes_the_sentence_that_names_what_the_patient_has() -> None:
    assert taught("Management", PASSAGE, encounter_of(4, "diarrhoea")) == "Children may have diarrhoea."


def test_the_teacher_never_takes_a_sentence_about_another_age_group() -> None:
    assert "Children" not in taught("Management", PASSAGE, encounter_of(40, "diarrhoea"))
    assert "Adults" not in taught("Management", PASSAGE, encounter_of(4, "headache"))


def test_an_assessment_restates_the_findings_it_rests_on() -> None:
    text = taught("Assessment", PASSAGE, encounter_of(4, "cough", "diarrhoea"))
    assert text == "This patient has diarrhoea; children may have diarrhoea."


def test_what_does_not_fit_needs_an_absent_finding() -> None:
    missing = taught("What does not fit", PASSAGE, encounter_of(4, "cough", absent=("diarrhoea",)))
    assert missing == "There is no diarrhoea; children may have diarrhoea."
    assert taught("What does not fit", PASSAGE, encounter_of(4, "diarrhoea")) == NOT_STATED


def test_a_dose_leaves_nothing_to_say() -> None:
    assert taught("Management", "Give 250 mg of it three times a day.", encounter_of(4, "fever")) == NOT_STATED


def test_what_is_held_out_is_not_trained_on() -> None:
    class Nothing:
        def draw(self, random: Random) -> Pair | None:
            return None

    mixture, random = with_library(Nothing(), LIBRARY), Random(1)
    kept_back = [c.name for c in CATALOGUE.conditions if held_out(c.id, ONE_IN)]
    assert len(kept_back) > len(CATALOGUE.conditions) / 10
    assert 0 < LIBRARY_SHARE < 1
    contexts = [mixture.draw(random).context for _ in range(300)]
    assert not any(context.startswith(f"{name}:") for context in contexts for name in kept_back)
    assert not any("Denied:" in context for context in contexts)


def test_topics_of_the_corpora_are_asked_what_a_draft_asks() -> None:
    told = (
        "Gout brings joint pain at night.",
        "A fever may come with it.",
        "Some have a rash on the legs.",
        "It was named long ago.",
    )
    library = LibraryPairs(CATALOGUE, CATALOGUE.conditions, TRAINED, TEACHER)
    source, random = TopicPairs(library, [Answered("What is gout?", "Gout", "symptoms", told, "1")]), Random(3)
    pairs = [source.draw(random) for _ in range(60)]
    assert {p.target.rpartition("; ")[2].lower() for p in pairs if p.target != NOT_STATED} <= {
        t.lower() for t in told
    } | {f"{one} {two}".lower() for one, two in pairwise(told)}
    assert len({pair.target for pair in pairs}) > 5
    assert any("Gout" in pair.context for pair in pairs)


def test_the_held_out_sets_are_fixed_and_hold_only_what_is_held_out() -> None:
    sets = dict(library_held_out(LIBRARY, 10))
    assert sets == dict(library_held_out(LIBRARY, 10))
    assert all("Denied:" in pair.context for pair in sets["conditions and wording"])
    assert questioned not in TRAINED


def test_patients_are_possible(pairs: list[Pair]) -> None:
    for seed in range(200):
        random = Random(seed)
        condition = random.choice(CATALOGUE.conditions)
        encounter = draw_encounter(condition, CATALOGUE.conditions, random)
        patient = encounter.patient
        assert patient.age_years is not None
        assert not (patient.pregnant and (patient.sex is not Sex.FEMALE or patient.age_years < 12))
        assert len({f.finding for f in encounter.findings}) == len(encounter.findings)
        if condition.affects.pregnancy == "only":
            assert patient.pregnant
