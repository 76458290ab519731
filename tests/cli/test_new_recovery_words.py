"""`medrag cases new-recovery-words`, in a process of its own on an encrypted history."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from medrag_desktop.adapters.case_store import SqlCipherVault
from medrag_desktop.adapters.keys import Cost
from medrag_desktop.errors import WrongPassphrase

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "correct horse battery"


@pytest.fixture
def vault(tmp_path: Path) -> SqlCipherVault:
    return SqlCipherVault(tmp_path / "history", Cost(passes=1, memory_bytes=8192))


@pytest.fixture
def words(vault: SqlCipherVault) -> str:
    store, words = vault.create(PASSPHRASE)
    store.close()
    return " ".join(words)


def run(
    base: Path, *arguments: str, passphrase: str = PASSPHRASE, out: int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    key = base / "key"
    key.write_text(f"{passphrase}\n", "utf-8")
    key.chmod(0o600)
    command = ["cases", "new-recovery-words", "--passphrase-file", str(key), *arguments]
    return subprocess.run(
        [sys.executable, "-m", "medrag_desktop", *command],
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.PIPE,
        cwd=base,
        env={**os.environ, "MEDRAG_BASE_DIR": str(base), "PYTHONPATH": str(ROOT)},
        text=True,
        timeout=120,
        check=False,
    )


def opens(vault: SqlCipherVault, words: str) -> bool:
    try:
        vault.open_with_recovery(words, PASSPHRASE).close()
    except WrongPassphrase:
        return False
    return True


def test_fresh_words_are_printed_and_the_old_ones_open_nothing(
    tmp_path: Path, vault: SqlCipherVault, words: str
) -> None:
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    fresh = re.findall(r"^ ?\d+\. ([a-z]+)$", done.stdout, re.MULTILINE)
    assert len(fresh) == 12
    assert "on paper" in done.stderr
    assert vault.recovery_words_confirmed()
    assert not opens(vault, words)
    assert opens(vault, " ".join(fresh))


def test_as_json_they_keep_their_schema(tmp_path: Path, vault: SqlCipherVault, words: str) -> None:
    done = run(tmp_path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    jsonschema.validate(
        result, json.loads((ROOT / "docs" / "schemas" / "recovery_words.schema.json").read_text("utf-8"))
    )
    assert opens(vault, " ".join(result["recovery_words"]))


def test_without_a_history_or_its_passphrase_nothing_is_made(tmp_path: Path, vault: SqlCipherVault, words: str) -> None:
    for base, passphrase, told in ((tmp_path, "another passphrase", "passphrase"), (tmp_path / "none", "", "--save")):
        base.mkdir(exist_ok=True)
        done = run(base, passphrase=passphrase or PASSPHRASE)
        assert (done.returncode, done.stdout) == (1, "")
        assert told in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert opens(vault, words)


def test_while_a_window_is_open_nothing_is_made(tmp_path: Path, vault: SqlCipherVault, words: str) -> None:
    store = vault.open(PASSPHRASE)
    done = run(tmp_path)
    store.close()
    assert done.returncode == 1
    assert "Another window" in done.stderr
    assert opens(vault, words)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_words_that_were_not_delivered_are_not_taken_for_written_down(
    tmp_path: Path, vault: SqlCipherVault, words: str
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    done = run(tmp_path, out=full)
    os.close(full)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert not vault.recovery_words_confirmed()
    vault.open(PASSPHRASE).close()
