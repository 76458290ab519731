"""What a sentence rests on: the cited passage with its words marked, and the findings of this patient."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QResizeEvent, QTextCharFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QTabBar, QTextEdit, QVBoxLayout, QWidget

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.draft import CitedPassage
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.domain.generation import WordOrigin
from medrag_desktop.gui.basis import Basis, PassageBasis, Span
from medrag_desktop.gui.item_models import Row, RowKind
from medrag_desktop.gui.plain_text import breakable, readable, utf16_offset
from medrag_desktop.gui.row_list import RowList
from medrag_desktop.gui.theme import current_theme
from medrag_desktop.gui.widgets import FittedPanel, plain_label
from medrag_desktop.gui.wording import finding_basis, found_by, review_state


class PassagePanel(FittedPanel):
    """One cited passage after the other, and what the sentence says of this patient."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self._catalogue: Catalogue | None = None
        self._passages: tuple[PassageBasis, ...] = ()
        self._word: WordOrigin | None = None
        self._about = ""
        """What is said below the passage until a word is chosen."""
        self.tabs = QTabBar()
        self.tabs.setAccessibleName(self.tr("Passages of the sentence"))
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self._title = plain_label("", "heading")
        self._state = plain_label("", "muted")
        self.text = PassageText()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setAccessibleName(self.tr("Text of the passage"))
        self._note = plain_label("")
        self.findings = RowList(self.tr("Findings of this patient that the sentence restates"))
        self._legend = plain_label("", "muted")
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        top = QHBoxLayout()
        heading = plain_label(self.tr("What it rests on"), "heading")
        heading.setWordWrap(False)
        top.addWidget(heading)
        top.addWidget(self.tabs, 1)
        whole.addLayout(top)
        whole.addWidget(self._title)
        whole.addWidget(self._state)
        whole.addWidget(self.text, 3)
        whole.addWidget(self._legend)
        whole.addWidget(self._note)
        whole.addWidget(self.findings, 2)
        whole.addStretch(0)
        self.tabs.currentChanged.connect(self._show_passage)
        self.clear()

    @property
    def note(self) -> str:
        """Return the sentence below the passage."""
        return self._note.text()

    @property
    def number(self) -> int:
        """Return the number of the passage in view; 0 for none."""
        at = self.tabs.currentIndex()
        return self._passages[at].cited.number if 0 <= at < len(self._passages) else 0

    def clear(self, note: str = "") -> None:
        """Show nothing but a sentence that says why."""
        self._show_basis(Basis(), None, note)

    def show_basis(self, basis: Basis, catalogue: Catalogue) -> None:
        """Show what a sentence of the program rests on, beginning with its first passage."""
        note = self.tr("This sentence restates what was entered for this patient.") if basis.restates else ""
        self._show_basis(basis, catalogue, note)

    def show_passage(self, cited: CitedPassage, catalogue: Catalogue, note: str) -> None:
        """Show a passage for itself."""
        self._show_basis(Basis((PassageBasis(cited, (), ()),)), catalogue, note)

    def show_number(self, number: int) -> bool:
        """Turn to a passage of the sentence; tell whether it has that passage."""
        for at, passage in enumerate(self._passages):
            if passage.cited.number == number:
                self.tabs.setCurrentIndex(at)
                return True
        return False

    def turn(self, by: int) -> None:
        """Go to the next or the previous passage of the sentence."""
        if self._passages:
            self.tabs.setCurrentIndex((self.tabs.currentIndex() + by) % len(self._passages))

    def show_word(self, word: str, origin: WordOrigin | None, quoted: bool) -> None:
        """Show where one word of the sentence was copied from."""
        self._word = origin
        shown = breakable(word)
        if origin is None:
            self._note.setText(
                self.tr("\u201c{word}\u201d stands in the passage as quoted.").format(word=shown)
                if quoted
                else self.tr("\u201c{word}\u201d is one of the program's own linking words.").format(word=shown)
            )
        elif origin.source == 0:
            told = self.tr("\u201c{word}\u201d restates what was entered for this patient.")
            self._note.setText(told.format(word=shown))
        else:
            self.show_number(origin.source)
            told = self.tr(
                "\u201c{word}\u201d was copied from passage [{number}]; a wavy line marks it there (weight {share})."
            )
            self._note.setText(told.format(word=shown, number=origin.source, share=f"{origin.weight:.0%}"))
        self._note.setVisible(True)
        self._mark()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Mark in the colours of a new theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._mark()

    def _show_basis(self, basis: Basis, catalogue: Catalogue | None, note: str) -> None:
        self._catalogue, self._passages, self._word = catalogue, basis.passages, None
        self.tabs.blockSignals(True)
        while self.tabs.count():
            self.tabs.removeTab(0)
        for passage in basis.passages:
            at = self.tabs.addTab(f"[{passage.cited.number}]")
            self.tabs.setTabToolTip(at, self.tr("Passage {number}").format(number=passage.cited.number))
            self.tabs.setAccessibleTabName(at, self.tr("Passage {number}").format(number=passage.cited.number))
        self.tabs.blockSignals(False)
        for widget in (self.tabs, self._title, self._state, self.text):
            widget.setVisible(bool(basis.passages))
        self._about = note
        self._show_findings(basis)
        self._show_passage()

    def _show_findings(self, basis: Basis) -> None:
        rows: list[Row] = []
        if basis.findings and self._catalogue is not None:
            told = [finding_basis(finding, self._catalogue.vocabulary) for finding in basis.findings]
            rows = [Row(RowKind.HEADING, self.tr("From this patient"))]
            rows += [Row(RowKind.TEXT, what, tag=where) for what, where in told]
        self.findings.rows.set_rows(rows)
        self.findings.setVisible(bool(rows))

    def _show_passage(self) -> None:
        at = self.tabs.currentIndex()
        if not 0 <= at < len(self._passages) or self._catalogue is None:
            self.text.setPlainText("")
            self._note.setText(self._about)
            self._note.setVisible(bool(self._about))
            self._mark()
            return
        missing = "" if self._passages[at].supporting else self.tr("Its words do not stand in this passage. Read it.")
        self._note.setText(self._about or missing)
        self._note.setVisible(bool(self._about or missing))
        cited = self._passages[at].cited
        passage = cited.passage
        self._title.setText(breakable(f"{passage.title}: {passage.section}"))
        state = review_state(passage, self._catalogue)
        self._state.setText(breakable(" · ".join(part for part in (state, passage.date, found_by(cited)) if part)))
        self.text.setPlainText(f"{readable(passage.text)}\n\n{self._source(passage)}")
        self._mark()

    def _source(self, passage: Passage) -> str:
        """Return where a passage is from, for the end of its text."""
        source = self.tr("Source: {source}").format(source=" ".join(readable(passage.source).split()))
        return f"{source}\n{readable(passage.url)}" if passage.url else source

    def _mark(self) -> None:
        """Mark the supporting words, the copied ones and the chosen one, and bring them into view."""
        at = self.tabs.currentIndex()
        shown = self._passages[at] if 0 <= at < len(self._passages) else None
        if shown is None:
            self.text.setExtraSelections([])
            self._legend.setVisible(False)
            return
        theme = current_theme()
        marks = [self._selection(span, _background(theme.highlight, theme.text)) for span in shown.supporting]
        word = self._chosen_span(shown)
        marks += [self._selection(span, _underlined()) for span in _without(shown.copied, word)]
        place = shown.supporting[:1]
        if word is not None:
            marks.append(self._selection(word, _chosen(theme.highlight_other, theme.text)))
            place = (word,)
        whole = len(shown.cited.passage.text)
        marks.append(self._selection(Span(whole, len(self.text.toPlainText())), _coloured(theme.muted)))
        self.text.setExtraSelections(marks)
        for span in place:
            cursor = self.text.textCursor()
            cursor.setPosition(utf16_offset(shown.cited.passage.text, span.start))
            self.text.setTextCursor(cursor)
            self.text.ensureCursorVisible()
        self._show_legend(shown)

    def _chosen_span(self, shown: PassageBasis) -> Span | None:
        """Return where the chosen word stands in the passage in view."""
        if self._word is None or self._word.source != shown.cited.number:
            return None
        span = Span(self._word.source_start, self._word.source_end)
        return span if 0 <= span.start < span.end <= len(shown.cited.passage.text) else None

    def _selection(self, span: Span, form: QTextCharFormat) -> QTextEdit.ExtraSelection:
        text = self.text.toPlainText()
        selection = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.text.document())
        cursor.setPosition(utf16_offset(text, span.start))
        cursor.setPosition(utf16_offset(text, span.end), QTextCursor.MoveMode.KeepAnchor)
        selection.cursor, selection.format = cursor, form
        return selection

    def _show_legend(self, shown: PassageBasis) -> None:
        """Say in words what each mark means; colours are never alone."""
        theme, parts = current_theme(), []
        if shown.supporting:
            words = escape(self.tr("Highlighted: supports it."))
            parts.append(f'<span style="background:{theme.highlight};color:{theme.text}">{words}</span>')
        if shown.copied:
            parts.append(f"<u>{escape(self.tr('Underlined: copied.'))}</u>")
        self._legend.setText(" &nbsp;".join(parts))
        self._legend.setVisible(bool(parts))
        described = self.text.toPlainText()
        quotes = " … ".join(described[span.start : span.end] for span in shown.supporting)
        told = self.tr("Supporting words: {quotes}").format(quotes=quotes)
        self.text.setAccessibleDescription(told if quotes else "")


class PassageText(QPlainTextEdit):
    """A text that keeps its marked words in view when its size changes."""

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Bring the marked words into view again."""
        super().resizeEvent(event)
        self.ensureCursorVisible()


def _background(colour: str, ink: str) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setBackground(QColor(colour))
    form.setForeground(QColor(ink))
    return form


def _without(spans: tuple[Span, ...], word: Span | None) -> list[Span]:
    """Cut the chosen word out of the spans, so that its own mark is seen."""
    if word is None:
        return list(spans)
    before = [Span(span.start, min(span.end, word.start)) for span in spans]
    after = [Span(max(span.start, word.end), span.end) for span in spans]
    pieces = (*before, *after)
    return [piece for piece in pieces if piece.start < piece.end]


def _coloured(colour: str) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setForeground(QColor(colour))
    return form


def _underlined() -> QTextCharFormat:
    form = QTextCharFormat()
    form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
    return form


def _chosen(colour: str, ink: str) -> QTextCharFormat:
    form = _background(colour, ink)
    form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
    return form
