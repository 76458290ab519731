from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from medrag_desktop.adapters.pack_shelf import FolderPackShelf
from medrag_desktop.domain.evidence import Document, DocumentSection
from medrag_desktop.errors import Cancelled
from medrag_desktop.importers.chunking import chunk
from medrag_desktop.ports import Vectors
from medrag_desktop.tasks import Progress, Task
from tests.fakes import FakeEncoder

DOCUMENTS = (Document("guideline/wounds", "Wounds", (DocumentSection("", "Wash with soap."),), "Clinic book"),)
NAMES = ("fever", "hot body", "cough")


@pytest.fixture
def shelf(tmp_path: Path) -> FolderPackShelf:
    return FolderPackShelf(tmp_path / "packs", chunk)


def test_names_are_kept_with_a_pack_and_fit_only_themselves(shelf: FolderPackShelf, tmp_path: Path) -> None:
    told: list[Progress] = []
    shelf.build("clinic", "Clinic", DOCUMENTS, FakeEncoder(), task=Task(told.append), names=NAMES)
    assert shelf.is_current("clinic", DOCUMENTS, "fake-encoder", NAMES)
    vectors = shelf.name_vectors("clinic", NAMES, "fake-encoder")
    assert vectors is not None
    np.testing.assert_allclose(vectors, FakeEncoder().encode_questions(NAMES, task=Task()), atol=1e-3)
    assert vectors.dtype == np.float32
    for names, encoder in ((NAMES[::-1], "fake-encoder"), (NAMES[:2], "fake-encoder"), (NAMES, "dpr-2")):
        assert shelf.name_vectors("clinic", names, encoder) is None
        assert not shelf.is_current("clinic", DOCUMENTS, encoder, names)
    shelf.export("clinic", tmp_path / "clinic.medpack")
    other = FolderPackShelf(tmp_path / "other", chunk)
    other.install(tmp_path / "clinic.medpack", task=Task())
    assert other.name_vectors("clinic", NAMES, "fake-encoder") is not None


def test_a_pack_without_names_has_none(shelf: FolderPackShelf) -> None:
    shelf.build("clinic", "Clinic", DOCUMENTS, FakeEncoder(), task=Task())
    assert shelf.name_vectors("clinic", NAMES, "fake-encoder") is None
    assert not shelf.is_current("clinic", DOCUMENTS, "fake-encoder", NAMES)
    assert shelf.is_current("clinic", DOCUMENTS, "fake-encoder")


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00", "short", "kind", "nan", "objects"])
def test_damaged_vectors_of_names_are_none_at_all(shelf: FolderPackShelf, content: bytes | str) -> None:
    shelf.build("clinic", "Clinic", DOCUMENTS, FakeEncoder(), task=Task(), names=NAMES)
    (file,) = (shelf.folder / "clinic").glob("names-*.npy")
    arrays: dict[str, NDArray[Any]] = {
        "short": np.ones((2, 96), np.float16),
        "kind": np.ones((3, 96), np.float32),
        "nan": np.full((3, 96), np.nan, np.float16),
        "objects": np.array([{}, {}, {}], dtype=object),
    }
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        np.save(file, arrays[content], allow_pickle=True)
    assert shelf.name_vectors("clinic", NAMES, "fake-encoder") is None
    assert not shelf.is_current("clinic", DOCUMENTS, "fake-encoder", NAMES)


def test_cancelling_while_names_are_encoded_leaves_nothing(shelf: FolderPackShelf) -> None:
    class Encoder(FakeEncoder):
        def encode_questions(self, texts: Sequence[str], *, task: Task) -> Vectors:
            task.report("Reading the questions", 0, len(texts))
            return super().encode_questions(texts, task=task)

    def stop(progress: Progress) -> None:
        if progress.message == "Encoding the names of findings":
            task.cancel()
            task.checkpoint()

    task = Task(stop)
    with pytest.raises(Cancelled):
        shelf.build("clinic", "Clinic", DOCUMENTS, Encoder(), task=task, names=NAMES)
    assert shelf.manifests() == ()
