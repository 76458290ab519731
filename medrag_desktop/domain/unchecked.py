"""What the undecided danger signs wait for, in the order in which somebody goes and finds out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from medrag_desktop.domain.encounter import Finding, Origin, Presence
from medrag_desktop.domain.threshold import MEASUREMENTS
from medrag_desktop.domain.triage import NotAssessed
from medrag_desktop.domain.vocabulary import Vocabulary


class Step(StrEnum):
    """How something is found out, the basic measurements first."""

    MEASURE = "measure"
    REPEAT = "repeat"
    """Measured by what the text says; only a measurement that is entered as one counts."""
    CLEAR_UP = "clear_up"
    """A doubt of the program's: a likely slip of the pen, a text that was not understood."""
    CONFIRM = "confirm"
    """Denied in the text, which alone clears no danger sign."""
    ASK = "ask"
    EXAMINE = "examine"
    TEST = "test"


STEP_WORDS: Mapping[Step, str] = {
    Step.MEASURE: "Not measured",
    Step.REPEAT: "Only in the text; measure and enter",
    Step.CLEAR_UP: "Clear up first",
    Step.CONFIRM: "Denied in the text; confirm",
    Step.ASK: "Not asked",
    Step.EXAMINE: "Not examined",
    Step.TEST: "Not tested",
}
"""What stands before the words of a step."""


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Everything that one step finds out, what most rules wait for first."""

    step: Step
    words: tuple[str, ...]


_BASICS: Mapping[str, tuple[str, ...]] = {
    "temperature": ("temperature_celsius",),
    "pulse": ("heart_rate_bpm",),
    "breathing rate": ("respiratory_rate_bpm",),
    "SpO2": ("spo2_percent",),
    "blood pressure": ("systolic_mmhg", "diastolic_mmhg"),
    "blood glucose": ("glucose_mmol_l",),
    "alertness (AVPU or Glasgow coma scale)": ("avpu", "gcs"),
    "mid-upper arm circumference": ("muac_mm",),
    "weight": ("weight_kg",),
    "height": ("height_cm",),
}
"""What is measured -> names of measurements, in the order in which it is taken."""
_MEASURED = {MEASUREMENTS[name][0]: words for words, names in _BASICS.items() for name in names}
_ASKED = {name: name for name in ("age", "sex", "pregnancy")} | {
    MEASUREMENTS["gestational_weeks"][0]: "weeks of gestation",
    MEASUREMENTS["postpartum_days"][0]: MEASUREMENTS["postpartum_days"][0],
    MEASUREMENTS["on_oxygen"][0]: "whether oxygen is given",
}
"""Facts about the patient that are no findings, as they are asked for."""
_UNAIDED = " without oxygen"
_STEPS = {"sign": Step.EXAMINE, "vital": Step.EXAMINE, "test": Step.TEST}
"""Kind of finding -> how it is found out; what is none of these is asked."""


def unchecked(
    rules: Iterable[NotAssessed], findings: Iterable[Finding], vocabulary: Vocabulary
) -> tuple[Unchecked, ...]:
    """Sort what the rules lack by the step that finds it out; a step with nothing to do is left out."""
    findings = tuple(findings)
    counts = Counter(need for rule in rules for need in rule.needs)
    denied = {vocabulary.label(name) for name in _denied(findings, vocabulary)}
    kinds = {definition.label: definition.kind for definition in vocabulary.definitions.values()}
    found: dict[Step, list[str]] = {step: [] for step in Step}
    for need, _ in counts.most_common():
        step, words = _sorted(need, findings, denied, kinds)
        if words not in found[step]:
            found[step].append(words)
    basics = list(_BASICS)
    found[Step.MEASURE].sort(key=lambda words: basics.index(words.removesuffix(_UNAIDED)))
    return tuple(Unchecked(step, tuple(words)) for step, words in found.items() if words)


def _sorted(need: str, findings: Iterable[Finding], denied: set[str], kinds: Mapping[str, str]) -> tuple[Step, str]:
    """Return the step that finds out what a rule lacks, and its words there."""
    measured = need.removesuffix(_UNAIDED)
    if measured in _MEASURED:
        told = next((f.quote for f in findings if _tells(f, measured)), "")
        if told:
            return Step.REPEAT, told
        return Step.MEASURE, _MEASURED[measured] + need[len(measured) :]
    if need in _ASKED:
        return Step.ASK, _ASKED[need]
    if need in denied:
        return Step.CONFIRM, need
    return (_STEPS.get(kinds[need], Step.ASK), need) if need in kinds else (Step.CLEAR_UP, need)


def _tells(finding: Finding, measurement: str) -> bool:
    """Tell whether a finding rests on a measurement that was read from the text."""
    return finding.origin is Origin.TEXT and not finding.field and finding.quote.startswith(f"{measurement} ")


def _denied(findings: Iterable[Finding], vocabulary: Vocabulary) -> Iterable[str]:
    """Yield what the text denies, with every narrower finding that is denied with it."""
    for finding in findings:
        if finding.presence is Presence.ABSENT and finding.origin is Origin.TEXT:
            yield finding.finding
            yield from vocabulary.descendants(finding.finding)
