"""Any text as paper can show it: nothing lost in silence, nothing turned around, nothing beyond the margin."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SHORTENED = "... shortened; the whole text is in the case"
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that reverse the order of what is read."""
_ENDS = frozenset("\u2028\u2029")
_LONG = re.compile(r"[^\s\u200b]{25,}")
"""More signs than a narrow column holds without a place to break the line."""
_PIECE = re.compile(r"\[U\+[0-9A-F]{4,6}\]|(?:(?!\[U\+[0-9A-F]{4,6}\]).){1,12}")
"""A code point, or some signs, between which a long word may be broken."""
_STACKED = re.compile(r"(?<=[\u0300-\u036f]{3})[\u0300-\u036f]")
"""Marks above and below a letter that would cover the lines beside it."""
_LINE = 105
"""Signs on a line as wide as the page."""


class PaperText:
    """Knows which characters the fonts of a folder can show."""

    def __init__(self, fonts: Path) -> None:
        """Read `coverage.txt` in the folder of the fonts."""
        lines = (fonts / "coverage.txt").read_text(encoding="ascii").splitlines()
        ranges = (line.split("-") for line in lines if not line.startswith("#"))
        covered = {code for first, last in ranges for code in range(int(first, 16), int(last, 16) + 1)}
        self._shown = frozenset(map(chr, covered)) - _TURNS - _ENDS

    def show(self, text: str) -> str:
        """Return the text on one line, what cannot be shown as code points; showing it twice changes nothing."""
        text = "".join(c if c in self._shown else _code_point(c) for c in text)
        text = _STACKED.sub(lambda match: _code_point(match[0]), text)
        return _LONG.sub(lambda match: _breakable(match[0]), text)

    def lines(self, text: str, most: int) -> list[str]:
        """Return a text line by line as written; cut, with a remark, where it takes more lines of the page."""
        shown: list[str] = []
        room = most
        for line in map(self.show, text[: (most + 1) * _LINE].strip().splitlines()):
            if room < 1 or len(line) > room * _LINE:
                cut = line[: max(0, room) * _LINE].rstrip()
                return [*shown, *([cut] if cut else []), SHORTENED]
            shown.append(line)
            room -= max(1, math.ceil(len(line) / _LINE))
        return [*shown, SHORTENED] if len(text) > (most + 1) * _LINE else shown

    def short(self, text: str, longest: int) -> str:
        """Return the beginning of a text as one line of at most so many characters, spaces joined."""
        shown = self.show(" ".join(text.split()))
        return shown if len(shown) <= longest else f"{shown[: longest - 1].rstrip()}\u2026"

    def everything(self, value: Any) -> Any:
        """Return plain values with every text as `show` has it."""
        if isinstance(value, str):
            return self.show(value)
        if isinstance(value, list):
            return [self.everything(item) for item in value]
        if isinstance(value, Mapping):
            return {key: self.everything(item) for key, item in value.items()}
        return value


def _code_point(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Zl", "Zp"):
        return " "
    return f"[U+{ord(character):04X}]"


def _breakable(word: str) -> str:
    """Put places at which a line may end into a long word; they take no room."""
    return "\u200b".join(_PIECE.findall(word))
