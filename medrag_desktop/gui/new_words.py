"""Fresh recovery words for a history that is there: asked for in the settings, or offered where none were confirmed."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from medrag_desktop.gui.centred_page import fit_to_screen
from medrag_desktop.gui.history_flow import HistoryFlow
from medrag_desktop.gui.passphrase import PassphraseGroup, select_for_retyping
from medrag_desktop.gui.recovery_words import WordsPage
from medrag_desktop.gui.widgets import Banner, plain_label, push_button


class ProvenPassphrase(QWidget):
    """Says what fresh words are for, and asks for the passphrase."""

    submitted = Signal(str)
    refused = Signal(str)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self.group = PassphraseGroup((self.tr("Passphrase"),))
        self.field = self.group.fields[0]
        self.make_button = push_button(self.tr("&Make new words"), "primary")
        self.cancel_button = push_button(self.tr("Cancel"))
        self.make_button.clicked.connect(self._submit)
        self.group.submitted.connect(self._submit)
        self.cancel_button.clicked.connect(self.cancelled)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for text in (
            self.tr("Make new words when the paper is lost, was never written, or somebody else has read it."),
            self.tr("The old words then open nothing any more. The passphrase stays as it is."),
        ):
            column.addWidget(plain_label(text))
        column.addWidget(self.group)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.make_button)
        column.addSpacing(8)
        column.addLayout(buttons)
        QWidget.setTabOrder(self.make_button, self.cancel_button)

    def _submit(self) -> None:
        if self.field.text():
            self.submitted.emit(self.field.text())
        else:
            self.refused.emit(self.tr("Type the passphrase first."))
            self.field.setFocus()


class NewWordsPage(WordsPage):
    """The steps from the passphrase to words on paper."""

    renew_requested = Signal(str)
    """The passphrase."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start with the passphrase."""
        super().__init__(parent)
        self.proof = ProvenPassphrase()
        self.add_part(self.proof)
        self.proof.submitted.connect(self._renew)
        self.proof.refused.connect(self.show_error)
        self.show_part(self.proof, self.tr("New recovery words"))

    def show_recovery_words(self, words: tuple[str, ...]) -> None:
        """Show the words that were just made."""
        self.proof.group.clear()
        super().show_recovery_words(words)

    def clear(self) -> None:
        """Forget everything typed and shown."""
        super().clear()
        self.proof.group.clear()

    def _renew(self, passphrase: str) -> None:
        self.show_error("")
        self.set_busy(True, self.tr("Making new words..."))
        self.renew_requested.emit(passphrase)


class NewWordsDialog(QDialog):
    """Leads to words on paper; once the old ones are gone it is not left by an idle key."""

    renew_requested = Signal(str)
    """The passphrase; answer with `show_words` or `show_error`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start with the passphrase."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("New recovery words"))
        self._busy = self._warned = False
        self.page = NewWordsPage()
        self.later_button = push_button(self.tr("&Later"), tip=self.tr("The next start of the program offers it again"))
        self.later_button.hide()
        self.later_button.clicked.connect(lambda: self.done(QDialog.DialogCode.Rejected))
        self.page.renew_requested.connect(self._renew)
        self.page.proof.cancelled.connect(self.reject)
        self.page.finished.connect(self.accept)
        self.finished.connect(self.page.clear)
        self._lay_out()

    @property
    def error(self) -> str:
        """Return the error shown; empty when there is none."""
        return self.page.error

    @Slot(tuple)
    def show_words(self, words: tuple[str, ...]) -> None:
        """Show the words that were made."""
        self._busy = False
        self.later_button.show()
        self.page.show_recovery_words(words)

    @Slot(str)
    def show_error(self, text: str) -> None:
        """Say why there are no new words."""
        self._busy = False
        self.page.show_error(text)
        select_for_retyping(self.page.proof.field)

    def reject(self) -> None:
        """Close, but not while the words are made; say first that the old ones are gone."""
        if self._busy:
            return
        if self.page.has_words and not self._warned:
            self._warned = True
            self.page.show_error(
                self.tr("The old words open nothing any more. Write these on paper first, or press Later.")
            )
            return
        super().reject()

    def _renew(self, passphrase: str) -> None:
        self._busy = True
        self.renew_requested.emit(passphrase)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.addWidget(self.page, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.later_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        fit_to_screen(self, 770, 620)
        self.page.proof.field.setFocus()


class WordsOffer(QObject):
    """Ties the case history to a strip that offers fresh words until some are confirmed."""

    def __init__(self, history: HistoryFlow, strip: Banner, parent: QWidget) -> None:
        """Offer nothing yet."""
        super().__init__(parent)
        self._history, self._strip, self._window = history, strip, parent
        self._put_off = False
        strip.set_closable(True)
        strip.acted.connect(lambda: self.ask(self._window))
        strip.dismissed.connect(self._put_it_off)
        history.words_made.connect(self._forget_putting_off)
        history.words_confirmed.connect(self._offer)

    def ask(self, parent: QWidget) -> NewWordsDialog:
        """Open the dialog that makes fresh words."""
        dialog = NewWordsDialog(parent)
        dialog.renew_requested.connect(self._history.renew_words)
        dialog.accepted.connect(self._history.confirm_words)
        self._history.words_made.connect(dialog.show_words)
        self._history.words_refused.connect(dialog.show_error)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def _offer(self, confirmed: bool) -> None:
        if confirmed:
            self._strip.show_text("warning", "")
        elif not self._put_off:
            told = self.tr(
                "It was never confirmed that the recovery words are on paper. "
                "Without them, nobody can open the cases when the passphrase is forgotten."
            )
            self._strip.show_text("warning", told, self.tr("Make new words..."))

    def _put_it_off(self) -> None:
        self._put_off = True

    def _forget_putting_off(self) -> None:
        self._put_off = False
