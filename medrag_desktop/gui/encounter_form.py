"""The encounter form: who, why, what was measured, what was found, what was before."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QScrollArea, QVBoxLayout, QWidget

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Presence
from medrag_desktop.domain.limits import MOST_FINDINGS
from medrag_desktop.domain.observations import Observations
from medrag_desktop.gui.background_form import BackgroundForm
from medrag_desktop.gui.findings_picker import FindingsPicker
from medrag_desktop.gui.patient_form import PatientForm
from medrag_desktop.gui.story_form import StoryForm, quote_of
from medrag_desktop.gui.vital_signs_form import VitalSignsForm
from medrag_desktop.services.completion import Completer

_TWO_COLUMNS_FROM = 58
"""Width, in letters, from which the cards stand in two columns."""


class EncounterForm(QWidget):
    """Turns what is typed and picked into an Encounter, and back without loss."""

    changed = Signal()
    """Something was edited by the user."""
    assess_requested = Signal()

    def __init__(self, parent: QWidget | None = None, *, region: str = "") -> None:
        """Make an empty form; `region` is what a new one begins with."""
        super().__init__(parent)
        self._region = region
        self._reading: tuple[Finding, ...] = ()
        self._rejected_at = -1
        self._answered: set[str] = set()
        """Findings that are on the list because a question was answered."""
        self.patient = PatientForm()
        self.story = StoryForm()
        self.vital_signs = VitalSignsForm()
        self.picker = FindingsPicker()
        self.background = BackgroundForm()
        self._place_cards()
        self._connect()
        self.clear()

    def set_catalogue(self, catalogue: Catalogue, completer: Completer | None = None) -> None:
        """Mark, complete and name by the clinical library from now on; a completer may have been made elsewhere."""
        self.vital_signs.set_ranges(catalogue.normal_ranges)
        self.picker.set_catalogue(catalogue, completer)
        self._show_read()

    def set_default_region(self, region: str) -> None:
        """Begin the next new form with a region, and this one while nothing is entered."""
        self._region = region
        if not self.has_content():
            self.clear()

    def encounter(self) -> Encounter:
        """Return what was entered; a number that cannot be used is left out, see problems()."""
        encounter = self.patient.write_into(Encounter())
        encounter = self.story.write_into(encounter)
        encounter = self.background.write_into(encounter)
        return replace(encounter, vital_signs=self.vital_signs.vital_signs(), findings=self.picker.findings())

    def set_encounter(self, encounter: Encounter) -> None:
        """Show an encounter; what was read from its text is left to be read again."""
        encounter = encounter.as_entered()
        self._reading, self._rejected_at = (), -1
        self._answered.clear()
        self.patient.show_encounter(encounter)
        self.story.show_encounter(encounter)
        self.vital_signs.show_vital_signs(encounter.vital_signs)
        self._patient_changed()
        self.picker.set_findings(encounter.findings)
        self.background.show_encounter(encounter)

    def clear(self) -> None:
        """Begin anew: everything empty, the region of the settings, the date of today."""
        self.set_encounter(Encounter())
        self.patient.set_defaults(self._region)
        self.picker.suggest(())

    def has_content(self) -> bool:
        """Tell whether anything was entered that a new form does not have."""
        cards = (self.patient, self.story, self.vital_signs, self.background)
        return bool(self.picker.findings()) or any(card.has_content() for card in cards)

    def show_reading(self, read: Encounter, observations: Observations) -> None:
        """Show what the program read from the text; a reading of a former state of the form does no harm."""
        self._reading = tuple(
            f
            for f in observations.stated
            # what a normal measurement denies is said by its mark; as chips it would crowd out what was written
            if f.origin is Origin.TEXT and f.quote and (f.field or f.presence is Presence.PRESENT)
        )
        self.patient.show_read(read.patient, read.read_from_text)
        self._patient_changed()
        self.vital_signs.show_read(read.vital_signs, read.read_from_text)
        self._show_read()

    def show_unread(self, words: tuple[str, ...]) -> None:
        """Say beside the texts what of them was not read; nothing while all was."""
        self.story.show_unread(words)

    def suggest(self, findings: tuple[str, ...]) -> None:
        """Offer findings that are worth asking for."""
        self.picker.suggest(findings)

    def answer(self, finding: str, presence: Presence) -> None:
        """Take the answer to a question as a finding; NOT_ASSESSED takes off the list what an answer put there."""
        model = self.picker.model
        row = model.row_of(finding)
        if presence is Presence.NOT_ASSESSED and row >= 0 and finding in self._answered:
            model.drop(row)
            return
        if row < 0:
            self._answered.add(finding)
        self.picker.put(Finding(finding, presence))

    def problems(self) -> tuple[str, ...]:
        """Return why the form cannot be assessed as it stands, each as a sentence."""
        cards = (self.patient, self.story, self.vital_signs, self.background)
        sentences = [sentence for card in cards for sentence in card.problems()]
        if not self.story.has_content() and not self.picker.findings():
            sentences.append(self.tr("Write a complaint or a history, or add a finding."))
        if len(self.picker.findings()) > MOST_FINDINGS:
            sentences.append(self.tr("There are more than {most} findings.").format(most=MOST_FINDINGS))
        return tuple(sentences)

    def focus_problem(self) -> None:
        """Put the cursor where the first problem is mended."""
        cards = (self.patient, self.story, self.vital_signs, self.background)
        wrong = next((field for card in cards if (field := card.wrong_field()) is not None), None)
        field = wrong or (self.picker.table if self.picker.findings() else self.story.complaint)
        field.setFocus()
        self.area.ensureWidgetVisible(field)

    def focus_first(self) -> None:
        """Put the cursor where work begins."""
        self.patient.focus_first()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Ask for the assessment with Ctrl+Enter, wherever the cursor is but in the line of the findings."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.assess_requested.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Put the cards in one column where two are too narrow."""
        super().resizeEvent(event)
        self.picker.matches.hide()
        self._choose_columns()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the size of the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._choose_columns()

    def _place_cards(self) -> None:
        self._left, self._right, page = QVBoxLayout(), QVBoxLayout(), QWidget()
        for column, cards in (
            (self._left, (self.patient, self.story)),
            (self._right, (self.vital_signs, self.picker)),
        ):
            column.setSpacing(10)
            for card in cards:
                column.addWidget(card)
            column.addStretch(1)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(10)
        self._columns.addLayout(self._left, 46)
        self._columns.addLayout(self._right, 54)
        rows = QVBoxLayout(page)
        rows.setContentsMargins(0, 0, 6, 0)
        rows.setSpacing(10)
        rows.addLayout(self._columns)
        rows.addWidget(self.background)
        rows.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(page)
        self.area.viewport().setAutoFillBackground(False)
        page.setAutoFillBackground(False)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self.area)

    def _connect(self) -> None:
        for card in (self.patient, self.story, self.vital_signs, self.picker, self.background):
            card.changed.connect(self.changed)
        self.patient.patient_changed.connect(self._patient_changed)
        self.picker.changed.connect(self._show_read)
        self.story.decided.connect(self._decide)
        self.story.undo_asked.connect(self.picker.undo_stack.undo)
        self.picker.undo_stack.indexChanged.connect(self._withdraw_undo)
        self.area.verticalScrollBar().valueChanged.connect(self.picker.matches.hide)

    def _patient_changed(self) -> None:
        self.vital_signs.set_age(self.patient.known_age)

    def _decide(self, finding: Finding) -> None:
        """Say what the clinician says of something read; a rejection can be taken back beside it."""
        if finding.presence is Presence.NOT_ASSESSED:
            # offered first, so that the keyboard has somewhere to go when the last chip leaves
            self._rejected_at = self.picker.undo_stack.index() + 1
            self.story.offer_undo(self.picker.model.label(finding.finding))
        self.picker.put(finding)

    def _withdraw_undo(self, index: int) -> None:
        if index != self._rejected_at:
            self.story.offer_undo("")

    def _show_read(self) -> None:
        """Show what was read less what the clinician has decided since."""
        decided = {finding.finding for finding in self.picker.findings()}
        shown = tuple(f for f in self._reading if f.finding not in decided)
        self.story.show_findings(shown, self.picker.model.label)
        self.background.show_quotes((f.field, quote_of(f)) for f in shown)

    def _choose_columns(self) -> None:
        letters = self.width() / max(1, self.fontMetrics().averageCharWidth())
        two = letters >= 2 * _TWO_COLUMNS_FROM
        directions = QBoxLayout.Direction
        self._columns.setDirection(directions.LeftToRight if two else directions.TopToBottom)
