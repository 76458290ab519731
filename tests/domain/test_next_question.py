from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from medrag_desktop.config import SETTINGS, Choice
from medrag_desktop.domain.differential import make_ranking_model, probabilities
from medrag_desktop.domain.encounter import Encounter, Presence
from medrag_desktop.domain.next_question import TESTS, expected_gain, next_questions
from medrag_desktop.domain.vocabulary import FindingDefinition, make_vocabulary
from tests.domain.test_differential import ENCOUNTERS
from tests.small_library import CONDITIONS, MODEL, VOCABULARY, absent, condition, encounter, present, seen


@given(ENCOUNTERS)
def test_gain_is_never_negative_and_zero_for_what_is_decided(case: Encounter) -> None:
    observations = seen(case)
    gains = expected_gain(probabilities(case, observations, MODEL), MODEL, observations)
    assert np.isfinite(gains).all()
    assert (gains >= 0).all()
    for name, column in MODEL.columns.items():
        if observations.presence(name) is not Presence.NOT_ASSESSED:
            assert gains[column] == 0


@given(ENCOUNTERS)
def test_questions_are_open_worth_asking_and_best_first(case: Encounter) -> None:
    observations = seen(case)
    questions = next_questions(case, observations, MODEL)
    assert len(questions) <= 5
    gains = [question.gain_bits for question in questions]
    assert gains == sorted(gains, reverse=True)
    assert all(gain > 0 for gain in gains)
    assert all(observations.presence(q.finding) is Presence.NOT_ASSESSED for q in questions)
    assert questions == next_questions(case, observations, MODEL)


def test_nothing_is_gained_where_one_hypothesis_is_left() -> None:
    certain = np.zeros(len(CONDITIONS) + 1)
    certain[0] = 1.0
    assert expected_gain(certain, MODEL).max() < 1e-9


def test_the_question_that_separates_the_candidates_comes_first() -> None:
    library = (
        condition("one", {"fever": "very_frequent", "rash": "very_frequent"}),
        condition("two", {"fever": "very_frequent", "rash": "excluded"}),
    )
    model = make_ranking_model(library, VOCABULARY)
    case = encounter(*present("fever"))
    assert next_questions(case, seen(case), model)[0].finding == "rash"
    assert next_questions(case, seen(case), model)[0].question == "Is there rash?"


def test_a_narrower_finding_is_asked_given_the_broader_one() -> None:
    library = (
        condition("one", {"cough": "occasional", "cough.bloody": "occasional"}),
        condition("two", {"fever": "frequent"}),
    )
    model = make_ranking_model(library, VOCABULARY)
    case = encounter(*present("cough"))
    posterior = probabilities(case, seen(case), model)
    column = model.columns["cough.bloody"]
    # every cough of the first condition is bloody, so the answer tells much more once there is a cough
    assert expected_gain(posterior, model, seen(case))[column] > 2 * expected_gain(posterior, model)[column]


def test_an_answer_settles_its_question() -> None:
    case = encounter(*present("fever"), age_years=5)
    first = next_questions(case, seen(case), MODEL)[0].finding
    for answer in (present(first), absent(first)):
        after = encounter(*case.findings, *answer, age_years=5)
        assert first not in {q.finding for q in next_questions(after, seen(after), MODEL)}


def test_an_empty_library_asks_nothing() -> None:
    case = encounter(*present("fever"))
    assert next_questions(case, seen(case), make_ranking_model((), VOCABULARY)) == ()


def bits(chances: np.ndarray) -> float:
    some = chances[chances > 0]
    return float(-(some * np.log2(some)).sum())


@given(ENCOUNTERS)
def test_the_gain_is_what_the_entropy_is_expected_to_fall_by(case: Encounter) -> None:
    posterior = probabilities(case, seen(case), MODEL)
    gains = expected_gain(posterior, MODEL)
    for column, chance in enumerate(np.vstack([MODEL.likelihood, MODEL.background]).T):
        yes = float(posterior @ chance)
        after = yes * bits(posterior * chance / yes) + (1 - yes) * bits(posterior * (1 - chance) / (1 - yes))
        assert gains[column] == pytest.approx(bits(posterior) - after, abs=1e-9)


CLINIC = make_vocabulary(
    (
        FindingDefinition("cough", "cough", "symptom", "test"),
        FindingDefinition("wheeze", "wheeze", "sign", "test"),
        FindingDefinition("tachypnoea", "fast breathing", "vital", "test"),
        FindingDefinition("history.asthma", "asthma", "history", "test"),
        FindingDefinition("exposure.dust", "dust", "exposure", "test"),
        FindingDefinition("test.strip", "strip", "test", "test", needs="rapid"),
        FindingDefinition("test.xray", "X-ray", "test", "test", needs="laboratory"),
        FindingDefinition("test.scan", "scan", "test", "test", needs="hospital"),
        FindingDefinition("test.untold", "untold", "test", "test"),
    )
)
ALWAYS = {"wheeze", "tachypnoea", "history.asthma", "exposure.dust"}


@pytest.mark.parametrize(
    ("tests", "more"),
    [
        ("none", set()),
        ("rapid", {"test.strip"}),
        ("laboratory", {"test.strip", "test.xray"}),
        ("hospital", {"test.strip", "test.xray", "test.scan", "test.untold"}),
    ],
)
def test_no_test_is_asked_for_that_the_clinic_does_not_have(tests: str, more: set[str]) -> None:
    every = [name for name in CLINIC.definitions if name != "cough"]
    library = (
        condition("one", dict.fromkeys(every, "frequent")),
        condition("two", {"cough": "frequent"}),
    )
    model = make_ranking_model(library, CLINIC)
    case = encounter(*present("cough"))
    asked = next_questions(case, seen(case, CLINIC), model, 20, tests=tests)
    assert {question.finding for question in asked} == ALWAYS | more
    first = next_questions(case, seen(case, CLINIC), model, 3, tests=tests)
    assert first == asked[:3], "what the clinic does not have takes no place"


def test_the_setting_offers_just_these_words() -> None:
    limits = SETTINGS["tests"].limits
    assert isinstance(limits, Choice)
    assert tuple(word for word, _ in limits.options) == TESTS
