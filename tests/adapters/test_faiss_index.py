from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters import faiss_index
from medrag_desktop.adapters.faiss_index import (
    FaissIndex,
    Int8Vectors,
    faiss_works,
    load_vectors,
    open_dense,
    quantize,
    write_faiss,
)
from medrag_desktop.errors import PackCorrupt
from medrag_desktop.ports import Vectors


@pytest.fixture(autouse=True)
def fresh_probe() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    faiss_index._probe.cache_clear()


def unit(rows: int, dimension: int = 16, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


@given(st.integers(1, 40), st.integers(0, 10_000))
def test_quantisation_keeps_every_component_within_half_a_step(rows: int, seed: int) -> None:
    vectors = unit(rows, seed=seed)
    error = np.abs(quantize(vectors).floats() - vectors)
    assert (error <= np.abs(vectors).max(axis=1, keepdims=True) / 254 + 1e-6).all()


@given(st.integers(1, 60), st.integers(0, 70), st.integers(0, 1000))
def test_numpy_search_is_exact(rows: int, k: int, seed: int) -> None:
    stored = quantize(unit(rows, seed=seed))
    queries = unit(3, seed=seed + 1)
    found, products = stored.search(queries, k)
    expected = queries @ stored.floats().T
    assert found.shape == products.shape == (3, min(k, rows))
    assert np.allclose(products, -np.sort(-expected, axis=1)[:, :k], atol=1e-6)
    assert np.allclose(np.take_along_axis(expected, found, 1), products, atol=1e-6)


def test_numpy_search_is_exact_over_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    stored, queries = quantize(unit(50)), unit(4, seed=9)
    whole = stored.search(queries, 7)
    monkeypatch.setattr(faiss_index, "ROWS_AT_ONCE", 8)
    assert np.array_equal(stored.search(queries, 7)[0], whole[0])


def test_faiss_and_numpy_agree(tmp_path: Path) -> None:
    stored, queries = quantize(unit(300)), unit(5, seed=3)
    write_faiss(stored, tmp_path / "dense.faiss")
    rows, products = FaissIndex(tmp_path / "dense.faiss").search(queries, 10)
    expected_rows, expected = stored.search(queries, 10)
    assert np.array_equal(rows, expected_rows)
    assert np.allclose(products, expected, atol=1e-5)


def test_faiss_reads_from_a_folder_with_any_letters(tmp_path: Path) -> None:
    folder = tmp_path / "Медицина é 🩺"
    folder.mkdir()
    write_faiss(quantize(unit(3)), folder / "dense.faiss")
    assert len(FaissIndex(folder / "dense.faiss")) == 3


def test_cosines_of_single_rows(tmp_path: Path) -> None:
    stored = quantize(unit(6))
    stored.save(tmp_path)
    again = load_vectors(tmp_path)
    query = unit(1, seed=5)[0]
    assert np.allclose(again.cosines(query, np.array([4, 1])), (stored.floats() @ query)[[4, 1]], atol=1e-6)


def test_without_faiss_the_vectors_are_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = quantize(unit(3))
    write_faiss(stored, tmp_path / "dense.faiss")
    assert isinstance(open_dense(tmp_path, stored), FaissIndex)
    forget()
    monkeypatch.setattr(subprocess, "run", died)
    assert open_dense(tmp_path, stored) is stored


def test_the_probe_is_made_once_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = tmp_path / "probe.json"
    assert faiss_works(memory)
    forget()
    monkeypatch.setattr(subprocess, "run", died)
    assert faiss_works(memory)
    memory.write_text(json.dumps({"key": "another computer", "works": True}), encoding="utf-8")
    forget()
    assert not faiss_works(memory)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"key": 1, "works": "yes"}'])
def test_an_unreadable_memory_only_costs_a_probe(tmp_path: Path, content: str) -> None:
    (tmp_path / "probe.json").write_text(content, encoding="utf-8")
    assert faiss_works(tmp_path / "probe.json")


def died(*_: Any, **__: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.CompletedProcess([], -4)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(PackCorrupt, match="vectors"):
        load_vectors(tmp_path)
    quantize(unit(3)).save(tmp_path)
    (tmp_path / "vectors.npy").write_bytes((tmp_path / "vectors.npy").read_bytes()[:40])
    with pytest.raises(PackCorrupt, match="vectors"):
        load_vectors(tmp_path)
    (tmp_path / "dense.faiss").write_bytes(b"no index")
    with pytest.raises(PackCorrupt, match=r"dense\.faiss"):
        FaissIndex(tmp_path / "dense.faiss")


def test_parts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PackCorrupt):
        Int8Vectors(np.zeros((2, 3), np.int8), np.zeros(3, np.float32))
    write_faiss(quantize(unit(3)), tmp_path / "dense.faiss")
    with pytest.raises(PackCorrupt, match="fit"):
        open_dense(tmp_path, quantize(unit(4)))


def test_an_empty_collection_finds_nothing(tmp_path: Path) -> None:
    empty = quantize(np.zeros((0, 16), np.float32))
    assert empty.search(unit(2), 5)[0].shape == (2, 0)
    write_faiss(empty, tmp_path / "dense.faiss")
    assert FaissIndex(tmp_path / "dense.faiss").search(unit(2), 5)[0].shape == (2, 0)


def clustered(rows: int, seed: int = 0) -> Vectors:
    """Return unit vectors around a few directions, as those of texts lie."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(20, 16))
    vectors = (centres[rng.integers(0, 20, rows)] + 0.5 * rng.normal(size=(rows, 16))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Int8Vectors, faiss_index.DenseIndex]:
    monkeypatch.setattr(faiss_index, "EXACT_ROWS", 500)
    stored = quantize(clustered(4000))
    write_faiss(stored, tmp_path / "dense.faiss", clustered(100, seed=1))
    return stored, open_dense(tmp_path, stored)


def shared(found: Any, exact: Any) -> float:
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(found, exact, strict=True)]))


def test_an_approximate_index_finds_nearly_all_of_what_an_exact_one_finds(
    large: tuple[Int8Vectors, faiss_index.DenseIndex],
) -> None:
    stored, index = large
    questions = clustered(100, seed=2)
    rows, products = index.search(questions, 10)
    assert shared(rows, stored.search(questions, 10)[0]) > 0.93
    assert (np.diff(products, axis=1) <= 0).all()


def test_a_filtered_search_finds_allowed_rows_only_and_loses_few(
    large: tuple[Int8Vectors, faiss_index.DenseIndex],
) -> None:
    stored, index = large
    only = np.arange(0, 4000, 9, dtype=np.int64)
    questions = clustered(50, seed=3)
    rows, _ = index.search(questions, 10, only)
    exact, _ = stored.search(questions, 10, only)
    assert set(rows.ravel().tolist()) <= {*only.tolist(), -1}
    assert shared(rows, exact) > 0.93
    assert index.search(questions, 10, only[:3])[0].shape == (50, 3)


@given(st.sets(st.integers(0, 39), max_size=20), st.integers(0, 50))
def test_an_exact_filtered_search_is_that_of_the_rows_alone(only: set[int], k: int) -> None:
    stored, rows = quantize(unit(40)), np.array(sorted(only), dtype=np.int64)
    question = unit(1, seed=9)
    found, products = stored.search(question, k, rows)
    expected = sorted(only, key=lambda row: -float(question[0] @ stored.floats(row, row + 1)[0]))[:k]
    assert found[0].tolist() == expected
    assert products.shape == found.shape
