"""Text of patients and passages made safe to look at: no markup, nothing hidden, nothing that reorders it."""

from __future__ import annotations

import html
import unicodedata

_UNSEEN = "\ufffd"
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LONGEST_WORD = 24
"""Characters of a word that a label never breaks; a longer one may break, so that it does not widen the window."""
_PIECE = 12
"""Characters between the places where a longer word may break."""


def readable(text: str) -> str:
    """Return the text with every control character visible; as long as before, so offsets stay true."""
    return "".join(_readable(character) for character in text)


def breakable(text: str) -> str:
    """Return readable text for a label, with places to break inside words that are too long for one line."""
    return " ".join(_broken(word) for word in readable(text).split(" "))


def tooltip(text: str) -> str:
    """Return a tooltip that wraps and shows its text as it is."""
    return f"<p>{html.escape(breakable(text))}</p>" if text else ""


def utf16_offset(text: str, offset: int) -> int:
    """Turn an offset in characters into the offset that Qt counts."""
    return offset + sum(ord(character) > 0xFFFF for character in text[:offset])


def character_offset(text: str, utf16: int) -> int:
    """Turn an offset that Qt counts into one in characters."""
    at = 0
    for number, character in enumerate(text):
        if at >= utf16:
            return number
        at += 2 if ord(character) > 0xFFFF else 1
    return len(text)


def _readable(character: str) -> str:
    if character == "\n":
        return character
    category = unicodedata.category(character)
    if character in "\t\r\u2028\u2029":
        return " "
    return _UNSEEN if category in ("Cc", "Cs") or character in _REORDERING else character


def _broken(word: str) -> str:
    if len(word) <= LONGEST_WORD:
        return word
    return "\u200b".join(word[at : at + _PIECE] for at in range(0, len(word), _PIECE))
