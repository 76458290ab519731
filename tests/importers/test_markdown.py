from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.evidence import Document
from medrag_desktop.errors import ImportFailed
from medrag_desktop.importers import importer_for
from medrag_desktop.importers.markdown import documents
from medrag_desktop.tasks import Task


def read(folder: Path, text: str | bytes, name: str = "fever plan.md") -> Document:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (document,) = importer_for(path).documents(path, Task())
    return document


def test_headings_become_sections(tmp_path: Path) -> None:
    document = read(tmp_path, "# Fever\nAsk how long.\n\n## Tests\nRDT.\n### Later\nSmear.\n")
    assert document.title == document.source == "Fever"
    assert document.id == "guideline/fever-plan"
    assert [(s.title, s.text) for s in document.sections] == [
        ("", "Ask how long."),
        ("Tests", "RDT."),
        ("Later", "Smear."),
    ]


def test_underlined_headings_count(tmp_path: Path) -> None:
    document = read(tmp_path, "Cough\n=====\n\nListen.\n\nRefer\n-----\nAt once.\n")
    assert [(s.title, s.text) for s in document.sections] == [("", "Listen."), ("Refer", "At once.")]


def test_a_rule_below_a_paragraph_or_list_is_no_heading(tmp_path: Path) -> None:
    document = read(tmp_path, "one\ntwo\n---\nthree\n\n- item\n---\nfour\n")
    assert [section.title for section in document.sections] == [""]


def test_hashes_inside_code_are_text(tmp_path: Path) -> None:
    document = read(tmp_path, "# A\n```\n# not a heading\n```\nend\n")
    assert [section.title for section in document.sections] == [""]
    assert "# not a heading" in document.sections[0].text


def test_plain_text_without_headings_is_one_section_named_after_the_file(tmp_path: Path) -> None:
    document = read(tmp_path, "Give ORS.\r\nCome back.\r", "ors.TXT")
    assert document.title == "ors"
    assert document.sections[0].text == "Give ORS.\nCome back."


def test_a_byte_order_mark_and_control_characters_are_left_out(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf# A\nfe\x07ver").sections[0].text == "fever"


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "no text"), (b"# Only a heading\n", "no text"), (b"\xff\xfe\x00a", "not UTF-8"), (b"a\0b", "NUL")],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(ImportFailed, match=said):
        read(tmp_path, content)


def test_unknown_formats_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"PK")
    with pytest.raises(ImportFailed, match=r"Markdown or plain text"):
        importer_for(tmp_path / "a.docx")
    with pytest.raises(ImportFailed, match="no file"):
        importer_for(tmp_path / "missing.md")


@given(st.text(st.sampled_from("#= -`ab\n")))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "a.md"
    path.write_bytes(text.encode())
    try:
        (document,) = documents(path, Task())
    except ImportFailed:
        return
    assert all(section.text.strip() for section in document.sections)
