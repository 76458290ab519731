"""What is written of relatives and other people -> a contact of the patient, an illness in the family."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from medrag_desktop.domain.context_rules import Status, in_context
from medrag_desktop.domain.encounter import Finding, Presence
from medrag_desktop.domain.mention import Mention, quoted
from medrag_desktop.domain.tokens import Token, sentences, tokenize
from medrag_desktop.domain.vocabulary import FELT, LASTING, Vocabulary
from medrag_desktop.ports import Lexicon

_OF_FAMILY, _AS_WRITTEN = "history.family_", "family history of "
"""How the ids, and the names, of the illnesses of relatives begin."""
_NEAR_OTHERS = "contact with "
"""How the names of exposures to what others have begin."""
SICK_CONTACT = "exposure.sick_contact"
_YEARS_AGO = ("exposure.tb_contact",)
"""Exposures that count although they lie years back."""
_SAME = re.compile(r"\b(?:same|similar|alike)\b[^.;\n]{0,20}$", re.IGNORECASE)
_BEFORE = 96
"""Letters before an illness in which the person who has it is named."""
_NO_KIN = re.compile(
    r"\b(?:nobody|no[ -]one|none|household|children|husband|wife|spouse|partner|boy ?friend|girl ?friend|fianc\w+|"
    r"co-?wife|neighbou?r\w*|friend|\w+mate|colleague|co-?worker|someone|somebody|people|person|patient|man|woman|"
    r"villager)s?\b",
    re.IGNORECASE,
)
_KIN = re.compile(
    r"\b(?:son|daughter|mother|father|mum|mom|dad|parent|brother|sister|sibling|aunt|uncle|grand\w+|cousin|niece|nephew|family|"
    r"relative|twin)(?:'s|\u2019s|s)?\b",
    re.IGNORECASE,
)
_BREAK = re.compile(
    rf"{_KIN.pattern}|{_NO_KIN.pattern}|"
    r"\b(?:and|or|with|had|has|have|having|of|from|for|in|died|who|was|were|is|are|on|be|the|an?|same|also|being|"
    r"treated|diagnosed|taking|started|got|getting|caught)\b|[,;.:()\n]",
    re.IGNORECASE,
)
"""Marks, persons and small words that part the illnesses of relatives."""
_LONGEST_PIECE = 80
_LATE = re.compile(r"[^,;.\n]{0,12}\b(?:at|aged)\s(?:the\sage\sof\s|age\s)?(?:6[5-9]|[7-9]\d)\b", re.IGNORECASE)


def read_family_history(text: str, lexicon: Lexicon, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """Read what the relatives have; an illness that came late in life (65 years) tells nothing and is left out."""
    mentions = tuple(m for m in _family_mentions(text, lexicon, vocabulary) if not _LATE.match(text, m.end))
    return tuple(
        quoted(mention.finding, _presence(status), text, "family_history", (mention.start, mention.end))
        for mention, status in in_context(mentions, sentences(tokenize(text)), of_family=True)
        if status not in (Status.HYPOTHETICAL, Status.FEARED)
    )


def read_of_others(
    paired: Sequence[tuple[Mention, Status]],
    text: str,
    field: str,
    groups: tuple[tuple[Token, ...], ...],
    lexicon: Lexicon,
    vocabulary: Vocabulary,
) -> Iterator[Finding]:
    """Yield what the illnesses of others in one text mean for the patient; `paired` are its mentions in context."""
    meanings = _Meanings(lexicon, vocabulary)
    own = {m.finding for m, status in paired if status is Status.AFFIRMED and vocabulary[m.finding].kind in FELT}
    found = set(_contacts(paired, text, groups, meanings))
    for mention, status in paired:
        if status is Status.FAMILY:
            same = _SAME.search(text, max(0, mention.start - _BEFORE), mention.start) is not None
            names = meanings.of(mention, text, alike=same or mention.finding in own)
            found |= {replace(mention, finding=name) for name in names}
    ordered = tuple(sorted(found, key=lambda mention: (mention.start, mention.finding)))
    theirs = in_context(ordered, groups, of_family=True)
    for (mention, status), (_, inner) in zip(in_context(ordered, groups), theirs, strict=True):
        lasting = mention.finding in _YEARS_AGO or mention.finding.startswith(_OF_FAMILY)
        told = inner not in (Status.HYPOTHETICAL, Status.FEARED) and (inner is not Status.HISTORICAL or lasting)
        if status is Status.FAMILY and told:
            yield quoted(mention.finding, _presence(inner), text, field, (mention.start, mention.end))


def _contacts(
    paired: Sequence[tuple[Mention, Status]], text: str, groups: tuple[tuple[Token, ...], ...], meanings: _Meanings
) -> Iterator[Mention]:
    """Yield the illnesses that a contact can have in the sentences that name other people."""
    named = [(m.start, m.end) for m, _ in paired if meanings.is_exposure(m.finding)]
    for group in groups:
        start, end = group[0].start, group[-1].end
        said = text[start:end]
        if not (_KIN.search(said) or _NO_KIN.search(said)):
            continue
        inside = [(a, b) for a, b in named if start <= a < end]
        for place, words in _pieces(text, start, end):
            finding, length = meanings.of_contact(words)
            if finding and not any(a <= place < b for a, b in inside[:_LONGEST_PIECE]):
                yield Mention(finding, place, place + length, exact=True)


def _family_mentions(text: str, lexicon: Lexicon, vocabulary: Vocabulary) -> tuple[Mention, ...]:
    """Find the illnesses of relatives, by their own names and as they stand after `family history of`."""
    found = []
    for mention in lexicon.mentions(text):
        kind, _, name = mention.finding.partition(".")
        family = mention.finding if mention.finding.startswith(_OF_FAMILY) else _OF_FAMILY + name
        if kind == "history" and family in vocabulary:
            found.append(replace(mention, finding=family))
    for start, words in _pieces(text, 0, len(text)):
        finding, length = _after(_AS_WRITTEN, words, lexicon)
        if finding.startswith(_OF_FAMILY):
            found.append(Mention(finding, start, start + length, exact=True))
    return tuple(sorted(dict.fromkeys(found), key=lambda mention: mention.start))


def _pieces(text: str, start: int, end: int) -> Iterable[tuple[int, str]]:
    """Yield the words between marks and small words, each with its place."""
    for match in (*_BREAK.finditer(text, start, end), None):
        stop = end if match is None else match.start()
        words = text[start:stop]
        if 1 < len(words.strip()) <= _LONGEST_PIECE:
            yield start + len(words) - len(words.lstrip()), words.strip()
        start = stop if match is None else match.end()


def _after(beginning: str, words: str, lexicon: Lexicon) -> tuple[str, int]:
    """Return the finding that words name after a beginning, and how many characters of them; empty for none."""
    for mention in lexicon.mentions(beginning + words):
        if mention.start == 0 and mention.end > len(beginning):
            return mention.finding, mention.end - len(beginning)
    return "", 0


def _presence(status: Status) -> Presence:
    return Presence.ABSENT if status is Status.NEGATED else Presence.PRESENT


def _is_kin(text: str, place: int) -> bool:
    """Tell whether the person named last before a place is related by blood."""
    before = text[max(0, place - _BEFORE) : place]
    kin, other = ([m.start() for m in pattern.finditer(before)] for pattern in (_KIN, _NO_KIN))
    return bool(kin) and max(kin) > max(other, default=-1)


class _Meanings:
    """What the illnesses of others are called when they are told of the patient; each is looked up once."""

    def __init__(self, lexicon: Lexicon, vocabulary: Vocabulary) -> None:
        self._lexicon = lexicon
        self._vocabulary = vocabulary
        self._known: dict[str, tuple[str, int]] = {}

    def is_exposure(self, finding: str) -> bool:
        return self._vocabulary[finding].kind == "exposure"

    def of_contact(self, words: str) -> tuple[str, int]:
        """Return the contact that an illness in these words makes, and how many characters name it."""
        if words not in self._known:
            finding, length = _after(_NEAR_OTHERS, words, self._lexicon)
            lasting = finding and self._vocabulary[finding].kind in LASTING
            self._known[words] = (finding, length) if lasting else ("", 0)
        return self._known[words]

    def of(self, mention: Mention, text: str, *, alike: bool) -> Iterator[str]:
        """Yield the findings that a finding of another person makes; `alike` when the patient has the same."""
        definition = self._vocabulary[mention.finding]
        if contact := self.of_contact(definition.label)[0]:
            yield contact
        family = _OF_FAMILY + mention.finding.partition(".")[2]
        if definition.kind == "history" and family in self._vocabulary and _is_kin(text, mention.start):
            yield from () if _LATE.match(text, mention.end) else (family,)
        if definition.kind in FELT and alike and SICK_CONTACT in self._vocabulary:
            yield SICK_CONTACT
