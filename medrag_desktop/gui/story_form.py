"""Why the patient comes: complaint and history, and the chips of what the program read in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Presence
from medrag_desktop.domain.limits import LONGEST_TEXT
from medrag_desktop.gui.plain_text import breakable
from medrag_desktop.gui.quoted_text import Quote, QuotedTextEdit
from medrag_desktop.gui.text_chips import NO, REJECT, UNDO, YES, ChipRow, ChipText
from medrag_desktop.gui.widgets import Card, plain_label

_TEXTS = ("chief_complaint", "history")
_ORDER = (*_TEXTS, "past_history", "medications", "exposures", "family_history", "")
_UNDO_KEY = "\n"
"""Key of the chip that takes back a rejection; no finding is called so."""


class StoryForm(Card):
    """The card of the words."""

    changed = Signal()
    decided = Signal(object)
    """A Finding that the clinician says of what was read: present, absent, or not assessed, which unsays it."""
    undo_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make both texts empty."""
        super().__init__(self.tr("Complaint and history"), parent)
        self.complaint = QuotedTextEdit(self.tr("Main complaint"))
        self.complaint.setPlaceholderText(self.tr("Why does the patient come, in a few words?"))
        self.history = QuotedTextEdit(self.tr("History"), 5, 12)
        self.history.setPlaceholderText(self.tr("What happened, since when, what is there, what is not there"))
        self.chips = ChipRow(self.tr("Read from the text"), self.history)
        self.unread = plain_label("", "warning")
        self.unread.hide()
        self._read_note = plain_label(self.tr("Read from the text (Y or +: yes, N or -: no, Del: reject):"), "muted")
        self._read_note.hide()
        self._findings: tuple[Finding, ...] = ()
        self._undo_words = ""
        for words, widget in ((self.tr("Main complaint"), self.complaint), (self.tr("History"), self.history)):
            label = plain_label(words, "muted")
            label.setBuddy(widget)
            self.body.addWidget(label)
            self.body.addWidget(widget)
            widget.changed.connect(self.changed)
        self.body.addWidget(self.unread)
        self.body.addWidget(self._read_note)
        self.body.addWidget(self.chips)
        self.chips.asked.connect(self._asked)

    def write_into(self, encounter: Encounter) -> Encounter:
        """Return the encounter with what stands in this card."""
        return replace(encounter, chief_complaint=self.complaint.text(), history=self.history.text())

    def show_encounter(self, encounter: Encounter) -> None:
        """Show the texts of an encounter, nothing read from them yet."""
        self.complaint.set_text(encounter.chief_complaint)
        self.history.set_text(encounter.history)
        self._undo_words = ""
        self.show_unread(())
        self.show_findings((), lambda finding: finding)

    def show_findings(self, findings: Iterable[Finding], label: Callable[[str], str]) -> None:
        """Show what was read: underlined in its text, and as chips in the order of the words."""
        ordered = sorted(findings, key=lambda f: (_ORDER.index(f.field) if f.field in _ORDER else 0, f.start))
        texts = {name: edit.text() for name, edit in zip(_TEXTS, (self.complaint, self.history), strict=True)}
        # words that stand no longer in the text that they were read from are of a former state
        self._findings = tuple(f for f in ordered if f.field not in texts or f.quote in texts[f.field])
        for name, edit in zip(_TEXTS, (self.complaint, self.history), strict=True):
            edit.show_quotes(quote_of(finding) for finding in self._findings if finding.field == name)
        self._show_chips(label)

    def show_unread(self, words: Iterable[str]) -> None:
        """Say what of the texts was not read."""
        told = "\n".join(f"{each[:1].upper()}{each[1:]}." for each in words)
        self.unread.setText(breakable(told))
        self.unread.setVisible(bool(told))

    def offer_undo(self, words: str) -> None:
        """Offer to take back a rejection; empty words withdraw the offer."""
        self._undo_words = words
        self._show_chips(None)

    def problems(self) -> tuple[str, ...]:
        """Return why the card cannot be used as it stands, each as a sentence."""
        too_long = self.tr("{field}: the text is longer than {most} characters. Shorten it.")
        return tuple(too_long.format(field=edit.accessibleName(), most=LONGEST_TEXT) for edit in self._too_long())

    def wrong_field(self) -> QWidget | None:
        """Return the first field that has to be corrected."""
        return next(self._too_long(), None)

    def has_content(self) -> bool:
        """Tell whether anything was written."""
        return bool(self.complaint.text().strip() or self.history.text().strip())

    def _too_long(self) -> Iterator[QuotedTextEdit]:
        return (edit for edit in (self.complaint, self.history) if len(edit.text()) > LONGEST_TEXT)

    def _show_chips(self, label: Callable[[str], str] | None) -> None:
        kept = {chip.content.key: chip.content for chip in self.chips.chips}
        contents = [
            kept[f.finding] if label is None and f.finding in kept else self._chip(f, (label or str)(f.finding))
            for f in self._findings
        ]
        if self._undo_words:
            contents.append(self._undo_chip())
        self._read_note.setVisible(bool(contents))
        self.chips.show_chips(contents)

    def _chip(self, finding: Finding, label: str) -> ChipText:
        absent = finding.presence is Presence.ABSENT
        state = self.tr("no") if absent else self.tr("yes")
        flip = (YES, state, self.tr("Change to yes")) if absent else (NO, state, self.tr("Change to no"))
        return ChipText(
            finding.finding,
            label,
            spoken=self.tr("{finding}: {state}, read from the text").format(finding=label, state=state),
            absent=absent,
            tip=self.tr("Read from: {quote}").format(quote=finding.quote),
            buttons=(flip, (REJECT, "", self.tr("Reject: not said of this patient"))),
            keys=(YES, NO, REJECT),
            hint=self.tr("Y or plus: yes, N or minus: no, Delete: reject"),
        )

    def _undo_chip(self) -> ChipText:
        words = self.tr("{finding} rejected").format(finding=self._undo_words)
        undo = self.tr("Undo")
        return ChipText(
            _UNDO_KEY, words, f"{words}. {undo}", absent=True, buttons=((UNDO, undo, undo),), default=UNDO,
            hint=self.tr("Enter: undo"),
        )  # fmt: skip

    def _asked(self, key: str, action: str) -> None:
        if action == UNDO:
            self.undo_asked.emit()
            return
        read = next((finding for finding in self._findings if finding.finding == key), None)
        if read is None:
            return
        presence = {YES: Presence.PRESENT, NO: Presence.ABSENT}.get(action, Presence.NOT_ASSESSED)
        lasting = read.duration_hours if presence is Presence.PRESENT else None
        self.decided.emit(Finding(key, presence, Origin.FORM, duration_hours=lasting))


def quote_of(finding: Finding) -> Quote:
    """Return the words that a finding was read from."""
    return Quote(finding.quote, finding.start, finding.end, finding.presence is Presence.ABSENT)
