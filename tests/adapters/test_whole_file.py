"""A file is written whole or not at all, and nothing but a file is replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medrag_desktop.adapters.whole_file import write_whole
from medrag_desktop.errors import ReportError


def test_a_file_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "a.pdf"
    for data in (b"one", b"another"):
        write_whole(out, data)
        assert out.read_bytes() == data
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ReportError, match="pipe is not a file"):
        write_whole(pipe, b"data")
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_name_with_a_nul_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReportError):
        write_whole(tmp_path / "a\0b.pdf", b"data")
    assert list(tmp_path.iterdir()) == []
