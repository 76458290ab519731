from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.grounding import (
    NOT_STATED,
    Facts,
    Grounded,
    Ungrounded,
    find_clauses,
    ground,
    holds_dose,
    split_sentences,
)

FACTS = Facts(
    present=frozenset({"fever", "pyrexia", "nausea and vomiting", "cough", "high fever (39 °c or more)"}),
    absent=frozenset({"neck stiffness", "rash"}),
)
PASSAGE = (
    "Measles is caused by a virus. Bacterial pneumonia in measles is not caused by the measles virus. "
    "Give vitamin A, except in pregnancy. Temperature above 38.5 C is common; it falls after the rash."
)

DOSES = """
10 mg/kg|500mg|one tablet twice daily|2 puffs every 4 hours|1 g|three drops|every 8 hours|5 ml|10\u00a0mg
10\u202fmg|１０ｍｇ|5 ㎎|½ tablet|half a tablet|10 µg|10 μg|10 mcg|2.4 million units|2.4 MU|1,200,000 IU|1 000 mg
10-20 mg|10–20 mg|10 to 20 milligrams|ten milligrams|five hundred mg|5 mls|2 tsp|one teaspoonful
a teaspoon of syrup|8-hourly|8 hourly|six-hourly|q8h|q 6 h|t.d.s.|tds|bd|b.i.d.|TID|qds|prn|3 times a day
three times daily|3x/day|3 x daily|two to three times a day|2-3 times daily|thrice daily|once weekly|once a day
10 MG|every four to six hours|every 4-6 hours|every 6h|give paracetamol daily|take one at bedtime
is taken every morning|1 litre of Ringer lactate|30 ml/kg|2 L of crystalloid|5 L/min of oxygen|5% dextrose
permethrin 5 %|0.9% saline|1% hydrocortisone cream|10 units of insulin|10 U|10u|1\u200b0 m\u200bg|10 \t mg
10 mg/ml|2 ml/min|20 mmol|40 mEq|0.5 mg per kg|units per kg|two sachets|one cup of ORS|1 ampoule|4 hrly|1 gram
500 milligrammes|50 000 IU|a capsule|injected every month|twice in 24 hours|2 tabs|1/2 tab|500 ml of blood|10 мг
one puff|0.3 g|3 gtt|two 500 mg tablets|an ampoule|1½ tablets|three hundred micrograms|every eight hours
four times per day|250mg/5mL|1 mcg/kg/min|give 20mL
""".strip()
NO_DOSES = """
temperature 38.5 C|120/80 mmHg|7 mmol/L|5 days|11.1 mmol/L|126 mg/dL|glucose below 3.3 mmol/L (60 mg/dL)
haemoglobin below 7 g/dL|7 mmol per litre|HbA1c 48 mmol/mol|SpO2 below 94 %|20 weeks
more than 60 breaths a minute|soaks two pads an hour|100/min|ALT 500 IU/L|CD4 count below 200|a Gram stain
gram-negative bacteria|in 30 % of patients|8 hours|fever every day|1500 cells/ml|1000 copies/ml
dose by the national guideline|eye drops|the temperature drops|daily life|weigh themselves daily|reviewed daily
ferritin 15 µg/L|3 kg|Review about every four weeks until controlled, then every three to six months.
Missed tablets, salt|with regular tablets|G6PD deficiency|the first dose of ceftriaxone|within two hours
age 2 to 5 years|one in four people|5 cm|at least three times|many times a year|type 2 diabetes|a stroke unit
BMI 30 kg/m2|once|twice|at once|at once in severe disease|Blood loss of about half a litre
a drop in blood pressure|grade 3
""".strip()


def lines(block: str) -> list[str]:
    return [text for line in block.splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", lines(DOSES))
def test_a_dose_is_seen_however_it_is_written(text: str) -> None:
    assert holds_dose(text)
    assert holds_dose(f"Amoxicillin {text} is usual.")


@pytest.mark.parametrize("text", lines(NO_DOSES))
def test_a_measurement_of_the_patient_is_no_dose(text: str) -> None:
    assert not holds_dose(text)


@given(
    number=st.one_of(
        st.integers(1, 10**6).map(str),
        st.decimals("0.01", "999", places=2).map(str),
        st.sampled_from(["one", "ten", "½"]),
    ),
    space=st.sampled_from(["", " ", "\u00a0", "\u2009", "-", " - ", "\u200b"]),
    unit=st.sampled_from("mg mcg µg g ml mL IU units tablets drops puffs MG Mg".split()),
    before=st.sampled_from(["", "Give ", "up to ", "(", "about "]),
    after=st.sampled_from(["", ".", " daily", "/kg", ")", " by mouth", ", then stop"]),
)
def test_no_number_with_a_unit_of_a_medicine_passes(
    number: str, space: str, unit: str, before: str, after: str
) -> None:
    glued = number.isalpha() and not space.strip("\u200b")
    assert glued or holds_dose(f"{before}{number}{space}{unit}{after}")


@pytest.mark.parametrize(
    "text",
    [
        "Caused by the measles virus.",
        "Bacterial pneumonia in measles is",
        "Give vitamin A.",
        "Give vitamin A",
        "Temperature above 38.",
        "5 C is common; it falls after the rash.",
        "Temperature above 38.5 C is common.",
        "It falls after the rash.",
        "Measles is caused by a virus, except in pregnancy.",
        "Measles is caused by the measles virus.",
        "Vitamin A, except in pregnancy. Measles is caused by a virus.",
        "Measles is caused by a virus. Give vitamin A, except in pregnancy.",
    ],
)
def test_a_part_of_a_sentence_never_stands_for_the_whole(text: str) -> None:
    assert isinstance(ground(text, [PASSAGE], FACTS), Ungrounded)


def test_whole_neighbouring_sentences_are_grounded() -> None:
    one = ground("Give vitamin A, except in pregnancy.", ["Other words stand here.", PASSAGE], FACTS)
    assert one == Grounded("Give vitamin A, except in pregnancy.", 1, "Give vitamin A, except in pregnancy.")
    two = " ".join(split_sentences(PASSAGE)[:2])
    assert ground(two.lower(), [PASSAGE], FACTS) == Grounded(two, 0, two)


@pytest.mark.parametrize(
    ("passage", "text"),
    [
        ("Never give:\n- aspirin in children with fever.\n- codeine to infants.", "Aspirin in children with fever."),
        ("Do not use these medicines:\n\nAspirin in viral illness.", "Aspirin in viral illness."),
        ("Give amoxicillin to all patients\nunless they are allergic.", "Give amoxicillin to all patients"),
        ("Avoid some medicines, e.g. Aspirin in viral illness.", "Aspirin in viral illness."),
        ("Avoid medicines such as vit. A in pregnancy.", "A in pregnancy."),
        ("1. Aspirin in viral illness.", "Aspirin in viral illness."),
    ],
)
def test_what_a_heading_or_line_break_governs_is_not_quoted_alone(passage: str, text: str) -> None:
    assert find_clauses(text, passage) is None


@pytest.mark.parametrize("text", ["", "  ", ".", NOT_STATED, "not stated"])
def test_nothing_said_is_withheld(text: str) -> None:
    assert isinstance(ground(text, [PASSAGE], FACTS), Ungrounded)


@pytest.mark.parametrize(
    "opening",
    [
        "This patient has fever",
        "This patient has Pyrexia and cough",
        "This patient has cough, nausea and vomiting",
        "This patient has fever, nausea and vomiting and cough",
        "This patient has high fever (39 °C or more)",
        "There is no neck stiffness",
        "There is no neck stiffness or rash",
        "This patient has fever; there is no rash",
    ],
)
def test_a_true_opening_about_the_patient_stands(opening: str) -> None:
    outcome = ground(f"{opening}; measles is caused by a virus.", [PASSAGE], FACTS)
    assert outcome == Grounded(f"{opening}; measles is caused by a virus.", 0, "Measles is caused by a virus.")


@pytest.mark.parametrize(
    "opening",
    [
        "This patient has rash",
        "This patient has neck stiffness",
        "This patient has fever and rash",
        "This patient has jaundice",
        "This patient has no fever",
        "This patient has fever but not cough",
        "This patient has fever of 41 C",
        "This patient has nausea",
        "There is no fever",
        "There is no rash and cough",
        "There is no jaundice",
        "This patient has fever; there is no cough",
        "This patient has , ",
        "this patient has rash",
    ],
)
def test_a_statement_of_the_patient_is_held_by_the_encounter_with_the_same_presence(opening: str) -> None:
    outcome = ground(f"{opening}; measles is caused by a virus.", [PASSAGE], FACTS)
    assert isinstance(outcome, Ungrounded)
    assert "encounter" in outcome.reason


def test_another_patient_of_a_passage_is_never_taken_for_ours() -> None:
    passage = "This patient has jaundice and dark urine. Our 30-year-old woman was treated in hospital."
    for sentence in split_sentences(passage):
        assert isinstance(ground(sentence, [passage], FACTS), Ungrounded)


def test_a_dose_is_withheld_although_the_passage_holds_it() -> None:
    passage = "Amoxicillin 500 mg is given for pneumonia."
    outcome = ground(passage, [passage], FACTS)
    assert isinstance(outcome, Ungrounded)
    assert "dose" in outcome.reason


WORD = st.sampled_from(
    "fever cough measles is not caused by a virus except in pregnancy give 38.5 7 rash never only Aspirin e.g. and the"
    .split()
)  # fmt: skip
SENTENCE = st.lists(WORD, min_size=2, max_size=8).map(lambda words: " ".join(words).capitalize() + ".")


@given(st.lists(SENTENCE, min_size=1, max_size=5), st.data())
def test_every_grounded_text_is_whole_sentences_of_its_passage(sentences: list[str], data: st.DataObject) -> None:
    passage = " ".join(sentences)
    start = data.draw(st.integers(0, len(passage) - 1))
    text = passage[start : data.draw(st.integers(start + 1, len(passage)))]
    outcome = ground(text, [passage], FACTS)
    if isinstance(outcome, Ungrounded):
        return
    place = passage.find(outcome.quote)
    assert place >= 0
    before, after = passage[:place].rstrip(), passage[place + len(outcome.quote) :]
    assert not before or before.endswith(".")
    assert outcome.quote.endswith(".")
    assert not after or after.startswith(" ")


@given(st.text(max_size=80), st.text(max_size=200))
def test_any_text_is_grounded_in_its_passage_or_withheld(text: str, passage: str) -> None:
    outcome = ground(text, [passage], FACTS)
    if isinstance(outcome, Grounded):
        assert outcome.quote in re.sub(r"\s+", " ", passage)
        assert not holds_dose(outcome.text)
    else:
        assert outcome.reason


@given(st.text())
def test_splitting_loses_no_word(text: str) -> None:
    assert " ".join(split_sentences(text)).split() == text.split()


@pytest.mark.parametrize("piece", ["1,", "1/", "1.1-", "1 to 1 ", "one ", "give ", "aaaa ", "blood loss "])
def test_hostile_text_is_checked_in_linear_time(piece: str) -> None:
    # a pattern that backtracks takes minutes here
    assert not holds_dose(piece * 20_000)
