"""The ranked conditions: how probable each is, and what speaks for it, against it, and was not assessed."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.differential import Candidate, Reason
from medrag_desktop.domain.draft import CitedPassage
from medrag_desktop.gui.item_models import Row, RowKind, Tone
from medrag_desktop.gui.plain_text import breakable
from medrag_desktop.gui.row_list import RowList
from medrag_desktop.gui.widgets import Banner, FittedPanel, plain_label, push_button
from medrag_desktop.gui.wording import band_words, bits_words, percent, question_for, weight_words


class DifferentialPanel(FittedPanel):
    """The list of candidates, and below it the reasons of the chosen one."""

    passage_requested = Signal(int)
    diagnosis_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self._catalogue: Catalogue | None = None
        self._passages: dict[int, CitedPassage] = {}
        self._outside = Banner("warning")
        self.candidates = RowList(self.tr("Differential diagnosis"))
        self.reasons = RowList(self.tr("Reasons of the chosen condition"))
        self._heading = plain_label("", "heading")
        self._codes = plain_label("", "muted")
        self.use_button = push_button(self.tr("Use as &my diagnosis"))
        self.candidates.chosen.connect(self._show_reasons)
        self.reasons.done.connect(self._open)
        self.use_button.clicked.connect(self._use_chosen)
        self._lay_out()
        self._show_reasons(None)

    def show_candidates(
        self,
        candidates: tuple[Candidate, ...],
        outside_library: bool,
        catalogue: Catalogue,
        passages: tuple[CitedPassage, ...] = (),
        *,
        newer: bool = False,
    ) -> None:
        """Show the ranking, which may be newer than the draft, from its top.

        The condition that was chosen stays chosen, unless it was merely the first.
        """
        chosen, first = self._chosen(), self._first()
        self._catalogue = catalogue
        self._passages = {passage.number: passage for passage in passages}
        words = self.tr(
            "No condition of the library explains these findings well, so nothing is drafted. Think beyond this list."
        )
        if newer:
            words = self.tr("No condition of the library explains these findings well. Think beyond this list.")
        self._outside.show_text("warning", words if outside_library else "")
        self.candidates.rows.set_rows([candidate_row(candidate) for candidate in candidates])
        kept = chosen if chosen != first else None
        again = next((c for c in candidates if kept is not None and c.condition == kept.condition), None)
        if again is None or not self.candidates.choose(again):
            self.candidates.choose_first()
        if candidates[:1] != (first,):
            self.candidates.scrollToTop()  # a new first must be seen, whichever is chosen
        self._show_reasons(self.candidates.current())

    def clear(self) -> None:
        """Show nothing."""
        self._outside.show_text("warning", "")
        self.candidates.rows.set_rows([])
        self._show_reasons(None)

    def set_diagnosis_offered(self, offered: bool) -> None:
        """Offer the chosen condition as diagnosis, or do not."""
        self.use_button.setVisible(offered)

    def _lay_out(self) -> None:
        below = FittedPanel()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(self._heading)
        column.addWidget(self._codes)
        column.addWidget(self.reasons, 1)
        column.addWidget(self.use_button, 0, Qt.AlignmentFlag.AlignLeft)
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.setChildrenCollapsible(False)
        halves.addWidget(self.candidates)
        halves.addWidget(below)
        halves.setSizes([220, 280])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(plain_label(self.tr("Differential"), "heading"))
        whole.addWidget(self._outside)
        whole.addWidget(halves, 1)

    def _chosen(self) -> Candidate | None:
        row = self.candidates.current()
        return row.payload if row is not None and isinstance(row.payload, Candidate) else None

    def _first(self) -> Candidate | None:
        row = self.candidates.rows.row(self.candidates.rows.index(0))
        return row.payload if row is not None and isinstance(row.payload, Candidate) else None

    def _show_reasons(self, row: Row | None) -> None:
        candidate = row.payload if row is not None else None
        if not isinstance(candidate, Candidate) or self._catalogue is None:
            self._heading.setText(self.tr("No condition to show"))
            self._codes.setText("")
            self.use_button.setEnabled(False)
            self.reasons.rows.set_rows([])
            return
        self._heading.setText(breakable(candidate.name))
        codes = ", ".join(candidate.icd10)
        self._codes.setText(breakable(self.tr("ICD-10: {codes}").format(codes=codes)) if codes else "")
        self.use_button.setEnabled(True)
        self.reasons.rows.set_rows(list(reason_rows(candidate, self._catalogue, self._passages)))
        self.reasons.scrollToTop()

    def _open(self, row: Row) -> None:
        if isinstance(row.payload, int):
            self.passage_requested.emit(row.payload)

    def _use_chosen(self) -> None:
        candidate = self._chosen()
        if candidate is not None:
            self.diagnosis_chosen.emit(candidate.name)


def candidate_row(candidate: Candidate) -> Row:
    """Return the row of one condition."""
    tr = QCoreApplication.translate
    tag = tr("DifferentialPanel", "! Must not be missed") if candidate.cannot_miss else ""
    side = f"{band_words(candidate.band)}, {percent(candidate.probability)}"
    return Row(
        RowKind.CANDIDATE,
        f"{candidate.rank}. {candidate.name}",
        tag=tag,
        tone=Tone.ALARM,
        side=side,
        share=candidate.probability,
        tip=", ".join(candidate.synonyms[:6]),
        payload=candidate,
    )


def reason_rows(candidate: Candidate, catalogue: Catalogue, passages: dict[int, CitedPassage]) -> Iterator[Row]:
    """Return what speaks for a condition, against it, what was not assessed, and where to read about it."""
    tr = QCoreApplication.translate
    yield Row(RowKind.HEADING, tr("DifferentialPanel", "For"))
    yield from _reasons(candidate.supporting, tr("DifferentialPanel", "Nothing recorded speaks for it."))
    yield Row(RowKind.HEADING, tr("DifferentialPanel", "Against"))
    yield from _reasons(candidate.opposing, tr("DifferentialPanel", "Nothing recorded speaks against it."))
    yield Row(RowKind.HEADING, tr("DifferentialPanel", "Not assessed"))
    for finding in candidate.not_assessed:
        label = catalogue.vocabulary.label(finding) if finding in catalogue.vocabulary else finding
        yield Row(RowKind.TEXT, question_for(finding, catalogue.vocabulary), tag=label)
    if not candidate.not_assessed:
        yield Row(RowKind.NOTE, tr("DifferentialPanel", "Everything that weighs much was assessed."))
    shown = [passages[number] for number in candidate.citations if number in passages]
    if shown:
        yield Row(RowKind.HEADING, tr("DifferentialPanel", "Read about it"))
    for cited in shown:
        text = f"{cited.passage.title}: {cited.passage.section}"
        yield Row(RowKind.ACTION, text, citations=(cited.number,), payload=cited.number)


def _reasons(reasons: tuple[Reason, ...], none: str) -> Iterator[Row]:
    if not reasons:
        yield Row(RowKind.NOTE, none)
    for reason in reasons:
        weight = weight_words(reason.bits)
        yield Row(RowKind.TEXT, reason.label, tag=weight, tip=bits_words(reason.bits))
