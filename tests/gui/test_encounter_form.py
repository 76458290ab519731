from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.adapters.encounter_json import read_encounter
from medrag_desktop.bootstrap import make_ranker
from medrag_desktop.domain.condition import REGIONS
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient, Presence, Severity, Sex, VitalSigns
from medrag_desktop.domain.limits import LIMITS
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.triage import unread_words
from medrag_desktop.gui.encounter_form import EncounterForm
from medrag_desktop.services.rank import Ranker

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "assets" / "examples").glob("*.json"))
HOSTILE = "<b>x</b> <img src='file:///etc/passwd'> {0} %s &amp; 🤒 ال"
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(scope="module")
def ranker(tmp_path_factory: pytest.TempPathFactory) -> Ranker:
    return make_ranker(tmp_path_factory.mktemp("base"))


@pytest.fixture
def form(qtbot: QtBot, ranker: Ranker) -> EncounterForm:
    form = EncounterForm(region="south-asia")
    form.resize(1150, 640)
    qtbot.addWidget(form)
    form.set_catalogue(ranker.catalogue)
    form.show()
    return form


@pytest.fixture(scope="module")
def lasting_form(qapp: QApplication, ranker: Ranker) -> Iterator[EncounterForm]:
    form = EncounterForm()
    form.set_catalogue(ranker.catalogue)
    yield form
    form.deleteLater()


def example(name: str, ranker: Ranker) -> Encounter:
    file = next(file for file in EXAMPLES if file.stem == name)
    return read_encounter(file.read_bytes(), name, ranker.catalogue.vocabulary)[0]


def read(form: EncounterForm, ranker: Ranker) -> None:
    """Let the program read the form, as the flow does while the user types."""
    encounter, observations, _ = ranker.triage(form.encounter())
    form.show_reading(encounter, observations)


def chips(form: EncounterForm) -> dict[str, bool]:
    """Return the findings on chips, and whether as absent."""
    return {chip.content.key: chip.content.absent for chip in form.story.chips.chips if chip.content.key != "\n"}


def press_chip(form: EncounterForm, finding: str, key: Qt.Key) -> None:
    chip = next(chip for chip in form.story.chips.chips if chip.content.key == finding)
    chip.setFocus()
    QTest.keyClick(chip, key)


def held(form: EncounterForm) -> dict[str, Presence]:
    return {finding.finding: finding.presence for finding in form.encounter().findings}


# --- there and back ---


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_examples_come_back_as_they_were(form: EncounterForm, ranker: Ranker, file: Path) -> None:
    encounter = example(file.stem, ranker)
    form.set_encounter(encounter)
    assert form.encounter() == encounter
    assert form.problems() == ()


_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)
_LINE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40).map(str.strip)
_ITEMS = st.lists(_TEXT, max_size=3).map(tuple)


def _number(name: str) -> st.SearchStrategy[float | None]:
    low, high = LIMITS[name]
    return st.none() | st.floats(low, high, exclude_min=name == "weight_kg").map(lambda value: value + 0.0)


_PATIENTS = st.builds(
    Patient,
    age_years=_number("age_years"),
    sex=st.sampled_from(Sex),
    pregnant=st.sampled_from((None, False, True)),
    gestational_weeks=_number("gestational_weeks"),
    postpartum_days=st.none() | st.integers(0, 400),
    breastfeeding=st.sampled_from((None, False, True)),
    weight_kg=_number("weight_kg"),
    height_cm=_number("height_cm"),
    muac_mm=_number("muac_mm"),
)
_PRESSURES = st.none() | st.tuples(st.floats(120, 250), st.floats(30, 110))
_SIGNS = st.builds(
    lambda pressure, **signs: VitalSigns(
        systolic_mmhg=pressure[0] if pressure else None, diastolic_mmhg=pressure[1] if pressure else None, **signs
    ),
    pressure=_PRESSURES,
    temperature_celsius=st.none() | st.floats(30, 43),
    heart_rate_bpm=st.none() | st.floats(20, 300),
    respiratory_rate_bpm=st.none() | st.floats(4, 150),
    spo2_percent=st.none() | st.floats(30, 100),
    on_oxygen=st.sampled_from((None, False, True)),
    glucose_mmol_l=st.none() | st.floats(0.3, 70),
    gcs=st.none() | st.integers(3, 15),
    avpu=st.sampled_from((None, *"AVPU")),
)
_FINDINGS = st.builds(
    Finding,
    finding=st.sampled_from(("fever", "cough", "rash", "headache", "no.such.finding")),
    presence=st.sampled_from(Presence),
    duration_hours=st.none() | st.floats(0, 10_000),
    onset_hours_ago=st.none() | st.floats(0, 10_000),
    severity=st.none() | st.sampled_from(Severity),
    laterality=st.sampled_from(("", "left", "right", "both")),
)
_ENCOUNTERS = st.builds(
    Encounter,
    patient=_PATIENTS,
    chief_complaint=_TEXT,
    history=_TEXT,
    findings=st.lists(_FINDINGS, max_size=4).map(tuple),
    vital_signs=_SIGNS,
    past_history=_ITEMS,
    family_history=_ITEMS,
    medications=_ITEMS,
    allergies=_ITEMS,
    exposures=_ITEMS,
    region=st.sampled_from(("", *REGIONS)),
    date=st.sampled_from(("", "2026-11-22", "2024-02-29")),
    reference=_LINE,
)


@given(encounter=_ENCOUNTERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
def test_any_encounter_comes_back_as_it_was(lasting_form: EncounterForm, encounter: Encounter) -> None:
    lasting_form.set_encounter(encounter)
    assert lasting_form.encounter() == encounter


def test_line_ends_and_odd_characters_of_a_file_come_back(form: EncounterForm) -> None:
    encounter = Encounter(
        chief_complaint="two\r\nlines", history="hard\xa0space\u2028and\r\nends 🤒", medications=("a\nb", "c, d; e", "")
    )
    form.set_encounter(encounter)
    assert form.encounter() == encounter


def test_an_empty_form_knows_nothing_but_region_and_date(form: EncounterForm) -> None:
    encounter = form.encounter()
    assert replace(encounter, region="", date="") == Encounter()
    assert encounter.region == "south-asia"
    assert len(encounter.date) == 10
    assert not form.has_content()
    assert form.problems() == ("Write a complaint or a history, or add a finding.",)


def test_clear_forgets_everything(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(example("pregnancy_headache", ranker))
    read(form, ranker)
    form.suggest(("fever",))
    assert form.has_content()
    form.clear()
    assert not form.has_content()
    assert replace(form.encounter(), region="", date="") == Encounter()
    assert chips(form) == {}
    assert form.picker.questions.chips == ()
    assert form.vital_signs.numbers["gcs"].placeholderText() == ""


def test_the_region_of_the_settings_reaches_a_new_form_only(form: EncounterForm) -> None:
    form.set_default_region("latin-america")
    assert form.encounter().region == "latin-america"
    form.story.history.insertPlainText("x")
    form.set_default_region("south-asia")
    assert form.encounter().region == "latin-america"


def test_a_value_read_from_text_is_not_taken_for_entered(form: EncounterForm, ranker: Ranker) -> None:
    seen, observations, _ = ranker.triage(Encounter(history="Temp 39.5. GCS 9."))
    assert seen.read_from_text
    form.set_encounter(seen)
    assert form.encounter().vital_signs == VitalSigns()
    form.show_reading(seen, observations)
    assert form.vital_signs.numbers["temperature_celsius"].placeholderText() == "39.5"


# --- what is read from the text ---


def test_what_is_read_is_underlined_and_on_chips(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(Encounter(chief_complaint="Fever", history="Coughing. No headache. Vomiting."))
    read(form, ranker)
    assert chips(form) == {"fever": False, "cough": False, "headache": True, "vomiting": False}
    assert form.story.complaint.underlined == (("Fever", False),)
    assert form.story.history.underlined == (("Coughing", False), ("headache", True), ("Vomiting", False))
    assert form.encounter().findings == ()


def test_characters_beyond_the_basic_plane_do_not_shift_the_underline(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(Encounter(history="🤒🤒 fever\r\n🤒 no cough"))
    read(form, ranker)
    assert form.story.history.underlined == (("fever", False), ("cough", True))


def test_a_stale_reading_underlines_nothing_wrong(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(Encounter(history="Severe cough and fever"))
    encounter, observations, _ = ranker.triage(form.encounter())
    form.story.history.set_text("No. Severe cough")
    form.show_reading(encounter, observations)
    assert "fever" not in [words for words, _ in form.story.history.underlined]
    assert all(words in form.story.history.text() for words, _ in form.story.history.underlined)
    form.clear()
    form.show_reading(encounter, observations)
    assert form.story.history.underlined == ()
    assert chips(form) == {}


def test_underlines_move_with_the_text_until_the_next_reading(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(Encounter(history="fever"))
    read(form, ranker)
    form.story.history.insertPlainText("Some ")
    assert form.story.history.underlined == (("fever", False),)


def test_one_key_rejects_what_was_read_and_undo_brings_it_back(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(Encounter(history="Fever, cough, vomiting"))
    read(form, ranker)
    press_chip(form, "cough", Qt.Key.Key_Delete)
    assert held(form) == {"cough": Presence.NOT_ASSESSED}
    assert list(chips(form)) == ["fever", "vomiting"]
    read(form, ranker)
    assert list(chips(form)) == ["fever", "vomiting"]
    assert [words for words, _ in form.story.history.underlined] == ["Fever", "vomiting"]
    focused = QApplication.focusWidget()
    assert focused is form.story.chips.chips[1]
    QTest.keyClick(focused, Qt.Key.Key_Z, CONTROL)
    assert held(form) == {}
    read(form, ranker)
    assert list(chips(form)) == ["fever", "cough", "vomiting"]


def test_the_undo_chip_takes_the_rejection_back(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(Encounter(history="Fever"))
    read(form, ranker)
    press_chip(form, "fever", Qt.Key.Key_Backspace)
    undo = form.story.chips.chips[-1]
    assert QApplication.focusWidget() is undo
    assert "fever rejected" in undo.content.label
    QTest.keyClick(undo, Qt.Key.Key_Return)
    assert held(form) == {}
    assert list(chips(form)) == ["fever"]
    assert len(form.story.chips.chips) == 1


def test_the_offer_to_undo_goes_with_the_next_change(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(Encounter(history="Fever, cough"))
    read(form, ranker)
    press_chip(form, "fever", Qt.Key.Key_Delete)
    assert len(form.story.chips.chips) == 2
    form.picker.put(Finding("rash"))
    assert len(form.story.chips.chips) == 1


@pytest.mark.parametrize(
    ("key", "presence"),
    [
        (Qt.Key.Key_Y, Presence.PRESENT),
        (Qt.Key.Key_Plus, Presence.PRESENT),
        (Qt.Key.Key_N, Presence.ABSENT),
        (Qt.Key.Key_Minus, Presence.ABSENT),
    ],
)
def test_one_key_says_otherwise(form: EncounterForm, ranker: Ranker, key: Qt.Key, presence: Presence) -> None:
    form.set_encounter(Encounter(history="Cough for three weeks"))
    read(form, ranker)
    press_chip(form, "cough", key)
    said = next(f for f in form.encounter().findings if f.finding == "cough")
    assert (said.presence, said.origin) == (presence, Origin.FORM)
    assert said.duration_hours == (504 if presence is Presence.PRESENT else None)
    read(form, ranker)
    assert "cough" not in chips(form)


def test_the_chips_are_one_tab_stop_with_arrows_within(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(Encounter(history="Fever, cough, vomiting"))
    read(form, ranker)
    row = form.story.chips.chips
    form.story.history.setFocus()
    QTest.keyClick(form.story.history, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is row[0]
    QTest.keyClick(row[0], Qt.Key.Key_Right)
    QTest.keyClick(row[1], Qt.Key.Key_Right)
    QTest.keyClick(row[2], Qt.Key.Key_Right)
    assert QApplication.focusWidget() is row[2]
    QTest.keyClick(row[2], Qt.Key.Key_Home)
    assert QApplication.focusWidget() is row[0]
    QTest.keyClick(row[0], Qt.Key.Key_Tab)
    assert QApplication.focusWidget() not in row
    assert row[0].accessibleName() == "fever: yes, read from the text"


def test_a_finding_from_a_measurement_in_the_text_can_be_rejected(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(Encounter(patient=Patient(30), history="Unwell. Temp 39.5"))
    read(form, ranker)
    assert "fever" in chips(form)
    assert not any(chips(form).values())
    press_chip(form, "fever", Qt.Key.Key_Delete)
    assert held(form)["fever"] is Presence.NOT_ASSESSED


def test_what_is_read_from_a_list_is_underlined_there(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(Encounter(history="Unwell", exposures=("none at work", "contact with measles")))
    read(form, ranker)
    assert form.background.fields["exposures"].underlined == (("contact with measles", False),)


def test_hostile_text_is_text(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(
        Encounter(chief_complaint=HOSTILE, history=HOSTILE + " fever", allergies=(HOSTILE,), reference=HOSTILE)
    )
    read(form, ranker)
    assert form.story.history.toPlainText() == HOSTILE + " fever"
    assert form.story.history.underlined == (("fever", False),)


# --- telling and asking ---


def test_edits_tell_and_setting_or_reading_does_not(form: EncounterForm, ranker: Ranker) -> None:
    spy = QSignalSpy(form.changed)
    form.set_encounter(example("child_fever_rash", ranker))
    read(form, ranker)
    form.clear()
    assert spy.count() == 0
    QTest.keyClicks(form.story.complaint, "a")
    QTest.keyClicks(form.story.history, "b")
    QTest.keyClicks(form.patient.weight, "7")
    QTest.keyClicks(form.patient.reference, "r")
    QTest.keyClicks(form.vital_signs.numbers["gcs"], "9")
    QTest.keyClicks(form.background.fields["allergies"], "c")
    assert spy.count() == 6
    form.patient.sex.setCurrentIndex(1)
    form.patient.region.setCurrentIndex(3)
    form.picker.put(Finding("fever"))
    assert spy.count() == 9


def test_control_enter_asks_for_the_assessment_but_not_while_a_finding_is_typed(form: EncounterForm) -> None:
    spy = QSignalSpy(form.assess_requested)
    QTest.keyClick(form.story.history, Qt.Key.Key_Return, CONTROL)
    QTest.keyClick(form.patient.age, Qt.Key.Key_Return, CONTROL)
    assert spy.count() == 2
    assert form.story.history.toPlainText() == ""
    QTest.keyClicks(form.picker.line, "fever")
    QTest.keyClick(form.picker.line, Qt.Key.Key_Return, CONTROL)
    assert spy.count() == 2
    assert [(f.finding, f.presence) for f in form.encounter().findings] == [("fever", Presence.ABSENT)]
    QTest.keyClick(form.picker.line, Qt.Key.Key_Return, CONTROL)
    assert spy.count() == 3


def test_the_age_reaches_the_marks_of_the_vital_signs(form: EncounterForm) -> None:
    QTest.keyClicks(form.vital_signs.numbers["respiratory_rate_bpm"], "45")
    assert form.vital_signs.mark_of("respiratory_rate_bpm").kind == "high"
    QTest.keyClicks(form.patient.age, "9m")
    assert form.vital_signs.mark_of("respiratory_rate_bpm").kind == "good"
    form.set_encounter(Encounter(patient=Patient(40), vital_signs=VitalSigns(respiratory_rate_bpm=45.0)))
    assert form.vital_signs.mark_of("respiratory_rate_bpm").kind == "high"


def test_reading_the_form_at_every_key_costs_milliseconds(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(replace(example("child_fever_rash", ranker), history="Fever and cough. " * 100))
    spent = []
    for _ in range(20):
        start = time.process_time()
        form.encounter()
        form.problems()
        spent.append(time.process_time() - start)
    assert sorted(spent)[len(spent) // 2] < 0.01


# --- keyboard and screen readers ---


def visible_stops(form: EncounterForm) -> list[QWidget]:
    return [
        widget
        for widget in form.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled()
    ]


def test_tab_walks_through_every_field_without_a_trap(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(example("pregnancy_headache", ranker))
    read(form, ranker)
    form.suggest(("fever", "cough"))
    QApplication.processEvents()
    form.focus_first()
    seen: list[QWidget] = []
    for _ in range(100):
        focused = QApplication.focusWidget()
        assert focused is not None
        if focused in seen:
            break
        seen.append(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert set(visible_stops(form)) <= set(seen)
    order = [form.patient.age, form.story.complaint, form.story.history, form.vital_signs.numbers["gcs"]]
    order.insert(3, form.story.chips.chips[0])
    order += [form.picker.line, form.picker.table, form.background.fields["allergies"]]
    assert [widget for widget in seen if widget in order] == order


def test_everything_that_takes_the_keyboard_has_a_name(form: EncounterForm, ranker: Ranker) -> None:
    form.set_encounter(example("pregnancy_headache", ranker))
    read(form, ranker)
    nameless = []
    for widget in visible_stops(form):
        interface = QAccessible.queryAccessibleInterface(widget)
        if not interface.text(QAccessible.Text.Name).strip():
            nameless.append(widget)
    assert visible_stops(form)
    assert nameless == []


def test_a_narrow_form_has_one_column_and_nothing_is_cut_off_at_the_side(form: EncounterForm) -> None:
    for width in (1150, 640):
        form.resize(width, 640)
        QApplication.processEvents()
        assert form.area.horizontalScrollBar().maximum() == 0, width
    assert form.vital_signs.mapTo(form, form.vital_signs.rect().topLeft()).x() < 40


def test_enter_in_one_line_goes_on(form: EncounterForm) -> None:
    form.story.complaint.setFocus()
    QTest.keyClicks(form.story.complaint, "Fever")
    QTest.keyClick(form.story.complaint, Qt.Key.Key_Return)
    assert form.story.complaint.text() == "Fever"
    assert QApplication.focusWidget() is form.story.history


def test_a_reading_without_a_library_does_no_harm(qtbot: QtBot) -> None:
    form = EncounterForm()
    qtbot.addWidget(form)
    form.set_encounter(Encounter(history="fever"))
    found = Finding("fever", Presence.PRESENT, Origin.TEXT, "fever", "history", 0, 5)
    form.show_reading(form.encounter(), Observations((found,), {"fever": found}))
    assert chips(form) == {"fever": False}


def test_what_is_not_english_is_said_beside_the_texts_until_it_is_mended(form: EncounterForm, ranker: Ranker) -> None:
    def told(text: str) -> str:
        form.story.history.set_text(text)
        form.show_unread(unread_words(ranker.triage(form.encounter())[2]))
        return form.story.unread.text() if form.story.unread.isVisible() else ""

    words = told("Fever since Monday. Mtoto anaumwa kichwa tangu jana usiku.")
    assert words.startswith('The history: "Mtoto anaumwa kichwa tangu jana usiku."')
    assert "does not look like English, so not read" in words
    assert form.story.unread.textFormat() is Qt.TextFormat.PlainText
    assert told("Fever since Monday, headache since last night") == ""
    assert told("Mtoto anaumwa kichwa tangu jana usiku")
    form.clear()
    assert not form.story.unread.isVisible()
