from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.draft import Section, Statement, StatementOrigin
from medrag_desktop.domain.encounter import Encounter, Sex
from medrag_desktop.domain.evidence import Hit
from medrag_desktop.domain.generation import WordOrigin
from medrag_desktop.domain.grounding import holds_dose
from medrag_desktop.domain.medicine import parse_medicines
from medrag_desktop.domain.vocabulary import FindingDefinition, make_vocabulary
from medrag_desktop.errors import Cancelled
from medrag_desktop.services.drafting import (
    PLANS,
    Brief,
    Drafted,
    References,
    draft_sections,
    facts_of,
    plan_slots,
    summary,
)
from medrag_desktop.tasks import Task
from tests.fakes import FakeGenerator, generated
from tests.small_library import PASSAGES, VOCABULARY, absent, encounter, passage, present, ranker, seen

CASE = encounter(*present("fever", "rash", "koplik_spots"), *absent("cough"), age_years=5)
TITLES = tuple(plan.title for plan in PLANS)


def hits(*extra: Hit) -> dict[str, list[Hit]]:
    found: dict[str, list[Hit]] = {}
    for hit in (*extra, *(Hit(p, 0.5, 0.8) for p in PASSAGES)):
        found.setdefault(hit.passage.condition, []).append(hit)
    return found


def drafted(
    generator: FakeGenerator | None = None,
    *extra: Hit,
    case: Encounter = CASE,
    references: References | None = None,
    medicines: str = "",
) -> Drafted:
    ours = ranker()
    observations = seen(case)
    candidates = ours.rank(case, observations).candidates
    slots = plan_slots(candidates, hits(*extra))
    catalogue = replace(ours.catalogue, medicines=parse_medicines(medicines))
    known = Brief(case, observations, catalogue, ours.lexicon)
    return draft_sections(slots, known, references or References(), generator, seed=0, task=Task())


def statements(result: Drafted, title: str) -> list[Statement]:
    return [s for section in result.sections if section.title == title for s in section.statements]


def texts(result: Drafted) -> list[str]:
    return [s.text for section in result.sections for s in section.statements]


def test_without_a_generator_the_best_sentences_are_quoted_and_cited() -> None:
    references = References()
    result = drafted(references=references)
    said = statements(result, "Assessment")
    assert said[0].text == "Measles is a contagious viral illness with fever and rash."
    by_number = {cited.number: cited.passage.text for cited in references.cited.values()}
    for section in result.sections:
        for statement in section.statements:
            assert statement.origin is StatementOrigin.EXTRACTED
            assert statement.citations
            assert all(statement.text in by_number[number] for number in statement.citations)


def test_no_dose_in_any_extracted_statement() -> None:
    assert (
        statements(drafted(), "Management")[0].text == "Vitamin A is given in measles, dose by the national guideline."
    )
    assert not any(holds_dose(text) for text in texts(drafted()))


def test_a_supported_text_is_shown_as_generated_with_its_origins() -> None:
    generator = FakeGenerator()
    text = "This patient has fever; measles begins with high fever and cough."
    origins = (WordOrigin(17, 22, -1, 30, 35, 0.9), WordOrigin(24, 31, 1, 0, 7, 0.9))
    generator.enqueue("Assessment", generated(text, source=1, responsibilities=(0.3, 0.7), origins=origins))
    references = References()
    (said, *_) = statements(drafted(generator, references=references), "Assessment")
    assert said.text == text
    assert said.origin is StatementOrigin.GENERATED
    by_number = {cited.number: cited.passage.text for cited in references.cited.values()}
    (number,) = said.citations
    assert by_number[number].startswith("Measles begins")
    assert [(o.start, o.end, o.source) for o in said.word_origins] == [(17, 22, 0), (24, 31, number)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("This patient has cough; measles begins with high fever and cough.", "encounter"),
        ("There is no fever; measles begins with high fever and cough.", "encounter"),
        ("This patient has jaundice; measles begins with high fever and cough.", "encounter"),
        ("Give 200 mg now.", "dose"),
        ("Measles begins with cough.", "word for word"),
        ("Measles is caused by a bacterium.", "word for word"),
    ],
)
def test_what_is_not_supported_is_withheld_with_its_reason_and_replaced_by_a_quotation(text: str, reason: str) -> None:
    generator = FakeGenerator()
    generator.enqueue("Assessment", text)
    result = drafted(generator)
    assert text not in texts(result)
    assert [w.section for w in result.withheld] == ["Assessment"]
    assert reason in result.withheld[0].reason
    assert statements(result, "Assessment")[0].origin is StatementOrigin.EXTRACTED


def test_a_generated_sentence_about_other_patients_is_withheld_whatever_opens_it() -> None:
    sentence = "Pregnant women with measles are referred."
    extra = Hit(passage("measles", "In brief", sentence, 2), 0.9, 0.9)
    generator = FakeGenerator()
    generator.enqueue("Assessment", f"This patient has fever; {sentence[0].lower()}{sentence[1:]}")
    child = replace(CASE, patient=replace(CASE.patient, sex=Sex.FEMALE))
    result = drafted(generator, extra, case=child)
    assert "another group" in result.withheld[0].reason
    assert not any("regnant" in text for text in texts(result))


def test_the_passage_it_was_written_from_is_cited_first_and_only_holders_are() -> None:
    twin = "Measles is a contagious viral illness with fever and rash."
    extra = Hit(passage("measles", "In brief", f"Some other words stand here first. {twin}", 3), 0.9, 0.9)
    generator = FakeGenerator()
    generator.enqueue("Assessment", generated(twin, source=1, responsibilities=(0.1, 0.9)))
    references = References()
    (said, *_) = statements(drafted(generator, extra, references=references), "Assessment")
    cited = {c.number: c.passage.id for c in references.cited.values()}
    assert [cited[n] for n in said.citations] == ["condition/measles#in-brief.1"]
    generator.enqueue("Assessment", generated(twin, source=0, responsibilities=(0.5, 0.5)))
    (said, *_) = statements(drafted(generator, extra), "Assessment")
    assert len(said.citations) == 2


def test_a_citation_rests_on_a_whole_sentence_not_on_words_within_another() -> None:
    inside = "It is untrue that rash spreads by air: rash is common in measles. Other words."
    extra = Hit(passage("measles", "In brief", inside, 4), 0.9, 0.9)
    twin = Hit(passage("measles", "In brief", "Rash is common in measles.", 5), 0.8, 0.9)
    generator = FakeGenerator()
    generator.enqueue("Assessment", generated("Rash is common in measles.", responsibilities=(0.5, 0.5)))
    references = References()
    (said, *_) = statements(drafted(generator, extra, twin, references=references), "Assessment")
    cited = {c.number: c.passage.id for c in references.cited.values()}
    assert [cited[n] for n in said.citations] == ["condition/measles#in-brief.5"]


def test_what_does_not_fit_names_a_missing_finding_that_speaks_against_the_candidate() -> None:
    said = statements(drafted(), "What does not fit")
    assert [s.text for s in said][:1] == ["Measles begins with high fever and cough."]
    fits = replace(CASE, findings=present("fever", "rash", "koplik_spots", "cough"))
    assert statements(drafted(case=fits), "What does not fit") == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("There is no cough; measles begins with high fever and cough.", True),
        ("There is no cough; rash follows after some days.", False),
        ("There is no lower abdominal pain; measles begins with high fever and cough.", False),
        ("This patient has fever; rash follows after some days.", False),
    ],
)
def test_what_is_generated_there_names_it_in_the_passage(text: str, shown: bool) -> None:
    generator = FakeGenerator()
    generator.enqueue("What does not fit", text)
    result = drafted(generator, case=replace(CASE, findings=(*CASE.findings, *absent("lower_abdominal_pain"))))
    assert (text in texts(result)) == shown
    assert any("restates" in w.reason for w in result.withheld) != shown


def test_an_opening_and_its_sentence_name_the_same_finding() -> None:
    generator = FakeGenerator()
    generator.enqueue("Assessment", "This patient has fever; measles spreads by air.")
    result = drafted(generator)
    assert not any(text.startswith("This patient has fever") for text in texts(result))


MEDICINES = """
[medicines.vitamin_a]
[medicines.aspirin]
"""
VITAMIN = "Vitamin A is given in measles, dose by the national guideline."
REST = Hit(passage("measles", "Management", f"{VITAMIN} Rest and drinks help in measles.", 6), 0.9, 0.9)


@pytest.mark.parametrize("written", [None, VITAMIN])
def test_a_sentence_with_a_wrong_medicine_is_withheld_and_the_next_one_takes_its_place(written: str | None) -> None:
    generator = FakeGenerator()
    if written:
        generator.enqueue("Management", written)
    allergic = replace(CASE, allergies=("vitamin A",))
    result = drafted(generator if written else None, REST, case=allergic, medicines=MEDICINES)
    assert statements(result, "Management")[0].text == "Rest and drinks help in measles."
    assert {(w.section, w.reason) for w in result.withheld} == {
        ("Management", "Names Vitamin A, but an allergy to vitamin A is recorded.")
    }
    other = drafted(None, REST, case=replace(CASE, allergies=("aspirin",)), medicines=MEDICINES)
    assert statements(other, "Management")[0].text == VITAMIN
    assert other.withheld == ()


@pytest.mark.parametrize("written", [None, VITAMIN])
def test_a_medicine_without_facts_is_told_beside_its_sentence(written: str | None) -> None:
    generator = FakeGenerator()
    if written:
        generator.enqueue("Management", written)
    said = statements(drafted(generator if written else None, REST, medicines=MEDICINES), "Management")
    assert (said[0].text, said[0].unchecked) == (
        VITAMIN,
        "Not checked beyond allergies (no facts in this library): Vitamin A.",
    )
    assert not any(s.unchecked for s in said[1:])


def test_a_warning_against_a_medicine_stands() -> None:
    warning = "Aspirin is never given to children with measles."
    extra = Hit(passage("measles", "Management", warning, 7), 0.9, 0.9)
    result = drafted(None, extra, case=replace(CASE, allergies=("aspirin",)), medicines=MEDICINES)
    assert statements(result, "Management")[0].text == warning


def test_an_allergy_that_the_program_does_not_know_is_said_in_the_summary() -> None:
    ours = ranker()
    allergic = replace(CASE, allergies=("xyzzyx",), medications=("none",))
    section = summary(Brief(allergic, seen(allergic), ours.catalogue, ours.lexicon))
    told = [s.text for s in section.statements if "xyzzyx" in s.text]
    assert told == ["The allergy 'xyzzyx' is not known to the program: check every medicine against it by hand."]


def test_nothing_is_said_twice_in_a_section() -> None:
    sentence = "Measles is a contagious viral illness with fever and rash."
    generator = FakeGenerator()
    generator.enqueue("Assessment", sentence, sentence)
    for result in (drafted(generator), drafted()):
        for section in result.sections:
            said = [s.text for s in section.statements]
            assert len(said) == len(set(said))


def test_a_name_shared_by_a_present_and_an_absent_finding_says_nothing() -> None:
    shared = make_vocabulary(
        FindingDefinition(name, name, "symptom", "general", synonyms=("belly trouble",))
        for name in ("pain", "swelling")
    )
    case = encounter(*present("pain"), *absent("swelling"))
    facts = facts_of(seen(case, shared), shared)
    assert (set(facts.present), set(facts.absent)) == ({"pain"}, {"swelling"})


def test_the_summary_restates_the_encounter_without_citations() -> None:
    ours = ranker()
    section = summary(Brief(CASE, seen(CASE), ours.catalogue, ours.lexicon))
    assert isinstance(section, Section)
    assert [s.text for s in section.statements] == [
        "Child of 5 years.",
        "Present: fever, rash, white spots in the mouth.",
        "Absent: cough.",
        "Medicines were not checked against what is not recorded: allergies, current medicines.",
    ]
    assert all(s.citations == () for s in section.statements)


def test_the_generator_reads_two_passages_of_the_section_and_no_free_text() -> None:
    generator = FakeGenerator()
    drafted(generator, case=replace(CASE, chief_complaint="Jane Doe is hot", history="Jane Doe coughs"))
    assert {request.section for request in generator.requests} <= set(TITLES)
    for request in generator.requests:
        assert 1 <= len(request.sources) <= 2
        assert len(request.sources) == len(request.source_scores)
        assert "Jane" not in request.context


def test_cancelling_stops_the_writing() -> None:
    ours = ranker()
    task = Task()
    task.cancel()
    observations = seen(CASE)
    slots = plan_slots(ours.rank(CASE, observations).candidates, hits())
    case = Brief(CASE, observations, ours.catalogue, ours.lexicon)
    with pytest.raises(Cancelled):
        draft_sections(slots, case, References(), FakeGenerator(), seed=0, task=task)


SCRAPS = st.sampled_from(
    [p.text for p in PASSAGES]
    + "This patient has|There is no|fever|rash|cough|;|and|,|500 mg|not|caused by|measles|pneumonia|41.5|.".split("|")
)


@given(st.lists(SCRAPS, min_size=1, max_size=8).map(" ".join), st.sampled_from(TITLES))
def test_every_shown_statement_is_held_by_its_passage_and_the_encounter(text: str, title: str) -> None:
    generator = FakeGenerator()
    generator.enqueue(title, text)
    references = References()
    result = drafted(generator, references=references)
    by_number = {cited.number: cited.passage.text for cited in references.cited.values()}
    facts = facts_of(seen(CASE), VOCABULARY)
    for statement in (s for section in result.sections for s in section.statements):
        assert statement.citations
        assert not holds_dose(statement.text)
        *openings, general = statement.text.split("; ")
        assert any(general.lower() in by_number[n].lower() for n in statement.citations)
        for opening in openings:
            held = facts.present if opening.lower().startswith("this patient has") else facts.absent
            assert any(name in opening.lower() for name in held)
