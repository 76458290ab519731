"""What is kept from training, decided by name alone: no order and no seed moves a subject across."""

from __future__ import annotations

import hashlib
import re

SUBJECTS_PERCENT = 10
"""Share of the subjects of MedQuAD, in percent, that no training pair may touch."""
CONDITIONS_PERCENT = 20
"""Share of the library's conditions that no training pair may touch."""
BIOASQ_BATCH = "10B"
"""BioASQ batches that are only ever measured on."""


def subject(name: str) -> str:
    """Return a subject in the form that groups and held-out sets compare."""
    return " ".join(re.findall(r"\w+", name.casefold()))


def held_out(key: str, percent: int = SUBJECTS_PERCENT) -> bool:
    """Tell whether a subject is kept from training."""
    digest = hashlib.sha256(subject(key).encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < percent
