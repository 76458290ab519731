from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medrag_desktop.domain.condition import Affects, Condition, ConditionFinding, Incidence
from medrag_desktop.domain.differential import (
    LEAST_SHOWN,
    Candidate,
    RankingModel,
    Weights,
    band,
    contributions,
    make_ranking_model,
    probabilities,
    rank,
)
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient, Presence, Sex
from medrag_desktop.domain.observations import observe
from medrag_desktop.domain.prior import SHARE
from medrag_desktop.domain.vocabulary import make_vocabulary
from tests.small_library import (
    CONDITIONS,
    ECTOPIC,
    MODEL,
    NO_RANGES,
    PNEUMONIA,
    VOCABULARY,
    absent,
    condition,
    encounter,
    present,
    seen,
)

FINDINGS = sorted(VOCABULARY.definitions)
SEXES = st.sampled_from(list(Sex))
PATIENTS = st.builds(
    Patient,
    age_years=st.none() | st.floats(0, 120),
    sex=SEXES,
    pregnant=st.none() | st.booleans(),
    postpartum_days=st.none() | st.integers(0, 400),
)
ENCOUNTERS = st.builds(
    Encounter,
    patient=PATIENTS,
    findings=st.lists(
        st.builds(Finding, st.sampled_from(FINDINGS), st.sampled_from(list(Presence))), unique_by=lambda f: f.finding
    ).map(tuple),
    region=st.sampled_from(["", "south-asia", "the moon"]),
)
FREQUENCY = st.sampled_from("obligate very_frequent frequent occasional very_rare excluded".split())


def probability(case: Encounter, name: str) -> float:
    return next((c.probability for c in rank(case, seen(case), MODEL).candidates if c.condition == name), 0.0)


@given(ENCOUNTERS)
def test_probabilities_with_none_of_these_sum_to_one(case: Encounter) -> None:
    posterior = probabilities(case, seen(case), MODEL)
    assert posterior.shape == (len(CONDITIONS) + 1,)
    assert (posterior >= 0).all()
    assert posterior.sum() == pytest.approx(1)
    assert posterior[-1] > 0


@given(ENCOUNTERS)
def test_the_list_is_ordered_and_equal_for_equal_input(case: Encounter) -> None:
    found = rank(case, seen(case), MODEL)
    assert found == rank(case, seen(replace(case, findings=case.findings[::-1])), MODEL)
    assert [c.rank for c in found.candidates] == list(range(1, len(found.candidates) + 1))
    chances = [c.probability for c in found.candidates]
    assert chances == sorted(chances, reverse=True)
    assert all(c.band == band(c.probability) for c in found.candidates)


@given(ENCOUNTERS)
def test_for_and_against_add_up_to_the_log_odds(case: Encounter) -> None:
    observations = seen(case)
    posterior = probabilities(case, observations, MODEL)
    used = contributions(observations, MODEL).shape[1]
    by_id = {c.id: c for c in CONDITIONS}
    for candidate in rank(case, observations, MODEL).candidates:
        log_odds = math.log2(candidate.probability / posterior[-1])
        share = SHARE[by_id[candidate.condition].incidence]
        base = MODEL.weights.sharpness * MODEL.weights.prior.incidence * math.log2(share / MODEL.weights.unknown)
        listed = sum(r.bits for r in (*candidate.supporting, *candidate.opposing))
        assert log_odds == pytest.approx(base + listed, abs=(used + 2) * (LEAST_SHOWN + 0.005))
        assert all(r.bits > 0 for r in candidate.supporting)
        assert all(r.bits < 0 for r in candidate.opposing)


@given(ENCOUNTERS)
def test_age_never_excludes(case: Encounter) -> None:
    for age in (0.0, 7.0, 120.0):
        aged = replace(case, patient=replace(case.patient, age_years=age))
        ageless = replace(case, patient=replace(case.patient, age_years=None))
        excluded = probabilities(aged, seen(aged), MODEL) == 0
        assert (excluded == (probabilities(ageless, seen(ageless), MODEL) == 0)).all()


@given(ENCOUNTERS)
def test_anatomy_excludes_only_when_sex_or_pregnancy_is_known(case: Encounter) -> None:
    patient = case.patient
    row = CONDITIONS.index(ECTOPIC)
    excluded = probabilities(case, seen(case), MODEL)[row] == 0
    after_birth = patient.postpartum_days is not None and patient.postpartum_days <= 42
    assert excluded == (patient.sex is Sex.MALE or (patient.pregnant is False and not after_birth))


def test_what_belongs_to_pregnancy_stays_on_the_list_in_the_weeks_after_it() -> None:
    findings = present("lower_abdominal_pain", "vaginal_bleeding")
    for days, listed in ((None, False), (3, True), (42, True), (43, False)):
        case = encounter(*findings, sex=Sex.FEMALE, age_years=25, pregnant=False, postpartum_days=days)
        assert (probability(case, "ectopic_pregnancy") > 0) == listed


def test_a_condition_of_childbed_counts_in_full_only_in_childbed() -> None:
    sepsis = condition("puerperal_sepsis", {"fever": "obligate"}, affects=Affects(sex="female", pregnancy="postpartum"))
    model = make_ranking_model((sepsis, *CONDITIONS), VOCABULARY)

    def chance(days: int | None) -> float:
        case = encounter(*present("fever"), sex=Sex.FEMALE, age_years=25, postpartum_days=days)
        return float(probabilities(case, seen(case), model)[0])

    assert chance(5) > chance(400) == chance(None) > 0


@pytest.mark.parametrize("findings", [(), absent("fever", "cough"), present("history.unknown_to_all")])
def test_an_encounter_without_findings_is_outside_the_library(findings: tuple[Finding, ...]) -> None:
    case = encounter(*findings, age_years=30)
    assert rank(case, seen(case), MODEL).outside_library
    assert rank(case, seen(case), make_ranking_model((), VOCABULARY)).outside_library


def test_what_the_first_condition_does_not_know_is_outside_the_library() -> None:
    burn = replace(VOCABULARY["rash"], id="burn", label="burn", synonyms=())
    vocabulary = make_vocabulary((*VOCABULARY.definitions.values(), burn))
    model = make_ranking_model(CONDITIONS, vocabulary)
    case = encounter(*present("burn", "fever.high"), age_years=5)
    assert rank(case, observe(case, (), vocabulary, NO_RANGES), model).outside_library


def with_affects(condition_id: str, **affects: object) -> RankingModel:
    changed = [
        replace(c, affects=replace(c.affects, **affects)) if c.id == condition_id else c  # type: ignore[arg-type]
        for c in CONDITIONS
    ]
    return make_ranking_model(changed, VOCABULARY)


def test_a_condition_of_pregnancy_is_unusual_outside_its_weeks() -> None:
    model = with_affects("ectopic_pregnancy", gestational_weeks=(3.0, 16.0))

    def found(weeks: float | None) -> Candidate:
        case = encounter(
            *present("lower_abdominal_pain", "vaginal_bleeding"),
            sex=Sex.FEMALE, age_years=25, pregnant=True, gestational_weeks=weeks,
        )  # fmt: skip
        return next(c for c in rank(case, seen(case), model).candidates if c.condition == "ectopic_pregnancy")

    assert found(None).probability == found(8).probability > found(33).probability > 0
    assert "unusual at 33 weeks of pregnancy" in {reason.label for reason in found(33).opposing}


def test_what_goes_by_another_name_in_pregnancy_steps_back_there_only() -> None:
    model = with_affects("pneumonia", pregnancy="seldom")

    def chance(pregnant: bool | None) -> float:
        case = encounter(*present("cough"), sex=Sex.FEMALE, age_years=25, pregnant=pregnant)
        return float(probabilities(case, seen(case), model)[CONDITIONS.index(PNEUMONIA)])

    assert chance(None) == pytest.approx(chance(False), rel=0.2)
    assert 0 < chance(True) < chance(False)


def test_findings_that_one_condition_explains_are_inside() -> None:
    case = encounter(*present("fever", "rash", "koplik_spots"), age_years=5)
    found = rank(case, seen(case), MODEL)
    assert not found.outside_library
    assert found.candidates[0].condition == "measles"


@given(ENCOUNTERS)
def test_what_must_not_be_missed_is_listed_above_the_floor(case: Encounter) -> None:
    observations = seen(case)
    posterior = probabilities(case, observations, MODEL)
    listed = {c.condition for c in rank(case, observations, MODEL, count=1).candidates}
    for row, known in enumerate(CONDITIONS):
        if known.cannot_miss and posterior[row] >= MODEL.weights.keep_in_view:
            assert known.id in listed


@given(ENCOUNTERS)
def test_a_finding_and_what_it_implies_count_once(case: Encounter) -> None:
    names = {f.finding for f in case.findings}
    assume(not names & {"fever", "fever.high"})
    narrow = replace(case, findings=(*case.findings, *present("fever.high")))
    both = replace(narrow, findings=(*narrow.findings, *present("fever")))
    np.testing.assert_allclose(
        probabilities(narrow, seen(narrow), MODEL), probabilities(both, seen(both), MODEL), rtol=1e-12
    )
    none = replace(case, findings=(*case.findings, *absent("fever")))
    neither = replace(none, findings=(*none.findings, *absent("fever.high")))
    np.testing.assert_allclose(
        probabilities(none, seen(none), MODEL), probabilities(neither, seen(neither), MODEL), rtol=1e-12
    )


def test_the_absence_of_a_broad_finding_counts_once_although_only_narrow_ones_are_listed() -> None:
    hoarse = condition("hoarse", {"cough.bloody": "frequent"})
    model = make_ranking_model((hoarse, ECTOPIC), VOCABULARY)
    case = encounter(*absent("cough"))
    assert contributions(seen(case), model).shape == (2, 1)
    assert "cough" in model.columns


def test_a_broad_finding_counts_although_only_narrow_ones_are_listed() -> None:
    hoarse = condition("hoarse", {"cough.bloody": "frequent"})
    model = make_ranking_model((hoarse, ECTOPIC), VOCABULARY)
    case = encounter(*present("cough"))
    ours, other = contributions(seen(case), model)[:, 0]
    assert ours > 0 > other


@st.composite
def libraries(draw: st.DrawFn) -> tuple[Condition, ...]:
    """Draw conditions of which the first calls koplik_spots specific and the second does not speak of it."""
    flat = [name for name in FINDINGS if name != "koplik_spots"]
    listed = st.dictionaries(st.sampled_from(flat), FREQUENCY, max_size=5)
    own = draw(st.sampled_from("obligate very_frequent frequent occasional very_rare".split()))
    first = condition("first", {**draw(listed), "koplik_spots": own}, specific="koplik_spots")
    others = [condition(name, draw(listed)) for name in ("second", "third")]
    also = condition("fourth", {**draw(listed), "koplik_spots": draw(FREQUENCY)})
    return (first, *(replace(c, incidence=draw(st.sampled_from(list(Incidence)))) for c in (*others, also)))


@given(libraries(), ENCOUNTERS)
def test_a_specific_finding_never_lowers_its_condition_below_one_that_does_not_list_it(
    library: tuple[Condition, ...], case: Encounter
) -> None:
    model = make_ranking_model(library, VOCABULARY)
    without = replace(case, findings=tuple(f for f in case.findings if f.finding != "koplik_spots"))
    with_it = replace(without, findings=(*without.findings, *present("koplik_spots")))
    before, after = (probabilities(c, seen(c), model) for c in (without, with_it))
    assert after[0] / after[1] >= before[0] / before[1] * (1 - 1e-9)


@pytest.mark.parametrize("own", ["very_frequent", "frequent", "occasional", "very_rare"])
def test_a_specific_narrower_finding_does_not_speak_for_those_that_list_only_the_broader(own: str) -> None:
    first = condition("first", {"cough": "obligate", "cough.bloody": own}, specific="cough.bloody")
    library = (first, condition("second", {"cough": "obligate"}), condition("third", {"fever": "frequent"}))
    model = make_ranking_model(library, VOCABULARY)
    broad, narrow = encounter(*present("cough")), encounter(*present("cough", "cough.bloody"))
    before, after = (probabilities(c, seen(c), model) for c in (broad, narrow))
    for other in (1, 2):
        assert after[0] / after[other] >= before[0] / before[other] * (1 - 1e-9)


def test_a_risk_factor_raises_once_and_is_given_as_a_reason() -> None:
    case, smoker = encounter(*present("cough")), encounter(*present("cough", "history.smoking"))
    assert probability(smoker, "pneumonia") > probability(case, "pneumonia")
    reasons = next(c for c in rank(smoker, seen(smoker), MODEL).candidates if c.condition == "pneumonia").supporting
    assert [r.label for r in reasons if r.finding == "history.smoking"] == ["smoking"]
    twice = replace(PNEUMONIA, findings=(*PNEUMONIA.findings, *_listing("history.smoking", "frequent")))
    model = make_ranking_model((twice, *CONDITIONS[:3]), VOCABULARY)
    expected = max(0.55, min(0.95, model.background[model.columns["history.smoking"]] * Weights().risk_ratio))
    assert model.likelihood[0, model.columns["history.smoking"]] == pytest.approx(expected)


def test_a_protective_factor_lowers() -> None:
    safe = replace(PNEUMONIA, affects=Affects(lowers=("history.smoking",)))
    model = make_ranking_model((safe, *CONDITIONS[:3]), VOCABULARY)
    case = encounter(*present("history.smoking"))
    assert contributions(seen(case), model)[0, 0] == pytest.approx(
        -Weights().evidence * math.log2(Weights().risk_ratio)
    )


def test_a_history_no_monograph_names_says_nothing() -> None:
    case = encounter(*present("exposure.measles_contact"))
    bits = dict(zip((c.id for c in CONDITIONS), contributions(seen(case), MODEL)[:, 0], strict=True))
    assert bits["measles"] > 1
    assert bits["common_cold"] == bits["pneumonia"] == 0


def test_absence_counts_only_where_the_monograph_speaks_of_the_finding() -> None:
    case = encounter(
        *present("lower_abdominal_pain", "vaginal_bleeding"), *absent("cough"), sex=Sex.FEMALE, age_years=30
    )
    ectopic = rank(case, seen(case), MODEL).candidates[0]
    assert ectopic.condition == "ectopic_pregnancy"
    assert {r.finding for r in ectopic.opposing} == {"pregnancy"}
    child = encounter(*present("fever"), *absent("cough"), age_years=5)
    measles = next(c for c in rank(child, seen(child), MODEL).candidates if c.condition == "measles")
    assert ("cough", "no cough") in {(r.finding, r.label) for r in measles.opposing}


def test_a_region_changes_the_incidence() -> None:
    local = replace(PNEUMONIA, affects=Affects(regions=(("default", Incidence.RARE), ("south-asia", Incidence.COMMON))))
    model = make_ranking_model((local, *CONDITIONS[:3]), VOCABULARY)

    def chance(region: str) -> float:
        case = replace(encounter(*present("cough")), region=region)
        return float(probabilities(case, seen(case), model)[0])

    assert chance("south-asia") > chance("") == chance("europe-north-america") == chance("nowhere")


def test_what_is_worth_asking_was_not_asked_and_is_listed() -> None:
    case = encounter(*present("fever"), *absent("rash"), age_years=5)
    for candidate in rank(case, seen(case), MODEL).candidates:
        assert len(candidate.not_assessed) <= 5
        assert not {"fever", "rash"} & set(candidate.not_assessed)
    measles = next(c for c in rank(case, seen(case), MODEL).candidates if c.condition == "measles")
    assert measles.not_assessed[0] == "koplik_spots"


def _listing(name: str, frequency: str) -> tuple[ConditionFinding, ...]:
    return condition("any", {name: frequency}).findings


def test_what_the_patient_came_with_counts_more() -> None:
    came = present("cough")[0]
    told = encounter(replace(came, field="history", origin=Origin.TEXT, quote="cough"))
    complained = encounter(replace(came, field="chief_complaint", origin=Origin.TEXT, quote="cough"))
    usual, weighed = (contributions(seen(case), MODEL) for case in (told, complained))
    assert weighed == pytest.approx(Weights().complaint * usual)


def test_sharpness_changes_probabilities_and_no_rank() -> None:
    case = encounter(*present("fever", "rash"), age_years=5)
    blunt = replace(MODEL, weights=replace(MODEL.weights, sharpness=0.3))
    sharp, dull = (rank(case, seen(case), model).candidates for model in (MODEL, blunt))
    assert [c.condition for c in sharp] == [c.condition for c in dull]
    assert dull[0].probability < sharp[0].probability
