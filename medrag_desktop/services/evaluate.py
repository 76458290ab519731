"""How often the right diagnosis is on the list: metrics with bootstrap intervals, and why it is missed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from medrag_desktop.domain.condition import Condition
from medrag_desktop.domain.encounter import Encounter, Patient, Presence, Sex
from medrag_desktop.domain.observations import Observations
from medrag_desktop.errors import InputError
from medrag_desktop.services.rank import Ranker
from medrag_desktop.tasks import Task

RANKS = (1, 3, 5, 10)
RESAMPLES = 2000
LEVEL = 0.95

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*[- ]?\s*(years?|yrs?|y/?o|y|months?|mos?|weeks?|wks?|days?|hours?)\b", re.I)
_YEARS = {"y": 1.0, "m": 1 / 12, "w": 7 / 365.25, "d": 1 / 365.25, "h": 1 / 8766}
_FEMALE = re.compile(r"\b(?:female|woman|girl|f)\b", re.I)
_MALE = re.compile(r"\b(?:male|man|boy|m)\b", re.I)
_PREGNANT = re.compile(r"(?<!not )(?<!non-)\b(?:pregnant|weeks? (?:of )?gestation|gravida)\b", re.I)
_FILLERS = frozenset("the of a an and in with due to".split())
_NOUNS = frozenset("acute disease diseases syndrome infection infections disorder".split())
_ORGANS = frozenset(
    "appendix back bladder blood bloodstream bone bowel brain breast chest coronary ear eye gall gallbladder heart hip "
    "joint kidney knee liver lung middle muscle neck nose pelvic prostate shoulder sinus skin spine stomach throat "
    "thyroid tooth tract urinary urine vascular water wound yeast".split()
)
"""A disease is not named by its organ alone: `heart disease` is not `heart`."""
_DEGREES = re.compile(r"\b(?:ruptured|recurrent|mild|moderate|bilateral|left|right|sided|uncomplicated)\b", re.I)


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Miss:
    """A case whose diagnosis is not first, and the reason."""

    case: str
    correct: str
    rank: int | None
    """Rank of the right condition; None when it is not on the list."""
    reason: str
    """`not in library`, `not extracted` or `outranked`."""
    first: str
    """The condition that stands first."""


@dataclass(frozen=True, slots=True)
class DifferentialResult:
    """Accuracy over all cases, and over those whose diagnosis the library covers."""

    n: int
    covered: int
    """Cases whose diagnosis is a condition of the library."""
    top: Mapping[int, Rate]
    top_covered: Mapping[int, Rate]
    misses: tuple[Miss, ...]


@dataclass(frozen=True, slots=True)
class Vignette:
    """One case with a known diagnosis."""

    id: str
    encounter: Encounter
    correct: str


def evaluate_differential(vignettes: Sequence[Vignette], ranker: Ranker, *, task: Task) -> DifferentialResult:
    """Rank every vignette and count at which place its diagnosis stands."""
    names = condition_names(ranker.catalogue.conditions)
    ranks: list[int | None] = []
    covered: list[bool] = []
    misses: list[Miss] = []
    for vignette in task.track(vignettes, "Ranking cases", len(vignettes)):
        wanted = matching_conditions(vignette.correct, names)
        encounter, observations, _ = ranker.triage(vignette.encounter)
        candidates = ranker.rank(encounter, observations).candidates
        rank = next((c.rank for c in candidates if c.condition in wanted), None)
        ranks.append(rank)
        covered.append(bool(wanted))
        if rank != 1:
            reason = _reason(wanted, observations, ranker.catalogue.by_id)
            first = candidates[0].condition if candidates else ""
            misses.append(Miss(vignette.id, vignette.correct, rank, reason, first))
    inside = [rank for rank, known in zip(ranks, covered, strict=True) if known]
    return DifferentialResult(len(ranks), len(inside), _rates(ranks), _rates(inside), tuple(misses))


def read_vignette(row: Mapping[str, object], number: int) -> Vignette:
    """Turn one line of an evaluation file into an encounter; raise InputError naming the line and field."""
    known = {
        "id", "correct_diagnosis", "demographics", "chief_complaints", "presentation", "absent_findings",
        "physical_history", "family_history", "social_history",
    }  # fmt: skip
    if unknown := sorted(set(row) - known):
        raise InputError(f"line {number}: unknown fields {', '.join(unknown)}.")
    text = {name: _text(row, name, number) for name in known - {"id"}}
    if not text["correct_diagnosis"]:
        raise InputError(f"line {number}: correct_diagnosis is missing.")
    history = "\n".join(
        part for part in (text["presentation"], text["absent_findings"], text["social_history"]) if part
    )
    encounter = Encounter(
        patient=_patient(text["demographics"], text["chief_complaints"]),
        chief_complaint=text["chief_complaints"],
        history=history,
        past_history=_lines(text["physical_history"]),
        family_history=_lines(text["family_history"]),
    )
    return Vignette(str(row.get("id", number)), encounter, text["correct_diagnosis"])


def read_demographics(text: str) -> Patient:
    """Read age, sex and pregnancy from words such as `61 year old Male`."""
    match = _AGE.search(text)
    age = None if match is None else float(match[1]) * _YEARS[match[2][0].lower()]
    female, male = _FEMALE.search(text), _MALE.search(text)
    sex = Sex.FEMALE if female else Sex.MALE if male else Sex.UNKNOWN
    pregnant = True if _PREGNANT.search(text) else None
    return Patient(age_years=None if age is None or age > 130 else age, sex=sex, pregnant=pregnant)


def _patient(demographics: str, complaint: str) -> Patient:
    """Read who the patient is; a complaint may tell of pregnancy, but its times are no ages."""
    patient = read_demographics(demographics)
    pregnant = True if patient.pregnant or _PREGNANT.search(complaint) else None
    return replace(patient, pregnant=pregnant)


def condition_names(conditions: Sequence[Condition]) -> dict[str, set[str]]:
    """Return every normalised name and synonym with the conditions that bear it."""
    names: dict[str, set[str]] = {}
    for condition in conditions:
        for name in (condition.name, condition.id.replace("_", " "), *condition.synonyms):
            names.setdefault(normalise(name), set()).add(condition.id)
    return names


def matching_conditions(diagnosis: str, names: Mapping[str, set[str]]) -> frozenset[str]:
    """Return the conditions a diagnosis means: equal names once fillers, word order and then degree are set aside."""
    spoken = [diagnosis, re.sub(r"\([^)]*\)", "", diagnosis), *re.findall(r"\(([^)]*)\)", diagnosis)]
    spoken += [part for part in re.split(r"/| or ", diagnosis) if len(part) > 3]
    found = frozenset(c for name in spoken for c in names.get(normalise(name), ()))
    return found or frozenset(c for name in spoken for c in names.get(normalise(_DEGREES.sub(" ", name)), ()))


def normalise(name: str) -> str:
    """Fold case, punctuation, fillers, spelling variants and word order of a disease name."""
    folded = name.lower().replace("\u2019", "'").replace("ae", "e").replace("oe", "e").replace("'s", "")
    words = [re.sub(r"our$", "or", word) for word in re.findall(r"[a-z0-9]+", re.sub(r"\([^)]*\)", " ", folded))]
    words = words or re.findall(r"[a-z0-9]+", folded)
    words = [word for word in words if word not in _FILLERS] or words
    named = [word for word in words if word not in _NOUNS]
    if not _ORGANS.issuperset(named):
        words = named
    return " ".join(sorted(word if len(word) < 4 else word.removesuffix("s") for word in words))


def bootstrap_share(hits: Sequence[bool], seed: int = 0) -> Rate:
    """Return a share with its percentile bootstrap interval (Efron 1979)."""
    if not hits:
        return Rate(0.0, 0.0, 0.0)
    values = np.asarray(hits, dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Rate(float(values.mean()), float(low), float(high))


def _rates(ranks: Sequence[int | None]) -> dict[int, Rate]:
    return {k: bootstrap_share([rank is not None and rank <= k for rank in ranks]) for k in RANKS}


def _reason(wanted: frozenset[str], observations: Observations, by_id: Mapping[str, Condition]) -> str:
    if not wanted:
        return "not in library"
    expected = {f.finding for name in wanted for f in by_id[name].findings}
    seen = sum(observations.presence(finding) is Presence.PRESENT for finding in expected)
    return "outranked" if seen >= 2 else "not extracted"


def _text(row: Mapping[str, object], name: str, number: int) -> str:
    value = row.get(name, "")
    if isinstance(value, list):
        value = ". ".join(str(item) for item in value)
    if value is not None and not isinstance(value, str):
        raise InputError(f"line {number}: {name} must be text.")
    stripped = (value or "").strip()
    return "" if stripped in ("-", "None", "none") else stripped


def _lines(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"[,;\n]", text) if part.strip())
