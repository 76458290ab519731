"""Keys that stand twice in one JSON object: readers keep one of the two values in silence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from medrag_desktop.adapters.field_words import shown
from medrag_desktop.errors import InputError


def refuse_repeated_keys(data: bytes, name: str) -> None:
    """Raise InputError naming a key that stands twice in one object of this JSON, which is known to be readable."""
    # numbers are left as text: their values do not matter here, and very long ones would be refused
    json.loads(data, object_pairs_hook=lambda pairs: _unique(pairs, name), parse_int=str, parse_float=str)


def _unique(pairs: Sequence[tuple[str, Any]], name: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for key, value in pairs:
        if key in row:
            raise InputError(f"{name}: the field {shown(key)} stands twice in one object; leave one of them out.")
        row[key] = value
    return row
