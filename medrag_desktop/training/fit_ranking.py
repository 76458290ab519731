"""Choose the handful of global weights of the ranking, and how sharp its probabilities may be.

`python -m medrag_desktop.training.fit_ranking --library DIR --data DIR` tries a few values of each weight, one weight
after the other, on `avey_dev`, the even rows of MedQA-dev that ask for the diagnosis and the training split of
CasiMedicos (cases whose diagnosis the library covers), by mean reciprocal rank; five-fold cross-validation says what
such a choice is worth on cases it has not seen. The sharpness is then fitted by log loss on the even rows, CasiMedicos
train and as many synthetic encounters; the value in use lies between the best one (1.0) and that with the lowest Brier
score on the even rows alone (0.7), as synthetic encounters are easier than real ones. What was chosen stands in
`domain.differential.Weights` and `domain.prior.PriorWeights`; no other number of the ranking is fitted.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.icd10 import icd10_titles
from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.config import Settings
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.diagnosis_names import DiagnosisNames
from medrag_desktop.domain.differential import RankingModel, Weights, make_ranking_model, probabilities
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.observations import Observations
from medrag_desktop.services.rank import Ranker
from medrag_desktop.training.synthetic_encounters import draw_encounter
from medrag_desktop.training.vignette_sets import avey_dev, casimedicos, medqa_dev

GRID: Mapping[str, tuple[float, ...]] = {
    "incidence": (0.5, 0.6, 0.7, 0.85, 1.0),
    "evidence": (0.75, 0.85, 0.95, 1.05),
    "complaint": (1.0, 1.25, 1.5, 1.75),
    "specific_leak": (0.002, 0.003, 0.006),
    "leak": (0.02, 0.03, 0.05),
    "outside_course": (0.5, 0.7, 1.0),
}
"""The values that are tried; `incidence` and `outside_course` are weights of the prior."""
OF_PRIOR = ("incidence", "outside_course")
SHARPNESS = tuple(round(0.3 + 0.05 * step, 2) for step in range(19))
FOLDS = 5
Ranks = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """One encounter as read, with the conditions that are right."""

    encounter: Encounter
    observations: Observations
    wanted: frozenset[str]


def read_cases(data: Path, catalogue: Catalogue) -> dict[str, list[Case]]:
    """Return the covered cases of every development set."""
    names = DiagnosisNames(catalogue.conditions, icd10_titles())
    lexicon = AhoCorasickLexicon(catalogue.vocabulary, catalogue.abbreviations)
    ranker = Ranker(catalogue, make_ranking_model(catalogue.conditions, catalogue.vocabulary), lexicon, Settings())

    def covered(answer: str) -> bool:
        return bool(names.lenient(answer))

    sets = {
        "avey_dev": avey_dev(data),
        "medqa_dev even": medqa_dev(data, 0, covered, asked="diagnosis"),
        "casimedicos train": casimedicos(data, ("train",), covered),
    }
    cases: dict[str, list[Case]] = {}
    for name, vignettes in sets.items():
        for vignette in (vignette for vignette in vignettes if covered(vignette.correct)):
            encounter, observations, _ = ranker.triage(vignette.encounter)
            cases.setdefault(name, []).append(Case(encounter, observations, names.lenient(vignette.correct)))
    return cases


def synthetic_cases(catalogue: Catalogue, count: int) -> list[Case]:
    """Draw patients of conditions chosen at random, entered in the form."""
    lexicon = AhoCorasickLexicon(catalogue.vocabulary, catalogue.abbreviations)
    ranker = Ranker(catalogue, make_ranking_model(catalogue.conditions, catalogue.vocabulary), lexicon, Settings())
    random = Random(7)
    cases = []
    for condition in random.choices(catalogue.conditions, k=count):
        drawn = draw_encounter(condition, catalogue.conditions, random)
        encounter, observations, _ = ranker.triage(drawn)
        cases.append(Case(encounter, observations, frozenset({condition.id})))
    return cases


def with_values(values: Mapping[str, float]) -> Weights:
    """Return weights with some of them changed."""
    prior = {name: value for name, value in values.items() if name in OF_PRIOR}
    own: dict[str, Any] = {name: value for name, value in values.items() if name not in OF_PRIOR}
    return replace(Weights(), **own, prior=replace(Weights().prior, **prior))


def reciprocal_ranks(cases: Iterable[Case], model: RankingModel) -> Ranks:
    """Return 1 / rank of the right condition of every case."""
    rows = {condition.id: row for row, condition in enumerate(model.conditions)}
    found = []
    for case in cases:
        posterior = probabilities(case.encounter, case.observations, model)[:-1]
        best = max(posterior[rows[name]] for name in case.wanted)
        found.append(1 / (1 + int((posterior > best).sum())))
    return np.array(found)


class Search:
    """Mean reciprocal ranks of every choice of weights that was tried, a case each."""

    def __init__(self, cases: Sequence[Case], catalogue: Catalogue) -> None:
        self._cases, self._catalogue = cases, catalogue
        self._known: dict[tuple[tuple[str, float], ...], Ranks] = {}

    def ranks(self, values: Mapping[str, float]) -> Ranks:
        """Return the reciprocal rank of every case under a choice."""
        key = tuple(sorted(values.items()))
        if key not in self._known:
            model = make_ranking_model(self._catalogue.conditions, self._catalogue.vocabulary, with_values(values))
            self._known[key] = reciprocal_ranks(self._cases, model)
        return self._known[key]

    def best(self, within: NDArray[np.intp]) -> dict[str, float]:
        """Return the choice that ranks some of the cases best, one weight after the other, twice round."""
        chosen = {name: _now(name) for name in GRID}
        for _ in range(2):
            for name, values in GRID.items():
                tried = {value: self.ranks(chosen | {name: value})[within].mean() for value in values}
                chosen[name] = max(tried, key=lambda value: tried[value])
        return chosen

    def cross_validated(self) -> float:
        """Return the mean reciprocal rank of cases that took no part in the choice."""
        order = np.random.default_rng(7).permutation(len(self._cases))
        unseen = []
        for fold in np.array_split(order, FOLDS):
            chosen = self.best(np.setdiff1d(order, fold))
            unseen.append(self.ranks(chosen)[fold])
        return float(np.concatenate(unseen).mean())


def fit_sharpness(groups: Sequence[Sequence[Case]], model: RankingModel) -> dict[float, float]:
    """Return the mean log loss of each sharpness, every group of cases counting the same."""
    rows = {condition.id: row for row, condition in enumerate(model.conditions)}
    losses: dict[float, float] = {}
    for sharpness in SHARPNESS:
        sharp = replace(model, weights=replace(model.weights, sharpness=sharpness))
        means = []
        for group in groups:
            told = [probabilities(case.encounter, case.observations, sharp) for case in group]
            right = [sum(p[rows[name]] for name in case.wanted) for p, case in zip(told, group, strict=True)]
            means.append(float(np.mean(-np.log(np.maximum(1e-6, right)))))
        losses[sharpness] = round(float(np.mean(means)), 4)
    return losses


def _now(name: str) -> float:
    weights = Weights()
    return float(getattr(weights.prior if name in OF_PRIOR else weights, name))


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, fit, print one line of JSON a step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args(arguments)
    catalogue = load_catalogue(options.library)
    sets = read_cases(options.data, catalogue)
    search = Search([case for cases in sets.values() for case in cases], catalogue)
    chosen = search.best(np.arange(sum(map(len, sets.values()))))
    now = {name: _now(name) for name in GRID}
    print(json.dumps({"cases": {name: len(cases) for name, cases in sets.items()}}))
    print(json.dumps({"now": now, "mean reciprocal rank": round(float(search.ranks(now).mean()), 4)}))
    print(json.dumps({"best": chosen, "mean reciprocal rank": round(float(search.ranks(chosen).mean()), 4)}))
    print(json.dumps({"cross-validated": round(search.cross_validated(), 4)}))
    exams = sets["medqa_dev even"] + sets["casimedicos train"]
    model = make_ranking_model(catalogue.conditions, catalogue.vocabulary, with_values(chosen))
    losses = fit_sharpness([exams, synthetic_cases(catalogue, len(exams))], model)
    print(json.dumps({"log loss of sharpness": losses, "best": min(losses, key=lambda value: losses[value])}))


if __name__ == "__main__":
    main()
