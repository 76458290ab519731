"""The window: pages in a frame, and the wires between them and the flows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer, QUrl, Slot
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QMainWindow,
    QStackedWidget,
    QWidget,
)

from medrag_desktop.config import Settings
from medrag_desktop.domain.case import Case
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.draft import Level
from medrag_desktop.errors import MedragError, PackMissing
from medrag_desktop.gui.assessment import Reading
from medrag_desktop.gui.auto_lock import AutoLock
from medrag_desktop.gui.case_display import CaseDisplay
from medrag_desktop.gui.flow import CaseFlow
from medrag_desktop.gui.help_dialog import HelpDialog
from medrag_desktop.gui.history_flow import HistoryFlow
from medrag_desktop.gui.history_view import HistoryView
from medrag_desktop.gui.jobs import STORE, JobRunner
from medrag_desktop.gui.library_flow import Instruments, LibraryFlow
from medrag_desktop.gui.library_offers import LibraryOffers
from medrag_desktop.gui.new_words import WordsOffer
from medrag_desktop.gui.pages import DraftPage, PatientPage
from medrag_desktop.gui.questions import ask_erase, ask_pdf, ask_signature, ask_to_lose
from medrag_desktop.gui.settings_dialog import SettingsDialog
from medrag_desktop.gui.shell import Shell
from medrag_desktop.gui.theme import apply_theme
from medrag_desktop.gui.type_ahead import TypeAhead
from medrag_desktop.gui.unlock_dialog import FirstRunPage, UnlockPage
from medrag_desktop.services.completion import Completer
from medrag_desktop.services.desk import Desk
from medrag_desktop.services.history import HistoryState

TITLE = "MedRAG Desktop"
_READ_MS = 15_000
"""How long a message that asks for nothing stays."""


def application() -> QApplication:
    """Return the one application; a window cannot be without it."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app


class MainWindow(QMainWindow):
    """The one window; everything that takes long is done by the flows in their lanes."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        """Make all pages; `begin` opens the library and shows the way in."""
        super().__init__(parent)
        self.setWindowTitle(TITLE)
        self._desk, self._settings = desk, desk.settings
        self.jobs = JobRunner(self)
        instruments = Instruments(desk)
        self.patient, self.draft, self.history_view = PatientPage(), DraftPage(), HistoryView()
        self.library = LibraryFlow(desk, self.jobs, instruments, self)
        self.history = HistoryFlow(desk.history, self.jobs, self)
        self.flow = CaseFlow(desk.history, self.jobs, instruments, self.patient.form.encounter, self)
        self.display = CaseDisplay(self.patient, self.draft, self.flow, self.library, self)
        self.auto_lock, self.type_ahead = AutoLock(self), TypeAhead(self)
        self.shell, self.first_run, self.unlock = Shell(), FirstRunPage(), UnlockPage()
        self.words = WordsOffer(self.history, self.shell.words, self)
        self._root = QStackedWidget()
        self._fading = QTimer(self, singleShot=True, interval=_READ_MS)
        self._act: Callable[[], object] | None = None
        self._assess_after_build = False
        self._closing = self._closed = False
        self._lay_out()
        self._wire_entrance()
        self._wire_shell()
        self._wire_case()
        self._wire_library()
        self._wire_history()
        self._apply(self._settings)

    def begin(self) -> None:
        """Start what a start needs: the library in the background, and the passphrase."""
        self.library.open()
        self.auto_lock.watch(application())
        self._show_entrance()
        for note in self._desk.notes:
            self.tell("warning", note)

    def shut_down(self) -> None:
        """Leave no thread, no process and no filter behind."""
        self.auto_lock.stop()
        self.type_ahead.drop()
        self.library.stop()
        self.jobs.shutdown()

    @Slot(str, str)
    def tell(self, kind: str, text: str, action: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a message where the user looks."""
        page = self._root.currentWidget()
        if page is not self.shell:
            if kind in ("danger", "warning") and isinstance(page, UnlockPage | FirstRunPage):
                page.show_error(text)
            return
        self._act = act
        self.shell.message.show_text(kind, text, action)
        self._fading.stop()
        if kind in ("good", "info") and not action:
            self._fading.start()

    @Slot()
    def lock(self) -> None:
        """Take every patient off the screen, keep what is typed, and ask for the passphrase."""
        if self._root.currentWidget() is not self.shell or self._closing:
            return
        self.display.note_review()
        self._close_dialogs()
        self.flow.leave()
        self._clear()
        self._root.setCurrentWidget(self.unlock)
        self.unlock.clear()
        self.unlock.set_busy(True, self.tr("Locking..."))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Keep what is typed before the window goes."""
        if self._closed:
            event.accept()
            return
        event.ignore()
        if not self._closing:
            self._closing = True
            self.display.note_review()
            self._close_dialogs()
            self.flow.leave()

    # Making

    def _lay_out(self) -> None:
        for page in (self.patient, self.draft, self.history_view):
            self.shell.pages.addWidget(page)
        for root in (self.first_run, self.unlock, self.shell):
            self._root.addWidget(root)
        self.setCentralWidget(self._root)
        self.setMinimumSize(960, 600)

    def _wire_entrance(self) -> None:
        self.first_run.create_requested.connect(self.history.create)
        self.first_run.finished.connect(self.history.confirm_words)
        self.first_run.finished.connect(self._enter)
        self.unlock.unlock_requested.connect(self.history.unlock)
        self.unlock.recovery_requested.connect(self.history.recover)
        self.history.created.connect(self.first_run.show_recovery_words)
        self.history.unlocked.connect(self._enter)
        self.history.refused.connect(self._show_refusal)
        self.history.busy.connect(self._show_entrance_busy)

    def _wire_shell(self) -> None:
        places = self.shell.navigation
        places.new.clicked.connect(self.flow.start_new)
        places.patient.clicked.connect(lambda: self._go(self.patient))
        places.draft.clicked.connect(lambda: self._go(self.draft))
        places.history.clicked.connect(lambda: self._go(self.history_view))
        places.settings.clicked.connect(self._open_settings)
        places.help.clicked.connect(lambda: HelpDialog(self).open())
        places.lock.clicked.connect(self.lock)
        self.shell.message.acted.connect(self._act_on_message)
        self.shell.work.cancelled.connect(self.flow.assessment.cancel)
        self._fading.timeout.connect(lambda: self.shell.message.show_text("info", ""))
        self.auto_lock.expired.connect(self.lock)
        self.jobs.failed.connect(lambda error: self.tell("danger", str(error)))

    def _wire_case(self) -> None:
        flow, view = self.flow, self.draft.view
        self.patient.form.changed.connect(flow.note_typing)
        self.patient.assess_requested.connect(flow.assess)
        self.draft.assess_requested.connect(self._write_again)
        flow.assessment.running.connect(self._show_running)
        flow.assessment.progressed.connect(self.shell.work.show_progress)
        flow.assessment.ranked.connect(self._show_ranking)
        flow.assessment.stopped.connect(self._show_stopped)
        flow.drafted.connect(self._show_new_draft)
        flow.turning.connect(self.type_ahead.hold)
        flow.stayed.connect(self.type_ahead.drop)
        flow.shown.connect(self._show_other_case)
        flow.arrived.connect(self.type_ahead.release)
        flow.keeping.connect(self.shell.navigation.show_kept)
        flow.exported.connect(self._show_exported)
        flow.left.connect(self._left)
        flow.told.connect(self.tell)
        view.edit_encounter_requested.connect(lambda: self._go(self.patient))
        view.amend_requested.connect(flow.amend)
        view.sign_requested.connect(self._ask_signature)
        view.export_requested.connect(self._ask_pdf)

    def _wire_library(self) -> None:
        offers = LibraryOffers(self.library, self.shell.offer, self.shell.build, self)
        offers.told.connect(self.tell)
        self.library.ready.connect(self._show_library)
        self.library.built.connect(self._go_on_after_build)

    def _wire_history(self) -> None:
        view = self.history_view
        view.search_requested.connect(self.history.search)
        view.open_requested.connect(self.flow.open)
        view.erase_requested.connect(lambda case_id: ask_erase(self, lambda: self.history.erase(case_id)))
        view.export_requested.connect(
            lambda case_id: ask_pdf(self, case_id, lambda out: self.flow.export_stored(case_id, out))
        )
        view.new_requested.connect(self.flow.start_new)
        self.history.found.connect(lambda cases, words, more: view.show_cases(cases, words, more=more))
        self.history.erased.connect(self._erased)
        self.history.told.connect(self.tell)
        self.flow.stored.connect(self._look_again)

    # The way in and out

    def _show_entrance(self) -> None:
        state = self.history.state
        if state is HistoryState.OPEN:
            self._enter()
            return
        page = self.first_run if state is HistoryState.ABSENT else self.unlock
        self._root.setCurrentWidget(page)
        page.focus_first()

    def _show_entrance_busy(self, busy: bool) -> None:
        page = self._root.currentWidget()
        if isinstance(page, UnlockPage | FirstRunPage):
            page.set_busy(busy)

    def _show_refusal(self, text: str) -> None:
        """Say why the cases stay shut, on the page that fits: making them may have gone far enough to lock them."""
        if self._root.currentWidget() is self.first_run and self.history.state is HistoryState.LOCKED:
            self.first_run.clear()
            self._show_entrance()
        self.tell("danger", text)

    def _enter(self) -> None:
        """Look for what was being worked on; the pages appear with it, so that nothing is typed too early."""
        self.auto_lock.note_use()
        self.flow.resume()

    def _left(self) -> None:
        """Go on with locking or closing once the work is safe."""
        if not self._closing:
            self.history.lock(self._locked)
        elif self.flow.is_unsafe:
            ask_to_lose(self, self._close_history, self._stay)
        else:
            self._close_history()

    def _locked(self) -> None:
        self.unlock.set_busy(False)
        if self.flow.is_unsafe:
            told = self.tr("What you typed last could not be written. It stays in memory until you unlock.")
            self.unlock.show_error(told)
        self.unlock.focus_first()

    def _close_history(self) -> None:
        self.library.stop()
        self.history.lock(self._really_close)

    def _really_close(self) -> None:
        self._closed = True
        self.close()

    def _stay(self) -> None:
        self._closing = False
        self.flow.resume()

    def _clear(self) -> None:
        """Take every patient out of the widgets."""
        self.patient.clear()
        self.draft.clear()
        self.history_view.clear()
        self.shell.message.show_text("info", "")
        self.shell.navigation.show_kept("")
        self._act = None
        self._assess_after_build = False

    def _close_dialogs(self) -> None:
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        for dialog in self.findChildren(QDialog):
            if dialog.isVisible():
                dialog.done(QDialog.DialogCode.Rejected)
            dialog.deleteLater()

    # Pages

    def _go(self, page: QWidget) -> None:
        """Show a page of the shell, with the focus where its work begins."""
        if self.shell.pages.currentWidget() is self.draft and page is not self.draft:
            self.display.note_review()
            if self.flow.case is not None and self.flow.case.draft is not None:
                self.flow.store()
        self.shell.pages.setCurrentWidget(page)
        places = self.shell.navigation
        buttons = {self.patient: places.patient, self.draft: places.draft, self.history_view: places.history}
        buttons[page].setChecked(True)
        if page is self.patient:
            self.patient.form.focus_first()
        elif page is self.draft:
            self.draft.focus_first()
        else:
            self.history.look()
            self.history_view.focus_search()

    def _turn_to(self, page: QWidget) -> None:
        """Show the patient or the draft by itself, but take nobody out of the history."""
        if self.shell.pages.currentWidget() is not self.history_view:
            self._go(page)

    def _show_running(self, running: bool) -> None:
        case = self.flow.case
        self.patient.set_busy(running)
        if running:
            self.shell.message.show_text("info", "")
            self.shell.work.begin(self.tr("Checking danger signs"))
            return
        self.shell.work.end()
        self.patient.set_signed(case is not None and case.signed)

    def _show_ranking(self, reading: Reading) -> None:
        if self.display.show_ranking(reading):
            self._turn_to(self.draft)

    def _show_stopped(self, error: MedragError | None) -> None:
        if error is None:
            self.display.show_former_draft()
            self._turn_to(self.patient)
            return
        self._assess_after_build = isinstance(error, PackMissing)
        self.library.explain(error)
        case = self.flow.drafted_case
        if case is not None and case.draft is not None:
            self.display.show_former_draft()
            return
        told = self.tr("The draft could not be written. Danger signs and ranking work without it.")
        self.draft.view.statements.show_waiting(told)

    def _show_new_draft(self, case: Case) -> None:
        self.display.show_case(case)
        self._turn_to(self.draft)

    def _show_other_case(self, case: Case) -> None:
        """Show another case, in the form and as a draft."""
        if self._root.currentWidget() is not self.shell:
            self._root.setCurrentWidget(self.shell)
            self.unlock.clear()
        self.shell.message.show_text("info", "")
        self.display.show_other_case(case)
        self._go(self.patient if case.draft is None else self.draft)

    def _write_again(self) -> None:
        """Assess anew from the page of the draft; what the form has to be mended for is seen there."""
        if self.patient.form.problems():
            self._go(self.patient)
        self.patient.ask()

    # Library

    def _show_library(self, catalogue: Catalogue, completer: Completer) -> None:
        self.patient.form.set_catalogue(catalogue, completer)
        case = self.flow.drafted_case
        if case is not None:
            self.display.show_case(case)
            self.flow.reading.read_now()

    def _go_on_after_build(self) -> None:
        if self._assess_after_build:
            self._assess_after_build = False
            self.flow.assess()

    # Dialogs

    def _ask_signature(self) -> None:
        if self.flow.is_outdated:
            self.tell("warning", self.draft.outdated.text)
            return
        self.display.note_review()
        diagnosis = self.draft.view.review().diagnosis
        ask_signature(self, self._settings.clinician, diagnosis, self.flow.sign)

    def _ask_pdf(self) -> None:
        self.display.note_review()
        case = self.flow.case
        if case is not None:
            ask_pdf(self, case.id, self.flow.export)

    def _show_exported(self, out: Path) -> None:
        folder = QUrl.fromLocalFile(str(out.parent))
        self.tell(
            "good",
            self.tr("The report is saved: {0}").format(out),
            self.tr("Open folder"),
            lambda: QDesktopServices.openUrl(folder),
        )

    def _act_on_message(self) -> None:
        if self._act is not None:
            self._act()

    def _erased(self, case_id: str) -> None:
        self.flow.forget(case_id)
        self.history.look()
        self.tell("good", self.tr("The case is erased."))

    def _look_again(self) -> None:
        if self.shell.pages.currentWidget() is self.history_view:
            self.history.look()

    # Settings

    def _open_settings(self) -> None:
        dialog = SettingsDialog(self._settings, self)
        dialog.preview_requested.connect(self._show_looks)
        dialog.passphrase_change_requested.connect(self.history.change_passphrase)
        self.history.passphrase_changed.connect(dialog.show_passphrase_result)
        dialog.new_words_requested.connect(lambda: self.words.ask(dialog).accepted.connect(dialog.show_words_confirmed))
        dialog.accepted.connect(lambda: self._save_settings(dialog.settings()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _save_settings(self, settings: Settings) -> None:
        if settings == self._settings:
            return

        def cannot(error: MedragError) -> None:
            self._show_looks(self._settings)
            self.tell("danger", str(error))

        self.jobs.start(
            lambda _: self._desk.save_settings(settings),
            lane=STORE,
            on_done=lambda _: self._settings_saved(settings),
            on_error=cannot,
            must_finish=True,
        )

    def _settings_saved(self, settings: Settings) -> None:
        before = self._settings
        self._apply(settings)
        for_models = ("candidates", "drafted", "passages", "tests", "threads")
        if any(getattr(before, name) != getattr(settings, name) for name in for_models):
            self.library.reopen()

    def _apply(self, settings: Settings) -> None:
        self._settings = settings
        self.auto_lock.set_minutes(settings.auto_lock_minutes)
        self.flow.level = Level(settings.level)
        form = self.patient.form
        form.set_default_region("" if settings.region == "default" else settings.region)
        if not form.has_content():
            self.flow.note_defaults()

    def _show_looks(self, settings: Settings) -> None:
        apply_theme(application(), settings.theme, settings.text_scale)
