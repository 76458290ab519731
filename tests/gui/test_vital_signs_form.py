from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.encounter import VitalSigns
from medrag_desktop.gui.vital_signs_form import VitalSignsForm
from tests.builders import make_ranges

MONTHS_9 = 0.75
FULL = VitalSigns(38.2, 96.0, 22.0, 120.0, 80.0, 97.0, False, 5.4, 14, "V")


@pytest.fixture
def form(qtbot: QtBot) -> VitalSignsForm:
    form = VitalSignsForm()
    qtbot.addWidget(form)
    form.set_ranges(make_ranges())
    form.show()
    return form


def enter(form: VitalSignsForm, name: str, text: str) -> None:
    form.numbers[name].setFocus()
    form.numbers[name].selectAll()
    form.numbers[name].insert(text)


def marked(form: VitalSignsForm, name: str) -> tuple[str, str]:
    return form.mark_of(name).kind, form.mark_of(name).words


def test_nothing_entered_is_nothing_known(form: VitalSignsForm) -> None:
    assert form.vital_signs() == VitalSigns()
    assert not form.has_content()
    assert form.problems() == ()
    assert {mark.kind for mark in map(form.mark_of, form.numbers)} == {""}


def test_what_is_shown_is_given_back(form: VitalSignsForm) -> None:
    form.show_vital_signs(FULL)
    assert form.vital_signs() == FULL
    assert form.has_content()


@pytest.mark.parametrize("typed", ["38.5", "38,5", " 38.50 "])
def test_a_comma_is_as_good_as_a_point(form: VitalSignsForm, typed: str) -> None:
    enter(form, "temperature_celsius", typed)
    assert form.vital_signs().temperature_celsius == 38.5


@pytest.mark.parametrize("typed", ["39..1", "abc", "-3", "3e1", "1 2", "nan", "inf", "٫", "38.5 C"])
def test_what_is_no_number_is_marked_and_not_used(form: VitalSignsForm, typed: str) -> None:
    enter(form, "temperature_celsius", typed)
    assert form.vital_signs().temperature_celsius is None
    assert marked(form, "temperature_celsius") == ("wrong", "not a number; not used until corrected")
    assert form.problems() == (f"Temperature {typed}: not a number; not used until corrected.",)


def test_an_impossible_number_is_marked_with_what_is_expected(form: VitalSignsForm) -> None:
    enter(form, "spo2_percent", "970")
    assert form.vital_signs().spo2_percent is None
    assert marked(form, "spo2_percent") == ("wrong", "30-100 percent expected; not used until corrected")
    assert form.numbers["spo2_percent"].property("wrong") is True
    assert form.problems() == ("SpO2 970: 30-100 percent expected; not used until corrected.",)
    enter(form, "spo2_percent", "97")
    assert form.vital_signs().spo2_percent == 97
    assert form.problems() == ()
    assert form.numbers["spo2_percent"].property("wrong") is False


def test_zero_is_not_the_same_as_not_measured(form: VitalSignsForm) -> None:
    enter(form, "heart_rate_bpm", "0")
    assert "20-300 per minute expected" in form.problems()[0]


def test_before_the_library_is_there_only_the_impossible_is_refused(qtbot: QtBot) -> None:
    form = VitalSignsForm()
    qtbot.addWidget(form)
    enter(form, "temperature_celsius", "45")
    assert form.vital_signs().temperature_celsius == 45
    assert marked(form, "temperature_celsius") == ("", "")
    form.set_ranges(make_ranges())
    assert form.vital_signs().temperature_celsius is None
    assert marked(form, "temperature_celsius")[0] == "wrong"


@pytest.mark.parametrize(
    ("age", "rate", "kind", "words"),
    [
        (MONTHS_9, "60", "high", "high at age 9 months (normal 25-59)"),
        (MONTHS_9, "24", "low", "low at age 9 months (normal 25-59)"),
        (MONTHS_9, "40", "good", "normal at age 9 months"),
        (1.0, "40", "high", "high at age 1 year (normal 12-20)"),
        (14 / 365.25, "60", "high", "high at age 14 days (normal 25-59)"),
        (40.0, "40", "high", "high (normal 12-20)"),
        (40.0, "16", "good", "normal"),
        (None, "40", "high", "high if an adult (normal 12-20)"),
    ],
)
def test_a_number_is_marked_by_what_is_normal_at_the_age(
    form: VitalSignsForm, age: float | None, rate: str, kind: str, words: str
) -> None:
    form.set_age(age)
    enter(form, "respiratory_rate_bpm", rate)
    assert marked(form, "respiratory_rate_bpm") == (kind, words)


def test_a_change_of_age_marks_anew(form: VitalSignsForm) -> None:
    form.set_age(MONTHS_9)
    enter(form, "respiratory_rate_bpm", "40")
    assert marked(form, "respiratory_rate_bpm")[0] == "good"
    form.set_age(30)
    assert marked(form, "respiratory_rate_bpm")[0] == "high"


def test_a_fahrenheit_temperature_is_offered_in_celsius(form: VitalSignsForm) -> None:
    enter(form, "temperature_celsius", "101")
    assert form.vital_signs().temperature_celsius is None
    mark = form.mark_of("temperature_celsius")
    offer = next(b for b in mark.findChildren(QPushButton) if b.isVisible())
    assert offer.text() == "Fahrenheit? 38.3 °C"
    offer.setFocus()
    QTest.keyClick(offer, Qt.Key.Key_Space)
    assert form.vital_signs().temperature_celsius == 38.3
    assert not offer.isVisible()


def test_glucose_in_mg_per_dl(form: VitalSignsForm) -> None:
    form.glucose_unit.setCurrentIndex(1)
    enter(form, "glucose_mmol_l", "100")
    assert form.vital_signs().glucose_mmol_l == 5.6
    assert form.problems() == ()


def test_glucose_typed_in_the_other_unit_is_offered(form: VitalSignsForm) -> None:
    enter(form, "glucose_mmol_l", "98")
    guess = form.numbers["glucose_mmol_l"].guess()
    assert guess is not None
    assert (guess.words, guess.value) == ("mg/dl? 5.4 mmol/l", 5.4)


def test_another_unit_never_changes_what_was_typed(form: VitalSignsForm) -> None:
    enter(form, "glucose_mmol_l", "30")
    assert form.vital_signs().glucose_mmol_l == 30
    form.glucose_unit.setCurrentIndex(1)
    assert form.numbers["glucose_mmol_l"].text() == "30"
    assert form.vital_signs().glucose_mmol_l == 1.7


@pytest.mark.parametrize(("high", "low"), [("80", "120"), ("90", "90")])
def test_a_reversed_pressure_is_marked_and_not_used(form: VitalSignsForm, high: str, low: str) -> None:
    enter(form, "systolic_mmhg", high)
    enter(form, "diastolic_mmhg", low)
    assert (form.vital_signs().systolic_mmhg, form.vital_signs().diastolic_mmhg) == (None, None)
    assert marked(form, "systolic_mmhg")[0] == "wrong"
    assert len(form.problems()) == 1
    enter(form, "systolic_mmhg", "150")
    enter(form, "diastolic_mmhg", "95")
    form.set_age(40)
    words = "upper: high (normal 90-139); lower: high (normal up to 89)"
    assert marked(form, "diastolic_mmhg") == ("high", words)


def test_the_coma_scale_is_a_whole_number(form: VitalSignsForm) -> None:
    enter(form, "gcs", "14.5")
    assert form.vital_signs().gcs is None
    assert "whole number" in form.problems()[0]
    enter(form, "gcs", "14")
    assert form.vital_signs().gcs == 14
    assert isinstance(form.vital_signs().gcs, int)
    assert marked(form, "gcs") == ("low", "low (normal 15)")
    enter(form, "gcs", "2")
    assert "3-15 expected" in form.problems()[0]


def test_normal_saturation_with_oxygen_is_not_called_normal(form: VitalSignsForm) -> None:
    enter(form, "spo2_percent", "97")
    assert marked(form, "spo2_percent")[0] == "good"
    form.oxygen.setCurrentIndex(2)
    assert marked(form, "spo2_percent") == ("note", "normal only with oxygen")


def test_who_is_not_alert_is_marked(form: VitalSignsForm) -> None:
    form.avpu.setCurrentIndex(1)
    assert marked(form, "avpu") == ("good", "normal")
    form.avpu.setCurrentIndex(3)
    assert marked(form, "avpu") == ("low", "not fully alert")


def test_a_pressure_from_the_text_says_so_once(form: VitalSignsForm) -> None:
    read = VitalSigns(systolic_mmhg=200.0, diastolic_mmhg=120.0)
    form.set_age(40.0)
    form.show_read(read, ("systolic_mmhg", "diastolic_mmhg"))
    kind, words = marked(form, "systolic_mmhg")
    assert kind == "high"
    assert words.startswith("from the text: upper: high")
    assert words.count("from the text") == 1
    form.show_read(replace(read, systolic_mmhg=120.0, diastolic_mmhg=80.0), ("systolic_mmhg", "diastolic_mmhg"))
    assert marked(form, "systolic_mmhg") == ("note", "from the text, normal")


def test_a_value_from_the_text_shows_through_and_is_not_entered(form: VitalSignsForm) -> None:
    read = VitalSigns(temperature_celsius=39.4, spo2_percent=97.0, avpu="P")
    form.show_read(read, ("temperature_celsius", "spo2_percent", "avpu"))
    assert form.vital_signs() == VitalSigns()
    assert not form.has_content()
    assert form.numbers["temperature_celsius"].placeholderText() == "39.4"
    assert marked(form, "temperature_celsius") == ("high", "from the text, high if an adult (normal 35.5-37.9)")
    assert marked(form, "spo2_percent") == ("note", "from the text, normal")
    assert marked(form, "avpu") == ("low", "from the text: P, not fully alert")
    enter(form, "temperature_celsius", "37")
    assert marked(form, "temperature_celsius") == ("note", "normal if an adult")
    form.show_read(VitalSigns(), ())
    assert marked(form, "spo2_percent") == ("", "")
    assert form.numbers["spo2_percent"].placeholderText() == ""


def test_only_names_that_were_read_show_through(form: VitalSignsForm) -> None:
    form.show_read(VitalSigns(temperature_celsius=39.4), ())
    assert form.numbers["temperature_celsius"].placeholderText() == ""


def test_edits_tell_and_setting_does_not(form: VitalSignsForm) -> None:
    spy = QSignalSpy(form.changed)
    form.show_vital_signs(FULL)
    form.set_age(4)
    form.show_read(VitalSigns(gcs=3), ("gcs",))
    assert spy.count() == 0
    form.numbers["heart_rate_bpm"].clear()
    QTest.keyClicks(form.numbers["heart_rate_bpm"], "98")
    assert spy.count() == 3


def test_an_unrounded_value_survives_until_it_is_edited(form: VitalSignsForm) -> None:
    form.show_vital_signs(VitalSigns(temperature_celsius=38.33333))
    assert form.numbers["temperature_celsius"].text() == "38.33"
    assert form.vital_signs().temperature_celsius == 38.33333
    enter(form, "temperature_celsius", "38.4")
    assert form.vital_signs().temperature_celsius == 38.4
