"""What an encounter records of allergies and current medicines, read from its lists and its free text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.medicine_facts import MedicineName, Medicines, read_tokens
from medrag_desktop.domain.tokens import Token, phrase

_NONE = re.compile(
    r"(?:patient )?(?:no|nil|none|non|nka|nkda|nkfa|n|deny|denied|without)(?: (?:other|current|regular|medicine|"
    r"medication|drug|food|known|significant|recorded|reported|noted|of|any|allergy|allergies|allergic|history|"
    r"reaction|tablet|treatment|and|or|to|at|all|previous|past|so|far|taken|note))*|"
    r"not (?:known to be )?allergic(?: to anything)?|not (?:taking|on) (?:any|anything|medicine|medication)\w*(?: \w+)?"
)
_UNKNOWN = re.compile(r"(?:not |un)(?:known|recorded|asked|sure|clear)|unknown allergy|\?+|-+|")
_NOT_MEDICINES = frozenset(
    "peanut nut almond cashew egg milk lactose dairy cheese fish shellfish seafood prawn shrimp crab soy soya "
    "wheat gluten bread tomato strawberry strawberries banana mango pineapple orange citrus fruit sesame "
    "mustard food pollen grass dust mite mold mould cat dog animal horse feather fur hair bee wasp ant insect "
    "mosquito sting bite latex rubber nickel metal perfume soap detergent plaster adhesive tape smoke cold heat "
    "sun water hay fever rhinitis eczema".split()
)
_REACTIONS = frozenset(
    "allergy allergies allergic to known reaction severe mild moderate serious rash hive urticaria itch itching "
    "itchy swelling swollen face lip tongue eye throat anaphylaxis anaphylactic shock collapse wheeze breathing "
    "breathlessness difficulty vomiting nausea diarrhea angioedema fever skin blister with after from and in on "
    "of the a an as child childhood year ago history adult possible probable query family drug medicine "
    "medication tablet injection syrup gives cause caused get got when last time has had is was he she stomach "
    "upset pain sja sjs stevens johnson syndrome ten peeling unknown type she's he's patient".split()
)
_PIECES = re.compile(r"[,;/\n&+]|\band\b|\. ", re.IGNORECASE)
_SENTENCES = re.compile(r"[;\n]|[.!?](?=\s|$)")
_FOLLOWS_ALLERGY = re.compile(
    r"\b(?:allerg(?:y|ies|ic)(?: reactions?)?|anaphyla\w+|hypersensitiv\w+|react(?:s|ed|ions?)|intoleran\w+)\s*"
    r"(?::|\b(?:to|after|from|with|against)\b)",
    re.IGNORECASE,
)
_OTHER_CLAUSE = re.compile(
    r"\b(?:takes?|taking|takes|on|has|had|but|is|was|uses?|using|denies|without|given|treated|started)\b|\bno\b",
    re.IGNORECASE,
)
_BEFORE_ALLERGY = re.compile(r"[\s-]*(?:allerg|hypersensitiv|anaphyla|intoleran)", re.IGNORECASE)
_NOT_ALLERGIC = re.compile(
    r"\b(?:not|never|no|denies|without|nor)\b[^,;:]*?\b(?:allerg|reaction|hypersensitiv)|\bno(?:t| known| drug)*\s*$",
    re.IGNORECASE,
)
_ENDS_DENIAL = re.compile(r"[.,;:/\n]|\b(?:except|but|other than|apart from|besides)\b", re.IGNORECASE)
_OF_RELATIVE = re.compile(
    r"\b(?:mother|father|brother|sister|sibling|son|daughter|husband|wife|partner|aunt|uncle|cousin)s?(?:'s)?\s+"
    r"(?:(?:is|was|are|has|had|also|an?|known|severe|severely)\s+)*(?:allerg|anaphyla|hypersensitiv|intoleran)|"
    r"\bfamily history of\b",
    re.IGNORECASE,
)
_NEAR = 120
"""Characters around a name that are looked at."""
_NOT_TAKEN = re.compile(
    r"\b(?:not (?:on|taking|using)|never (?:took|taken|had|used)|denies|no)\s+(?:\w+\s+){0,2}$", re.I
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A medicine or class that a record names."""

    id: str
    text: str
    """The words of the record."""
    in_list: bool
    """It stands in the encounter's own list, not in a story."""


@dataclass(frozen=True, slots=True)
class Records:
    """What is recorded of allergies and current medicines."""

    allergies: tuple[Recorded, ...]
    unreadable: tuple[str, ...]
    """Entries of the list of allergies that name nothing the program knows."""
    taken: tuple[Recorded, ...]


def read_records(encounter: Encounter, medicines: Medicines) -> Records:
    """Read the lists of allergies and medicines, and the story for both."""
    stories = (encounter.chief_complaint, encounter.history, *encounter.past_history)
    listed = [_allergies_listed(entry, medicines) for entry in encounter.allergies]
    told = [r for story in stories for r in _allergies_told(story, medicines)]
    allergies = tuple(dict.fromkeys((*(r for found, _ in listed for r in found), *told)))
    taken = [r for entry in encounter.medications for r in _taken(entry, medicines, in_list=True)]
    taken += [r for story in stories for r in _taken(story, medicines, in_list=False)]
    known = {r.id for r in allergies}
    unreadable = tuple(dict.fromkeys(word for _, words in listed for word in words))
    # a story that tells of an allergy does not tell that the medicine is taken
    return Records(allergies, unreadable, tuple(dict.fromkeys(r for r in taken if r.in_list or r.id not in known)))


def says_unknown(entry: str) -> bool:
    """Tell whether an entry says that nobody knows or asked."""
    return _UNKNOWN.fullmatch(entry.strip().lower()) is not None


def _names_nothing(entry: str) -> bool:
    return says_unknown(entry) or _NONE.fullmatch(phrase(entry)) is not None


def _allergies_listed(entry: str, medicines: Medicines) -> tuple[list[Recorded], list[str]]:
    """Return the medicines of one entry, and the parts of it that cannot be read."""
    if _names_nothing(entry):
        return [], []
    found = [
        Recorded(name.id, name.text, in_list=True)
        for name, before, after in _named(entry, medicines)
        if not _denied(before, after)
    ]
    return found, [piece.strip() for piece in _PIECES.split(entry) if _unread(piece, medicines)]


def _unread(piece: str, medicines: Medicines) -> bool:
    """Tell whether a part of an entry names something that is neither a medicine nor another known cause."""
    if not piece.strip() or _names_nothing(piece):
        return False
    if next(_named(piece, medicines), None) is not None:
        return False
    words = [token.text for token in read_tokens(piece) if token.is_word and not token.text[0].isdigit()]
    if _NOT_MEDICINES.intersection((*words, *(word.rstrip("s") for word in words))):
        return False
    return any(word not in _REACTIONS and word.rstrip("s") not in _REACTIONS for word in words)


def _allergies_told(story: str, medicines: Medicines) -> Iterator[Recorded]:
    for sentence in _SENTENCES.split(story):
        spans = tuple(_spans_of_allergy(sentence))
        for (name, before, after), (first, last) in _placed(sentence, medicines):
            told = any(start <= first and last <= end for start, end in spans) or _BEFORE_ALLERGY.match(after)
            if told and not (_denied(before, after) or _OF_RELATIVE.search(before)):
                yield Recorded(name.id, name.text, in_list=False)


def _spans_of_allergy(sentence: str) -> Iterator[tuple[int, int]]:
    """Yield the places of what `allergic to` and its like govern."""
    for match in _FOLLOWS_ALLERGY.finditer(sentence):
        other = _OTHER_CLAUSE.search(sentence, match.end())
        yield match.end(), other.start() if other else len(sentence)


def _taken(text: str, medicines: Medicines, *, in_list: bool) -> Iterator[Recorded]:
    for sentence in _SENTENCES.split(text):
        for name, before, _ in _named(sentence, medicines):
            if not _NOT_TAKEN.search(before):
                yield Recorded(name.id, name.text, in_list=in_list)


def _denied(before: str, after: str) -> bool:
    """Tell whether an allergy is denied: `no known allergy to`, `not allergic to`, `no ... allergy`."""
    denial = _NOT_ALLERGIC.search(before)
    if denial is None or _ENDS_DENIAL.search(before, denial.end()):
        return False
    return "allerg" in before[denial.start() :].lower() or _BEFORE_ALLERGY.match(after) is not None


def _named(text: str, medicines: Medicines) -> Iterator[tuple[MedicineName, str, str]]:
    return (named for named, _ in _placed(text, medicines))


def _placed(text: str, medicines: Medicines) -> Iterator[tuple[tuple[MedicineName, str, str], tuple[int, int]]]:
    """Yield each name with the text around it, and its place; one letter may be wrong."""
    tokens = read_tokens(text)
    for name in medicines.find(text, tokens, guess=True):
        start, end = _span(tokens, name)
        yield (name, text[max(0, start - _NEAR) : start], text[end : end + _NEAR]), (start, end)


def _span(tokens: tuple[Token, ...], name: MedicineName) -> tuple[int, int]:
    return tokens[name.first].start, tokens[name.last - 1].end
