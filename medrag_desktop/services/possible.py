"""Free text beyond the lexicon: words whose meaning is near the name of a finding are a possible finding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from medrag_desktop.domain.context_rules import Status, in_context
from medrag_desktop.domain.encounter import Encounter, Presence
from medrag_desktop.domain.mention import Mention
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.possible_finding import PossibleFinding
from medrag_desktop.domain.tokens import Token, sentences, tokenize
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.ports import Encoder, Lexicon, Vectors
from medrag_desktop.tasks import Task

NEAR = 0.85
"""Cosine from which words are taken for a name.

Of 42 clauses of the even rows of MedQA-dev that are so near, 34 mean the finding (81 %); from 0.82 on 49 of 63 (78 %),
from 0.80 on 62 of 90 (69 %); 19 of the 23 from 0.90 on. The rules below for what is left out were made on the same
clauses, so that new texts will do a little worse. Then all names of 1,414 findings were compared; now it is the first
ones of each of more findings, which was not labelled again. Labelled by the software's authors, not by a clinician
(2026-11-23, `training.calibrate_possible`).
"""
MOST = 6
"""Possible findings that one encounter shows, the nearest ones."""
_KINDS = ("symptom", "sign")
_TEXTS = ("chief_complaint", "history")
_CUT = re.compile(
    r"[.;:!?\n,()\[\]]|\b(?:and|but|or|with|that|which|who|because|after|before|when|while|associated)\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_FEWEST_WORDS, _MOST_WORDS = 2, 9
_NORMAL = re.compile(
    r"\b(?:normal|normally|normo\w+|intact|unremarkable|soft|equal|clear|regular|symmetric(?:al)?|healthy|stable|reactive"
    r"|non-?\w*|improv(?:ed|es|ing)|better|resolved|relieved|gone|settled|subsided)\b",
    re.IGNORECASE,
)
"""That something is well, or is better."""
_LACKING = re.compile(
    r"\b(?:no|not|never|cannot|unable|without|loss|lost|lack|absen\w+|none|nothing|\w+n['\u2019]t|decreased?|diminished"
    r"|reduced|low|less|weak\w*|feeble|poor\w*|difficult\w*|trouble|problems?|hard)\b",
    re.IGNORECASE,
)
"""Of a name with such a word and words without one (`unable to walk`, `able to walk`) one says the opposite."""
_TELLING_WORDS = 2
_TELLING_LITTLE = frozenset(
    "a an the is are was were be been there this he she his her their they it its i my has have had patient exam "
    "examination physical shows show showed reveals reveal revealed noted found evident evidence on of to in at for by "
    "from as mild moderate severe slight some also now soon today very more most since during palpation then still "
    "feels felt feel complains complaining reports".split()
)
"""Words that do not say what the matter is: `there is tenderness` names no place, `is worried` no illness."""
_MEASURED = re.compile(r"\W*\d")
"""What follows the name of a measurement."""
_NAMES = 10
"""Synonyms of a finding whose meaning is compared."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of a text in which the lexicon finds nothing."""

    text: str
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Names:
    """What symptoms and signs are called, with a unit vector a name."""

    names: tuple[tuple[str, str], ...]
    """(finding, name), in the order of the vectors."""
    vectors: Vectors

    def nearest(self, vectors: Vectors) -> tuple[tuple[str, str, float], ...]:
        """Return (finding, name, cosine) of the nearest name of each vector."""
        cosines = vectors @ self.vectors.T
        best = cosines.argmax(axis=1)
        return tuple((*self.names[row], float(cosines[at, row])) for at, row in enumerate(best.tolist()))


def names_of(vocabulary: Vocabulary) -> tuple[tuple[str, str], ...]:
    """Return (finding, name) for the first names of every symptom or sign, which are the plainest."""
    definitions = (d for d in vocabulary.definitions.values() if d.kind in _KINDS)
    return tuple((d.id, name) for d in definitions for name in dict.fromkeys((d.label, *d.synonyms[:_NAMES])))


@dataclass(frozen=True, slots=True)
class PossibleReader:
    """Compares what the lexicon leaves over with the names of all findings."""

    encoder: Encoder
    lexicon: Lexicon
    names: Names
    near: float = NEAR

    def read(self, encounter: Encounter, observations: Observations, *, task: Task) -> tuple[PossibleFinding, ...]:
        """Return the possible findings in order of place; none that is known or that the form has decided."""
        best: dict[str, PossibleFinding] = {}
        for found in self._near(tuple(unread_clauses(encounter, self.lexicon)), task):
            earlier = best.get(found.finding)
            if _is_open(found.finding, encounter, observations) and (
                earlier is None or earlier.similarity < found.similarity
            ):
                best[found.finding] = found
        kept = sorted(best.values(), key=lambda found: -found.similarity)[:MOST]
        return tuple(sorted(kept, key=lambda found: (_TEXTS.index(found.field), found.start)))

    def _near(self, clauses: Sequence[Clause], task: Task) -> Iterator[PossibleFinding]:
        if not clauses:
            return
        vectors = self.encoder.encode_questions([clause.text for clause in clauses], task=task)
        for clause, (finding, name, cosine) in zip(clauses, self.names.nearest(vectors), strict=True):
            if cosine >= self.near and not says_the_opposite(clause.text, name):
                similarity = round(min(cosine, 1.0), 4)
                yield PossibleFinding(finding, clause.text, clause.field, clause.start, clause.end, similarity)


def says_the_opposite(words: str, name: str) -> bool:
    """Tell whether one of them says that something is lacking and the other does not."""
    return bool(_LACKING.search(words)) != bool(_LACKING.search(name))


def unread_clauses(encounter: Encounter, lexicon: Lexicon) -> Iterator[Clause]:
    """Yield the clauses of this illness's story that say something of the patient now and that the lexicon misses."""
    for field in _TEXTS:
        text = getattr(encounter, field)
        mentions = lexicon.mentions(text)
        mentions = tuple(sorted((*mentions, *lexicon.qualifying(text, mentions)), key=lambda m: m.start))
        groups = sentences(tokenize(text))
        for start, end in _pieces(text):
            clause = Clause(text[start:end], field, start, end)
            measured = _MEASURED.match(text, end) is not None
            if not measured and _is_worth_reading(clause, mentions) and _is_affirmed(clause, mentions, groups):
                yield clause


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places between the cuts, without the blanks around them."""
    start = 0
    for stop, following in (*((m.start(), m.end()) for m in _CUT.finditer(text)), (len(text), len(text))):
        words = [match.span() for match in _WORD.finditer(text, start, stop)]
        if words:
            yield words[0][0], words[-1][1]
        start = following


def _is_worth_reading(clause: Clause, mentions: Sequence[Mention]) -> bool:
    words = _WORD.findall(clause.text)
    return (
        _FEWEST_WORDS <= len(words) <= _MOST_WORDS
        and sum(word.lower() not in _TELLING_LITTLE for word in words) >= _TELLING_WORDS
        and not any(letter.isdigit() for letter in clause.text)
        and not any(m.start < clause.end and clause.start < m.end for m in mentions)
        and _NORMAL.search(clause.text) is None
    )


def _is_affirmed(clause: Clause, mentions: Sequence[Mention], groups: tuple[tuple[Token, ...], ...]) -> bool:
    """Tell whether the clause is said of the patient now.

    What stands within a mention triggers nothing, so that the clause is asked for by its ends: its last word lies in
    the scope of what comes before it, its first word in that of what comes after it.
    """
    words = [match.span() for match in _WORD.finditer(clause.text)]
    for first, last in (words[0], words[-1]):
        end = Mention("", clause.start + first, clause.start + last, exact=True)
        together = sorted((*mentions, end), key=lambda mention: mention.start)
        if any(status is not Status.AFFIRMED for mention, status in in_context(together, groups) if mention is end):
            return False
    return True


def _is_open(finding: str, encounter: Encounter, observations: Observations) -> bool:
    decided = any(each.finding == finding for each in encounter.findings)
    return not decided and observations.presence(finding) is Presence.NOT_ASSESSED
