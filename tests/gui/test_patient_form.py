from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.encounter import Encounter, Patient, Sex
from medrag_desktop.domain.observations import Observations
from medrag_desktop.gui.encounter_form import EncounterForm
from medrag_desktop.gui.theme import apply_theme


@pytest.fixture
def form(qtbot: QtBot) -> EncounterForm:
    form = EncounterForm()
    form.resize(1150, 640)
    qtbot.addWidget(form)
    form.show()
    return form


@pytest.mark.parametrize(
    ("typed", "unit", "years"),
    [
        ("4", "years", 4),
        ("9m", "months", 0.75),
        ("9 months", "months", 0.75),
        ("14d", "days", 14 / 365.25),
        ("14 days", "days", 14 / 365.25),
        ("3 Years", "years", 3),
        ("6w", "weeks", 42 / 365.25),
        ("2,5", "years", 2.5),
    ],
)
def test_the_age_takes_its_unit_with_it(form: EncounterForm, typed: str, unit: str, years: float) -> None:
    form.focus_first()
    QTest.keyClicks(form.patient.age, typed)
    assert form.patient.unit.value() == unit
    assert form.encounter().patient.age_years == pytest.approx(years)


@pytest.mark.parametrize("typed", ["131", "abc", "-1"])
def test_an_impossible_age_is_not_used(form: EncounterForm, typed: str) -> None:
    QTest.keyClicks(form.patient.age, typed)
    assert form.encounter().patient.age_years is None
    assert "not used until corrected" in form.problems()[0]


def test_pregnancy_is_asked_only_where_it_is_possible(form: EncounterForm) -> None:
    patient = form.patient
    assert not patient.pregnant.isVisible()
    patient.sex.setCurrentIndex(1)
    assert patient.pregnant.isVisible()
    assert not patient.weeks.isVisible()
    patient.pregnant.setCurrentIndex(2)
    assert patient.weeks.isVisible()
    assert not patient.delivered.isVisible()
    patient.pregnant.setCurrentIndex(0)
    QTest.keyClicks(patient.age, "60")
    assert not patient.pregnant.isVisible()
    patient.sex.setCurrentIndex(2)
    assert not patient.pregnant.isVisible()


def test_the_arm_is_measured_in_small_children(form: EncounterForm) -> None:
    assert not form.patient.muac.isVisible()
    QTest.keyClicks(form.patient.age, "30m")
    assert form.patient.muac.isVisible()


def test_nothing_filled_in_is_hidden_or_dropped(form: EncounterForm) -> None:
    form.set_encounter(Encounter(patient=Patient(30, Sex.FEMALE, True, 20.0, muac_mm=210.0), history="x"))
    form.patient.sex.setCurrentIndex(2)
    assert form.patient.pregnant.isVisible()
    assert form.patient.weeks.isVisible()
    assert form.patient.muac.isVisible()
    assert form.problems() == ("The sex is male, but pregnancy or a delivery is filled in. Correct one of them.",)


def test_weeks_without_pregnancy_are_a_problem(form: EncounterForm) -> None:
    form.set_encounter(Encounter(patient=Patient(30, Sex.FEMALE, True, 20.0), history="x"))
    form.patient.pregnant.setCurrentIndex(1)
    assert form.problems() == ("Weeks of pregnancy are given, but the patient is not pregnant. Correct one.",)


def test_an_arm_in_centimetres_is_offered_in_millimetres(form: EncounterForm) -> None:
    QTest.keyClicks(form.patient.age, "2")
    QTest.keyClicks(form.patient.muac, "11.5")
    assert form.encounter().patient.muac_mm is None
    guess = form.patient.muac.guess()
    assert guess is not None
    assert guess.words == "115 mm?"
    form.patient.muac.accept_guess()
    assert form.encounter().patient.muac_mm == 115


@pytest.mark.parametrize("typed", ["22.11.2026", "2026-13-01", "2026-02-30", "x"])
def test_a_date_that_is_none_is_a_problem(form: EncounterForm, typed: str) -> None:
    form.story.history.insertPlainText("x")
    form.patient.date.setText(typed)
    assert form.problems() == ("The date must look like 2026-11-22.",)


def test_a_text_that_is_too_long_is_a_problem(form: EncounterForm) -> None:
    form.story.history.set_text("a" * 100_001)
    form.background.fields["allergies"].set_items(("a" * 501,))
    form.background.fields["medications"].set_items(("a",) * 201)
    assert len(form.problems()) == 3


def read(form: EncounterForm, patient: Patient, *names: str) -> None:
    """Let the form show what the program read of the patient."""
    encounter = replace(form.encounter(), patient=patient, read_from_text=names)
    form.show_reading(encounter, Observations((), {}))


def test_a_pregnancy_read_from_the_text_shows_through_and_is_not_entered(form: EncounterForm) -> None:
    patient = form.patient
    read(form, Patient(pregnant=True, gestational_weeks=34.0), "pregnant", "gestational_weeks")
    assert patient.pregnant.isVisible()
    assert patient.pregnant.currentText() == "Yes (from the text)"
    assert patient.weeks.placeholderText() == "34"
    assert patient.weeks.accessibleDescription() == "Read from the text: 34"
    assert patient.mark.words == "Read from the text: pregnant, 34 weeks. Fill in a field to change it."
    assert form.encounter().patient == Patient()
    assert form.problems() == ("Write a complaint or a history, or add a finding.",)


def test_what_is_entered_hides_what_was_read(form: EncounterForm) -> None:
    patient = form.patient
    read(form, Patient(pregnant=True, gestational_weeks=34.0), "pregnant", "gestational_weeks")
    QTest.keyClicks(patient.weeks, "36")
    assert patient.mark.words == "Read from the text: pregnant. Fill in a field to change it."
    assert form.encounter().patient.gestational_weeks == 36
    patient.pregnant.setCurrentIndex(2)
    assert patient.mark.words == ""
    assert patient.pregnant.currentText() == "Yes"


def test_a_mistake_is_told_before_what_was_read(form: EncounterForm) -> None:
    read(form, Patient(pregnant=True), "pregnant")
    QTest.keyClicks(form.patient.age, "131")
    assert form.patient.mark.kind == "wrong"


def test_a_reading_that_is_gone_leaves_nothing(form: EncounterForm) -> None:
    read(form, Patient(postpartum_days=3), "postpartum_days")
    assert form.patient.delivered.placeholderText() == "3"
    assert "delivered 3 days ago" in form.patient.mark.words
    read(form, Patient())
    assert not form.patient.delivered.isVisible()
    assert form.patient.mark.words == ""
    read(form, Patient(pregnant=True), "pregnant")
    form.clear()
    assert not form.patient.pregnant.isVisible()
    assert form.patient.pregnant.itemText(0) == "Not known"


def test_whatever_is_read_of_a_patient_is_told_and_used_for_the_marks(form: EncounterForm) -> None:
    known = Patient(0.75, Sex.FEMALE, weight_kg=8.0, height_cm=70.0, muac_mm=120.0, breastfeeding=True)
    names = ("age_years", "sex", "weight_kg", "height_cm", "muac_mm", "breastfeeding")
    read(form, known, *names)
    told = form.patient.mark.words
    for words in ("9 months", "female", "breastfeeding", "weight 8 kg", "height 70 cm", "upper arm 120 mm"):
        assert words in told
    assert form.patient.sex.currentText() == "Female (from the text)"
    assert form.patient.age.placeholderText() == "", "0.75 would be read as years by whoever types over it"
    assert form.patient.muac.isVisible()
    assert form.patient.known_age == 0.75
    assert form.encounter().patient == Patient()
    QTest.keyClicks(form.patient.age, "40")
    assert form.patient.known_age == 40


def test_the_arm_of_a_newborn_is_not_measured(form: EncounterForm) -> None:
    QTest.keyClicks(form.patient.age, "5d")
    assert not form.patient.muac.isVisible()


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_whole_date_is_seen_at_any_text_size(form: EncounterForm, qapp: QApplication, scale: float) -> None:
    apply_theme(qapp, "light", scale)
    try:
        date = form.patient.date
        date.setText("2026-11-22")
        wanted = date.fontMetrics().horizontalAdvance("2026-11-22")
        assert date.width() - wanted >= 2 * (date.cursorRect().height() // 4)
    finally:
        apply_theme(qapp, "light", 1.0)


def test_assess_leads_to_the_first_mistake(form: EncounterForm) -> None:
    form.story.history.insertPlainText("x")
    QTest.keyClicks(form.vital_signs.numbers["gcs"], "99")
    form.focus_problem()
    assert form.focusWidget() is form.vital_signs.numbers["gcs"]
    form.patient.date.setText("x")
    form.focus_problem()
    assert form.focusWidget() is form.patient.date
    QTest.keyClicks(form.patient.weight, "9999")
    form.focus_problem()
    assert form.focusWidget() is form.patient.weight


def test_an_empty_form_leads_to_the_complaint(form: EncounterForm) -> None:
    form.focus_problem()
    assert form.focusWidget() is form.story.complaint
