"""The public case sets as vignettes: `avey_dev`, MedQA-dev and CasiMedicos, read from --data, never kept here.

Of the examination sets only the questions count whose right answer is a disease: a name of the library's catalogue or
a title of ICD-10. Even rows of MedQA-dev fit and calibrate; odd rows, and CasiMedicos dev and test, only evaluate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.importers.retrieval_sets import read_jsonl
from medrag_desktop.services.vignettes import Vignette, read_demographics, read_vignette

IsDisease = Callable[[str], bool]
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
_OPENING = 240
"""Characters in which a stem says who the patient is."""
_OPTION = re.compile(r"^\s*(\d)[-.)]\s*(.+)$", re.MULTILINE)
_CORRECT = re.compile(r"CORRECT ANSWER:\s*(\d)")


def avey_dev(data: Path) -> tuple[Vignette, ...]:
    """Return the development vignettes."""
    rows = read_jsonl(data / "vignettes" / "avey_dev.jsonl.gz")
    return tuple(read_vignette(row, number) for number, row in enumerate(rows, start=1))


def medqa_dev(data: Path, parity: int, is_disease: IsDisease, *, asked: str = "") -> tuple[Vignette, ...]:
    """Return the even (0) or odd (1) rows, counted from 0, whose answer is a disease; the last sentence is left out.

    With `asked`, only those whose last sentence holds that word: the right answer to "Which complication?" is a
    disease, but not the patient's.
    """
    return tuple(_medqa_dev(data, parity, is_disease, asked))


def _medqa_dev(data: Path, parity: int, is_disease: IsDisease, asked: str) -> Iterator[Vignette]:
    for number, row in enumerate(read_jsonl(data / "vignettes" / "medqa_dev.jsonl.gz")):
        *stem, question = _SENTENCE_END.split(row["question"].strip())
        if number % 2 == parity and is_disease(row["answer"]) and asked in question.lower():
            yield _from_stem(f"medqa-dev-{number}", " ".join(stem), row["answer"])


def casimedicos(data: Path, splits: tuple[str, ...], is_disease: IsDisease) -> tuple[Vignette, ...]:
    """Return the cases of some splits whose answer is a disease."""
    return tuple(_casimedicos(data, splits, is_disease))


def _casimedicos(data: Path, splits: tuple[str, ...], is_disease: IsDisease) -> Iterator[Vignette]:
    for number, row in enumerate(read_jsonl(data / "vignettes" / "casimedicos_en.jsonl.gz")):
        options = dict(_OPTION.findall(row["text"]))
        correct = _CORRECT.search(row["text"])
        answer = options.get(correct[1], "").strip(" .") if correct else ""
        if row["split"] not in splits or not answer or not is_disease(answer):
            continue
        told = row["text"].split("CLINICAL CASE:", 1)[-1]
        first = _OPTION.search(told)
        lines = told[: first.start() if first else len(told)].strip().splitlines()
        yield _from_stem(f"casimedicos-{number}", "\n".join(lines[:-1]), answer)


def _from_stem(case: str, stem: str, answer: str) -> Vignette:
    """Make a vignette of a story whose opening says who the patient is."""
    return Vignette(case, Encounter(patient=read_demographics(stem[:_OPENING]), history=stem), answer)
