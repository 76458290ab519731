"""BM25 over passages with tantivy; a query is a bag of words, so no input can be a syntax error.

Words are compared in lower case, without accents, in one spelling (American), by their stems; stop words are left out.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path

import tantivy
from rapidfuzz import process
from rapidfuzz.distance import OSA

from medrag_desktop.adapters.passage_store import storable
from medrag_desktop.domain.evidence import Passage, Query
from medrag_desktop.domain.spelling import Suggestion, most_edits
from medrag_desktop.domain.tokens import one_spelling
from medrag_desktop.errors import PackCorrupt
from medrag_desktop.tasks import Task

MOST_TERMS = 48
"""Distinct terms of a query that are looked up: the rarest ones, which decide a BM25 score."""
LONGEST_QUERY = 20_000
"""Characters of a query that are read."""
HEADING_WEIGHT = {"presentation": 0.15, "condition": 1.5, "question": 3.0}
"""Weight of a term in title or section heading relative to one in the text, by the purpose of the query.

A question names its subject as a heading does; of a presentation, `cough` is not a passage entitled Whooping cough.
"""

ALSO_WEIGHT = {"presentation": 0.5, "condition": 0.2, "question": 0.2}
"""Weight of a word that is not in the query but means the same as one there, by the purpose of the query."""

WORDS_NAME = "words.txt"
"""The words of a pack, each with the number of passages that hold it: what misspelled words are compared with."""
_ACCENT = re.compile("[\u0300-\u036f]")
_PLAIN_WORD = re.compile("[a-z]{4,30}")
_ANALYZER = "medrag_en"
_FIELDS = ("heading", "text")


class LexicalIndex:
    """A read-only BM25 index; a row is the number of a passage in its pack."""

    def __init__(self, folder: Path) -> None:
        """Open the index in a folder; raise PackCorrupt if there is none or it cannot be read."""
        try:
            self._index = tantivy.Index.open(str(folder))
        except (ValueError, OSError) as error:
            raise PackCorrupt(f"The word index {folder} cannot be read; build or install the pack again.") from error
        self._analyzer = _analyzer()
        self._index.register_tokenizer(_ANALYZER, self._analyzer)
        # a pack never changes: no thread need watch its folder
        self._index.config_reader(reload_policy="manual")
        self._searcher = self._index.searcher()
        self._words_file = folder / WORDS_NAME
        if not self._words_file.is_file():
            raise PackCorrupt(f"The word index {folder} is of an earlier version; build or install the pack again.")

    def search(self, query: Query, k: int, only: Collection[int] | None = None) -> tuple[tuple[int, float], ...]:
        """Return at most k (row, score) pairs, best first, ties by row; empty if nothing matches.

        The score is BM25 as a share of what a passage of usual length gets that holds every word of the query once, so
        that it can be compared between queries and packs; headings may bring it above 1. Any text is a query:
        operators, quotes and control characters only separate words. With `only`, no other row is found.
        """
        own = dict.fromkeys(self.terms(query.text), 1.0)
        also = {term: ALSO_WEIGHT[query.purpose] for term in self.terms(query.also) if term not in own}
        if not own:  # the other names are all there is to look for
            own, also = dict.fromkeys(also, 1.0), {}
        if not own or k < 1:
            return ()
        terms = self._rarest(own)
        weights = {**self._rarest(also), **terms}
        whole = sum(map(self._idf, terms))
        best = self._best(self._any_of(weights, HEADING_WEIGHT[query.purpose]), k, only)
        return tuple(sorted(((row, score / whole) for row, score in best), key=lambda pair: (-pair[1], pair[0])))

    def _best(self, query: tantivy.Query, k: int, only: Collection[int] | None) -> list[tuple[int, float]]:
        """Return the k best rows; where some rows are left out, look at so many that k remain."""
        limit = k if only is None else 2 * k * math.ceil(self._searcher.num_docs / max(1, len(only)))
        while True:
            limit = min(limit, self._searcher.num_docs)
            found = self._searcher.search(query, limit=limit, count=False).hits
            rows = self._searcher.fast_field_values("row", [address for _, address in found])
            scored = [(int(row or 0), float(score)) for row, (score, _) in zip(rows, found, strict=True)]
            kept = scored if only is None else [pair for pair in scored if pair[0] in only]
            if len(kept) >= k or len(found) < limit or limit == self._searcher.num_docs:
                return kept[:k]
            limit *= 8

    def terms(self, text: str) -> tuple[str, ...]:
        """Return the distinct terms of a text that stand in some passage, in order of their first place."""
        terms = dict.fromkeys(self._analyzer.analyze(_plain(text[:LONGEST_QUERY])))
        return tuple(term for term in terms if self._document_frequency(term))

    def matched(self, query: Query, text: str) -> tuple[str, ...]:
        """Return the distinct words of a text that a query or its other names hold in some form."""
        asked = {*self.terms(query.text), *self.terms(query.also)}
        words = dict.fromkeys(re.findall(r"\w+", text))
        return tuple(word for word in words if not asked.isdisjoint(self._analyzer.analyze(_plain(word))))

    def suggest(self, words: Iterable[str]) -> dict[str, Suggestion | None]:
        """Return, for each word that no passage holds, the nearest that some do; None where none is near."""
        found: dict[str, Suggestion | None] = {}
        for word in words:
            terms = self._analyzer.analyze(_plain(word))
            if terms and not all(map(self._document_frequency, terms)):
                found[word] = self._nearest(_plain(word))
        return found

    def _nearest(self, word: str) -> Suggestion | None:
        edits = most_edits(word)
        lengths = range(len(word) - edits, len(word) + edits + 1)
        choices = [other for length in lengths for other in self._words_by_length.get(length, ())]
        near = process.extract(word, choices, scorer=OSA.distance, score_cutoff=edits, limit=20)
        ranked = sorted((int(d), other[0] != word[0], -self._words[other], other) for other, d, _ in near)
        if not ranked:
            return None
        distance, _, passages, other = ranked[0]
        return Suggestion(other, distance, -passages)

    @cached_property
    def _words(self) -> dict[str, int]:
        try:
            lines = self._words_file.read_text("ascii").splitlines()
            return {word: int(count) for word, count in (line.split() for line in lines)}
        except (OSError, ValueError) as error:
            raise PackCorrupt(f"The words {self._words_file} cannot be read; build the pack again.") from error

    @cached_property
    def _words_by_length(self) -> dict[int, list[str]]:
        lengths: dict[int, list[str]] = defaultdict(list)
        for word in self._words:
            lengths[len(word)].append(word)
        return lengths

    def _rarest(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Return the MOST_TERMS rarest terms with their weights."""
        rarest = sorted(weights, key=lambda term: (self._document_frequency(term), term))[:MOST_TERMS]
        return {term: weights[term] for term in rarest}

    def _document_frequency(self, term: str) -> int:
        return max(self._searcher.doc_freq(field, term) for field in _FIELDS)

    def _idf(self, term: str) -> float:
        """Return the weight of a term as tantivy computes it (Robertson and Zaragoza 2009)."""
        held = self._document_frequency(term)
        return math.log(1 + (self._searcher.num_docs - held + 0.5) / (held + 0.5))

    def _any_of(self, weights: Mapping[str, float], heading: float) -> tantivy.Query:
        """Return the sum of the weighted terms, those in the heading weighted once more."""
        schema = self._index.schema
        parts: list[tuple[tantivy.Occur, tantivy.Query]] = []
        for term, weight in weights.items():
            for field, boost in (("heading", heading), ("text", 1.0)):
                one = tantivy.Query.term_query(schema, field, term)
                parts.append((tantivy.Occur.Should, tantivy.Query.boost_query(one, boost * weight)))
        return tantivy.Query.boolean_query(parts)


def build_lexical_index(folder: Path, passages: Iterable[Passage], *, task: Task) -> None:
    """Write an index of the passages into an existing empty folder; row i is the i-th passage."""
    index = tantivy.Index(_schema(), path=str(folder))
    index.register_tokenizer(_ANALYZER, _analyzer())
    # one thread and one commit: rows keep their order and equal input gives equal scores
    writer = index.writer(heap_size=64_000_000, num_threads=1)
    counts: Counter[str] = Counter()
    for row, passage in enumerate(passages):
        if row % 1000 == 0:
            task.report("Indexing words", row)
        document = tantivy.Document()
        document.add_unsigned("row", row)
        heading, text = _plain(f"{passage.title} {passage.section}"), _plain(passage.text)
        document.add_text("heading", heading)
        document.add_text("text", text)
        writer.add_document(document)
        counts.update(set(_PLAIN_WORD.findall(f"{heading} {text}")))
    writer.commit()
    writer.wait_merging_threads()
    lines = (f"{word} {count}\n" for word, count in sorted(counts.items()))
    (folder / WORDS_NAME).write_text("".join(lines), encoding="ascii", newline="\n")


def _plain(text: str) -> str:
    """Return text in lower case, without accents, in one spelling."""
    plain = storable(text)
    if not plain.isascii():
        plain = _ACCENT.sub("", unicodedata.normalize("NFKD", plain))
    return one_spelling(plain.lower())


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", fast=True)
    for name in _FIELDS:
        builder.add_text_field(name, tokenizer_name=_ANALYZER, index_option="freq")
    return builder.build()


def _analyzer() -> tantivy.TextAnalyzer:
    """Return the analyzer: words of letters and digits, lower case, no accents, no stop words, stemmed."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in (
        tantivy.Filter.remove_long(60),
        tantivy.Filter.lowercase(),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.stopword("english"),
        tantivy.Filter.stemmer("english"),
    ):
        builder = builder.filter(step)
    return builder.build()
