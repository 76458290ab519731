from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.evidence import Document, DocumentSection
from medrag_desktop.importers.chunking import FULL, LONGEST, TAIL, chunk, split_text

texts = st.text(st.sampled_from("ab. \n-1!?\u0964\u3002é\U0001f600\t")) | st.text()
sections = st.builds(DocumentSection, st.text(max_size=12), texts)


def document(*parts: tuple[str, str]) -> Document:
    return Document("d/1", "Measles", tuple(DocumentSection(*part) for part in parts), "Clinic", "2024")


def sentence(words: int, ending: str = ".") -> str:
    return " ".join(["Word"] * words) + ending


@given(texts)
def test_no_word_is_lost_or_said_twice(text: str) -> None:
    assert [word for piece in split_text(text) for word in piece.split()] == text.split()


@given(st.lists(st.integers(1, 150), max_size=12))
def test_pieces_are_about_a_hundred_words(lengths: list[int]) -> None:
    pieces = split_text(" ".join(sentence(length) for length in lengths))
    sizes = [len(piece.split()) for piece in pieces]
    assert all(size <= LONGEST + TAIL for size in sizes)
    assert all(size >= TAIL for size in sizes[1:])


@given(st.lists(sections, max_size=5))
def test_no_passage_spans_sections_and_ids_are_unique(parts: list[DocumentSection]) -> None:
    passages = chunk(Document("d/1", "T", tuple(parts), "S"))
    for part in parts:
        words = [w for p in passages for w in p.text.split() if p.section == part.title]
        same = [w for other in parts if other.title == part.title for w in other.text.split()]
        assert words == same
    assert len({passage.id for passage in passages}) == len(passages)


@given(texts, texts)
def test_ids_and_texts_stay_when_a_later_section_changes(first: str, second: str) -> None:
    before = chunk(document(("A", first), ("B", "old")))
    after = chunk(document(("A", first), ("B", second)))
    kept = [passage for passage in before if passage.section == "A"]
    assert kept == [passage for passage in after if passage.section == "A"]


def test_a_passage_ends_where_a_sentence_ends() -> None:
    pieces = split_text(" ".join([sentence(30)] * 8))
    assert len(pieces) == 2
    assert all(piece.endswith(".") for piece in pieces)


def test_abbreviations_and_list_numbers_do_not_end_a_sentence() -> None:
    padding = sentence(FULL - 3, "")
    assert split_text(f"{padding} see e.g. Dr. Smith today at noon")[0].endswith("noon")
    assert split_text(f"{sentence(FULL)}\n1. Wash the wound well with soap and water for fifteen minutes before "
                      "the nurse puts on a clean dry dressing today")[1].startswith("1. Wash")  # fmt: skip


def test_a_sentence_without_an_end_is_cut_by_words() -> None:
    assert [len(piece.split()) for piece in split_text(sentence(250, ""))] == [100, 100, 50]


def test_list_items_are_cut_apart_at_line_breaks() -> None:
    items = "\n".join(f"- item {n} " + " ".join(["w"] * 18) for n in range(12))
    assert all(piece.startswith("- item") for piece in split_text(items))


def test_passages_carry_what_the_document_says_of_itself() -> None:
    (passage,) = chunk(document(("In brief", "Red rash.")), pack="library")
    assert passage.id == "d/1#in-brief.1"
    assert (passage.title, passage.source, passage.date, passage.pack) == ("Measles", "Clinic", "2024", "library")


def test_sections_of_one_name_are_numbered_and_names_without_letters_are_called_text() -> None:
    ids = [p.id for p in chunk(document(("A", "x"), ("A", "y"), ("?", "z"), ("उपचार", "w")))]
    assert ids == ["d/1#a.1", "d/1#a-2.1", "d/1#text.1", "d/1#उपच-र.1"] or ids[3].startswith("d/1#")


def test_empty_sections_give_no_passage() -> None:
    assert chunk(document(("A", ""), ("B", " \n\t"))) == ()
