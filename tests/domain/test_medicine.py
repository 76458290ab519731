"""Allergy, pregnancy, age, illness and current medicines against the medicines that a text names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.encounter import Encounter, Finding, Patient, Presence, Sex
from medrag_desktop.domain.medicine import cautions, medicine_gaps, parse_medicines
from medrag_desktop.domain.medicine_facts import Medicines
from medrag_desktop.domain.observations import Observations
from medrag_desktop.errors import LibraryError

LIBRARY = Path(__file__).resolve().parents[2] / "assets" / "library"
MEDICINES = parse_medicines((LIBRARY / "medicines.toml").read_text("utf-8"))
NOTHING = Observations((), {})

SMALL = """
[sources]
a = { title = "Medicines", publisher = "Nobody", year = 2024 }
[classes.penicillin]
cross_allergy = "a"
[medicines.amoxicillin]
classes = ["penicillin"]
pregnancy = { advice = "avoid", source = "a" }
minimum_age = { years = 8, source = "a" }
avoided_in = [{ any = ["history.asthma"], words = "asthma is known", source = "a" }]
[[interactions]]
between = ["amoxicillin", "penicillin"]
words = "they do not go together"
source = "a"
"""


def man(*allergies: str, takes: tuple[str, ...] = (), history: str = "", age: float | None = 40) -> Encounter:
    return Encounter(Patient(age, Sex.MALE), history=history, allergies=allergies, medications=takes)


def woman(pregnant: bool | None = None, age: float | None = 25, **more: object) -> Encounter:
    return Encounter(Patient(age, Sex.FEMALE, pregnant, **more))  # type: ignore[arg-type]


def child(years: float) -> Encounter:
    return Encounter(Patient(years, Sex.MALE))


def with_findings(*names: str) -> Observations:
    found = tuple(Finding(name) for name in names)
    return Observations(found, {f.finding: f for f in found})


def reasons(text: str, encounter: Encounter, *findings: str, suspected: tuple[str, ...] = ()) -> list[str]:
    return [c.reason for c in cautions(text, encounter, with_findings(*findings), MEDICINES, suspected)]


@pytest.mark.parametrize(
    "allergy",
    [
        "penicillin",
        "Penicillins",
        "penicilin",
        "PCN",
        "amoxycillin",
        "allergy to penicillin: rash",
        "allergic to co-amoxiclav",
        "Augmentin - face swelled",
        "antibiotics",
        "no known allergies except penicillin",
        "Food: no allergy. Penicillin: rash",
    ],
)
@pytest.mark.parametrize("sentence", ["Amoxicillin is used.", "Give co-amoxiclav first.", "A penicillin such as X."])
def test_allergy_to_penicillin_never_meets_amoxicillin(allergy: str, sentence: str) -> None:
    assert reasons(sentence, man(allergy))


@pytest.mark.parametrize(
    "story",
    [
        "Cough for a week. Allergic to penicillin. Takes nothing.",
        "Mother says he is allergic to penicillin.",
        "Penicillin allergy, on enalapril.",
        "Not allergic to sulfa but allergic to penicillin.",
        "Anaphylaxis after amoxicillin in 2010.",
    ],
)
def test_an_allergy_in_the_story_counts(story: str) -> None:
    assert reasons("Ampicillin is given.", man(history=story))


@pytest.mark.parametrize(
    "story",
    ["No known drug allergies. Given amoxicillin.", "Mother is allergic to penicillin.", "Not allergic to penicillin."],
)
def test_what_is_no_allergy_of_the_patient_does_not(story: str) -> None:
    assert reasons("Ampicillin is given.", man(history=story)) == []


@pytest.mark.parametrize(
    "entry", ["NKDA", "nil", "none known", "No known drug allergies.", "not known", "-", "peanuts"]
)
def test_no_allergy_is_no_allergy(entry: str) -> None:
    encounter = man(entry, takes=("none",))
    assert reasons("Amoxicillin or aspirin is given.", encounter) == []
    assert not any("allergy '" in sentence for sentence in medicine_gaps(encounter, MEDICINES))


def test_the_classes_that_react_to_each_other_are_named() -> None:
    (reason,) = reasons("Ceftriaxone is given.", man("penicillin"))
    assert "cephalosporins" in reason
    assert "both are anti-inflammatory" in reasons("Ibuprofen eases pain.", man("aspirin"))[0]
    assert reasons("Enoxaparin is started.", man("heparin"))
    assert reasons("Co-trimoxazole prevents it.", man("sulfa"))
    assert reasons("Co-trimoxazole prevents it.", man("trimethoprim"))
    assert reasons("Acetazolamide lowers the pressure.", man("sulpha drugs"))


def test_who_is_allergic_to_one_of_a_broad_class_may_take_another() -> None:
    assert reasons("An antiplatelet such as clopidogrel is added.", man("aspirin")) == []
    assert reasons("An antibiotic is given.", man("penicillin")) == []
    assert reasons("Azithromycin is given.", man("penicillin")) == []


@pytest.mark.parametrize("name", ["flucloxacillin", "zyxacillin", "Zyxofloxacin"])
def test_a_medicine_is_known_by_its_ending(name: str) -> None:
    allergy = "penicillin" if name.endswith("cillin") else "ciprofloxacin"
    assert reasons(f"{name} is given.", man(allergy))


def test_pregnant_never_doxycycline() -> None:
    sentence = "Doxycycline, a tetracycline, is used."
    assert reasons(sentence, woman(True)) == ["the patient is pregnant"]
    assert reasons(sentence, woman(None)) == ["the patient may be pregnant"]
    assert reasons(sentence, woman(None, age=None)) == ["the patient may be pregnant"]
    assert reasons(sentence, woman(None, gestational_weeks=9)) == ["the patient is pregnant"]
    assert reasons(sentence, woman(False)) == []
    assert reasons(sentence, woman(None, age=70)) == []
    assert reasons(sentence, man()) == []


@pytest.mark.parametrize(
    ("sentence", "weeks", "told"),
    [
        ("Metronidazole is given.", 8, True),
        ("Metronidazole is given.", 20, False),
        ("Metronidazole is given.", None, True),
        ("Nitrofurantoin is given.", 12, False),
        ("Nitrofurantoin is given.", 37, True),
        ("Ibuprofen is given.", 20, True),
        ("Paracetamol is given.", 20, False),
    ],
)
def test_the_time_of_pregnancy_counts(sentence: str, weeks: float | None, told: bool) -> None:
    assert bool(reasons(sentence, woman(True, gestational_weeks=weeks))) == told


def test_a_possible_pregnancy_keeps_from_what_harms_it_early_only() -> None:
    assert reasons("Albendazole is given.", woman(None)) == ["the patient may be in early pregnancy"]
    assert reasons("Ibuprofen or nitrofurantoin is given.", woman(None)) == []


def test_advice_gives_way_where_the_illness_asks_for_the_medicine() -> None:
    sentence = "Misoprostol empties the womb."
    assert reasons(sentence, woman(True)) == ["the patient is pregnant"]
    assert reasons(sentence, woman(True), suspected=("miscarriage",)) == []
    late = woman(True, gestational_weeks=36)
    assert reasons("Co-trimoxazole is given.", late)
    assert reasons("Co-trimoxazole is given.", late, "history.hiv") == []


def test_only_penicillin_treats_syphilis_in_pregnancy() -> None:
    sentence = "Azithromycin (a macrolide) is used for early syphilis only outside pregnancy."
    (reason,) = reasons(sentence, woman(True), suspected=("syphilis",))
    assert "penicillin" in reason
    assert reasons(sentence, woman(False), suspected=("syphilis",)) == []
    assert reasons("Azithromycin treats chlamydia.", woman(True), suspected=("urethritis",)) == []
    assert reasons("Benzathine benzylpenicillin treats syphilis.", woman(True), suspected=("syphilis",)) == []


def test_breastfeeding() -> None:
    mother = woman(False, breastfeeding=True)
    assert reasons("A statin is started.", mother) == ["the patient is breastfeeding"]
    assert reasons("Ibuprofen eases mastitis.", mother) == []
    assert reasons("Aspirin eases mastitis.", mother) == ["the patient is breastfeeding"]


def test_child_never_aspirin() -> None:
    for years in (0.1, 4, 15.9):
        assert any("under 16 years" in reason for reason in reasons("Aspirin eases fever.", child(years)))
    assert reasons("Aspirin eases fever.", child(16)) == []
    assert reasons("Tetracycline is given.", child(7)) == ["the patient is under 8 years"]
    assert reasons("Ibuprofen is given.", child(0.2)) == ["the patient is under 3 months"]


@pytest.mark.parametrize("illness", ["plague", "tick_borne_spotted_fever", "typhus"])
def test_an_age_limit_gives_way_where_the_illness_asks_for_the_medicine(illness: str) -> None:
    sentence = "Doxycycline is given."
    assert reasons(sentence, child(3)) == ["the patient is under 8 years"]
    assert reasons(sentence, child(3), suspected=(illness,)) == []
    assert reasons("Tetracycline is given.", child(3), suspected=(illness,)) == ["the patient is under 8 years"]


def test_what_is_put_on_the_eye_or_skin_is_not_held_back_by_age_or_pregnancy() -> None:
    for encounter in (child(2), woman(True)):
        assert reasons("Tetracycline eye ointment treats it.", encounter) == []
        assert reasons("An eye ointment or drops, such as tetracycline or chloramphenicol, is used.", encounter) == []
        assert reasons("Tetracycline tablets are used.", encounter)
    assert reasons("Podophyllin ointment is used.", woman(True))
    assert reasons("Timolol drops lower the pressure.", man(), "history.asthma")
    assert reasons("Tetracycline eye ointment treats it.", man("tetracycline")) == []
    assert reasons("Tetracycline drops treat it.", man("tetracycline"))


def test_illness_speaks_against_a_medicine() -> None:
    assert reasons("Ibuprofen eases fever.", man(), suspected=("dengue",))
    assert reasons("Ibuprofen eases fever.", man(), "history.kidney_disease")
    assert reasons("Propranolol prevents migraine.", man(), "history.asthma")
    assert reasons("Ceftriaxone is given.", child(0.02), "jaundice")
    assert reasons("Ceftriaxone is given.", man(), "jaundice") == []
    absent = Finding("history.asthma", Presence.ABSENT)
    seen = Observations((absent,), {"history.asthma": absent})
    assert cautions("Propranolol prevents migraine.", man(), seen, MEDICINES) == ()


@pytest.mark.parametrize(
    ("takes", "sentence"),
    [
        ("warfarin 5 mg daily", "Ibuprofen relieves pain."),
        ("Warfarin", "Metronidazole is given."),
        ("coumadin", "A macrolide such as azithromycin is used."),
        ("methotrexate", "Co-trimoxazole is given."),
        ("simvastatin", "Clarithromycin is given."),
        ("sildenafil", "Glyceryl trinitrate relieves pain."),
        ("enalapril", "Spironolactone is added."),
        ("lisinopril", "Ibuprofen relieves pain."),
        ("combined oral contraceptive", "Rifampicin is given."),
    ],
)
def test_current_medicines_are_checked(takes: str, sentence: str) -> None:
    assert any(reason.startswith("the patient takes ") for reason in reasons(sentence, man(takes=(takes,))))
    story = f"He takes {takes} every day."
    assert any(reason.startswith("the history names ") for reason in reasons(sentence, man(history=story)))
    assert reasons(sentence, man(history=f"He is not taking {takes}.")) == []


def test_a_medicine_does_not_interact_with_itself_and_aspirin_goes_with_enalapril() -> None:
    assert reasons("Warfarin is continued.", man(takes=("warfarin",))) == []
    assert reasons("Aspirin is chewed.", man(takes=("enalapril",))) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Doxycycline is not given in pregnancy, where erythromycin treats chlamydia.",
        "Aspirin, ibuprofen, diclofenac and other anti-inflammatory medicines must not be given in dengue.",
        "Paracetamol eases fever, while aspirin and ibuprofen add to the risk of bleeding.",
        "Paracetamol or an opioid eases pain, and aspirin and other anti-inflammatory painkillers are avoided.",
        "Aspirin must never be given to children with chickenpox because it can cause Reye syndrome.",
        "Never give aspirin.",
        "Azithromycin is kept for people with true penicillin allergy.",
        "Clindamycin is an alternative for women allergic to penicillin.",
        "A serious allergy needs a non-penicillin choice, such as clindamycin.",
        "Erythromycin replaces penicillin.",
        "Paracetamol is safer in people who cannot take ibuprofen, though its effect is small.",
    ],
)
def test_negated_advice_stands(sentence: str) -> None:
    assert reasons(sentence, man("penicillin", "aspirin", "doxycycline")) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Aspirin should not be delayed.",
        "Aspirin must not be withheld.",
        "Patients never stop aspirin.",
        "Do not avoid aspirin.",
        "Aspirin is avoided until the scan.",
        "Aspirin is not used unless a doctor asks for it.",
        "Aspirin is chewed at once, unless allergy forbids it.",
        "Aspirin is not given at first, and is started later.",
        "Aspirin is avoided in children but is given to adults.",
        "Treat with aspirin, and ibuprofen is avoided.",
        "It is treated with paracetamol, aspirin, and codeine is avoided.",
        "Avoid ibuprofen and aspirin is given.",
        "There is no reason to avoid aspirin.",
        "Aspirin is used when ibuprofen is avoided.",
        "Aspirin is avoided. Later aspirin is given.",
        "aspirin " + "and so on " * 200 + "is avoided",
    ],
)
def test_when_unsure_a_sentence_offers_the_medicine(sentence: str) -> None:
    assert any("aspirin" in reason for reason in reasons(sentence, man("aspirin")))


def test_a_class_that_only_explains_a_medicine_is_not_told_of_again() -> None:
    found = cautions("Amoxicillin (a penicillin) is used.", man("penicillin"), NOTHING, MEDICINES)
    assert [c.medicine for c in found] == ["Amoxicillin"]


def test_a_caution_names_its_source() -> None:
    (caution,) = cautions("Primaquine is given.", woman(True), NOTHING, MEDICINES)
    assert caution.source == "MSF, Clinical guidelines, 2024"
    assert caution.words == "the patient is pregnant (MSF, Clinical guidelines, 2024)"


@pytest.mark.parametrize("entry", ["Xyzzyx", "penicillin and xyzzyx", "zyx (rash)"])
def test_unknown_allergy_is_said(entry: str) -> None:
    told = [sentence for sentence in medicine_gaps(man(entry, takes=("none",)), MEDICINES) if "zyx" in sentence]
    assert len(told) == 1
    assert "check every medicine against it by hand" in told[0]


def test_what_was_not_recorded_is_said() -> None:
    (told,) = medicine_gaps(Encounter(), MEDICINES)
    assert all(word in told for word in ("allergies", "current medicines", "age", "pregnancy"))
    assert medicine_gaps(man("NKDA", takes=("none",)), MEDICINES) == ()
    (told,) = medicine_gaps(man("unknown", takes=("none",)), MEDICINES)
    assert "allergies" in told


NAMES = sorted((entry.name, name) for entry in MEDICINES.entries.values() for name in (entry.name, *entry.synonyms))


@given(st.sampled_from(NAMES))
def test_an_allergy_to_a_medicine_keeps_it_from_the_patient(named: tuple[str, str]) -> None:
    own, name = named
    assert reasons(f"{name} is used.", man(name))
    assert reasons(f"{name} is used.", man(own))


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_read(entry: str, text: str) -> None:
    encounter = man(entry, takes=(text,), history=f"{entry} {text}")
    assert isinstance(cautions(f"Aspirin {text}", encounter, NOTHING, MEDICINES), tuple)
    assert isinstance(medicine_gaps(encounter, MEDICINES), tuple)


def test_a_small_file_is_read() -> None:
    medicines = parse_medicines(SMALL)
    assert medicines.lineage("amoxicillin") == {"amoxicillin", "penicillin"}
    found = cautions("Amoxicillin is used.", child(3), with_findings("history.asthma"), medicines)
    assert [c.reason for c in found] == ["asthma is known", "the patient is under 8 years"]
    assert cautions("Amoxicillin is used.", man("amoxicillin"), NOTHING, Medicines()) == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('[medicines.amoxicillin]\nclasses = ["penicillin"]', "[medicines.amoxicillin", "cannot be read"),
        ('classes = ["penicillin"]', 'classes = ["cillin"]', "no class of the file"),
        ('classes = ["penicillin"]', 'class = ["penicillin"]', "unknown keys: class"),
        ('classes = ["penicillin"]', 'classes = "penicillin"', "list of words"),
        ("[classes.penicillin]\n", '[classes.penicillin]\nclasses = ["penicillin"]\n', "belongs to itself"),
        ("[medicines.amoxicillin]", "[medicines.penicillin]", "both a class and a medicine"),
        ('advice = "avoid", source = "a"', 'advice = "maybe", source = "a"', "amoxicillin cannot be read"),
        ('advice = "avoid", source = "a"', 'advice = "avoid", source = "b"', "b is missing or unknown"),
        ("years = 8", "years = -8", "above 0"),
        ("years = 8", "decades = 8", "unknown keys: decades"),
        ("years = 8", 'years = 8, unless = "plague"', "list of words"),
        ('any = ["history.asthma"]', "any = []", "at least one"),
        ('between = ["amoxicillin", "penicillin"]', 'between = ["amoxicillin", "aspirin"]', "aspirin"),
        ('between = ["amoxicillin", "penicillin"]', 'between = ["amoxicillin"]', "number 1 of interactions"),
        ("[[interactions]]", "[interaction]", "unknown keys: interaction"),
        ('publisher = "Nobody"', 'printer = "Nobody"', "source a"),
    ],
)
def test_a_file_that_says_what_nothing_reads_is_refused(old: str, new: str, words: str) -> None:
    assert old in SMALL
    with pytest.raises(LibraryError, match=words):
        parse_medicines(SMALL.replace(old, new, 1))
