from __future__ import annotations

import pytest

from medrag_desktop.domain.threshold import Threshold
from medrag_desktop.domain.vocabulary import DurationLimit, Vocabulary, make_vocabulary, parse_findings
from medrag_desktop.errors import LibraryError
from tests.builders import make_test_vocabulary


def parse(text: str) -> Vocabulary:
    return make_vocabulary(parse_findings(text, "test"))


def entry(finding: str, more: str = "") -> str:
    return f'[findings."{finding}"]\nlabel = "{finding}"\nkind = "symptom"\n{more}\n'


def scan(finding: str, more: str = "") -> str:
    return f'[findings."{finding}"]\nlabel = "{finding}"\nkind = "test"\n{more}\n'


def test_a_test_says_what_it_needs_and_nothing_else_needs_anything() -> None:
    vocabulary = parse(entry("cough") + scan("dipstick", 'needs = "rapid"') + scan("forgotten"))
    assert [vocabulary[name].needs for name in ("cough", "dipstick", "forgotten")] == ["", "rapid", ""]


def test_an_entry_is_read_whole() -> None:
    definition = make_test_vocabulary()["fever"]
    assert (definition.label, definition.kind, definition.system) == ("fever", "symptom", "test")
    assert "febrile" in definition.synonyms
    assert definition.derive == Threshold("temperature_celsius", ">=", 38.0)


def test_a_dotted_id_implies_the_nearest_prefix_that_exists() -> None:
    vocabulary = parse(entry("a") + entry("a.b.c") + entry("history.x"))
    assert vocabulary.ancestors("a.b.c") == ("a",)
    assert vocabulary.descendants("a") == ("a.b.c",)
    assert vocabulary.ancestors("history.x") == ()


def test_implications_go_all_the_way_nearest_first() -> None:
    vocabulary = parse(entry("a") + entry("b", 'parents = ["a"]') + entry("b.c") + entry("b.c.d", 'parents = ["b.c"]'))
    assert vocabulary.ancestors("b.c.d") == ("b.c", "b", "a")
    assert set(vocabulary.descendants("a")) == {"b", "b.c", "b.c.d"}
    assert vocabulary.descendants("b.c.d") == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("findings = 3", "test.toml"),
        ("", "test.toml"),
        ("[findings", "test.toml"),
        ("[findings]\nfever = 'x'", "test.toml"),
        (entry("a", "colour = 1"), "colour"),
        (entry("a", 'synonyms = "b"'), "synonyms"),
        (entry("a", "parents = [3]"), "parents"),
        (entry("a", 'derive = "spo2 < 90"'), "test.toml: a"),
        (entry("a", 'parents = ["zz"]'), "zz"),
        (entry("a", 'parents = ["b"]') + entry("b", 'parents = ["a"]'), "implies itself"),
        (entry("a", 'parents = ["a"]'), "implies itself"),
        ('[findings.a]\nlabel = "a"\nkind = "sympton"', "kind"),
        (entry("a", 'needs = "rapid"'), "only a test"),
        (scan("a", 'needs = "clinic"'), "rapid, laboratory, hospital"),
        (scan("a", "needs = 3"), "needs must be one of"),
        (scan("a", 'needs = ["rapid"]'), "needs must be one of"),
        ('[findings.a]\nkind = "symptom"', "label"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, named: str) -> None:
    with pytest.raises(LibraryError, match=named):
        parse(text)


@pytest.mark.parametrize(
    "table",
    [
        '{ finding = "a" }',
        "{ hours = 3 }",
        '{ finding = "a", hours = 3, days = 1 }',
        '{ finding = "a", hours = 0 }',
        '{ finding = "a", hours = inf }',
        '{ finding = "a", hours = true }',
        '{ finding = "a", hours = "3" }',
        "{ finding = [], hours = 3 }",
        "{ finding = [3], hours = 3 }",
        '{ finding = "zz", hours = 3 }',
        '{ finding = "b", hours = 3 }',
        '"a >= 3"',
    ],
)
def test_a_duration_that_decides_nothing_is_refused(table: str) -> None:
    with pytest.raises(LibraryError, match="b"):
        parse(entry("a") + entry("b", f"derive_duration = {table}"))


def test_what_has_lasted_decides_a_finding_from_its_limit_on() -> None:
    vocabulary = parse(
        entry("a") + entry("a.x") + entry("c") + entry("b", 'derive_duration = { finding = ["a", "c"], hours = 24 }')
    )
    assert vocabulary["b"].derive_duration == DurationLimit(("a", "c"), 24.0)
    assert [vocabulary.lasting(f, 24) for f in ("a", "a.x", "c", "b")] == [("b",), ("b",), ("b",), ()]
    assert vocabulary.lasting("a", 23.9) == ()


def test_a_finding_does_not_decide_itself() -> None:
    vocabulary = parse(entry("a") + entry("a.long", 'derive_duration = { finding = "a", hours = 24 }'))
    assert vocabulary.lasting("a.long", 48) == ()


@pytest.mark.parametrize("parts", ['["a"]', '["a", "a"]', '["a", "zz"]', '["a", "b"]', '"a"', "[1, 2]"])
def test_parts_that_make_nothing_together_are_refused(parts: str) -> None:
    with pytest.raises(LibraryError, match="b"):
        parse(entry("a") + entry("b", f"derive_together = {parts}"))


def test_findings_that_make_another_one_together() -> None:
    vocabulary = parse(entry("a") + entry("c") + entry("b", 'derive_together = ["a", "c"]'))
    assert vocabulary.together({"a", "c"}) == (("b", ("a", "c")),)
    assert vocabulary.together({"a", "b"}) == ()


def test_an_id_stands_in_one_file_only() -> None:
    with pytest.raises(LibraryError, match="a is defined twice"):
        make_vocabulary([*parse_findings(entry("a"), "x"), *parse_findings(entry("a"), "y")])


def test_an_unknown_id_is_not_in_it() -> None:
    vocabulary = make_test_vocabulary()
    assert "nonsense" not in vocabulary
    with pytest.raises(KeyError):
        vocabulary["nonsense"]


def test_a_finding_that_a_later_library_dropped_is_called_by_its_id() -> None:
    vocabulary = make_test_vocabulary()
    assert vocabulary.label("fever") == "fever"
    assert vocabulary.label("history.old_name.very_long") == "history old name very long"
    assert vocabulary.descendants("history.old_name") == ()
