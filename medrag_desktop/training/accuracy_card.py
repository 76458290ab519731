"""Write `assets/accuracy.json`: how often this build names the right diagnosis, on which cases, measured when.

`python -m medrag_desktop.training.accuracy_card --library DIR --data DIR --emergencies FILE --out FILE`
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from medrag_desktop import __version__
from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.icd10 import icd10_titles
from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.adapters.result_json import evaluation_to_json
from medrag_desktop.adapters.whole_file import write_whole
from medrag_desktop.config import Settings
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.diagnosis_names import DiagnosisNames
from medrag_desktop.domain.differential import make_ranking_model
from medrag_desktop.services.evaluate import evaluate_differential
from medrag_desktop.services.rank import Ranker
from medrag_desktop.services.vignettes import Vignette
from medrag_desktop.tasks import Task
from medrag_desktop.training.vignette_sets import avey_dev, casimedicos, medqa_dev

DEVELOPMENT = "development set, optimistic"
HELD_BACK = "evaluation only"
_SHOWN = ("strict", "lenient", "by_system", "outside_said", "outside_said_wrongly", "calibration", "emergencies")


def card(catalogue: Catalogue, data: Path, emergencies: Collection[str]) -> dict[str, Any]:
    """Measure every set and return the card; no case and no text of one is in it."""
    lexicon = AhoCorasickLexicon(catalogue.vocabulary, catalogue.abbreviations)
    model = make_ranking_model(catalogue.conditions, catalogue.vocabulary)
    ranker = Ranker(catalogue, model, lexicon, Settings())
    codes_of = icd10_titles()
    names = DiagnosisNames(catalogue.conditions, codes_of)

    def is_disease(answer: str) -> bool:
        return bool(names.lenient(answer) or names.codes(answer))

    def measured(name: str, label: str, vignettes: Sequence[Vignette], ids: Collection[str] | None) -> dict[str, Any]:
        result = evaluate_differential(vignettes, ranker, codes_of=codes_of, emergencies=ids, task=Task())
        plain = evaluation_to_json(result)
        reasons = [miss["reason"] for miss in plain["misses"]]
        not_first = {reason: reasons.count(reason) for reason in sorted(set(reasons))}
        return {"set": name, "label": label, **{key: plain[key] for key in _SHOWN}, "not_first": not_first}

    return {
        "build": __version__,
        "date": datetime.datetime.now().astimezone().date().isoformat(),
        "library": {"conditions": len(catalogue.conditions), "findings": len(catalogue.vocabulary.definitions)},
        "sets": [
            measured("MedQA-dev, odd rows whose answer is a disease", HELD_BACK, medqa_dev(data, 1, is_disease), None),
            measured(
                "of these, rows that ask for the diagnosis",
                HELD_BACK,
                medqa_dev(data, 1, is_disease, asked="diagnosis"),
                None,
            ),
            measured(
                "CasiMedicos dev and test, cases whose answer is a disease",
                HELD_BACK,
                casimedicos(data, ("dev", "test"), is_disease),
                None,
            ),
            measured("avey_dev", DEVELOPMENT, avey_dev(data), emergencies),
        ],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, write the card."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--emergencies", type=Path, required=True, help="ids of avey_dev that are emergencies")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    lines = (line.partition("#")[0].strip() for line in options.emergencies.read_text("utf-8").splitlines())
    found = card(load_catalogue(options.library), options.data, frozenset(filter(None, lines)))
    write_whole(options.out, (json.dumps(found, indent=2) + "\n").encode("utf-8"))


if __name__ == "__main__":
    main()
