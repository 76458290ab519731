"""What was measured: each vital sign with its unit, marked by what is normal at this age."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from medrag_desktop.domain.encounter import VitalSigns
from medrag_desktop.domain.limits import LIMITS, pressures_reversed
from medrag_desktop.domain.normal_ranges import Band, NormalRanges
from medrag_desktop.gui.age_text import split_age
from medrag_desktop.gui.form_fields import ChoiceBox, Guess, Mark, NumberField, format_number
from medrag_desktop.gui.widgets import Card, plain_label, restyle

_MG_PER_MMOL = 18.016
"""Glucose in mg/dl for one mmol/l."""
_GROWN_UP = 12
"""Years from which what is normal needs no age beside it."""
_FAHRENHEIT = (80, 115)
_NUMBERS = (
    "temperature_celsius", "heart_rate_bpm", "respiratory_rate_bpm", "systolic_mmhg", "diastolic_mmhg",
    "spo2_percent", "glucose_mmol_l", "gcs",
)  # fmt: skip
_PRESSURES = ("systolic_mmhg", "diastolic_mmhg")
_SEVERITY = ("wrong", "high", "low", "note", "good", "")
"""Kinds of mark, the one to show first."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    kind: str = ""
    words: str = ""


class VitalSignsForm(Card):
    """The card of the measurements."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make every field empty: not measured."""
        super().__init__(self.tr("Vital signs"), parent)
        self._ranges: NormalRanges | None = None
        self._age: float | None = None
        self._held = VitalSigns()
        self._read = VitalSigns()
        self._make_fields()
        self._marks: dict[str, Mark] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(2, 1)
        self._place_fields()
        self.body.addLayout(self._grid)
        self._limit()
        self._connect()

    def set_ranges(self, ranges: NormalRanges) -> None:
        """Mark by these limits from now on."""
        self._ranges = ranges
        self._limit()
        self.mark()

    def set_age(self, age_years: float | None) -> None:
        """Mark by what is normal at this age."""
        self._age = age_years
        self.mark()

    def vital_signs(self) -> VitalSigns:
        """Return what was entered and can be used; what was only read from the text is not in it."""
        numbers: dict[str, Any] = {name: self.numbers[name].value() for name in _NUMBERS}
        glucose = numbers["glucose_mmol_l"]
        if glucose is not None and self.glucose_unit.value() == "mg":
            numbers["glucose_mmol_l"] = round(glucose / _MG_PER_MMOL, 1)
        if self._reversed():
            numbers["systolic_mmhg"] = numbers["diastolic_mmhg"] = None
        return VitalSigns(**numbers, on_oxygen=self.oxygen.value(), avpu=self.avpu.value())

    def show_vital_signs(self, signs: VitalSigns) -> None:
        """Show measurements as entered."""
        self._held = signs
        self._read = VitalSigns()
        if signs.glucose_mmol_l is not None:
            self.glucose_unit.set_value("mmol")
        self._limit()
        for name, field in self.numbers.items():
            field.set_value(getattr(signs, name))
            field.show_read(None)
        self.oxygen.set_value(signs.on_oxygen)
        self.avpu.set_value(signs.avpu)
        self.mark()

    def show_read(self, signs: VitalSigns, names: tuple[str, ...]) -> None:
        """Show, where nothing was entered, what was read from the text."""
        read = {field.name: getattr(signs, field.name) for field in fields(VitalSigns) if field.name in names}
        self._read = VitalSigns(**read)
        for name, field in self.numbers.items():
            field.show_read(read.get(name))
        glucose = read.get("glucose_mmol_l")
        if glucose is not None and self.glucose_unit.value() == "mg":
            self.numbers["glucose_mmol_l"].show_read(round(glucose * _MG_PER_MMOL))
        self.mark()

    def problems(self) -> tuple[str, ...]:
        """Return why the card cannot be used as it stands, each as a sentence."""
        sentences = [field.sentence() for field in self.numbers.values()]
        if self._reversed():
            sentences.append(self.tr("Blood pressure: the upper value must be more than the lower. Correct one."))
        return tuple(sentence for sentence in sentences if sentence)

    def wrong_field(self) -> QWidget | None:
        """Return the first field that has to be corrected."""
        wrong = next((field for field in self.numbers.values() if field.problem()), None)
        return self.numbers["systolic_mmhg"] if wrong is None and self._reversed() else wrong

    def has_content(self) -> bool:
        """Tell whether anything was entered."""
        typed = any(field.text() for field in self.numbers.values())
        return typed or self.oxygen.value() is not None or self.avpu.value() is not None

    def mark_of(self, name: str) -> Mark:
        """Return the mark beside a measurement."""
        return self._marks["systolic_mmhg" if name == "diastolic_mmhg" else name]

    def mark(self) -> None:
        """Say of every measurement whether it is normal at this age."""
        for name, mark in self._marks.items():
            if name == "systolic_mmhg":
                self._mark_pressure(mark)
            elif name != "avpu":
                verdict, guess = self._verdict(name), self.numbers[name].guess()
                mark.say(verdict.kind, verdict.words, "" if guess is None else guess.words)
        self._mark_avpu()

    def _make_fields(self) -> None:
        per_minute = self.tr("per minute")
        self.numbers = {
            "temperature_celsius": NumberField(self.tr("Temperature"), self.tr("°C")),
            "heart_rate_bpm": NumberField(self.tr("Heart rate"), per_minute),
            "respiratory_rate_bpm": NumberField(self.tr("Breathing rate"), per_minute),
            "systolic_mmhg": NumberField(self.tr("Upper blood pressure"), self.tr("mmHg")),
            "diastolic_mmhg": NumberField(self.tr("Lower blood pressure"), self.tr("mmHg")),
            "spo2_percent": NumberField(self.tr("SpO2"), self.tr("percent")),
            "glucose_mmol_l": NumberField(self.tr("Blood glucose")),
            "gcs": NumberField(self.tr("Glasgow coma scale"), whole=True),
        }
        self.oxygen = ChoiceBox(
            self.tr("Air or oxygen"),
            ((None, self.tr("air or oxygen?")), (False, self.tr("on air")), (True, self.tr("on oxygen"))),
        )
        self.glucose_unit = ChoiceBox(
            self.tr("Unit of blood glucose"), (("mmol", self.tr("mmol/l")), ("mg", self.tr("mg/dl")))
        )
        self.avpu = ChoiceBox(
            self.tr("Alertness (AVPU)"),
            (
                (None, self.tr("Not checked")),
                ("A", self.tr("A - alert")),
                ("V", self.tr("V - responds to voice")),
                ("P", self.tr("P - responds to pain")),
                ("U", self.tr("U - does not respond")),
            ),
        )
        self.numbers["temperature_celsius"].set_guess(self._guess_celsius)
        self.numbers["glucose_mmol_l"].set_guess(self._guess_mmol)

    def _place_fields(self) -> None:
        numbers = self.numbers
        pressure = _one_over_the_other(numbers["systolic_mmhg"], numbers["diastolic_mmhg"])
        self._row("temperature_celsius", self.tr("Temperature"), numbers["temperature_celsius"], self.tr("°C"))
        self._row("heart_rate_bpm", self.tr("Heart rate"), numbers["heart_rate_bpm"], self.tr("/min"))
        self._row("respiratory_rate_bpm", self.tr("Breathing"), numbers["respiratory_rate_bpm"], self.tr("/min"))
        self._row("systolic_mmhg", self.tr("Blood pressure"), pressure, self.tr("mmHg"))
        self._row("spo2_percent", self.tr("SpO2"), numbers["spo2_percent"], self.tr("%"), self.oxygen)
        self._row("glucose_mmol_l", self.tr("Glucose"), numbers["glucose_mmol_l"], self.glucose_unit)
        self._row("avpu", self.tr("Alertness"), self.avpu)
        self._row("gcs", self.tr("Coma scale"), numbers["gcs"], self.tr("GCS, 3 to 15"))

    def _row(self, name: str, words: str, *parts: QWidget | str) -> None:
        """Put a label, fields with their units, and a mark into the next row."""
        row = self._grid.rowCount()
        label = plain_label(words)
        label.setWordWrap(False)
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(5)
        for part in parts:
            line.addWidget(plain_label(part, "muted") if isinstance(part, str) else part)
        line.addStretch(1)
        label.setBuddy(self.numbers.get(name, self.avpu))
        mark = Mark()
        mark.accepted.connect(lambda: self._accept(name))
        self._marks[name] = mark
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(holder, row, 1)
        self._grid.addWidget(mark, row, 2)
        self._grid.setAlignment(label, Qt.AlignmentFlag.AlignVCenter)

    def _connect(self) -> None:
        for field in self.numbers.values():
            field.changed.connect(self._edited)
        self.glucose_unit.changed.connect(self._unit_changed)
        for choice in (self.oxygen, self.avpu):
            choice.changed.connect(self._edited)

    def _edited(self) -> None:
        self.mark()
        self.changed.emit()

    def _unit_changed(self) -> None:
        """Read the number that stands there in the new unit: what was typed stays as it was typed."""
        self._limit()
        self._edited()

    def _limit(self) -> None:
        """Use what is plausible by the library once it is there, else what can be true at all."""
        plausible = (self._ranges.plausible if self._ranges else None) or {}
        for name, field in self.numbers.items():
            low, high = plausible.get(name, LIMITS[name])
            if name == "glucose_mmol_l" and self.glucose_unit.value() == "mg":
                low, high = round(low * _MG_PER_MMOL), round(high * _MG_PER_MMOL)
            field.set_limits(low, high)

    def _accept(self, name: str) -> None:
        self.numbers[name].accept_guess()
        self.numbers[name].setFocus()

    def _reversed(self) -> bool:
        high, low = self.numbers["systolic_mmhg"].value(), self.numbers["diastolic_mmhg"].value()
        return pressures_reversed(VitalSigns(systolic_mmhg=high, diastolic_mmhg=low))

    def _verdict(self, name: str) -> _Verdict:
        """Return what to say beside a number."""
        field = self.numbers[name]
        if problem := field.problem():
            return _Verdict("wrong", problem)
        is_read = self._is_read(name)
        value = getattr(self._read if is_read else self.vital_signs(), name)
        if value is None:
            return _Verdict()
        verdict = self._compare(name, value)
        if not is_read or (name in _PRESSURES and verdict.kind in ("high", "low")):
            return verdict
        words = self.tr("from the text") + (f", {verdict.words}" if verdict.words else "")
        return _Verdict(verdict.kind if verdict.kind in ("high", "low") else "note", words)

    def _is_read(self, name: str) -> bool:
        """Tell whether a number is not entered but read from the text."""
        return not self.numbers[name].text() and getattr(self._read, name) is not None

    def _compare(self, name: str, value: float) -> _Verdict:
        """Compare with the normal limits of the age."""
        if name == "gcs":
            low = _Verdict("low", self.tr("low (normal 15)"))
            return low if value < LIMITS["gcs"][1] else _Verdict("good", self.tr("normal"))
        band = self._ranges.band(name, self._age) if self._ranges else None
        if band is None or (band.low is None and band.high is None):
            return _Verdict()
        unsure = self._age is None and self._depends_on_age(name)
        age, normal = self.tr("if an adult") if unsure else self._age_words(), self._normal_words(band)
        if band.high is not None and value > band.high:
            return _Verdict("high", _joined(self.tr("high"), age, self.tr("(normal {limits})").format(limits=normal)))
        if band.low is not None and value < band.low:
            return _Verdict("low", _joined(self.tr("low"), age, self.tr("(normal {limits})").format(limits=normal)))
        if name == "spo2_percent" and self.oxygen.value() is True:
            return _Verdict("note", self.tr("normal only with oxygen"))
        return _Verdict("note" if unsure else "good", _joined(self.tr("normal"), age))

    def _depends_on_age(self, name: str) -> bool:
        return self._ranges is not None and len({(b.low, b.high) for b in self._ranges.all_bands(name)}) > 1

    def _normal_words(self, band: Band) -> str:
        low, high = band.low, band.high
        if band.measurement == "glucose_mmol_l" and self.glucose_unit.value() == "mg":
            low = None if low is None else round(low * _MG_PER_MMOL)
            high = None if high is None else round(high * _MG_PER_MMOL)
        if low is None:
            return self.tr("up to {high}").format(high=format_number(high or 0))
        if high is None:
            return self.tr("from {low}").format(low=format_number(low))
        return f"{format_number(low)}-{format_number(high)}"

    def _age_words(self) -> str:
        if self._age is None or self._age >= _GROWN_UP:
            return ""
        number, unit = split_age(self._age)
        # "high for 5 days" would tell how long it has been high
        one = {"days": self.tr("at age 1 day"), "months": self.tr("at age 1 month"), "years": self.tr("at age 1 year")}
        more = {
            "days": self.tr("at age {count} days"),
            "months": self.tr("at age {count} months"),
            "years": self.tr("at age {count} years"),
        }
        # completed units; 14 days told in years and back are a hair less than 14
        count = int(number + 0.001)
        return one[unit] if count == 1 else more[unit].format(count=count)

    def _mark_pressure(self, mark: Mark) -> None:
        wrong = self._reversed()
        for name in _PRESSURES:
            field = self.numbers[name]
            marked = wrong or bool(field.problem())
            if bool(field.property("wrong")) is not marked:
                restyle(field, "wrong", marked)
        if wrong:
            mark.say("wrong", self.tr("the upper must be more than the lower; not used until corrected"))
            return
        verdicts = [self._verdict(name) for name in _PRESSURES]
        worst = min(verdicts, key=lambda verdict: _SEVERITY.index(verdict.kind))
        from_text = self._is_read("systolic_mmhg") and self._is_read("diastolic_mmhg")
        if worst.kind not in ("wrong", "high", "low"):
            mark.say(worst.kind, worst.words)
            return
        parts = zip((self.tr("upper: {words}"), self.tr("lower: {words}")), verdicts, strict=True)
        told = (text.format(words=v.words) for text, v in parts if v.kind in ("wrong", "high", "low"))
        mark.say(worst.kind, _joined(self.tr("from the text:") if from_text else "", "; ".join(told)))

    def _mark_avpu(self) -> None:
        entered, read = self.avpu.value(), self._read.avpu
        value = entered or read
        words = "" if value in (None, "A") else self.tr("not fully alert")
        if read and not entered:
            words = self.tr("from the text: {letter}").format(letter=read) + (f", {words}" if words else "")
        kind = "" if value is None else "low" if value != "A" else "note" if words else "good"
        self._marks["avpu"].say(kind, words or (self.tr("normal") if value else ""))

    def _guess_celsius(self, value: float) -> Guess | None:
        low, high = _FAHRENHEIT
        if not low <= value <= high:
            return None
        celsius = round((value - 32) / 1.8, 1)
        return Guess(self.tr("Fahrenheit? {value} °C").format(value=format_number(celsius)), celsius)

    def _guess_mmol(self, value: float) -> Guess | None:
        if self.glucose_unit.value() == "mg" or value < LIMITS["glucose_mmol_l"][0]:
            return None
        mmol = round(value / _MG_PER_MMOL, 1)
        return Guess(self.tr("mg/dl? {value} mmol/l").format(value=format_number(mmol)), mmol)


def _one_over_the_other(upper: QWidget, lower: QWidget) -> QWidget:
    """Put a slash between two fields, the upper first in every language."""
    holder = QWidget()
    holder.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(5)
    for part in (upper, QLabel("/"), lower):
        line.addWidget(part)
    return holder


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
