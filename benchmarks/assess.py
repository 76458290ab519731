"""Assess end to end: a cold process, a warm one, each stage, and the most memory it takes.

`python3 dev.py bench assess [--runs N]`; figures go to stdout as one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from medrag_desktop import bootstrap
from medrag_desktop.config import find_paths
from medrag_desktop.domain.draft import Level
from medrag_desktop.tasks import Task

CHILD = """
import resource, sys
from medrag_desktop import cli
sys.argv = ["medrag", "assess", sys.argv[1], "--json", "--level", sys.argv[2]]
try:
    cli.main()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every level and print the figures."""
    parser = argparse.ArgumentParser(prog="bench assess", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(arguments)
    examples = sorted((find_paths().assets / "examples").glob("*.json"))
    result = {
        "machine": {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "load_before": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "examples": len(examples),
        **{level.value: measure(level, examples, options.runs) for level in Level},
    }
    print(json.dumps(result, indent=2))


def measure(level: Level, examples: Sequence[Path], runs: int) -> dict[str, object]:
    """Return cold and warm figures of one level, in milliseconds and megabytes."""
    cold = [cold_run(level, examples[run % len(examples)]) for run in range(runs)]
    services = bootstrap.make_services(None, level)
    encounters = [services.read_encounter(file.read_bytes(), file.name)[0] for file in examples]
    services.assessor.assess(encounters[0], level=level, task=Task())
    warm: list[float] = []
    stages: dict[str, list[float]] = {}
    for run in range(runs * len(encounters)):
        start = time.perf_counter()
        draft = services.assessor.assess(encounters[run % len(encounters)], level=level, task=Task())
        warm.append(1000 * (time.perf_counter() - start))
        for stage, spent in draft.provenance.timings_ms:
            stages.setdefault(stage, []).append(spent)
    return {
        "cold_ms": spread([wall for wall, _ in cold]),
        "peak_rss_mb": spread([memory for _, memory in cold]),
        "warm_ms": spread(warm),
        "stages_ms": {stage: spread(spent) for stage, spent in stages.items()},
    }


def cold_run(level: Level, example: Path) -> tuple[float, float]:
    """Return wall time in ms and peak resident memory in MB of a fresh process."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(example), level.value], capture_output=True, check=True, text=True
    )
    return 1000 * (time.perf_counter() - start), int(done.stderr.split()[-1]) / 1024


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return minimum, median and maximum."""
    return {
        "min": round(min(values), 1),
        "median": round(statistics.median(values), 1),
        "max": round(max(values), 1),
    }


if __name__ == "__main__":
    main()
