"""What other words of the text perhaps mean: each with what it was read from, to be added, or said not to be there."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from medrag_desktop.domain.encounter import Encounter, Presence
from medrag_desktop.domain.possible_finding import PossibleFinding
from medrag_desktop.gui.plain_text import readable
from medrag_desktop.gui.text_chips import NO, YES, ChipRow, ChipText
from medrag_desktop.gui.widgets import plain_label

_LONGEST_QUOTE = 36
"""Characters of the words that a chip shows; its tooltip shows them all."""


class PossibleRow(QWidget):
    """A line of chips, there only while something waits for an answer."""

    answered = Signal(str, object)
    """Id of the finding, Presence."""

    def __init__(self, before: QWidget, parent: QWidget | None = None) -> None:
        """Begin empty and hidden; Tab comes here from the widget `before`."""
        super().__init__(parent)
        self._possible: tuple[PossibleFinding, ...] = ()
        self._encounter = Encounter()
        self._label: Callable[[str], str] = str
        self._read_only = False
        self.note = plain_label("", "muted")
        self.chips = ChipRow(self.tr("Perhaps in the text"), before)
        self.chips.asked.connect(self._answer)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.note)
        column.addWidget(self.chips)
        self._show()

    def show_possible(self, possible: Iterable[PossibleFinding], label: Callable[[str], str]) -> None:
        """Show these possible findings, named by `label`, of a text that has not changed since."""
        self._possible, self._label = tuple(possible), label
        self._show()

    def show_encounter(self, encounter: Encounter) -> None:
        """Leave out what the form has decided meanwhile, and words that stand no longer in the text."""
        self._encounter = encounter
        self._show()

    def set_read_only(self, read_only: bool) -> None:
        """Take no answers, or take them."""
        self._read_only = read_only
        self._show()

    def _show(self) -> None:
        decided = {finding.finding for finding in self._encounter.findings}
        waiting = [
            each
            for each in self._possible
            if each.finding not in decided and each.quote in getattr(self._encounter, each.field)
        ]
        keys = self.tr("Perhaps also, not counted yet (Y or +: add, N or -: not there):")
        self.note.setText(self.tr("Perhaps also, not counted:") if self._read_only else keys)
        self.chips.show_chips(self._chip(each) for each in waiting)
        self.setVisible(bool(waiting))

    def _chip(self, each: PossibleFinding) -> ChipText:
        label = self._label(each.finding)
        line = readable(" ".join(each.quote.split()))
        quote = line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE].rstrip()} \u2026"
        add = (YES, self.tr("Add"), self.tr("It is there: add it to the findings"))
        no = (NO, self.tr("No"), self.tr("It is not there"))
        return ChipText(
            each.finding,
            f"{label}: \u201c{quote}\u201d",
            spoken=self.tr("Perhaps {finding}, from the words: {quote}").format(finding=label, quote=line),
            absent=True,
            tip=self.tr("The words \u201c{quote}\u201d perhaps mean: {finding}").format(quote=line, finding=label),
            buttons=() if self._read_only else (add, no),
            keys=() if self._read_only else (YES, NO),
            hint="" if self._read_only else self.tr("Y or plus: add, N or minus: not there"),
        )

    def _answer(self, finding: str, action: str) -> None:
        presence = {YES: Presence.PRESENT, NO: Presence.ABSENT}.get(action)
        if presence is not None and not self._read_only:
            self.answered.emit(finding, presence)
