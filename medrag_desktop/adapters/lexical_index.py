"""BM25 over passages with tantivy; a query is a bag of words, so no input can be a syntax error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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

    def search(self, text: str, k: int) -> tuple[tuple[int, float], ...]:
        """Return at most k (row, BM25 score) pairs, best first, ties by row; empty if nothing matches.

        Any text is a query: operators, quotes and control characters only separate words.
        """
        terms = self._terms(text)
        if not terms or k < 1:
            return ()
        found = self._searcher.search(self._query(terms), limit=k, count=False)
        rows = ((int(self._row(address)), float(score)) for score, address in found.hits)
        return tuple(sorted(rows, key=lambda pair: (-pair[1], pair[0])))

    def _row(self, address: tantivy.DocAddress) -> int:
        return int(self._searcher.doc(address)["row"][0])

    def _terms(self, text: str) -> list[str]:
        """Return the distinct indexed terms of a query, the rarest first."""
        counts = Counter(self._analyzer.analyze(storable(text[:LONGEST_QUERY])))
        frequency = {term: self._document_frequency(term) for term in counts}
        known = [term for term in counts if frequency[term]]
        return sorted(known, key=lambda term: (frequency[term], term))[:MOST_TERMS]

    def _document_frequency(self, term: str) -> int:
        return sum(self._searcher.doc_freq(field, term) for field in _FIELDS)

    def _query(self, terms: Sequence[str]) -> tantivy.Query:
        schema = self._index.schema
        parts: list[tuple[tantivy.Occur, tantivy.Query]] = []
        for term in terms:
            heading = tantivy.Query.term_query(schema, "heading", term)
            parts.append((tantivy.Occur.Should, tantivy.Query.boost_query(heading, TITLE_BOOST)))
            parts.append((tantivy.Occur.Should, tantivy.Query.term_query(schema, "text", term)))
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
    builder.add_unsigned_field("row", stored=True)
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
