from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.draft import Draft, EvidenceStrength, Level, StatementOrigin
from medrag_desktop.domain.encounter import Encounter, Sex
from medrag_desktop.domain.grounding import holds_dose
from medrag_desktop.errors import Cancelled
from medrag_desktop.ports import Generator
from medrag_desktop.services.assess import Assessor, Versions
from medrag_desktop.services.library import Library
from medrag_desktop.tasks import Progress, Task
from tests.domain.test_differential import ENCOUNTERS
from tests.fakes import FakeEncoder, FakeGenerator, MemoryPack, MemoryShelf
from tests.small_library import PASSAGES, absent, encounter, present, ranker

CASE = encounter(*present("fever", "rash", "koplik_spots"), *absent("cough"), age_years=5)
FELL_BACK = "The generator cannot be used."


def assessor(generator: Generator | None = None, cosine: float = 0.8, versions: Versions | None = None) -> Assessor:
    library = Library(MemoryShelf(MemoryPack(PASSAGES, cosine)), FakeEncoder())
    return Assessor(ranker(), library, generator, versions or Versions())


def assess(case: Encounter = CASE, generator: Generator | None = None, cosine: float = 0.8, **options: object) -> Draft:
    return assessor(generator, cosine).assess(case, task=Task(), **options)  # type: ignore[arg-type]


def cited(draft: Draft) -> set[int]:
    numbers = {n for section in draft.sections for s in section.statements for n in s.citations}
    return numbers | {n for candidate in draft.differential for n in candidate.citations}


@given(ENCOUNTERS)
@settings(max_examples=50)
def test_every_citation_resolves_to_a_passage_and_every_passage_is_numbered_once(case: Encounter) -> None:
    draft = assess(case)
    numbers = [passage.number for passage in draft.passages]
    assert numbers == list(range(1, len(numbers) + 1))
    assert cited(draft) <= set(numbers)
    texts = {p.number: p.passage.text for p in draft.passages}
    for section in draft.sections[1:]:
        for statement in section.statements:
            assert statement.citations
            assert all(statement.text in texts[n] for n in statement.citations)
            assert not holds_dose(statement.text)


@pytest.mark.parametrize("generator", [None, FakeGenerator()])
def test_no_draft_without_evidence(generator: FakeGenerator | None) -> None:
    draft = assess(generator=generator, cosine=0.1)
    assert draft.evidence is EvidenceStrength.NONE
    assert [section.title for section in draft.sections] == ["Summary of the presentation"]
    assert {p.number for p in draft.passages} == {n for c in draft.differential for n in c.citations}
    if generator is not None:
        assert generator.requests == []


@pytest.mark.parametrize("case", [encounter(age_years=30), encounter(*absent("fever", "cough"))])
def test_nothing_is_written_about_conditions_that_nothing_of_the_patient_supports(case: Encounter) -> None:
    draft = assess(case, FakeGenerator())
    assert draft.outside_library
    assert {section.title for section in draft.sections} <= {"Summary of the presentation", "What does not fit"}
    assert not any(s.citations for section in draft.sections[:1] for s in section.statements)


def test_weak_evidence_is_said_to_be_weak() -> None:
    draft = assess(cosine=0.4)
    assert draft.evidence is EvidenceStrength.WEAK
    assert len(draft.sections) > 1


def test_the_generated_level_shows_what_the_generator_wrote_and_is_grounded() -> None:
    generator = FakeGenerator()
    generator.enqueue("Assessment", "This patient has fever; measles begins with high fever and cough.")
    generator.enqueue("Management", "Give 200 mg now.", "Measles is cured by aspirin.")
    draft = assess(generator=generator, seed=7)
    said = [s for section in draft.sections for s in section.statements]
    written = [s.text for s in said if s.origin is StatementOrigin.GENERATED]
    assert written == ["This patient has fever; measles begins with high fever and cough."]
    assert {w.section for w in draft.withheld} == {"Management"}
    assert len(draft.withheld) == 2
    assert generator.seeds == [7]
    assert draft.level is Level.GENERATED
    assert draft.provenance.seed == 7


def test_without_a_generator_the_draft_is_extractive_and_says_so() -> None:
    ours = assessor(versions=Versions(notes=(FELL_BACK,)))
    draft = ours.assess(CASE, level=Level.GENERATED, task=Task())
    assert draft.level is Level.EXTRACTIVE
    assert draft.provenance.notes == (FELL_BACK,)
    assert {s.origin for section in draft.sections for s in section.statements} == {StatementOrigin.EXTRACTED}


def test_the_extractive_level_leaves_the_generator_alone() -> None:
    generator = FakeGenerator()
    draft = assess(generator=generator, level=Level.EXTRACTIVE)
    assert draft.level is Level.EXTRACTIVE
    assert generator.requests == []


def test_the_search_level_lists_passages_and_writes_nothing() -> None:
    draft = assess(generator=FakeGenerator(), level=Level.SEARCH)
    assert draft.sections == ()
    assert len(draft.passages) >= len(PASSAGES) - 1
    assert draft.differential[0].condition == "measles"


def test_equal_input_and_seed_give_an_equal_draft() -> None:
    def once() -> Draft:
        generator = FakeGenerator()
        generator.enqueue("Assessment", "Measles begins with high fever and cough.")
        draft = assess(generator=generator, seed=3)
        return replace(draft, provenance=replace(draft.provenance, created="", timings_ms=()))

    assert once() == once()


@pytest.mark.parametrize("report", range(4))
def test_cancelling_anywhere_in_the_middle_raises_cancelled(report: int) -> None:
    seen: list[Progress] = []

    def on_progress(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == report + 1:
            task.cancel()

    task = Task(on_progress)
    if report == 3:
        assert assessor(FakeGenerator()).assess(CASE, task=task).sections
        return
    with pytest.raises(Cancelled):
        assessor(FakeGenerator()).assess(CASE, task=task)
    assert len(seen) == report + 1


def test_urgency_is_the_most_urgent_of_the_likely_conditions() -> None:
    assert assess().urgency is Urgency.URGENT
    case = encounter(*present("lower_abdominal_pain", "vaginal_bleeding"), sex=Sex.FEMALE, age_years=25, pregnant=True)
    assert assess(case).urgency is Urgency.EMERGENCY
    assert assess(encounter(*present("cough"), age_years=30)).urgency is Urgency.SOON


def test_the_urgency_says_why() -> None:
    assert assess().urgency_because == ("Measles is likely",)
    assert assess(encounter(*present("cough"), age_years=30)).urgency_because[0].startswith("basic measurements")


def test_each_candidate_is_cited_by_passages_on_itself() -> None:
    draft = assess()
    conditions = {p.number: p.passage.condition for p in draft.passages}
    for candidate in draft.differential:
        assert {conditions[n] for n in candidate.citations} <= {candidate.condition}
    assert draft.differential[0].citations


def test_provenance_tells_what_took_part_and_how_long_it_took() -> None:
    ours = assessor(versions=Versions(models=(("retriever", "r 1"),)))
    provenance = ours.assess(CASE, task=Task()).provenance
    assert provenance.models == (("retriever", "r 1"),)
    assert provenance.packs == (("memory", "1"),)
    steps = {"triage_and_extraction", "possible_findings", "ranking", "retrieval", "drafting"}
    assert dict(provenance.timings_ms).keys() == steps
    assert "not reviewed by a clinician" in provenance.library
