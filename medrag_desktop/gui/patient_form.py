"""Who the patient is: age, sex, pregnancy where it is possible, size, and the clinic's own particulars."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from PySide6.QtCore import QDate, QEvent, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from medrag_desktop.domain.condition import REGIONS, SEASONS
from medrag_desktop.domain.encounter import Encounter, Patient, Sex
from medrag_desktop.domain.limits import LIMITS, LONGEST_ITEM, said_of_a_man, weeks_without_pregnancy
from medrag_desktop.domain.querying import age_words
from medrag_desktop.gui.age_text import YEARS_PER_UNIT, join_age, split_age, typed_unit
from medrag_desktop.gui.form_fields import ChoiceBox, Guess, Mark, NumberField, format_number, labelled
from medrag_desktop.gui.quoted_text import clean_text
from medrag_desktop.gui.widgets import Card, FlowLayout, restyle

_MUAC_FROM_YEARS, _MUAC_UNTIL_YEARS = 42 / 365.25, 6
"""The arm is measured from 6 weeks to 59 months of age; a year more for those whose age is guessed."""
_MAY_BEAR_FROM, _MAY_BEAR_UNTIL = 10, 55
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class PatientForm(Card):
    """The first card of the form."""

    changed = Signal()
    patient_changed = Signal()
    """Age, sex or pregnancy changed: what is normal may have changed with it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make every field empty: not known."""
        super().__init__(self.tr("Patient"), parent)
        self._held = self._read = Patient()
        self._make_fields()
        self.mark = Mark()
        """What is wrong, else what was read from the text."""
        self._flow = FlowLayout(spacing=10)
        self._places = self._place_fields()
        self.body.addLayout(self._flow)
        self.body.addWidget(self.mark)
        self._connect()
        self._arrange()
        self._fit()

    def focus_first(self) -> None:
        """Put the cursor where work begins."""
        self.age.setFocus()

    def set_defaults(self, region: str) -> None:
        """Begin with a region, the season chosen last and the date of today."""
        self.region.set_value(region)
        self.season.set_value(self._last_season)
        self.date.setText(QDate.currentDate().toString("yyyy-MM-dd"))

    @property
    def known_age(self) -> float | None:
        """Return the age in years, entered or read from the text."""
        entered = self._age_years()
        return self._read.age_years if entered is None and not self.age.text() else entered

    def patient(self) -> Patient:
        """Return what was entered; whatever is empty or cannot be used is None."""
        return Patient(
            age_years=self._age_years(),
            sex=self.sex.value(),
            pregnant=self.pregnant.value(),
            gestational_weeks=self.weeks.value(),
            postpartum_days=_whole(self.delivered.value()),
            breastfeeding=self.breastfeeding.value(),
            weight_kg=self.weight.value(),
            height_cm=self.height_field.value(),
            muac_mm=self.muac.value(),
        )

    def write_into(self, encounter: Encounter) -> Encounter:
        """Return the encounter with what stands in this card."""
        return replace(
            encounter,
            patient=self.patient(),
            region=self.region.value(),
            season=self.season.value(),
            date=self.date.text().strip(),
            reference=clean_text(self.reference.text()),
        )

    def show_encounter(self, encounter: Encounter) -> None:
        """Show what an encounter says of the patient."""
        patient = encounter.patient
        self._held = patient
        self.show_read(Patient(), ())
        self._show_age(patient.age_years)
        self.sex.set_value(patient.sex)
        self.pregnant.set_value(patient.pregnant)
        self.breastfeeding.set_value(patient.breastfeeding)
        for field, value in (
            (self.weeks, patient.gestational_weeks),
            (self.delivered, patient.postpartum_days),
            (self.weight, patient.weight_kg),
            (self.height_field, patient.height_cm),
            (self.muac, patient.muac_mm),
        ):
            field.set_value(value)
        self.region.set_value(encounter.region)
        self.season.set_value(encounter.season)
        for line, text in ((self.date, encounter.date), (self.reference, encounter.reference)):
            line.blockSignals(True)
            line.setText(text)
            line.blockSignals(False)
        self._arrange()

    def show_read(self, patient: Patient, names: tuple[str, ...]) -> None:
        """Show, where nothing was entered, what was read from the text."""
        read = {field.name: getattr(patient, field.name) for field in fields(Patient) if field.name in names}
        self._read = Patient(**read)
        for number, value in (
            (self.age, self._age_in_unit()),
            (self.weeks, self._read.gestational_weeks),
            (self.delivered, self._read.postpartum_days),
            (self.weight, self._read.weight_kg),
            (self.height_field, self._read.height_cm),
            (self.muac, self._read.muac_mm),
        ):
            number.show_read(value)
        yes_no = {True: self.tr("Yes"), False: self.tr("No"), None: ""}
        self.pregnant.show_read(yes_no[self._read.pregnant])
        self.breastfeeding.show_read(yes_no[self._read.breastfeeding])
        self.sex.show_read({Sex.FEMALE: self.tr("Female"), Sex.MALE: self.tr("Male")}.get(self._read.sex, ""))
        self._arrange()

    def problems(self) -> tuple[str, ...]:
        """Return why the card cannot be used as it stands, each as a sentence."""
        sentences = [field.sentence() for field in self._numbers()]
        patient = self.patient()
        if next(said_of_a_man(patient), ""):
            sentences.append(self.tr("The sex is male, but pregnancy or a delivery is filled in. Correct one of them."))
        if weeks_without_pregnancy(patient):
            sentences.append(self.tr("Weeks of pregnancy are given, but the patient is not pregnant. Correct one."))
        if not self._date_is_right():
            sentences.append(self.tr("The date must look like 2026-11-22."))
        return tuple(sentence for sentence in sentences if sentence)

    def wrong_field(self) -> QWidget | None:
        """Return the first field that has to be corrected."""
        wrong: QWidget | None = next((field for field in self._numbers() if field.problem()), None)
        if wrong is None and self.problems():
            wrong = self.date if not self._date_is_right() else self.pregnant
        return wrong

    def has_content(self) -> bool:
        """Tell whether anything was entered that a new form does not have."""
        typed = any(field.text() for field in (self.reference, *self._numbers()))
        return typed or self.patient() != Patient()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the size of the font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        """Give the two texts room for what usually stands in them."""
        for line, longest in ((self.date, "0000-00-00"), (self.reference, "MMM-000000")):
            metrics = line.fontMetrics()
            line.setFixedWidth(metrics.horizontalAdvance(longest) + metrics.height() + 10)

    def _make_fields(self) -> None:
        unknown = self.tr("Not known")
        yes_no = ((None, unknown), (False, self.tr("No")), (True, self.tr("Yes")))
        units = {
            "years": self.tr("years"),
            "months": self.tr("months"),
            "weeks": self.tr("weeks"),
            "days": self.tr("days"),
        }
        self.age = NumberField(self.tr("Age"))
        self.age.setToolTip(self.tr("You can type the unit too: 9m, 6w, 14d"))
        self.unit = ChoiceBox(self.tr("Unit of the age"), ((unit, units[unit]) for unit in YEARS_PER_UNIT))
        sexes = ((Sex.UNKNOWN, unknown), (Sex.FEMALE, self.tr("Female")), (Sex.MALE, self.tr("Male")))
        self.sex = ChoiceBox(self.tr("Sex"), sexes)
        self.weight = NumberField(self.tr("Weight"), "kg")
        self.height_field = NumberField(self.tr("Height"), "cm")
        self.muac = NumberField(self.tr("Upper arm (MUAC)"), "mm")
        self.pregnant = ChoiceBox(self.tr("Pregnant"), yes_no)
        self.weeks = NumberField(self.tr("Weeks of pregnancy"))
        self.delivered = NumberField(self.tr("Days since delivery"), whole=True)
        self.breastfeeding = ChoiceBox(self.tr("Breastfeeding"), yes_no)
        self.reference = _line(self.tr("Clinic reference"))
        self.reference.setMaxLength(LONGEST_ITEM)
        self.date = _line(self.tr("Date"))
        self.date.setPlaceholderText(self.tr("yyyy-mm-dd"))
        self.date.setToolTip(self.tr("The day of this visit: year-month-day, for example 2026-11-22"))
        self.region = ChoiceBox(self.tr("Region"), ((name, self._region_words(name)) for name in REGIONS))
        self.region.setPlaceholderText(self.tr("Not chosen"))
        self.region.set_value("")
        self.season = ChoiceBox(self.tr("Season"), ((name, self._season_words(name)) for name in ("", *SEASONS)))
        self.season.set_value("")
        self._last_season = ""
        self._set_limits()

    def _set_limits(self) -> None:
        for field, name in (
            (self.weeks, "gestational_weeks"),
            (self.delivered, "postpartum_days"),
            (self.height_field, "height_cm"),
            (self.muac, "muac_mm"),
        ):
            field.set_limits(*LIMITS[name])
        self.weight.set_limits(*LIMITS["weight_kg"], open_low=True)
        self.weight.set_guess(self._guess_weight)
        self.height_field.set_guess(self._guess_height)
        self.muac.set_guess(self._guess_muac)
        self._limit_age()

    def _place_fields(self) -> dict[str, QWidget]:
        places = {
            "age": labelled(self.tr("Age"), self.age, self.unit),
            "sex": labelled(self.tr("Sex"), self.sex),
            "weight": labelled(self.tr("Weight, kg"), self.weight),
            "height": labelled(self.tr("Height, cm"), self.height_field),
            "muac": labelled(self.tr("Upper arm (MUAC), mm"), self.muac),
            "pregnant": labelled(self.tr("Pregnant?"), self.pregnant),
            "weeks": labelled(self.tr("Weeks pregnant"), self.weeks),
            "delivered": labelled(self.tr("Days since delivery"), self.delivered),
            "breastfeeding": labelled(self.tr("Breastfeeding?"), self.breastfeeding),
            "reference": labelled(self.tr("Clinic reference"), self.reference),
            "date": labelled(self.tr("Date"), self.date),
            "region": labelled(self.tr("Region"), self.region),
            "season": labelled(self.tr("Season"), self.season),
        }
        for place in places.values():
            self._flow.addWidget(place)
        return places

    def _connect(self) -> None:
        self.age.textEdited.connect(self._age_typed)
        self.age.changed.connect(self._who_changed)
        self.unit.changed.connect(self._unit_changed)
        for choice in (self.sex, self.pregnant):
            choice.changed.connect(self._who_changed)
        for field in (self.weeks, self.delivered, self.weight, self.height_field, self.muac):
            field.changed.connect(self._number_changed)
        self.breastfeeding.changed.connect(self._who_changed)
        self.region.changed.connect(self.changed)
        self.season.changed.connect(self._season_changed)
        self.reference.textEdited.connect(self.changed)
        self.date.textEdited.connect(self._date_typed)
        self.mark.accepted.connect(self._accept_guess)

    def _age_in_unit(self) -> float | None:
        """Return the age that was read, if it is told in the unit in which the next one would be typed."""
        if self._read.age_years is None:
            return None
        number, unit = split_age(self._read.age_years)
        return number if unit == self.unit.value() else None

    def _read_words(self) -> Iterator[str]:
        """Yield what was read and nothing was entered for."""
        read, entered = self._read, self.patient()
        if read.age_years is not None and not self.age.text():
            yield age_words(read)
        if read.sex is not Sex.UNKNOWN and entered.sex is Sex.UNKNOWN:
            yield self.tr("female") if read.sex is Sex.FEMALE else self.tr("male")
        if read.pregnant and entered.pregnant is None:
            yield self.tr("pregnant")
        if read.breastfeeding and entered.breastfeeding is None:
            yield self.tr("breastfeeding")
        for field, words in (
            (self.weeks, self.tr("{number} weeks")),
            (self.delivered, self.tr("delivered {number} days ago")),
            (self.weight, self.tr("weight {number} kg")),
            (self.height_field, self.tr("height {number} cm")),
            (self.muac, self.tr("upper arm {number} mm")),
        ):
            if field.read is not None:
                yield words.format(number=format_number(field.read))

    def _numbers(self) -> tuple[NumberField, ...]:
        return (self.age, self.weight, self.height_field, self.muac, self.weeks, self.delivered)

    def _age_years(self) -> float | None:
        number = self.age.value()
        if number is None:
            return None
        if self._held.age_years is not None and split_age(self._held.age_years) == (number, self.unit.value()):
            return self._held.age_years
        return join_age(number, self.unit.value())

    def _show_age(self, age_years: float | None) -> None:
        number, unit = (None, "years") if age_years is None else split_age(age_years)
        self.unit.set_value(unit)
        self._limit_age()
        self.age.set_value(number)

    def _age_typed(self, text: str) -> None:
        typed = typed_unit(text, self.unit.value())
        if typed is not None:
            self.unit.set_value(typed[1])
            self._limit_age()
            self.age.setText(typed[0])

    def _unit_changed(self) -> None:
        self._limit_age()
        self._who_changed()

    def _limit_age(self) -> None:
        unit = self.unit.value()
        low, high = LIMITS["age_years"]
        self.age.set_limits(low, round(high / YEARS_PER_UNIT[unit]))

    def _who_changed(self) -> None:
        self._arrange()
        self.patient_changed.emit()
        self.changed.emit()

    def _number_changed(self) -> None:
        self._arrange()
        self.changed.emit()

    def _date_typed(self) -> None:
        self._arrange()
        self.changed.emit()

    def _arrange(self) -> None:
        """Show what fits the patient, and whatever is filled in although it does not."""
        patient, read = self.patient(), self._read
        age = self.known_age
        child = age is not None and _MUAC_FROM_YEARS <= age < _MUAC_UNTIL_YEARS
        female = Sex.FEMALE in (patient.sex, self._read.sex if patient.sex is Sex.UNKNOWN else None)
        may_bear = female and (age is None or _MAY_BEAR_FROM <= age <= _MAY_BEAR_UNTIL)
        pregnant = patient.pregnant is True
        filled = pregnant or (patient.pregnant is False and patient.sex is not Sex.MALE)
        shown = {
            "muac": child or bool(self.muac.text()),
            "pregnant": may_bear or filled or read.pregnant is not None,
            "weeks": (may_bear and (pregnant or read.pregnant is True)) or _is_filled(self.weeks),
            "delivered": (may_bear and not pregnant and not read.pregnant) or _is_filled(self.delivered),
            "breastfeeding": may_bear or patient.breastfeeding is not None,
        }
        for name, visible in shown.items():
            self._places[name].setVisible(visible)
        self._flow.invalidate()
        self._show_mark()

    def _show_mark(self) -> None:
        wrong = next((field for field in self._numbers() if field.problem()), None)
        date_wrong = not self._date_is_right()
        if bool(self.date.property("wrong")) is not date_wrong:
            restyle(self.date, "wrong", date_wrong)
        if wrong is not None:
            guess = wrong.guess()
            words = f"{wrong.name}: {wrong.problem()}"
            self.mark.say("wrong", words, "" if guess is None else guess.words)
        elif problem := next(iter(self.problems()), ""):
            self.mark.say("wrong", problem)
        else:
            read = ", ".join(self._read_words())
            told = self.tr("Read from the text: {facts}. Fill in a field to change it.").format(facts=read)
            self.mark.say("note" if read else "", told if read else "")
        self.mark.setVisible(bool(self.mark.words))

    def _accept_guess(self) -> None:
        wrong = next((field for field in self._numbers() if field.problem()), None)
        if wrong is not None:
            wrong.accept_guess()
            wrong.setFocus()

    def _date_is_right(self) -> bool:
        text = self.date.text().strip()
        if not text:
            return True
        return bool(_ISO_DATE.fullmatch(text)) and QDate.fromString(text, "yyyy-MM-dd").isValid()

    def _guess_weight(self, value: float) -> Guess | None:
        return Guess(self.tr("{kg} kg?").format(kg=f"{value / 1000:g}"), value / 1000) if 500 < value <= 9000 else None

    def _guess_height(self, value: float) -> Guess | None:
        return Guess(self.tr("{cm} cm?").format(cm=f"{value * 100:g}"), value * 100) if 0.3 <= value <= 2.5 else None

    def _guess_muac(self, value: float) -> Guess | None:
        return Guess(self.tr("{mm} mm?").format(mm=f"{value * 10:g}"), value * 10) if 5 <= value < 40 else None

    def _season_changed(self) -> None:
        self._last_season = self.season.value()
        self.changed.emit()

    def _season_words(self, name: str) -> str:
        return {
            "": self.tr("Not chosen"),
            "rainy": self.tr("Rainy"),
            "dry": self.tr("Dry"),
            "cold": self.tr("Cold"),
            "hot": self.tr("Hot"),
        }.get(name, name)

    def _region_words(self, name: str) -> str:
        return {
            "default": self.tr("Worldwide"),
            "sub-saharan-africa": self.tr("Sub-Saharan Africa"),
            "south-asia": self.tr("South Asia"),
            "southeast-asia": self.tr("Southeast Asia"),
            "latin-america": self.tr("Latin America"),
            "middle-east-north-africa": self.tr("Middle East, North Africa"),
            "europe-north-america": self.tr("Europe, North America"),
        }.get(name, name)


def _line(name: str) -> QLineEdit:
    line = QLineEdit()
    line.setAccessibleName(name)
    return line


def _is_filled(field: NumberField) -> bool:
    """Tell whether a number was entered, or read from the text."""
    return bool(field.text()) or field.read is not None


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
