"""Documents, passages and what a search returns (information retrieval, DPR)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentSection:
    """One titled part of a document."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text of the library before it is cut into passages."""

    id: str
    """Stable within its pack, for example `condition/measles`."""
    title: str
    sections: tuple[DocumentSection, ...]
    source: str
    """Who says it, as printed in a reference list."""
    date: str = ""
    """ISO date or year of the text; empty when the text bears none."""
    kind: str = "document"
    """Source type used by filters: condition, guideline, article, trial, topic."""
    condition: str = ""
    """Id of the condition the document describes; empty when it describes none."""
    url: str = ""
    licence: str = ""
    """Under which it may be passed on; empty when that is not known."""


@dataclass(frozen=True, slots=True)
class Passage:
    """About 100 words of one section of one document."""

    id: str
    """`<document id>#<section slug>.<number>`; stable as long as the text before it does not change."""
    document: str
    title: str
    section: str
    text: str
    source: str
    date: str = ""
    kind: str = "document"
    condition: str = ""
    url: str = ""
    pack: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """One thing to look for in the library."""

    text: str
    purpose: str
    """`presentation`, `condition` or `question`."""
    condition: str = ""
    """The candidate the query is written for; empty for the presentation as a whole."""
    also: str = ""
    """Other names of what the text names: looked up as words, for less."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which passages a search may find; an empty field leaves all."""

    packs: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    """Source types: condition, guideline, article, trial, topic, document."""
    sections: frozenset[str] = frozenset()
    """Section titles; upper and lower case are one."""
    since_year: int = 0
    """Earliest year of the text; one without a date is left out."""

    @property
    def within_packs(self) -> bool:
        """Tell whether the filter leaves out passages of the packs that it lets through."""
        return bool(self.kinds or self.sections or self.since_year)


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found, and why."""

    passage: Passage
    score: float
    """Both scores together (`fusion.fused_score`): the order of the hits."""
    cosine: float
    """Inner product of the normalised DPR vectors, -1..1; what the evidence floor reads."""
    lexical: float = 0.0
    """BM25 as a share of what a passage with every word of the query gets; 0 when it is not among the best by words."""
    dense_rank: int | None = None
    """1-based rank in the dense list; None when absent from it."""
    lexical_rank: int | None = None
    """1-based rank in the BM25 list; None when absent from it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a passage was found, beside its two scores and ranks."""

    matched: tuple[str, ...]
    """Words of the passage and its heading that the query holds in some form, as they stand there."""
    sentence: str
    """The sentence of the passage whose vector is nearest to the query's."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered passage and the words of it that a statement rests on."""

    number: int
    passage_id: str
    quote: str


@dataclass(frozen=True, slots=True)
class PackManifest:
    """What a knowledge pack says of itself (`pack.json`)."""

    id: str
    title: str
    version: str
    built_at: str
    encoder: str
    """Id of the encoder whose vectors the pack holds."""
    dimension: int
    passages: int
    documents: int
    sources: tuple[str, ...]
    licences: tuple[str, ...]
    sha256: tuple[tuple[str, str], ...]
    """(relative file name, hex digest) for every file of the pack but pack.json."""
