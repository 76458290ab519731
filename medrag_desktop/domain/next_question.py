"""Which open finding, or test that the clinic has, would change the ranking most (expected information gain)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medrag_desktop.domain.differential import RankingModel, probabilities
from medrag_desktop.domain.encounter import Encounter, Presence
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.prior import Floats
from medrag_desktop.domain.vocabulary import NEEDS, FindingDefinition

TESTS = ("none", *NEEDS)
"""Which tests a clinic has; each word counts those before it in."""
CERTAIN = 0.995
"""No answer is ever certain, so that none empties the differential."""

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """A question and how many bits its answer is expected to give."""

    finding: str
    question: str
    gain_bits: float


def next_questions(
    encounter: Encounter, observations: Observations, model: RankingModel, count: int = 5, *, tests: str = TESTS[-1]
) -> tuple[NextQuestion, ...]:
    """Return the questions with the greatest expected reduction of the differential's entropy, best first.

    `tests` is one of TESTS: a test that the clinic does not have is not asked for.
    """
    if not model.conditions:
        return ()
    gains = expected_gain(probabilities(encounter, observations, model), model, observations)
    asked = [name for name in model.columns if is_available(model.vocabulary[name], tests)]
    order = sorted(asked, key=lambda name: -gains[model.columns[name]])
    questions = (_question(name, float(gains[model.columns[name]]), model) for name in order[:count])
    return tuple(question for question in questions if question.gain_bits > 0)


def is_available(definition: FindingDefinition, tests: str) -> bool:
    """Tell whether a clinic with these tests (one of TESTS) can find out; whatever is no test can be asked anywhere."""
    needs = definition.needs or NEEDS[-1]
    return definition.kind != "test" or TESTS.index(needs) <= TESTS.index(tests)


def expected_gain(posterior: Floats, model: RankingModel, observations: Observations | None = None) -> Floats:
    """Return H(now) - E[H(after the answer)] in bits for every finding, never below 0; shape (findings,).

    It is reckoned as H(answer) - E[H(answer given the condition)], which is the same and takes half the time.

    With observations, what is known already gains nothing, and a narrower finding is asked given the broader one that
    is there.
    """
    likelihood = np.vstack([model.likelihood, model.background])
    known: list[int] = []
    if observations is not None:
        known = [c for name, c in model.columns.items() if observations.presence(name) is not Presence.NOT_ASSESSED]
        likelihood = _given_broader(likelihood, observations, model)
    gains = np.maximum(0.0, _entropy(posterior @ likelihood) - posterior @ _entropy(likelihood))
    gains[known] = 0.0
    return np.asarray(gains)


def _given_broader(likelihood: Floats, observations: Observations, model: RankingModel) -> Floats:
    """Return P(finding | condition and the broader findings that are there)."""
    given = likelihood.copy()
    for name, column in model.columns.items():
        there = [
            model.columns[broader]
            for broader in model.vocabulary.ancestors(name)
            if broader in model.columns and observations.presence(broader) is Presence.PRESENT
        ]
        if there and observations.presence(name) is Presence.NOT_ASSESSED:
            given[:, column] = np.minimum(CERTAIN, likelihood[:, column] / likelihood[:, there].min(axis=1))
    return given


def _entropy(yes: Floats) -> Floats:
    """Return the bits of an answer that is yes with these probabilities; none where it is certain."""
    safe = np.clip(yes, _TINY, 1 - _TINY)
    return np.asarray(-(safe * np.log2(safe) + (1 - safe) * np.log2(1 - safe)))


def _question(finding: str, gain: float, model: RankingModel) -> NextQuestion:
    definition = model.vocabulary[finding]
    question = definition.question or f"Is there {definition.label}?"
    return NextQuestion(finding, question, round(gain, 3))
