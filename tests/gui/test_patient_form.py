from __future__ import annotations

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.encounter import Encounter, Patient, Sex
from medrag_desktop.gui.encounter_form import EncounterForm


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
