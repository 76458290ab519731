from __future__ import annotations

from medrag_desktop.domain.condition import Condition, parse_condition
from medrag_desktop.importers.chunking import chunk
from medrag_desktop.importers.conditions import condition_documents

MONOGRAPH = """+++
id = "measles"
name = "Measles"
icd10 = ["B05.9"]
urgency = "urgent"
incidence = "uncommon"
cannot_miss = true
[affects]
[findings]
"fever" = "obligate"
[sources]
[sources.msf-2024]
title = "Clinical guidelines"
publisher = "MSF"
year = 2024
section = "Chapter 8"
address = "https://example.org/m"
[review]
by = "software"
date = 2026-11-22
+++
## In brief
Measles is contagious.

## Management
Give vitamin A.
"""


def measles(text: str = MONOGRAPH) -> Condition:
    return parse_condition(text, "infectious")


def test_a_monograph_becomes_one_document_with_a_section_each() -> None:
    (document,) = condition_documents([measles()])
    assert (document.id, document.kind, document.condition) == ("condition/measles", "condition", "measles")
    assert [(s.title, s.text) for s in document.sections] == [
        ("In brief", "Measles is contagious."),
        ("Management", "Give vitamin A."),
    ]
    assert (document.date, document.url) == ("2026-11-22", "https://example.org/m")


def test_the_source_names_whose_facts_they_are() -> None:
    (document,) = condition_documents([measles()])
    assert document.source.endswith("(after MSF, Clinical guidelines, 2024, Chapter 8)")


def test_a_monograph_without_a_source_says_so() -> None:
    start, end = MONOGRAPH.index("[sources]"), MONOGRAPH.index("[review]")
    (document,) = condition_documents([measles(MONOGRAPH[:start] + MONOGRAPH[end:])])
    assert document.source.endswith("(no source named)")


def test_passage_ids_name_condition_and_section() -> None:
    (document,) = condition_documents([measles()])
    assert [p.id for p in chunk(document)] == [
        "condition/measles#in-brief.1",
        "condition/measles#management.1",
    ]
