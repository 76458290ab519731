"""Exit codes where the output goes nowhere, in processes with real pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from medrag_desktop.cli import NOBODY_READS

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX pipes")


def start(*arguments: str, base: Path, out: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "medrag_desktop", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.PIPE,
        cwd=base,
        env={**os.environ, "MEDRAG_BASE_DIR": str(base), "PYTHONPATH": str(ROOT)},
    )


@posix
@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("pack", "list", "--json")])
def test_a_reader_that_went_away_is_no_fault(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    read, write = os.pipe()
    process = start(*arguments, base=tmp_path, out=write)
    os.close(read)
    os.close(write)
    _, told = process.communicate(timeout=120)
    assert (process.returncode, told) == (NOBODY_READS, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
@pytest.mark.parametrize("arguments", [("--version",), ("pack", "list", "--json")])
def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    process = start(*arguments, base=tmp_path, out=full)
    os.close(full)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert told.decode().strip() == "The output cannot be written: No space left on device."


@pytest.mark.parametrize("arguments", [("pack", "list"), ("cases", "list"), ("search", "fever")])
def test_a_data_folder_that_is_a_file_is_an_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    file = tmp_path / "data"
    file.write_text("x", "utf-8")
    process = start(*arguments, "--base-dir", str(file), base=tmp_path, out=subprocess.PIPE)
    out, told = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, b"")
    assert "cannot be used" in told.decode()
    assert len(told.decode().strip().splitlines()) == 1
    assert file.read_text("utf-8") == "x"


@posix
def test_a_data_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    place = closed if os.geteuid() else Path("/proc")  # root may write in any folder of a disk
    process = start("pack", "list", "--base-dir", str(place / "data"), base=tmp_path, out=subprocess.PIPE)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "cannot be used" in told.decode()
