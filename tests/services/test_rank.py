from __future__ import annotations

from dataclasses import replace

from medrag_desktop.config import Settings
from medrag_desktop.domain.differential import make_ranking_model
from medrag_desktop.domain.encounter import Encounter, Origin, Presence
from medrag_desktop.domain.triage import unread_words
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


SWAHILI = "Mtoto anaumwa kichwa tangu jana usiku."


def unread(case: Encounter) -> tuple[str, ...]:
    return unread_words(ranker().triage(case)[2])


def test_the_sentences_that_are_not_english_are_quoted_by_field_and_the_others_are_read() -> None:
    case = Encounter(chief_complaint="fever", history=f"She has cough. {SWAHILI} No rash.")
    _, observations, _ = ranker().triage(case)
    assert {f.finding for f in observations.stated} == {"fever", "cough", "rash"}
    (told,) = unread(case)
    assert told.startswith(f'the history: "{SWAHILI}" - does not look like English, so not read')


def test_every_text_of_the_form_is_looked_at_but_the_names_of_medicines() -> None:
    foreign = SWAHILI.rstrip(".")
    case = Encounter(
        chief_complaint=foreign, past_history=(foreign,), exposures=(foreign,), family_history=("cough", foreign)
    )
    named = [each.split(":")[0] for each in unread(case)]
    assert named == ["the main complaint", "the past history", "the exposures", "the family history"]
    assert unread(Encounter(medications=(foreign,))) == ()


def test_of_many_or_long_sentences_only_the_beginning_is_quoted() -> None:
    (told,) = unread(Encounter(history="\n".join([SWAHILI] * 5)))
    assert told.count("Mtoto") == 3
    assert "and 2 more" in told
    (long,) = unread(Encounter(history="mtoto anaumwa kichwa " * 200))
    assert len(long) < 200


def test_a_text_of_nothing_but_noise_is_still_said_not_to_be_understood() -> None:
    assert unread(Encounter(history="her aunt sells green bags there")) == (
        "the history: nothing of the text was understood; write it in English or pick findings",
    )
