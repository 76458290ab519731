"""Somebody who uses the window without a pause and says aloud how it stands after every key."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget

from medrag_desktop import bootstrap
from medrag_desktop.domain.case import Review
from medrag_desktop.gui import make_app, show
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.gui.sign_dialog import SignDialog
from medrag_desktop.gui.window_place import WindowPlace
from tests.acceptance.kill_nine_window import COMPLAINTS, PATIENCE, PLANTED, digest

LONGEST_PAUSE_MS = 60
"""Between two keys: up to some thirty a second, twice a fast typist."""


def say(*words: object) -> None:
    """Tell the parent at once; what is said last before the kill counts."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


class BusyClinician:
    """Types, picks, saves, assesses, writes into drafts, signs, exports and looks up."""

    def __init__(self, base: Path, passphrase: str, words: Iterator[str], chance: random.Random) -> None:
        """Open the window as the program does; the words are a patient's data, and never come to an end."""
        self.base, self.passphrase, self.words, self.chance = base, passphrase, words, chance
        desk = bootstrap.make_desk(base)
        self.app = make_app(desk)
        self.window = MainWindow(desk)
        show(self.window, WindowPlace(desk.paths.window))
        self.window.begin()

    def work(self) -> None:
        """Unlock the history, then go on until killed."""
        self.wait(lambda: self.window.unlock.isVisible() and isinstance(QApplication.focusWidget(), QLineEdit))
        QTest.keyClicks(self.focused(), self.passphrase)
        QTest.keyClick(self.focused(), Qt.Key.Key_Return)
        self.wait(lambda: self.window.flow.case is not None)
        self.say_state()
        actions = {self.type: 12, self.measure: 1, self.pick: 2, self.begin_another: 3, self.assess: 3, self.open: 1}
        while True:
            (act,) = self.chance.choices(list(actions), list(actions.values()))
            act()

    def type(self) -> None:
        """Type a few words into any field of text."""
        self.show_patient()
        form = self.window.patient.form
        fields = [form.patient.reference, form.story.complaint, form.story.history, *form.background.fields.values()]
        field = self.chance.choice([field for field in fields if field.isEnabled()] or [None])
        if field is None:
            return
        self.type_into(field, f"{self.chance.choice(COMPLAINTS)} ", next(self.words), " ")
        say("did", "fields typed in")

    def measure(self) -> None:
        """Type a temperature."""
        self.show_patient()
        field = self.window.patient.form.vital_signs.findChildren(QLineEdit)[0]
        if field.isEnabled():
            field.selectAll()
            self.type_into(field, f"{self.chance.uniform(35, 41):.1f}")
            say("did", "temperatures measured")

    def pick(self) -> None:
        """Pick a finding with the keyboard."""
        self.show_patient()
        line = self.window.patient.form.picker.line
        if line.isEnabled() and self.window.library.catalogue is not None:
            self.type_into(line, self.chance.choice(("fever", "cough", "vomit", "rash", "headache")))
            QTest.keyClick(line, Qt.Key.Key_Return)
            self.say_state()
            say("did", "findings picked")

    def begin_another(self) -> None:
        """Begin another patient: the one at hand goes into the history."""
        case = self.window.flow.case
        assert case is not None
        blank = self.window.flow.is_blank
        QTest.keyClick(self.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        self.wait(lambda: self.window.flow.case is not None and self.window.flow.case.id != case.id)
        if not blank:
            say("saved", case.id)
            say("did", "patients begun")
        self.say_state()

    def assess(self) -> None:
        """Have the case drafted; write into the draft, and perhaps sign it and make a PDF."""
        if self.window.flow.is_blank or (case := self.window.flow.case) is None or case.signed:
            return
        self.show_patient()
        QTest.keyClick(self.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        self.wait(lambda: not self.window.flow.assessment.busy and not self.window.jobs.busy)
        if self.window.shell.pages.currentWidget() is not self.window.draft:
            return
        say("saved", case.id)
        say("did", "drafts made")
        view = self.window.draft.view
        self.type_into(view.statements.diagnosis, "suspected ", next(self.words), " ")
        view.statements.statements.setFocus()
        QTest.keyClick(view.statements.statements, Qt.Key.Key_Insert)
        if self.focused() is not view.statements.statements:
            self.type_into(self.focused(), "Seen by me. ", next(self.words))
            QTest.keyClick(self.focused(), Qt.Key.Key_Return)
            self.say_state()
        if self.chance.random() < 0.7:
            self.sign()

    def sign(self) -> None:
        """Sign the draft at hand."""
        case = self.window.flow.case
        self.window.draft.view.sign_button.click()
        dialogs = [dialog for dialog in self.window.findChildren(SignDialog) if dialog.isVisible()]
        if case is None or not dialogs:
            return
        dialogs[0].name_field.selectAll()
        word = next(self.words)
        QTest.keyClicks(dialogs[0].name_field, f"Dr {word}")
        say("planted", word)
        QTest.keyClick(dialogs[0].name_field, Qt.Key.Key_Return)
        self.wait(lambda: self.window.flow.case is not None and self.window.flow.case.signed)
        say("signed", case.id)
        say("did", "cases signed")
        self.export()

    def export(self) -> None:
        """Make a PDF of the case at hand, which alone may hold what the patient said."""
        out = self.base / "report.pdf"
        self.window.draft.view.export_button.click()
        dialogs = [dialog for dialog in self.window.findChildren(QFileDialog) if dialog.isVisible()]
        if not dialogs:
            return
        line = dialogs[0].findChildren(QLineEdit)[0]
        line.setText(str(out))
        QTest.keyClick(line, Qt.Key.Key_Return)
        self.wait(lambda: str(out) in self.window.shell.message.text)
        out.unlink()
        say("did", "reports made")

    def open(self) -> None:
        """Look a case up by its words and open it."""
        case = self.window.flow.case
        assert case is not None
        blank = self.window.flow.is_blank
        QTest.keyClick(self.window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
        view = self.window.history_view
        self.wait(lambda: not self.window.jobs.busy)
        rows = view.model.rowCount()
        chosen = view.model.case(self.chance.randrange(rows)) if rows else None
        if chosen is None:
            return
        view.open_requested.emit(chosen.id)
        self.wait(lambda: not self.window.jobs.busy)
        if not blank:
            say("saved", case.id)
        say("did", "cases opened")
        self.say_state()

    def type_into(self, field: QWidget, *texts: str) -> None:
        """Press one key after the other, as fast as any hand."""
        field.setFocus()
        for text in texts:
            for letter in text:
                QTest.keyClicks(field, letter)
                self.say_state()
                QTest.qWait(self.chance.randrange(LONGEST_PAUSE_MS))
            if text.startswith(PLANTED):
                say("planted", text)

    def say_state(self) -> None:
        """Say what the window holds."""
        case, at = self.window.flow.case, time.monotonic()
        encounter = self.window.patient.form.encounter()
        review = self.window.draft.view.statements.review()  # asking the view would end the editing
        if case is not None and review == Review() and case.review is not None:
            review = case.review
        blank = case is None or self.window.flow.is_blank or case.signed
        say("state", at, "" if blank or case is None else case.id, digest(encounter, review))

    def show_patient(self) -> None:
        """Go to the form."""
        QTest.keyClick(self.window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)

    def focused(self) -> QWidget:
        """Return where the keys go."""
        widget = QApplication.focusWidget()
        assert widget is not None
        return widget

    def wait(self, holds: Callable[[], bool]) -> None:
        """Let the window work until something holds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, "the window does not answer"
            QTest.qWait(5)
