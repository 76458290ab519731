"""Rules for medicines.toml: its own words and ids, and whether it knows what the monographs name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.condition import Condition
from medrag_desktop.domain.grounding import holds_dose
from medrag_desktop.domain.medicine_facts import Medicine, Medicines, name_words, read_tokens
from medrag_desktop.services.library_problem import Problem, file_of

MEDICINES_FILE = "medicines.toml"
_LOOKS_LIKE_ONE = re.compile(
    r"\b(?!april\b)\w*(?:cillin|mycin|micin|cycline|floxacin|azole|olol|pril|sartan|statin|dipine|quine|profen|fenac|fungin|"
    r"(?<!co)caine|azepam|azolam|triptan|formin|gliptin|gliflozin|thiazide|semide|sone|olone|parin|xaban|setron|mterol|"
    r"tropium|oxetine|traline|phylline|vudine|citabine|navir|tegravir|buvir|ciclovir|mectin|quantel|prazine|oxacin)s?\b",
    re.IGNORECASE,
)
"""Endings that medicines have and no other word of a monograph."""
_EXPLAINED = re.compile(r"\b(?P<name>[A-Za-z][\w-]+)(?: \((?:an? )?|, an? )(?P<kind>[a-z][a-z -]*)[),]")
"""`permethrin cream, a topical scabicide,` or `gentamicin (aminoglycoside)`."""


def check_medicines(catalogue: Catalogue) -> Iterator[Problem]:
    """Yield what the medicines break, and what the monographs name that the file does not know."""
    known = {*catalogue.vocabulary.definitions, *catalogue.by_id}
    owner: dict[str, str] = {}
    for entry in catalogue.medicines.entries.values():
        for sentence in (*_names(entry, owner), *_states(entry, known), *_words(entry)):
            yield Problem("error", MEDICINES_FILE, sentence)
    for pair in (*catalogue.medicines.interactions, *catalogue.medicines.cross_allergies):
        if not pair.words.strip() or holds_dose(pair.words):
            yield Problem("error", MEDICINES_FILE, f"'{pair.words}' says nothing of two medicines, or holds a dose.")
    for condition in catalogue.conditions:
        missing = sorted(set(_unknown(condition, catalogue.medicines)))
        if missing:
            sentence = f"These medicines are not in {MEDICINES_FILE} and cannot be checked: {', '.join(missing)}."
            yield Problem("warning", file_of(condition), sentence)


def states_named(entry: Medicine) -> frozenset[str]:
    """Return the findings and conditions that what is said of a medicine depends on."""
    facts = (entry.pregnancy, entry.lactation, entry.minimum_age)
    unless = {name for fact in facts if fact for name in fact.unless}
    return frozenset(unless | {name for state in entry.avoided_in for name in state.any_of})


def _names(entry: Medicine, owner: dict[str, str]) -> Iterator[str]:
    for name in (entry.name, *entry.synonyms):
        words = " ".join(name_words(name))
        if not words:
            yield f"{entry.id} has a name without a word that could be found: '{name}'."
        elif owner.setdefault(words, entry.id) != entry.id:
            yield f"'{name}' names both {owner[words]} and {entry.id}."


def _states(entry: Medicine, known: set[str]) -> Iterator[str]:
    for name in sorted(states_named(entry) - known):
        yield f"{entry.id} names {name}, which is neither a finding nor a condition."


def _words(entry: Medicine) -> Iterator[str]:
    told = [state.words for state in entry.avoided_in]
    told += [entry.minimum_age.words] if entry.minimum_age else []
    for words in filter(holds_dose, told):
        yield f"A dose stands in '{words}' of {entry.id}."


def _unknown(condition: Condition, medicines: Medicines) -> Iterator[str]:
    """Yield the words of a monograph that are medicines by their ending, or are explained as one, and are not known."""
    for _, text in condition.sections:
        tokens = read_tokens(text)
        spans = [(tokens[n.first].start, tokens[n.last - 1].end) for n in medicines.find(text, tokens)]
        kinds = (m for m in _EXPLAINED.finditer(text) if _is_kind(m["kind"], medicines))
        places = [(m[0], m.start()) for m in _LOOKS_LIKE_ONE.finditer(text)]
        places += [(m["name"], m.start("name")) for m in kinds]
        yield from (word.lower() for word, place in places if not any(start <= place < end for start, end in spans))


def _is_kind(words: str, medicines: Medicines) -> bool:
    tokens = read_tokens(words)
    found = medicines.find(words, tokens)
    return any(medicines.entries[n.id].is_class and (n.first, n.last) == (0, len(tokens)) for n in found)
