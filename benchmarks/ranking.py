"""The library-only part of an assessment on one core: reading the text, danger signs, ranking, next question.

`python3 dev.py bench ranking [--runs N]`; figures go to stdout as one JSON object, milliseconds an encounter. Beside
them stands the same naive Bayes sum in plain Python, finding by finding, which is how it is usually written.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from medrag_desktop import bootstrap
from medrag_desktop.domain.differential import RankingModel
from medrag_desktop.domain.encounter import Encounter, Presence
from medrag_desktop.domain.observations import Observations
from medrag_desktop.services.rank import Ranker
from medrag_desktop.training.synthetic_encounters import draw_encounter, names, narrated


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(prog="bench ranking", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    ranker = bootstrap.make_ranker(None)
    written = [written_encounter(ranker, Random(run)) for run in range(options.runs)]
    triaged = [ranker.triage(encounter)[:2] for encounter in written]
    model = ranker.model
    result = {
        "machine": {"processor": platform.processor() or platform.machine(), "cores_used": 1},
        "load_before": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "conditions": len(model.conditions),
        "findings": len(model.columns),
        "encounters": options.runs,
        "reading and danger signs": spread([partial(ranker.triage, e) for e in written]),
        "ranking": spread([partial(ranker.rank, e, o) for e, o in triaged]),
        "next question": spread([partial(ranker.next_questions, e, o) for e, o in triaged]),
        "plain Python naive Bayes": spread([partial(plain, o, model) for _, o in triaged]),
    }
    print(json.dumps(result, indent=2))


def written_encounter(ranker: Ranker, random: Random) -> Encounter:
    """Draw a patient and tell the story in words, with the findings in the text alone."""
    conditions = ranker.catalogue.conditions
    condition = random.choice(conditions)
    drawn = draw_encounter(condition, conditions, random)
    _, observations, _ = ranker.triage(drawn)
    told = narrated(condition.name, drawn, observations, names(ranker.catalogue.vocabulary, random, 0.7))
    return Encounter(patient=drawn.patient, history=told, vital_signs=drawn.vital_signs)


def spread(work: Sequence[Callable[[], object]]) -> dict[str, float]:
    """Return median, 95th percentile and most, in milliseconds; the first run is not counted."""
    work[0]()
    times = []
    for task in work:
        start = time.perf_counter()
        task()
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    high = times[math.ceil(0.95 * len(times)) - 1]
    return {"median": round(statistics.median(times), 2), "p95": round(high, 2), "most": round(times[-1], 2)}


def plain(observations: Observations, model: RankingModel) -> list[tuple[float, str]]:
    """Sum the same log likelihoods in loops."""
    known = [(model.columns[n], f.presence) for n, f in observations.known.items() if n in model.columns]
    scores = []
    for row, condition in enumerate(model.conditions):
        score = 0.0
        for column, presence in known:
            chance, usual = float(model.likelihood[row, column]), float(model.background[column])
            if presence is Presence.PRESENT:
                score += math.log2(chance / usual)
            elif presence is Presence.ABSENT and model.listed[row, column]:
                score += math.log2((1 - chance) / (1 - usual))
        scores.append((score, condition.id))
    return sorted(scores, reverse=True)[:10]


if __name__ == "__main__":
    main()
