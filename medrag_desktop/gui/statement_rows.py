"""The sentences of a review as rows, each with where it comes from in words, and what was withheld."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from medrag_desktop.domain.case import ReviewedSection, ReviewedStatement
from medrag_desktop.domain.draft import Draft, StatementOrigin
from medrag_desktop.gui.basis import Span, drafted_statement
from medrag_desktop.gui.item_models import Look, Row, RowKind, Stretch, Tone

WITHHELD = "withheld"
"""Payload of the line that unfolds what was withheld."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence stands in a review; -1 is the place for a new one."""

    section: int
    statement: int


def statement_row(
    draft: Draft,
    section: ReviewedSection,
    statement: ReviewedStatement,
    place: Place,
    word: Span | None,
    *,
    editable: bool,
) -> Row:
    """Return the row of one sentence, with where it comes from in words."""
    tag, tone = origin_words(draft, section, statement)
    drafted = drafted_statement(draft, section, statement)
    if drafted is not None and drafted.unchecked:
        tag = f"{tag}. {drafted.unchecked}"
    origins = drafted.word_origins if drafted is not None else ()
    stretches = [Stretch(w.start, w.end, Look.PATIENT) for w in origins if not w.source]
    if word is not None:
        stretches.append(Stretch(word.start, word.end, Look.WORD))
    tr = QCoreApplication.translate
    cited = ", ".join(str(number) for number in statement.citations)
    sources = tr("StatementsPanel", "Passage {numbers}").format(numbers=cited) if cited else ""
    spoken = ". ".join(part for part in (section.title, statement.text, tag, sources) if part)
    return Row(
        RowKind.TEXT, statement.text, tag=tag, tone=tone, stretches=tuple(stretches), citations=statement.citations,
        spoken=spoken, editable=statement.text if editable else None, payload=place,
    )  # fmt: skip


def withheld_rows(draft: Draft, is_open: bool) -> Iterator[Row]:
    """Return the foldable line about what was withheld, and why."""
    tr = QCoreApplication.translate
    count = len(draft.withheld)
    if not count:
        return
    told = tr("StatementsPanel", "{count} sentences were withheld; open this line to see why")
    if count == 1:
        told = tr("StatementsPanel", "1 sentence was withheld; open this line to see why")
    fold = tr("StatementsPanel", "Hide why") if is_open else tr("StatementsPanel", "Show why")
    yield Row(RowKind.HEADING, tr("StatementsPanel", "Withheld"))
    yield Row(RowKind.ACTION, told.format(count=count), tag=fold, payload=WITHHELD)
    if is_open:
        for (section, reason), times in Counter((w.section, w.reason) for w in draft.withheld).items():
            counted = f" (×{times})" if times > 1 else ""
            yield Row(RowKind.NOTE, f"{section}: {reason}{counted}")


def origin_words(draft: Draft, section: ReviewedSection, statement: ReviewedStatement) -> tuple[str, Tone]:
    """Say who wrote a sentence, and how."""
    tr = QCoreApplication.translate
    drafted = drafted_statement(draft, section, statement)
    if drafted is None:
        return tr("StatementsPanel", "Clinician's words, without citation"), Tone.OWN
    if drafted.origin is StatementOrigin.GENERATED:
        return tr("StatementsPanel", "Written by the program from the passage"), Tone.QUIET
    if drafted.citations:
        return tr("StatementsPanel", "Quoted word for word"), Tone.QUIET
    return tr("StatementsPanel", "From what was entered"), Tone.QUIET


def words_of(text: str) -> list[Span]:
    """Return where each word of a text stands."""
    spans, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        spans.append(Span(start, at))
    return spans
