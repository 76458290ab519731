"""Which conditions of the library a diagnosis means: by name and synonym, or by the category of ICD-10."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from medrag_desktop.domain.condition import Condition

CodesOf = Callable[[str], frozenset[str]]
"""The ICD-10 codes whose title is a normalised name."""

_FILLERS = frozenset("the of a an and in with due to".split())
_NOUNS = frozenset("acute disease diseases syndrome infection infections disorder".split())
_ORGANS = frozenset(
    "appendix back bladder blood bloodstream bone bowel brain breast chest coronary ear eye gall gallbladder heart hip "
    "joint kidney knee liver lung middle muscle neck nose pelvic prostate shoulder sinus skin spine stomach throat "
    "thyroid tooth tract urinary urine vascular water wound yeast".split()
)
"""A disease is not named by its organ alone: `heart disease` is not `heart`."""
_DEGREES = re.compile(r"\b(?:ruptured|recurrent|mild|moderate|bilateral|left|right|sided|uncomplicated)\b", re.I)
_CATEGORY = 3
"""Characters of a code of ICD-10 that name its category."""


class DiagnosisNames:
    """The names and codes of the library's conditions."""

    def __init__(self, conditions: Sequence[Condition], codes_of: CodesOf | None = None) -> None:
        """Collect the names; without `codes_of` only those decide."""
        self._codes_of = codes_of or (lambda _: frozenset())
        self._by_name: dict[str, set[str]] = {}
        self._by_category: dict[str, set[str]] = {}
        self._categories: dict[str, set[str]] = {}
        for condition in conditions:
            for name in (condition.name, condition.id.replace("_", " "), *condition.synonyms):
                self._by_name.setdefault(normalise(name), set()).add(condition.id)
            self._categories[condition.id] = {code[:_CATEGORY] for code in condition.icd10}
            for category in self._categories[condition.id]:
                self._by_category.setdefault(category, set()).add(condition.id)

    def strict(self, diagnosis: str) -> frozenset[str]:
        """Return the conditions a diagnosis names: equal once fillers, word order and then degree are set aside."""
        spoken = tuple(_ways_of_saying(diagnosis))
        found = frozenset(c for name in spoken for c in self._by_name.get(normalise(name), ()))
        if found:
            return found
        return frozenset(c for name in spoken for c in self._by_name.get(normalise(_DEGREES.sub(" ", name)), ()))

    def lenient(self, diagnosis: str) -> frozenset[str]:
        """Return the conditions a diagnosis names, and those that share a category of ICD-10 with it."""
        named = self.strict(diagnosis)
        categories = {category for condition in named for category in self._categories[condition]}
        if not named:
            categories = {code[:_CATEGORY] for code in self.codes(diagnosis)}
        return named | {condition for category in categories for condition in self._by_category.get(category, ())}

    def codes(self, diagnosis: str) -> frozenset[str]:
        """Return the ICD-10 codes whose title a diagnosis is."""
        return frozenset(code for name in _ways_of_saying(diagnosis) for code in self._codes_of(normalise(name)))


def _ways_of_saying(diagnosis: str) -> Iterator[str]:
    yield diagnosis
    yield re.sub(r"\([^)]*\)", "", diagnosis)
    yield from re.findall(r"\(([^)]*)\)", diagnosis)
    yield from (part for part in re.split(r"/| or ", diagnosis) if len(part) > 3)


@lru_cache(maxsize=1 << 16)
def normalise(name: str) -> str:
    """Fold case, punctuation, fillers, spelling variants and word order of a disease name."""
    folded = name.lower().replace("\u2019", "'").replace("ae", "e").replace("oe", "e").replace("'s", "")
    words = [re.sub(r"our$", "or", word) for word in re.findall(r"[a-z0-9]+", re.sub(r"\([^)]*\)", " ", folded))]
    words = words or re.findall(r"[a-z0-9]+", folded)
    words = [word for word in words if word not in _FILLERS] or words
    named = [word for word in words if word not in _NOUNS]
    if not _ORGANS.issuperset(named):
        words = named
    return " ".join(sorted(word if len(word) < 4 else word.removesuffix("s") for word in words))
