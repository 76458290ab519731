"""The program as a user starts it: a process of its own, the real models, the real library pack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of the program gave."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Medrag = Callable[..., Outcome]


def run_medrag(
    *arguments: str | Path, base: Path, stdin: bytes | str = b"", env: dict[str, str] | None = None
) -> Outcome:
    command = [sys.executable, "-m", "medrag_desktop", *map(str, arguments)]
    environment = {**os.environ, "MEDRAG_BASE_DIR": str(base), "PYTHONPATH": str(ROOT), **(env or {})}
    data = stdin.encode() if isinstance(stdin, str) else stdin
    # a session of its own has no terminal: nothing can wait for somebody to type
    done = subprocess.run(
        command,
        input=data,
        capture_output=True,
        cwd=base,
        env=environment,
        timeout=900,
        check=False,
        start_new_session=True,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="session")
def built_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a base folder with the library pack built by the real encoder."""
    base = tmp_path_factory.mktemp("built")
    outcome = run_medrag("pack", "build", base=base)
    assert outcome.code == 0, outcome.err
    return base


@pytest.fixture
def medrag(built_base: Path) -> Medrag:
    """Return a way to run the program on the built base folder."""

    def run(*arguments: str | Path, stdin: bytes | str = b"", env: dict[str, str] | None = None) -> Outcome:
        return run_medrag(*arguments, base=built_base, stdin=stdin, env=env)

    return run
