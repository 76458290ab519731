from __future__ import annotations

from dataclasses import replace

from medrag_desktop.config import Settings
from medrag_desktop.domain.differential import make_ranking_model
from medrag_desktop.domain.encounter import Encounter, Origin, Presence
from medrag_desktop.domain.vocabulary import FindingDefinition, make_vocabulary
from tests.small_library import COLD, CONDITIONS, VOCABULARY, condition, encounter, present, ranker


def test_the_text_is_read_before_the_conditions_are_ranked() -> None:
    ours = ranker()
    case, observations, _ = ours.triage(
        Encounter(history="Fever and rash since Monday, white spots in the mouth. No cough.")
    )
    assert {f.finding for f in observations.present()} == {"fever", "rash", "koplik_spots"}
    assert observations.presence("cough") is Presence.ABSENT
    assert all(f.origin is Origin.TEXT for f in observations.stated)
    assert ours.rank(case, observations).candidates[0].condition == "measles"


def test_the_settings_say_how_many_candidates_are_shown() -> None:
    ours = replace(ranker(), settings=Settings(candidates=2))
    case, observations, _ = ours.triage(encounter(*present("cough")))
    shown = ours.rank(case, observations).candidates
    assert len([c for c in shown if not c.cannot_miss]) <= 2 <= len(shown) < len(CONDITIONS)


def test_the_settings_say_which_tests_are_asked_for() -> None:
    tests = (
        FindingDefinition(f"test.{needs}", needs, "test", "general", needs=needs) for needs in ("rapid", "hospital")
    )
    vocabulary = make_vocabulary((*VOCABULARY.definitions.values(), *tests))
    ill = condition("ill", {"test.rapid": "very_frequent", "test.hospital": "very_frequent"})
    plain = ranker()
    ours = replace(
        plain,
        catalogue=replace(plain.catalogue, vocabulary=vocabulary),
        model=make_ranking_model((COLD, ill), vocabulary),
    )
    case, observations, _ = ours.triage(encounter(*present("cough")))
    for setting, asked in (("none", set()), ("rapid", {"test.rapid"}), ("hospital", {"test.rapid", "test.hospital"})):
        questions = replace(ours, settings=Settings(tests=setting)).next_questions(case, observations)
        assert {q.finding for q in questions if q.finding.startswith("test.")} == asked
