"""BM25 over passages with tantivy; a query is a bag of words, so no input can be a syntax error."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import tantivy

from medrag_desktop.adapters.passage_store import storable
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.errors import PackCorrupt
from medrag_desktop.tasks import Task

MOST_TERMS = 48
"""Distinct terms of a query that are looked up: the rarest ones, which decide a BM25 score."""
LONGEST_QUERY = 20_000
"""Characters of a query that are read."""
TITLE_BOOST = 1.5
"""Weight of a term in the title or section heading relative to one in the text."""

ALSO_WEIGHT = 0.4
"""Weight of a word that is not in the query but means the same as one there."""

_ANALYZER = "medrag_en"
_FIELDS = {"heading": TITLE_BOOST, "text": 1.0}


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

    def search(self, text: str, k: int, also: str = "") -> tuple[tuple[int, float], ...]:
        """Return at most k (row, score) pairs, best first, ties by row; empty if nothing matches.

        The score is BM25 as a share of what a passage of usual length gets that holds every word of the query once, so
        that it can be compared between queries and packs; headings may bring it above 1. The words of `also` mean the
        same as some of the query: each counts, for less. Any text is a query: operators, quotes and control
        characters only separate words.
        """
        terms = self._rarest(dict.fromkeys(self.terms(text), 1.0))
        if not terms or k < 1:
            return ()
        whole = sum(self._idf(term) for term in terms)
        further = {term: ALSO_WEIGHT for term in self.terms(also) if term not in terms}
        query = self._query({**self._rarest(further), **terms})
        found = self._searcher.search(query, limit=k, count=False)
        rows = self._searcher.fast_field_values("row", [address for _, address in found.hits])
        scored = ((int(row or 0), float(score) / whole) for row, (score, _) in zip(rows, found.hits, strict=True))
        return tuple(sorted(scored, key=lambda pair: (-pair[1], pair[0])))

    def terms(self, text: str) -> tuple[str, ...]:
        """Return the distinct terms of a text that stand in some passage, in order of their first place."""
        terms = dict.fromkeys(self._analyzer.analyze(storable(text[:LONGEST_QUERY])))
        return tuple(term for term in terms if self._document_frequency(term))

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

    def _query(self, weights: Mapping[str, float]) -> tantivy.Query:
        schema = self._index.schema
        parts: list[tuple[tantivy.Occur, tantivy.Query]] = []
        for term, weight in weights.items():
            for field, boost in _FIELDS.items():
                one = tantivy.Query.term_query(schema, field, term)
                parts.append((tantivy.Occur.Should, tantivy.Query.boost_query(one, boost * weight)))
        return tantivy.Query.boolean_query(parts)


def build_lexical_index(folder: Path, passages: Iterable[Passage], *, task: Task) -> None:
    """Write an index of the passages into an existing empty folder; row i is the i-th passage."""
    index = tantivy.Index(_schema(), path=str(folder))
    index.register_tokenizer(_ANALYZER, _analyzer())
    # one thread and one commit: rows keep their order and equal input gives equal scores
    writer = index.writer(heap_size=64_000_000, num_threads=1)
    for row, passage in enumerate(passages):
        if row % 1000 == 0:
            task.report("Indexing words", row)
        document = tantivy.Document()
        document.add_unsigned("row", row)
        document.add_text("heading", storable(f"{passage.title} {passage.section}"))
        document.add_text("text", storable(passage.text))
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()


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
