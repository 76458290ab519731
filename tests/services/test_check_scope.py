"""The scope of the library says where each entry is from, and each rule catches what breaks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from medrag_desktop.adapters.clinical_library import load_catalogue, load_scope
from medrag_desktop.adapters.icd10 import icd10_lookup
from medrag_desktop.domain.scope import parse_scope
from medrag_desktop.errors import LibraryError
from medrag_desktop.services.check_scope import check_scope
from tests.small_library import ranker

LIBRARY = Path(__file__).resolve().parents[2] / "assets" / "library"
CONDITIONS = ranker().catalogue.conditions
ENTRY = """[conditions.{id}]
name = "{name}"
system = "{system}"
icd10 = ["{code}"]
from = ["msf-2024: Chapter 8"]
cannot_miss = false
"""
TEXT = "[sources]\nmsf-2024 = { title = 'Clinical guidelines' }\n" + "".join(
    ENTRY.format(id=c.id, name=c.name, system=c.system, code=f"A0{n}.0") for n, c in enumerate(CONDITIONS)
)
FIRST = CONDITIONS[0]


def sentences(text: str, exists: Callable[[str], bool] | None = lambda code: code.startswith("A0")) -> list[str]:
    return [problem.sentence for problem in check_scope(parse_scope(text), CONDITIONS, exists)]


def test_a_scope_that_keeps_the_rules_has_no_problem() -> None:
    assert sentences(TEXT) == []
    more = TEXT + ENTRY.format(id="plague", name="Plague", system="infectious", code="A01.0")
    assert sentences(more) == []
    scope = parse_scope(more)
    assert (scope.written(frozenset(c.id for c in CONDITIONS)), len(scope.entries)) == (
        len(CONDITIONS),
        len(CONDITIONS) + 1,
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("msf-2024: Chapter 8", "somebody: said it", "names no source"),
        ("msf-2024: Chapter 8", "msf-2024:", "names no source"),
        ('"msf-2024: Chapter 8"', "", "does not say where"),
        ('icd10 = ["A00.0"]', "icd10 = []", "no ICD-10 code"),
        ("A00.0", "Z99.9", "does not exist"),
        (f"[conditions.{FIRST.id}]", "[conditions.other]", "no entry says where"),
        (f'system = "{FIRST.system}"', 'system = "elsewhere"', "is put under elsewhere"),
        (f'name = "{FIRST.name}"', f'name = "{CONDITIONS[1].name.upper()}"', "name of another entry"),
    ],
)
def test_what_breaks_a_rule_is_told(before: str, after: str, told: str) -> None:
    assert before in TEXT
    found = sentences(TEXT.replace(before, after, 1))
    assert found
    assert all(told in sentence for sentence in found)


def test_without_the_code_list_codes_are_not_judged() -> None:
    assert sentences(TEXT.replace("A00.0", "Z99.9"), None) == []


@pytest.mark.parametrize(
    "text",
    ["", "[", "[sources]\n[conditions]\nx = 1", TEXT.replace("cannot_miss", "can_miss"), TEXT + "written = true\n"],
)
def test_what_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(LibraryError, match=r"catalogue\.toml"):
        parse_scope(text)


def test_the_scope_of_this_library_keeps_the_rules() -> None:
    scope, catalogue = load_scope(LIBRARY), load_catalogue(LIBRARY)
    assert [*check_scope(scope, catalogue.conditions, icd10_lookup())] == []
    assert scope.written(frozenset(catalogue.by_id)) == len(catalogue.conditions)
