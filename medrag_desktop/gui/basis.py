"""What a sentence of a draft rests on: places in the cited passages and findings of this patient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from medrag_desktop.domain.case import ReviewedSection, ReviewedStatement
from medrag_desktop.domain.draft import CitedPassage, Draft, Statement
from medrag_desktop.domain.encounter import Finding, Origin, Presence
from medrag_desktop.domain.generation import WordOrigin
from medrag_desktop.domain.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Span:
    """Character offsets, half open."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PassageBasis:
    """A cited passage and the places in it that a sentence rests on."""

    cited: CitedPassage
    supporting: tuple[Span, ...]
    """The words that support the sentence; empty when they cannot be found in the passage."""
    copied: tuple[Span, ...]
    """The words the program copied while it wrote."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything one sentence rests on."""

    passages: tuple[PassageBasis, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Findings of the encounter that the sentence restates, in the order of its words."""
    words: tuple[WordOrigin, ...] = ()
    """Where each word of the sentence was copied from; empty for a quoted or a clinician's sentence."""
    patient_words: tuple[Span, ...] = ()
    """The words of the sentence that restate the encounter."""
    restates: bool = False
    """The whole sentence restates the encounter."""


def drafted_statement(draft: Draft, section: ReviewedSection, statement: ReviewedStatement) -> Statement | None:
    """Return the program's sentence that a reviewed one still is; None when the words are the clinician's."""
    if statement.by_clinician:
        return None
    told = (s for drafted in draft.sections if drafted.title == section.title for s in drafted.statements)
    return next((s for s in told if s.text == statement.text and s.citations == statement.citations), None)


def basis_of(statement: Statement, draft: Draft, vocabulary: Vocabulary) -> Basis:
    """Find everything a sentence of the draft rests on."""
    cited = {passage.number: passage for passage in draft.passages}
    passages = tuple(_passage_basis(statement, cited[n]) for n in statement.citations if n in cited)
    patient = _patient_spans(statement)
    restates = not statement.citations
    restated = [Span(0, len(statement.text))] if restates else patient
    return Basis(
        passages=passages,
        findings=_restated(statement.text, restated, draft.findings, vocabulary),
        words=statement.word_origins,
        patient_words=patient,
        restates=restates,
    )


def word_at(words: Iterable[WordOrigin], offset: int) -> WordOrigin | None:
    """Return the origin of the word at an offset of a sentence."""
    return next((word for word in words if word.start <= offset < word.end), None)


def locate(sentence: str, passage: str) -> Span | None:
    """Find a sentence, or the part of it after its opening, in a passage; letter case and white space may differ."""
    folded, places = _folded(passage)
    starts = [0, *(at + 2 for at in range(len(sentence)) if sentence.startswith("; ", at))]
    for start in starts:
        wanted = _folded(sentence[start:])[0].strip().rstrip(". ")
        at = _find_words(wanted, folded)
        if at is not None:
            end = at + len(wanted)
            end += folded.startswith(".", end)
            return Span(places[at], places[end - 1] + 1)
    return None


def merged(spans: Iterable[Span], text: str) -> tuple[Span, ...]:
    """Join spans with nothing but white space between them; leave out what lies outside the text."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if not 0 <= span.start < span.end <= len(text):
            continue
        if joined and not text[joined[-1].end : span.start].strip():
            joined[-1] = Span(joined[-1].start, max(span.end, joined[-1].end))
        else:
            joined.append(span)
    return tuple(joined)


def _passage_basis(statement: Statement, cited: CitedPassage) -> PassageBasis:
    text = cited.passage.text
    words = (word for word in statement.word_origins if word.source == cited.number)
    copied = merged((Span(word.source_start, word.source_end) for word in words), text)
    found = locate(statement.text, text)
    return PassageBasis(cited, copied if found is None else (found,), copied)


def _patient_spans(statement: Statement) -> tuple[Span, ...]:
    return merged((Span(w.start, w.end) for w in statement.word_origins if w.source == 0), statement.text)


def _restated(
    text: str, spans: Sequence[Span], findings: Iterable[Finding], vocabulary: Vocabulary
) -> tuple[Finding, ...]:
    """Return the findings that the spans name, the longest names first, each place of the text read once."""
    first, last = (min(s.start for s in spans), max(s.end for s in spans)) if spans else (0, 0)
    free = text[first:last].casefold()
    found: list[tuple[int, Finding]] = []
    for name, finding in sorted(_named(findings, vocabulary), key=lambda pair: -len(pair[0])):
        at = _find_words(name, free)
        if at is not None and all(finding is not other for _, other in found):
            found.append((at, finding))
            free = free[:at] + "\0" * len(name) + free[at + len(name) :]
    return tuple(finding for _, finding in sorted(found, key=lambda pair: pair[0]))


def _named(findings: Iterable[Finding], vocabulary: Vocabulary) -> Iterable[tuple[str, Finding]]:
    for finding in findings:
        if finding.finding in vocabulary:
            definition = vocabulary[finding.finding]
            for name in (definition.label, *definition.synonyms):
                yield name.casefold(), finding
        if finding.quote and finding.origin is Origin.FORM and finding.presence is Presence.PRESENT:
            yield finding.quote.casefold(), finding


def _find_words(wanted: str, text: str) -> int | None:
    """Return where whole words stand in a text."""
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        end = at + len(wanted)
        before, after = text[at - 1 : at], text[end : end + 1]
        if not (before.isalnum() and wanted[0].isalnum()) and not (after.isalnum() and wanted[-1].isalnum()):
            return at
        at = text.find(wanted, at + 1)
    return None


def _folded(text: str) -> tuple[str, list[int]]:
    """Fold letter case and white space; return, for each character, where it stood."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        folded = " " if character.isspace() else character.casefold()
        if folded == " " and characters and characters[-1] == " ":
            continue
        characters += folded
        places += [place] * len(folded)
    return "".join(characters), places
