"""Whatever the model prefers, only supported texts can be written."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.clauses import sentences
from medrag_desktop.adapters.copy_grammar import CopyGrammar, State, fixed_words
from medrag_desktop.adapters.generated_text import lower_first, render
from medrag_desktop.adapters.source_layout import END, MAX_SOURCE, lay_out
from medrag_desktop.domain.grounding import NOT_STATED, Facts, Grounded, ground
from tests.adapters.small_vocabulary import small_tokenizer

TOKENIZER = small_tokenizer()
WORDS = fixed_words(TOKENIZER)
CONTEXT = "Measles: boy of 3 years; present: fever, cough, red eye; absent: itch, stiff neck; measured: SpO2 96 %"
PASSAGE = "Measles brings fever. Koplik spots prove measles. The rash of HIV may be faint."


def grammar(passage: str = PASSAGE, context: str = CONTEXT, section: str = "Assessment") -> CopyGrammar:
    return CopyGrammar(WORDS, lay_out(TOKENIZER, section, context, passage), section, context, passage)


def walk(ways: CopyGrammar, random: Random, prefer: str = "") -> str:
    """Write a text by chance; begin with the preferred words where they are allowed."""
    states: tuple[State, ...] = ways.start()
    wanted = list(TOKENIZER.encode(prefer, add_special_tokens=False).ids)
    for _ in range(400):
        allowed = ways.next(states)
        piece = wanted.pop(0) if wanted and wanted[0] in allowed else random.choice(sorted(allowed))
        path = allowed[piece][0].path
        if piece == WORDS.end:
            fixed = [TOKENIZER.id_to_token(step.piece) for step in path[:-1]]
            return render(ways, path[:-1], [1.0] * len(fixed), 0, fixed)[0]
        states = allowed[piece]
    raise AssertionError("the automaton does not end")


@pytest.mark.parametrize("section", ["Assessment", "What does not fit", "Management"])
@pytest.mark.parametrize("seed", range(30))
def test_every_text_is_not_stated_or_passes_the_grounding_check(seed: int, section: str) -> None:
    text = walk(grammar(section=section), Random(seed))
    facts = Facts(present={"fever", "cough", "red eye"}, absent={"itch", "stiff neck"})
    assert text == NOT_STATED or isinstance(ground(text, [PASSAGE], facts), Grounded), text


@given(
    passage=st.lists(
        st.text(alphabet="abcD ,;-1", min_size=1, max_size=30).map(lambda s: f"A{s.strip()}z."), min_size=1, max_size=6
    ).map(" ".join),
    seed=st.integers(0, 1000),
)
def test_without_a_known_context_a_text_is_neighbouring_sentences_word_for_word(passage: str, seed: int) -> None:
    text = walk(grammar(passage, "What is it?"), Random(seed))
    assert text == NOT_STATED or text in passage
    if text != NOT_STATED:
        assert set(sentences(text)) <= set(sentences(passage))


def test_openings_restate_only_what_the_context_lists_under_that_presence() -> None:
    for seed in range(40):
        present = walk(grammar(), Random(seed), prefer="this patient has")
        opening = present.removeprefix("This patient has ").partition(";")[0]
        assert set(opening.replace(" and ", ", ").split(", ")) <= {"fever", "cough", "red eye"}
        absent = walk(grammar(section="What does not fit"), Random(seed), prefer="there is no")
        assert absent.removeprefix("There is no ").partition(";")[0] in {"itch", "stiff neck"}


def test_an_opening_names_three_findings_at_most_and_none_twice() -> None:
    for seed in range(60):
        opening = walk(grammar(), Random(seed), prefer="this patient has").partition(";")[0]
        named = opening.removeprefix("This patient has ").replace(" and ", ", ").split(", ")
        assert len(named) == len(set(named)) <= 3


def test_openings_belong_to_their_sections() -> None:
    present, absent = (WORDS.openings[kind][0] for kind in ("present", "absent"))
    begin = {
        title: set(grammar(section=title).next((State(),))) for title in ("Assessment", "What does not fit", "Referral")
    }
    assert present in begin["Assessment"]
    assert absent not in begin["Assessment"]
    assert begin["What does not fit"] == {absent, WORDS.not_stated[0]}
    assert not {present, absent} & begin["Referral"]


def test_no_opening_without_listed_findings() -> None:
    starts = grammar(context="What is measles?").next((State(),))
    assert WORDS.openings["present"][0] not in starts
    assert WORDS.openings["absent"][0] not in starts


def test_a_sentence_with_a_dose_cannot_be_written() -> None:
    ways = grammar("Give 500 mg of it. Rest at home.")
    assert {walk(ways, Random(seed), prefer="g") for seed in range(30)}.isdisjoint({"Give 500 mg of it."})
    assert len(ways.sentence_pieces) == 1


def test_a_sentence_cut_by_the_end_of_the_source_cannot_be_written() -> None:
    passage = "Short one. " + "Long " + "x" * 3 * MAX_SOURCE + " end."
    assert len(grammar(passage).sentence_pieces) == 1


def test_a_sentence_with_an_unknown_sign_cannot_be_written() -> None:
    assert len(grammar("Fever \u2603 and cough. Rash.").sentence_pieces) == 1


def test_an_empty_passage_leaves_not_stated() -> None:
    assert walk(grammar("", "nothing"), Random(0)) == NOT_STATED


def test_the_source_is_laid_out_within_its_bounds() -> None:
    source = lay_out(TOKENIZER, "Assessment", "c " * 500, "p " * 500)
    assert len(source.ids) == len(source.part) == len(source.start) == len(source.end) == MAX_SOURCE
    assert source.ids[-1] == TOKENIZER.token_to_id(END)


def test_names_keep_their_capitals_behind_an_opening() -> None:
    assert lower_first("HIV weakens.") == "HIV weakens."
    assert lower_first("The rash fades.") == "the rash fades."
    assert lower_first("") == ""


def test_origins_point_at_the_same_words() -> None:
    ways = grammar()
    states: tuple[State, ...] = ways.start()
    for piece in TOKENIZER.encode(
        "this patient has red eye; the rash of hiv may be faint.", add_special_tokens=False
    ).ids:
        states = ways.next(states)[piece]
    path = states[0].path
    text, origins = render(ways, path, [0.5] * len(path), 2, [TOKENIZER.id_to_token(s.piece) for s in path])
    assert text == "This patient has red eye; the rash of HIV may be faint."
    for origin in origins:
        within = CONTEXT if origin.source == -1 else PASSAGE
        assert origin.source in (-1, 2)
        assert text[origin.start : origin.end].lower() == within[origin.source_start : origin.source_end].lower()
        assert origin.weight == 0.5
    assert [text[o.start : o.end] for o in origins][:3] == ["red", "eye", "the"]
