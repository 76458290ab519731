"""What the commands read: numbered lines, bounded, each fault named by its line."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from medrag_desktop.cli.input import LONGEST, read_bytes, read_lines, read_object
from medrag_desktop.errors import InputError


class Endless(io.RawIOBase):
    """A stream that never ends, and counts what was taken from it."""

    def __init__(self, piece: bytes) -> None:
        self.taken = 0
        self._piece = piece

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = len(buffer)
        buffer[:] = (self._piece * (size // len(self._piece) + 1))[:size]
        self.taken += size
        return size


class Input:
    """Stands in for `sys.stdin`."""

    def __init__(self, buffer: BinaryIO) -> None:
        self.buffer = buffer


def from_stdin(patch: pytest.MonkeyPatch, data: bytes) -> None:
    patch.setattr(sys, "stdin", Input(io.BytesIO(data)))


@pytest.mark.parametrize("from_file", [True, False])
def test_blank_lines_are_left_out_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, from_file: bool) -> None:
    data = b"one\n\n  \t\r\ntwo\r\n\nthree"
    (tmp_path / "lines").write_bytes(data)
    from_stdin(monkeypatch, data)
    lines = list(read_lines(str(tmp_path / "lines") if from_file else "-"))
    assert lines == [(1, b"one\n"), (4, b"two\r\n"), (6, b"three")]


def test_a_line_without_end_is_cut_and_the_next_one_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    from_stdin(monkeypatch, b"x" * (3 * LONGEST) + b"\nnext\n")
    assert [(number, len(line)) for number, line in read_lines("-")] == [(1, LONGEST), (2, 5)]


def test_of_an_endless_input_only_so_much_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = Endless(b"{")
    monkeypatch.setattr(sys, "stdin", Input(io.BufferedReader(endless)))
    assert len(read_bytes("-")) == LONGEST
    assert endless.taken < 2 * LONGEST


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for name in (str(tmp_path / "none.json"), str(tmp_path), "a\0b"):
        with pytest.raises(InputError, match="cannot be read"):
            read_bytes(name)
        with pytest.raises(InputError, match="cannot be read"):
            list(read_lines(name))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "line 3 is not valid JSON"),
        (b"[" * 100_000, "line 3 is not valid JSON"),
        (b"[]", "line 3 is not a JSON object"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "line 3: the field 'c' stands twice"),
        (b'"' + b"x" * LONGEST, "line 3 is longer than 1 MB"),
    ],
)
def test_an_object_that_cannot_be_used_is_named_by_its_line(line: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_object(line[:LONGEST], "line 3")
