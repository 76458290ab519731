"""Small encounters, findings and vocabularies for tests."""

from __future__ import annotations

from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient, Presence, Sex, VitalSigns
from medrag_desktop.domain.normal_ranges import NormalRanges, parse_normal_ranges
from medrag_desktop.domain.vocabulary import Vocabulary, make_vocabulary, parse_findings

FINDINGS = """
[findings."fever"]
label = "fever"
kind = "symptom"
synonyms = ["febrile", "fevers", "high temperature"]
derive = "temperature_celsius >= 38.0"
[findings."fever.high"]
label = "high fever"
kind = "sign"
derive = "temperature_celsius >= 39.0"
[findings."fever.periodic"]
label = "periodic fever"
kind = "symptom"
[findings."cough"]
label = "cough"
kind = "symptom"
synonyms = ["coughing"]
[findings."cough.productive"]
label = "productive cough"
kind = "symptom"
[findings."cough.prolonged"]
label = "long cough"
kind = "symptom"
derive_duration = { finding = "cough", hours = 336 }
[findings."chest_pain.pressure"]
label = "crushing chest pain"
kind = "symptom"
[findings."chest_pain.radiating"]
label = "chest pain going to the arm"
kind = "symptom"
[findings."weight_loss"]
label = "weight loss"
kind = "symptom"
[findings."urinary_frequency"]
label = "urinary frequency"
kind = "symptom"
[findings."urinary_urgency"]
label = "urinary urgency"
kind = "symptom"
[findings."history.family_diabetes"]
label = "family history of diabetes"
kind = "history"
synonyms = ["family history of sugar"]
[findings."chest_pain"]
label = "chest pain"
kind = "symptom"
synonyms = ["pain in the chest", "cp"]
[findings."dyspnoea"]
label = "shortness of breath"
kind = "symptom"
synonyms = ["dyspnoea", "breathlessness"]
[findings."vomiting"]
label = "vomiting"
kind = "symptom"
synonyms = ["vomits", "vomited"]
[findings."vomiting.bilious"]
label = "bilious vomiting"
kind = "symptom"
[findings."diarrhoea"]
label = "diarrhoea"
kind = "symptom"
[findings."diarrhoea.bloody"]
label = "bloody diarrhoea"
kind = "symptom"
[findings."rash"]
label = "rash"
kind = "sign"
[findings."headache"]
label = "headache"
kind = "symptom"
[findings."jaundice"]
label = "jaundice"
kind = "sign"
[findings."convulsions"]
label = "convulsions"
kind = "symptom"
synonyms = ["fits", "seizure"]
[findings."poor_intake"]
label = "not eating"
kind = "symptom"
[findings."unable_to_drink"]
label = "unable to drink"
kind = "sign"
[findings."neck_stiffness"]
label = "neck stiffness"
kind = "sign"
[findings."hypoxaemia"]
label = "low oxygen saturation"
kind = "vital"
derive = "spo2_percent < 94"
[findings."tachypnoea"]
label = "fast breathing"
kind = "vital"
[findings."hypotension"]
label = "low blood pressure"
kind = "vital"
[findings."high_blood_pressure"]
label = "raised blood pressure"
kind = "vital"
[findings."history.asthma"]
label = "known asthma"
kind = "history"
synonyms = ["asthma", "history of asthma"]
[findings."history.diabetes"]
label = "known diabetes"
kind = "history"
synonyms = ["diabetes", "diabetic"]
[findings."history.cancer"]
label = "known cancer"
kind = "history"
synonyms = ["cancer"]
[findings."history.hiv"]
label = "HIV infection"
kind = "history"
synonyms = ["hiv"]
[findings."exposure.tb_contact"]
label = "contact with tuberculosis"
kind = "exposure"
synonyms = ["contact with tb"]
"""

RANGES = """
[sources]
a = { title = "Limits", publisher = "Nobody", year = 2024 }
[plausible]
temperature_celsius = [25.0, 44.0]
heart_rate_bpm = [20, 300]
respiratory_rate_bpm = [4, 150]
systolic_mmhg = [30, 300]
diastolic_mmhg = [10, 200]
spo2_percent = [30, 100]
glucose_mmol_l = [0.3, 70.0]
[[temperature_celsius]]
age_years = [0, 0.1643]
low = 35.5
high = 37.4
above = "fever"
source = "a"
[[temperature_celsius]]
age_years = [0.1643, 130]
low = 35.5
high = 37.9
above = "fever"
source = "a"
[[respiratory_rate_bpm]]
age_years = [0, 1]
low = 25
high = 59
above = "tachypnoea"
source = "a"
[[respiratory_rate_bpm]]
age_years = [1, 130]
low = 12
high = 20
above = "tachypnoea"
source = "a"
[[systolic_mmhg]]
age_years = [12, 130]
low = 90
high = 139
below = "hypotension"
above = "high_blood_pressure"
source = "a"
[[diastolic_mmhg]]
age_years = [12, 130]
high = 89
above = "high_blood_pressure"
source = "a"
[[spo2_percent]]
age_years = [0, 130]
low = 94
below = "hypoxaemia"
source = "a"
"""

ABBREVIATIONS = {
    "sob": "shortness of breath",
    "n/v": "nausea and vomiting",
    "w/o": "without",
    "c/o": "complains of",
    "h/o": "history of",
}


def make_test_vocabulary(extra: str = "") -> Vocabulary:
    return make_vocabulary(parse_findings(FINDINGS + extra, "test"))


def make_ranges() -> NormalRanges:
    return parse_normal_ranges(RANGES)


def patient(age: float | None = 30.0, sex: str = "unknown", **more: object) -> Patient:
    return Patient(age_years=age, sex=Sex(sex), **more)  # type: ignore[arg-type]


def present(finding: str, origin: str = "form") -> Finding:
    return _finding(finding, Presence.PRESENT, origin)


def absent(finding: str, origin: str = "form") -> Finding:
    return _finding(finding, Presence.ABSENT, origin)


def not_assessed(finding: str) -> Finding:
    return Finding(finding, Presence.NOT_ASSESSED)


def _finding(finding: str, presence: Presence, origin: str) -> Finding:
    return Finding(finding, presence, Origin(origin), quote=finding if origin == "text" else "")


def encounter(*findings: Finding, who: Patient | None = None, text: str = "", **signs: object) -> Encounter:
    return Encounter(
        patient=who or patient(),
        history=text,
        findings=findings,
        vital_signs=VitalSigns(**signs),  # type: ignore[arg-type]
    )
