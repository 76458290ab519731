"""Case histories with a patient whose words can be looked for in every file."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from medrag_desktop.adapters.keys import Cost, read_key_ring, unlock
from medrag_desktop.domain.case import Case, conclude, start_review
from medrag_desktop.domain.encounter import Encounter, Finding
from tests.drafts import make_case, make_draft

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "correct horse battery"
CHEAP = Cost(passes=1, memory_bytes=8192)
FIELDS = ("reference", "complaint", "history", "quote", "statement", "diagnosis", "reviewer")
PLANTED = {name: [f"zq{name}{number}planted" for number in range(3)] for name in FIELDS}
STRINGS = tuple(word.encode() for words in PLANTED.values() for word in words)
"""21 strings of one patient; none may be readable in any file."""


def noise(seed: int, length: int) -> str:
    """Return words that no packing makes small."""
    return " ".join(f"{word:x}" for word in random.Random(seed).choices(range(1 << 40), k=length // 11))


def case_of(case_id: str, text: str, **changes: object) -> Case:
    return replace(make_case(case_id, Encounter(chief_complaint=text)), **changes)  # type: ignore[arg-type]


def planted_case(case_id: str) -> Case:
    words = {name: " ".join(strings) for name, strings in PLANTED.items()}
    seen = Encounter(
        chief_complaint=words["complaint"],
        history=f"{words['history']} {noise(0, 30_000)}",
        findings=(Finding("fever", quote=words["quote"]),),
        reference=words["reference"],
    )
    draft = make_draft(words["statement"])
    review = replace(conclude(start_review(draft), words["diagnosis"]), reviewer=words["reviewer"])
    return make_case(case_id, seen, draft, review)


def bytes_of(*paths: Path) -> bytes:
    """Read files in another process: closing one in this process drops the lock of the store that has it open."""
    read = "import pathlib, sys\nfor p in sys.argv[1:]: sys.stdout.buffer.write(pathlib.Path(p).read_bytes())"
    return subprocess.run([sys.executable, "-c", read, *map(str, paths)], capture_output=True, check=True).stdout


def found(strings: tuple[bytes, ...], folder: Path) -> set[bytes]:
    """Return the strings that the files of a folder hold, in UTF-8 or UTF-16."""
    data = bytes_of(*(path for path in folder.rglob("*") if path.is_file()))
    assert len(data) > 4096
    return {s for s in strings if s in data or s.decode("latin-1").encode("utf-16-le") in data}


def connect(folder: Path) -> Any:
    """Open the file as one who has the key but not the program."""
    connection = dbapi2.connect(str(folder / "cases.db"), isolation_level=None, timeout=0)
    key = unlock(read_key_ring(folder / "keys.json"), PASSPHRASE)
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    connection.execute("PRAGMA cipher_log_level = NONE")
    return connection
