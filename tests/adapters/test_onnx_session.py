"""A model folder says what it holds, and damage is found before anything is computed with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.onnx_session import (
    open_session,
    read_manifest,
    verified_path,
    write_manifest,
)
from medrag_desktop.errors import ModelCorrupt, ModelMissing

# An ONNX graph of one Identity node: float x (1) -> float y (1), opset 17.
IDENTITY = bytes.fromhex(
    "08083a370a100a017812017922084964656e746974791201675a0f0a0178120a0a08080112040a020801620f0a017912"
    "0a0a08080112040a02080142040a001011"
)


def folder_with(tmp_path: Path, **files: bytes) -> Path:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    write_manifest(tmp_path, "toy-1", "encoder", "2026-11-22", tuple(files), {"width": 8})
    return tmp_path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    written = write_manifest(
        folder_with(tmp_path, weights=b"abc"), "toy-1", "encoder", "2026-11-22", ("weights",), {"width": 8}
    )
    manifest = read_manifest(tmp_path)
    assert (manifest.id, manifest.kind, manifest.created) == ("toy-1", "encoder", "2026-11-22")
    assert dict(manifest.files) == dict(written.files)
    assert manifest.settings["width"] == 8
    assert verified_path(tmp_path, manifest, "weights").read_bytes() == b"abc"


def test_no_manifest_is_a_missing_model_named_by_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=tmp_path.name):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "{",
        '"text"',
        "{}",
        '{"id": "a", "kind": "toaster", "created": "x", "files": {"f": "0"}, "settings": {}}',
        '{"id": "", "kind": "encoder", "created": "x", "files": {"f": "0"}, "settings": {}}',
        '{"id": "a", "kind": "encoder", "created": "x", "files": {}, "settings": {}}',
        '{"id": "a", "kind": "encoder", "created": "x", "files": {"f": 1}, "settings": {}}',
        '{"id": "a", "kind": "encoder", "created": "x", "files": {"../f": "0"}, "settings": {}}',
        '{"id": 1, "kind": "encoder", "created": "x", "files": {"f": "0"}, "settings": {}}',
        '{"id": "a", "kind": ["encoder"], "created": "x", "files": {"f": "0"}, "settings": {}}',
    ],
)
def test_a_manifest_of_another_shape_is_corrupt(tmp_path: Path, body: str) -> None:
    (tmp_path / "manifest.json").write_text(body, encoding="utf-8")
    with pytest.raises(ModelCorrupt, match="manifest"):
        read_manifest(tmp_path)


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_a_manifest_end_otherwise(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    folder = tmp_path_factory.mktemp("model")
    (folder / "manifest.json").write_bytes(raw)
    with pytest.raises(ModelCorrupt):
        read_manifest(folder)


def test_one_changed_byte_is_found_and_the_file_named(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, weights=b"abcdef")
    (folder / "weights").write_bytes(b"abcdeg")
    with pytest.raises(ModelCorrupt, match="weights"):
        open_session(folder, read_manifest(folder), "weights")


def test_a_lost_file_is_missing_and_named(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, weights=b"abc")
    (folder / "weights").unlink()
    with pytest.raises(ModelMissing, match="weights"):
        open_session(folder, read_manifest(folder), "weights")


def test_a_file_that_the_manifest_does_not_list_is_not_opened(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, weights=b"abc")
    (folder / "other").write_bytes(b"abc")
    with pytest.raises(ModelCorrupt, match="other"):
        open_session(folder, read_manifest(folder), "other")


def test_a_file_with_the_right_checksum_that_is_no_graph_is_corrupt(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, weights=b"not a graph")
    with pytest.raises(ModelCorrupt, match="weights"):
        open_session(folder, read_manifest(folder), "weights")


def test_digests_are_compared_whatever_their_case(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, weights=b"abc")
    path = folder / "manifest.json"
    body = json.loads(path.read_text(encoding="utf-8"))
    body["files"] = {name: digest.upper() for name, digest in body["files"].items()}
    path.write_text(json.dumps(body), encoding="utf-8")
    assert verified_path(folder, read_manifest(folder), "weights").name == "weights"


def test_a_graph_opens_and_runs_on_the_cpu(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, **{"graph.onnx": IDENTITY})
    session = open_session(folder, read_manifest(folder), "graph.onnx", threads=1)
    assert session.get_providers() == ["CPUExecutionProvider"]
    (out,) = session.run(None, {"x": np.array([3.0], np.float32)})
    assert out.tolist() == [3.0]


def test_a_session_opens_with_the_runtimes_events_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    opened = onnxruntime.InferenceSession

    def opening(*arguments: object, **options: object) -> object:
        done.append("opened")
        return opened(*arguments, **options)

    monkeypatch.setattr("onnxruntime.disable_telemetry_events", lambda: done.append("off"))
    monkeypatch.setattr("onnxruntime.InferenceSession", opening)
    folder = folder_with(tmp_path, **{"graph.onnx": IDENTITY})
    open_session(folder, read_manifest(folder), "graph.onnx")
    assert done == ["off", "opened"]


@pytest.mark.parametrize("first", ["onnxruntime", "medrag_desktop.adapters.onnx_session"])
def test_the_runtime_of_the_models_leaves_nothing_in_the_users_folder(tmp_path: Path, first: str) -> None:
    # from 1.29 on onnxruntime queues reports of its use there and sends them, except on a build server
    program = (
        f"import {first}, onnxruntime, time\n"
        f"onnxruntime.InferenceSession(bytes.fromhex({IDENTITY.hex()!r}))\n"
        "time.sleep(0.5)"
    )
    home = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "APPDATA")}
    silencing = (
        "ORT_DISABLE_TELEMETRY ORT_RUNNING_UNIT_TESTS CI CIRCLECI GITHUB_ACTIONS JENKINS_URL TF_BUILD TRAVIS".split()
    )
    inherited = {name: value for name, value in os.environ.items() if name not in silencing}
    subprocess.run([sys.executable, "-c", program], env=inherited | home, check=True)
    assert list(tmp_path.rglob("*")) == []
