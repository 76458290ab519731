"""The monographs of the clinical library -> Documents."""

from __future__ import annotations

from collections.abc import Iterable

from medrag_desktop.domain.condition import Condition, Source
from medrag_desktop.domain.evidence import Document, DocumentSection


def condition_documents(conditions: Iterable[Condition]) -> tuple[Document, ...]:
    """Return one document a condition: a section for each of the monograph's, its sources in `source`."""
    return tuple(_document(condition) for condition in conditions)


def _document(condition: Condition) -> Document:
    sections = tuple(DocumentSection(title, text) for title, text in condition.sections if text.strip())
    return Document(
        id=f"condition/{condition.id}",
        title=condition.name,
        sections=sections,
        source=_reference(condition),
        date=condition.review_date,
        kind="condition",
        condition=condition.id,
        licence="CC BY 4.0",
        url=next((source.address for source in condition.sources if source.address), ""),
    )


def _reference(condition: Condition) -> str:
    """Return the entry of a reference list: our own words, then whose facts they are."""
    after = "; ".join(_source(source) for source in condition.sources)
    return "MedRAG clinical library" + (f" (after {after})" if after else " (no source named)")


def _source(source: Source) -> str:
    parts = (source.publisher, source.title, source.year, source.section)
    return ", ".join(part for part in parts if part)
