"""An encrypted case history of one's own, for every test of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from medrag_desktop.adapters.case_store import SqlCipherCaseStore, SqlCipherVault
from tests.adapters.histories import CHEAP, PASSPHRASE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "history"


@pytest.fixture
def vault(folder: Path) -> SqlCipherVault:
    return SqlCipherVault(folder, CHEAP)


@pytest.fixture
def store(vault: SqlCipherVault) -> Iterator[SqlCipherCaseStore]:
    made, _ = vault.create(PASSPHRASE)
    yield made
    made.close()
