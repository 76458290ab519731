"""The keys that say yes, no or not assessed: letters, and signs that the keyboards of all scripts have."""

from __future__ import annotations

import unicodedata

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from medrag_desktop.domain.encounter import Presence

_LETTERS = {
    Qt.Key.Key_Y: Presence.PRESENT,
    Qt.Key.Key_P: Presence.PRESENT,
    Qt.Key.Key_N: Presence.ABSENT,
    Qt.Key.Key_A: Presence.ABSENT,
    Qt.Key.Key_U: Presence.NOT_ASSESSED,
    Qt.Key.Key_Question: Presence.NOT_ASSESSED,
}
_YES, _NO = frozenset("+="), frozenset("-\N{MINUS SIGN}")
"""The = shares its key with the + on most keyboards, and needs no Shift."""


def presence_of_key(event: QKeyEvent) -> Presence | None:
    """Return what a key says of a finding; None when it says nothing, or is held with Ctrl, Alt or Meta."""
    if event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier):
        return None
    text = event.text()
    if text in _YES:
        return Presence.PRESENT
    if text in _NO:
        return Presence.ABSENT
    if len(text) == 1 and unicodedata.digit(text, -1) == 0:
        return Presence.NOT_ASSESSED
    return _LETTERS.get(Qt.Key(event.key()))
