from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.context_rules import TRIGGERS, Status, status_of, statuses
from medrag_desktop.domain.mention import Mention
from medrag_desktop.domain.tokens import sentences, tokenize


def read(text: str) -> dict[str, str]:
    """Return the status of each word in capitals."""
    found: dict[str, str] = {}
    for group in sentences(tokenize(text)):
        start, end = group[0].start, group[-1].end
        words = [m for m in re.finditer(r"[A-Z][A-Z_]{2,}", text) if start <= m.start() < end]
        mentions = tuple(Mention(m[0], m.start(), m.end(), exact=True) for m in words)
        found |= {m.finding: status.value for m, status in zip(mentions, statuses(mentions, group), strict=True)}
    return found


def of(text: str, status: str) -> list[str]:
    return [word.lower() for word, found in read(text).items() if found == status]


@pytest.mark.parametrize(
    "text",
    [
        "No FEVER, COUGH or RASH",
        "denies FEVER, COUGH and RASH",
        "Denied FEVER/COUGH, RASH.",
        "without FEVER, COUGH or RASH",
        "w/o FEVER, COUGH or RASH",
        "patient denies that she has FEVER, COUGH or RASH",
        "denies having any FEVER, COUGH or RASH",
        "does not have FEVER, COUGH or RASH",
        "has not had any FEVER, COUGH or RASH",
        "neither FEVER nor COUGH nor RASH",
        "negative for FEVER, COUGH, RASH",
        "-ve for FEVER, COUGH, RASH",
        "no evidence on examination today of FEVER, COUGH or RASH",
        "no history of FEVER, COUGH or RASH",
        "FEVER, COUGH and RASH absent",
        "FEVER: no, COUGH: none, RASH - nil",
        "FEVER? No. COUGH? No. RASH? No.",
        "FEVER -ve, COUGH -ve, RASH (-)",
        "FEVER negative COUGH negative RASH negative",
        "Denies:\n- FEVER\n- COUGH\n- RASH",
        "asked about FEVER, COUGH and RASH: denied",
        "no FEVER, no COUGH; no RASH",
        "FEVER is not present. COUGH was ruled out. RASH not seen",
        "never had FEVER, COUGH or RASH",
    ],
)
def test_absent_ones(text: str) -> None:
    assert of(text, "negated") == ["fever", "cough", "rash"]


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("no FEVER but COUGH", "cough"),
        ("No FEVER. Has COUGH", "cough"),
        ("no FEVER, has COUGH", "cough"),
        ("no FEVER, she complains of COUGH", "cough"),
        ("no FEVER, COUGH for 3 days", "cough"),
        ("no FEVER, COUGH x 2/52", "cough"),
        ("no FEVER, 3 day history of COUGH", "cough"),
        ("no FEVER except COUGH", "cough"),
        ("no FEVER\nCOUGH", "cough"),
        ("COUGH, no FEVER", "cough"),
        ("COUGH, FEVER absent", "cough"),
        ("COUGH no FEVER", "cough"),
        ("has COUGH, denied FEVER", "cough"),
        ("FEVER: no, COUGH: yes", "cough"),
        ("FEVER -ve, COUGH +ve", "cough"),
        ("No, she has COUGH. No FEVER", "cough"),
        ("not sleeping, COUGH, no FEVER", "cough"),
        ("does not want to play and COUGH, no FEVER", "cough"),
        ("never smoked, COUGH, no FEVER", "cough"),
        ("no increase in COUGH, no FEVER", "cough"),
        ("not only COUGH, no FEVER", "cough"),
        ("no relief of COUGH; no FEVER", "cough"),
        ("COUGH has not resolved. FEVER has not been seen: no FEVER", "cough"),
    ],
)
def test_a_negation_ends(text: str, there: str) -> None:
    assert of(text, "affirmed") == [there]
    assert of(text, "negated") == ["fever"]


@pytest.mark.parametrize(
    "text",
    [
        "3 day history of FEVER and COUGH",
        "h/o FEVER and COUGH",
        "previously well child with FEVER and COUGH",
        "prior to FEVER had COUGH",
        "Mother says child has FEVER and COUGH",
        "brought by mother with FEVER and COUGH",
        "came with his father, FEVER and COUGH",
        "mother has noticed FEVER and COUGH",
        "Lives alone, mother died last year, FEVER and COUGH for 2 days",
        "husband at work, FEVER and COUGH",
        "new partner, FEVER, COUGH",
        "FEVER and COUGH, stopped taking tablets",
        "FEVER settled but returned, COUGH",
        "as if drowning: FEVER and COUGH",
        "FEVER not improving, COUGH not settling",
        "does not deny FEVER or COUGH",
        "not well, FEVER, COUGH",
        "cannot walk for FEVER and COUGH",
        "could be measles, FEVER and COUGH since 3 days",
        "neighbour has measles, now FEVER and COUGH",
        "wife has flu, FEVER and COUGH for 2 days",
        "mother says her son has FEVER and COUGH",
        "lives with husband and has FEVER and COUGH",
        "not eating or sleeping, FEVER and COUGH",
        "started 1 month ago: FEVER, COUGH",
        "The FEVER and the COUGH",
    ],
)
def test_what_stays_affirmed(text: str) -> None:
    assert of(text, "affirmed") == ["fever", "cough"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("return if FEVER", Status.HYPOTHETICAL),
        ("come back if there is COUGH or FEVER", Status.HYPOTHETICAL),
        ("advised about FEVER", Status.HYPOTHETICAL),
        ("cannot rule out FEVER", Status.HYPOTHETICAL),
        ("r/o FEVER", Status.HYPOTHETICAL),
        ("worse on COUGHING", Status.HYPOTHETICAL),
        ("STIFFNESS not checked", Status.HYPOTHETICAL),
        ("HIV status unknown", Status.HYPOTHETICAL),
        ("mother has DIABETES", Status.FAMILY),
        ("mother and aunt have DIABETES", Status.FAMILY),
        ("family history of ASTHMA, DIABETES", Status.FAMILY),
        ("FHx: DIABETES", Status.FAMILY),
        ("DIABETES in the family", Status.FAMILY),
        ("no one else at home has FEVER", Status.FAMILY),
        ("lives with father who has COUGH", Status.FAMILY),
        ("pmh: ASTHMA, DIABETES", Status.HISTORICAL),
        ("previous STROKE", Status.HISTORICAL),
        ("MALARIA 2 years ago", Status.HISTORICAL),
        ("CONVULSIONS as a child", Status.HISTORICAL),
        ("cannot BREASTFEED", Status.NEGATED),
        ("refuses to DRINK", Status.NEGATED),
        ("stopped VOMITING", Status.RESOLVED),
        ("FITS as a baby", Status.HISTORICAL),
        ("neighbour's child has MEASLES", Status.FAMILY),
        ("2 other children have DIARRHOEA", Status.FAMILY),
        ("lives with uncle on TREATMENT", Status.FAMILY),
        ("his son was treated for MALARIA", Status.FAMILY),
        ("may cause DIZZINESS", Status.HYPOTHETICAL),
        ("no longer VOMITING", Status.RESOLVED),
        ("FEVER has resolved", Status.RESOLVED),
        ("VOMITING which has now settled", Status.RESOLVED),
        ("COUGH stopped", Status.RESOLVED),
        ("worried about CANCER", Status.FEARED),
    ],
)
def test_other_statuses(text: str, status: Status) -> None:
    assert set(read(text).values()) == {status.value}


def test_words_of_a_mention_are_no_trigger() -> None:
    text = "not eating, vomiting"
    eating = Mention("eating", text.index("not"), text.index(","), exact=True)
    vomiting = Mention("vomiting", text.index("vomiting"), len(text), exact=True)
    assert statuses((eating, vomiting), tokenize(text)) == (Status.AFFIRMED, Status.AFFIRMED)


@pytest.mark.parametrize(("text", "status"), [("afebrile", Status.NEGATED), ("not afebrile", Status.AFFIRMED)])
def test_a_word_that_negates_itself(text: str, status: Status) -> None:
    mention = Mention("fever", text.index("afebrile"), len(text), exact=True, negated=True)
    assert status_of(mention, tokenize(text)) is status


def test_a_word_that_negates_itself_in_a_list_of_absences() -> None:
    text = "no cough, afebrile"
    mention = Mention("fever", text.index("afebrile"), len(text), exact=True, negated=True)
    assert status_of(mention, tokenize(text)) is Status.NEGATED


def test_a_relative_ends_with_the_patient() -> None:
    assert read("Mother has DIABETES and he has FEVER") == {"DIABETES": "family", "FEVER": "affirmed"}


def test_an_exposure_ends_at_the_next_item() -> None:
    assert read("exposed to SMOKE and COUGH") == {"SMOKE": "family", "COUGH": "affirmed"}


_PIECES = [" ".join(trigger.words) for trigger in TRIGGERS] + ["FEVER", "COUGH", ",", "and", "or", "has", "?", "(", "3"]


@given(st.lists(st.sampled_from(_PIECES), max_size=25))
def test_any_order_of_words_has_a_status(pieces: list[str]) -> None:
    assert set(read(" ".join(pieces)).values()) <= {status.value for status in Status}


@given(st.lists(st.sampled_from(["FEVER", "COUGH", "with", "severe", ",", "and", "since", "Monday"]), max_size=12))
def test_without_a_trigger_everything_is_affirmed(pieces: list[str]) -> None:
    assert set(read(" ".join(pieces)).values()) <= {"affirmed"}
