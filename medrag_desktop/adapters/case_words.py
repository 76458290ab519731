"""The words by which a case is found: folded here, so that the index and the question cannot disagree."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from medrag_desktop.domain.case import Case, Review
from medrag_desktop.domain.draft import Draft
from medrag_desktop.domain.encounter import Encounter

_LONGEST = 64
"""Characters of a word that count; beyond them two words are the same."""


class _Folding(dict[int, int | str | None]):
    """Maps a character to itself, to nothing (an accent) or to a space (no letter, digit or sign of a vowel)."""

    def __missing__(self, code: int) -> int | str | None:
        character = chr(code)
        kept: int | str | None = code if unicodedata.category(character)[0] in "LNM" else " "
        self[code] = None if unicodedata.combining(character) else kept
        return self[code]


_FOLDING = _Folding()


def words_of(text: str) -> frozenset[str]:
    """Return the words of any text, without case and accents."""
    plain = unicodedata.normalize("NFKD", text.encode("utf-8", "ignore").decode())
    # Folding can bring accents of its own (a dotted capital I), so they are taken out after it.
    folded = unicodedata.normalize("NFKD", plain.casefold()).translate(_FOLDING)
    return frozenset(word[:_LONGEST] for word in folded.split())


def words_of_case(case: Case) -> frozenset[str]:
    """Return every word by which a case is found."""
    return words_of("\n".join(_texts(case)))


def all_begin_words(beginnings: Iterable[str], folded: str) -> bool:
    """Tell whether each beginning begins one of the words in a text that is folded, sorted and without repetition."""
    words = [*folded.split(), ""]
    end = len(words) - 1
    return all(words[bisect_left(words, beginning, hi=end)].startswith(beginning) for beginning in beginnings)


def _texts(case: Case) -> Iterator[str]:
    yield from _texts_of_encounter(case.encounter)
    if case.draft is not None:
        yield from _texts_of_draft(case.draft)
    if case.review is not None:
        yield from _texts_of_review(case.review)
    elif case.draft is not None:
        yield from (statement.text for section in case.draft.sections for statement in section.statements)


def _texts_of_encounter(encounter: Encounter) -> Iterator[str]:
    yield from (encounter.reference, encounter.chief_complaint, encounter.history, encounter.date)
    lists = (
        encounter.past_history,
        encounter.family_history,
        encounter.medications,
        encounter.allergies,
        encounter.exposures,
    )
    yield from (text for texts in lists for text in texts)
    yield from (text for finding in encounter.findings for text in (finding.finding, finding.quote))


def _texts_of_draft(draft: Draft) -> Iterator[str]:
    yield from (text for finding in draft.findings for text in (finding.finding, finding.quote))
    # The first of the differential is the diagnosis that the list of cases shows; the tail would match everything.
    yield from (text for first in draft.differential[:1] for text in (first.name, *first.synonyms))


def _texts_of_review(review: Review) -> Iterator[str]:
    yield from (review.diagnosis, review.reviewer)
    yield from (statement.text for section in review.sections for statement in section.statements)
