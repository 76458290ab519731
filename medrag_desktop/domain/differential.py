"""Findings x conditions -> ranked candidates, each with what speaks for it, against it and what was not assessed.

A naive Bayes model over the library's frequencies (as in QMR, Miller 1982, and its descendants): the prior is that of
`domain.prior`; each finding contributes log P(finding | condition)
- log P(finding | anyone), a risk factor like a finding. One further hypothesis, "none of these", holds every finding at
its background rate.

The reasons of a candidate are true to its score: their bits add up to its log-odds against "none of these", apart from
the incidence in the region and reasons of less than LEAST_SHOWN bits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medrag_desktop.domain.condition import Condition, Frequency
from medrag_desktop.domain.encounter import Encounter, Finding, Presence
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.prior import SHARE, Circumstance, Floats, Prior, PriorWeights
from medrag_desktop.domain.vocabulary import Vocabulary

PROBABILITY = {
    Frequency.OBLIGATE: 0.995,
    Frequency.VERY_FREQUENT: 0.9,
    Frequency.FREQUENT: 0.55,
    Frequency.OCCASIONAL: 0.17,
    Frequency.VERY_RARE: 0.025,
    Frequency.EXCLUDED: 0.005,
}
"""Mid-points of the Human Phenotype Ontology frequency bands."""

LEAST_SHOWN = 0.1
"""Bits from which a reason is listed."""
BACKGROUND_KINDS = ("history", "exposure", "medicine")
"""Kinds of finding that say nothing of a condition whose monograph does not name them."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The global parameters of the ranking; none is per condition."""

    prior: PriorWeights = field(default_factory=PriorWeights)
    leak: float = 0.05
    """Highest P(finding | condition) where the monograph does not list the finding; else as in anyone who comes."""
    specific_leak: float = 0.006
    """The lowest, and that of a finding which is specific to another condition."""
    narrowing: float = 0.15
    """P(narrower finding | condition, listed finding) where the monograph lists only the broader one."""
    evidence: float = 0.85
    """Exponent on the findings' likelihood ratios: findings are correlated, so each counts for less."""
    complaint: float = 1.75
    """Factor on that exponent for what the patient came with: few come with what is only incidental to a disease."""
    sharpness: float = 0.8
    """Exponent on the odds of the whole score; it changes no rank, and is fitted so that probabilities are honest."""
    risk_ratio: float = 4.0
    """Likelihood ratio of a risk factor that is there, and its inverse for a protective one."""
    unknown: float = 0.02
    """Share of encounters with "none of these", on the scale of the incidences."""
    stands_out: float = 0.15
    """Probability below which no condition stands out."""
    explains: float = 0.6
    """Share of the symptoms and signs that are there which the first condition has to know."""
    keep_in_view: float = 0.01
    """Probability from which a condition that must not be missed is always shown."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding or circumstance and how much it counts."""

    finding: str
    """Finding id, or the kind of a circumstance: `age`, `course`, `season` or `pregnancy`."""
    label: str
    bits: float
    """Log2 likelihood ratio; positive speaks for the condition."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A condition with its probability and the reasons."""

    rank: int
    condition: str
    name: str
    synonyms: tuple[str, ...]
    icd10: tuple[str, ...]
    probability: float
    band: str
    """`likely` from .4, `possible` from .1, `less likely` from .02, else `unlikely`."""
    cannot_miss: bool
    supporting: tuple[Reason, ...]
    opposing: tuple[Reason, ...]
    not_assessed: tuple[str, ...]
    """Finding ids that would weigh most and were not asked or examined."""
    citations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Differential:
    """The ranked candidates."""

    candidates: tuple[Candidate, ...]
    outside_library: bool
    """No condition of the library stands out, or the first one leaves too much unexplained."""


@dataclass(frozen=True)
class RankingModel:
    """The library as arrays: rows are conditions, columns are findings."""

    conditions: tuple[Condition, ...]
    columns: Mapping[str, int]
    likelihood: Floats
    """P(finding | condition), shape (conditions, findings)."""
    listed: NDArray[np.bool_]
    """Whether the monograph says how often the finding, or a narrower one, occurs; same shape."""
    background: Floats
    """P(finding | anyone who comes), shape (findings,)."""
    vocabulary: Vocabulary
    weights: Weights

    @cached_property
    def prior(self) -> Prior:
        """Return how common the conditions are in a patient."""
        return Prior(self.conditions, self.vocabulary, self.weights.prior)

    @cached_property
    def bits_present(self) -> Floats:
        """Return log2 P(finding | condition) / P(finding | anyone), shape (conditions, findings)."""
        return np.asarray(np.log2(self.likelihood / self.background))

    @cached_property
    def bits_absent(self) -> Floats:
        """Return the same of the finding's absence; 0 where the monograph is silent, as that says nothing of it."""
        return np.where(self.listed, np.log2((1 - self.likelihood) / (1 - self.background)), 0.0)

    @cached_property
    def worth_asking(self) -> tuple[tuple[str, ...], ...]:
        """Return, a condition, the findings whose presence would at least double or halve its odds, most first."""
        names = tuple(self.columns)
        gain = np.abs(self.bits_present) * self.listed
        order = np.argsort(-gain, axis=1, kind="stable")
        counts = (gain > 1).sum(axis=1)
        return tuple(tuple(names[c] for c in row[:n]) for row, n in zip(order, counts, strict=True))


def make_ranking_model(
    conditions: Iterable[Condition], vocabulary: Vocabulary, weights: Weights | None = None
) -> RankingModel:
    """Turn the library into arrays once, so that ranking one encounter takes milliseconds."""
    weights = weights or Weights()
    conditions = tuple(conditions)
    named = {
        name for c in conditions for name in (*(f.finding for f in c.findings), *_factors(c)) if name in vocabulary
    }
    names = sorted(named | {above for name in named for above in vocabulary.ancestors(name)})
    columns = {name: column for column, name in enumerate(names)}
    leaks = _leaks(conditions, columns, vocabulary, weights)
    rows = [_row(condition, columns, vocabulary, weights, leaks) for condition in conditions]
    likelihood = np.array([row for row, _ in rows]).reshape(len(conditions), len(names))
    listed = np.array([speaks for _, speaks in rows], dtype=np.bool_).reshape(likelihood.shape)
    prior = np.array([SHARE[c.incidence] for c in conditions])
    background = prior @ likelihood / prior.sum() if len(conditions) else np.zeros(len(names))
    model = RankingModel(conditions, columns, likelihood, listed, background, vocabulary, weights)
    model = replace(model, likelihood=_with_risk_factors(model))
    return replace(model, likelihood=_with_specific_capped(model))


def rank(encounter: Encounter, observations: Observations, model: RankingModel, count: int = 10) -> Differential:
    """Rank all conditions; return the first `count` and every one that must not be missed above the floor."""
    if not model.conditions:
        return Differential((), outside_library=True)
    used = _used(observations, model)
    bits = _bits(used, observations, model)
    posterior = probabilities(encounter, observations, model, bits)
    order = np.argsort(-posterior[:-1], kind="stable")
    floor = model.weights.keep_in_view
    shown = [
        int(row)
        for place, row in enumerate(order)
        if posterior[row] > 0 and (place < count or (model.conditions[row].cannot_miss and posterior[row] >= floor))
    ]
    circumstances = tuple(model.prior.circumstances(encounter, observations))
    candidates = tuple(
        _candidate(
            rank, row, float(posterior[row]), _reasons(bits[row], used, circumstances[row], model), observations, model
        )
        for rank, row in enumerate(shown, start=1)
    )
    return Differential(candidates, outside_library=_outside(int(order[0]), posterior, observations, model))


def _outside(first: int, posterior: Floats, observations: Observations, model: RankingModel) -> bool:
    """Tell whether the library has no answer: nothing stands out, or most of what is there stays unexplained."""
    if posterior[first] < model.weights.stands_out or posterior[-1] > posterior[first]:
        return True
    seen = [f.finding for f in observations.narrowest(model.vocabulary) if f.presence is Presence.PRESENT]
    felt = [finding for finding in seen if model.vocabulary[finding].kind in ("symptom", "sign")]
    listed = {f.finding for f in model.conditions[first].findings}
    known = sum(bool(listed & {finding, *model.vocabulary.ancestors(finding)}) for finding in felt)
    return not seen or known < model.weights.explains * len(felt)


def probabilities(
    encounter: Encounter, observations: Observations, model: RankingModel, bits: Floats | None = None
) -> Floats:
    """Return the posterior of every condition and, last, of "none of these"; shape (conditions + 1,)."""
    bits = contributions(observations, model) if bits is None else bits
    scores = bits.sum(axis=1) + model.prior.log2_of(encounter, observations)
    scores = np.append(scores, model.weights.prior.incidence * math.log2(model.weights.unknown))
    odds = np.exp2(model.weights.sharpness * (scores - scores.max()))
    return np.asarray(odds / odds.sum())


def contributions(observations: Observations, model: RankingModel) -> Floats:
    """Return the weighted log2 likelihood ratio of each used finding under each condition; (conditions, used)."""
    return _bits(_used(observations, model), observations, model)


def _bits(used: tuple[Finding, ...], observations: Observations, model: RankingModel) -> Floats:
    columns = np.array([model.columns[f.finding] for f in used], dtype=np.intp)
    present = np.array([f.presence is Presence.PRESENT for f in used], dtype=np.bool_)
    bits = np.where(present, model.bits_present[:, columns], model.bits_absent[:, columns])
    return np.asarray(bits * _exponents(used, observations, model))


def _exponents(used: tuple[Finding, ...], observations: Observations, model: RankingModel) -> Floats:
    """Return how much each used finding counts: more when it is, or is a kind of, what the patient came with."""
    came_with = {f.finding for f in observations.present() if f.field == "chief_complaint"}
    named = [not came_with.isdisjoint((f.finding, *model.vocabulary.ancestors(f.finding))) for f in used]
    return np.where(named, model.weights.complaint, 1.0) * model.weights.evidence


def _factors(condition: Condition) -> tuple[str, ...]:
    return (*condition.affects.raises, *condition.affects.lowers)


def _leaks(
    conditions: Sequence[Condition], columns: Mapping[str, int], vocabulary: Vocabulary, weights: Weights
) -> Mapping[str, float]:
    """Return P(finding | condition) where neither the finding nor one of its family is listed.

    A patient with any condition may have the finding for another reason, as often as anyone who comes.
    """
    shares = dict.fromkeys(columns, 0.0)
    total = sum(SHARE[c.incidence] for c in conditions)
    for condition in conditions:
        listed: dict[str, float] = {}
        for finding in condition.findings:
            if finding.finding in columns:
                for name in (finding.finding, *vocabulary.ancestors(finding.finding)):
                    listed[name] = max(listed.get(name, 0.0), PROBABILITY[finding.frequency])
        for name, probability in listed.items():
            shares[name] += probability * SHARE[condition.incidence] / total
    specific = {f.finding for c in conditions for f in c.findings if f.specific}
    leaks: dict[str, float] = {}
    for name in sorted(columns, key=lambda name: len(vocabulary.ancestors(name))):
        leak = weights.specific_leak if name in specific else max(weights.specific_leak, shares[name])
        broader = [leaks[above] * weights.narrowing for above in vocabulary.ancestors(name)]
        leaks[name] = min([weights.leak, leak, *broader])
    return leaks


def _row(
    condition: Condition,
    columns: Mapping[str, int],
    vocabulary: Vocabulary,
    weights: Weights,
    leaks: Mapping[str, float],
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return P(finding | condition) for every column, and whether the monograph speaks of the finding.

    A finding that is not listed takes the highest frequency of the narrower findings that are, or a share of the
    lowest of the broader ones.
    """
    own = {f.finding: PROBABILITY[f.frequency] for f in condition.findings if f.finding in columns}
    row, listed = np.array([leaks[name] for name in columns]), np.zeros(len(columns), dtype=np.bool_)
    family = {near for name in own for near in (*vocabulary.ancestors(name), *vocabulary.descendants(name))}
    for name in {*own, *family}:
        if name not in columns:
            continue
        column = columns[name]
        narrower = [own[n] for n in vocabulary.descendants(name) if n in own]
        broader = [own[n] for n in vocabulary.ancestors(name) if n in own]
        if name in own:
            row[column], listed[column] = max((own[name], *narrower)), True
        elif narrower and max(narrower) > leaks[name]:
            row[column], listed[column] = max(narrower), True
        elif broader:
            row[column] = max(weights.specific_leak, min(broader) * weights.narrowing)
    return row, listed


def _with_risk_factors(model: RankingModel) -> Floats:
    """Return the likelihoods with each risk factor's ratio, and a ratio of 1 for histories a monograph does not name.

    A factor that the monograph also lists as a finding counts once, with the stronger of the two.
    """
    names = tuple(model.columns)
    silent_kind = np.array([model.vocabulary[name].kind in BACKGROUND_KINDS for name in names], dtype=np.bool_)
    broader = [frozenset(model.vocabulary.ancestors(name)) for name in names]
    high = np.minimum(0.95, model.background * model.weights.risk_ratio)
    low = model.background / model.weights.risk_ratio
    likelihood = model.likelihood.copy()
    for row, condition in enumerate(model.conditions):
        own = {f.finding for f in condition.findings}
        unnamed = (
            silent_kind & ~model.listed[row] & np.array([own.isdisjoint(above) for above in broader], dtype=np.bool_)
        )
        likelihood[row, unnamed] = model.background[unnamed]
        raises, lowers = _family(condition.affects.raises, model), _family(condition.affects.lowers, model)
        likelihood[row, raises] = np.maximum(likelihood[row, raises], high[raises])
        likelihood[row, lowers] = np.minimum(likelihood[row, lowers], low[lowers])
    return likelihood


def _family(names: Iterable[str], model: RankingModel) -> list[int]:
    """Return the columns of findings and of all that imply them, each once."""
    family = {below for name in names for below in (name, *model.vocabulary.descendants(name))}
    return sorted(model.columns[name] for name in family if name in model.columns)


def _with_specific_capped(model: RankingModel) -> Floats:
    """Return the likelihoods with no specific finding likelier, given a broader one, where no monograph lists it.

    Otherwise a rare but specific finding would speak for the conditions that list only the broader one.
    """
    listing: dict[str, list[int]] = {}
    for row, condition in enumerate(model.conditions):
        for finding in condition.findings:
            if finding.specific:
                listing.setdefault(finding.finding, []).append(row)
    likelihood = model.likelihood.copy()
    for name in sorted(listing, key=lambda name: (len(model.vocabulary.ancestors(name)), name)):
        column, rows = model.columns[name], listing[name]
        above = [model.columns[broader] for broader in model.vocabulary.ancestors(name)]
        own, silent = likelihood[rows, column], ~model.listed[:, column]
        limit = np.full(len(model.conditions), own.min())
        if above:
            ratio = (own / likelihood[rows][:, above].max(axis=1)).min()
            limit = np.minimum(limit, ratio * likelihood[:, above].min(axis=1))
        likelihood[silent, column] = np.minimum(likelihood[silent, column], limit[silent])
    return likelihood


def _used(observations: Observations, model: RankingModel) -> tuple[Finding, ...]:
    """Return what counts, in a stable order: of a present family the narrowest, of an absent one the broadest."""
    known = {
        name: finding
        for name, finding in observations.known.items()
        if name in model.columns and finding.presence is not Presence.NOT_ASSESSED
    }
    present = {name for name, finding in known.items() if finding.presence is Presence.PRESENT}
    absent = known.keys() - present
    counted = {name for name in present if present.isdisjoint(model.vocabulary.descendants(name))}
    counted |= {name for name in absent if absent.isdisjoint(model.vocabulary.ancestors(name))}
    return tuple(known[name] for name in sorted(counted))


def _reasons(
    bits: Floats, used: tuple[Finding, ...], circumstances: tuple[Circumstance, ...], model: RankingModel
) -> tuple[Reason, ...]:
    """Return everything that moves a condition's odds by LEAST_SHOWN bits or more."""
    found = [Reason(f.finding, _words(f, model), float(b)) for f, b in zip(used, bits, strict=True)]
    found += [Reason(known.kind, known.words, known.bits) for known in circumstances]
    sharp = (replace(reason, bits=round(model.weights.sharpness * reason.bits, 2)) for reason in found)
    return tuple(reason for reason in sharp if abs(reason.bits) >= LEAST_SHOWN)


def _candidate(
    place: int,
    row: int,
    probability: float,
    reasons: tuple[Reason, ...],
    observations: Observations,
    model: RankingModel,
) -> Candidate:
    condition = model.conditions[row]
    unasked = (n for n in model.worth_asking[row] if observations.presence(n) is Presence.NOT_ASSESSED)
    return Candidate(
        rank=place,
        condition=condition.id,
        name=condition.name,
        synonyms=condition.synonyms,
        icd10=condition.icd10,
        probability=probability,
        band=band(probability),
        cannot_miss=condition.cannot_miss,
        supporting=tuple(sorted((r for r in reasons if r.bits > 0), key=lambda r: -r.bits)),
        opposing=tuple(sorted((r for r in reasons if r.bits < 0), key=lambda r: r.bits)),
        not_assessed=tuple(islice(unasked, 5)),
    )


def _words(finding: Finding, model: RankingModel) -> str:
    label = model.vocabulary.label(finding.finding)
    return label if finding.presence is Presence.PRESENT else f"no {label}"


def band(probability: float) -> Literal["likely", "possible", "less likely", "unlikely"]:
    """Put a probability into words."""
    if probability >= 0.4:
        return "likely"
    if probability >= 0.1:
        return "possible"
    return "less likely" if probability >= 0.02 else "unlikely"
