"""A model folder on disk: `manifest.json` beside the files it vouches for, opened with ONNX Runtime."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import onnxruntime

from medrag_desktop.config import default_threads
from medrag_desktop.errors import ModelCorrupt, ModelMissing

MANIFEST_NAME = "manifest.json"
KINDS = ("generator", "encoder")
_QUIET = 3  # ONNX Runtime severity: errors only, because its warnings are about graph optimisation


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model folder says of itself (`manifest.json`)."""

    id: str
    kind: str
    """`generator` or `encoder`."""
    created: str
    """ISO date of the export."""
    files: Mapping[str, str]
    """File name, without folders -> lower case sha256 hex digest."""
    settings: Mapping[str, object]
    """What the adapter must know of the model: sizes, limits, special tokens."""


def read_manifest(folder: Path) -> Manifest:
    """Read `folder/manifest.json`; raise ModelMissing when it is not there, ModelCorrupt when it is not a manifest."""
    path = folder / MANIFEST_NAME
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ModelMissing(f"No model is installed in {folder}: {MANIFEST_NAME} cannot be read.") from error
    try:
        return _manifest(json.loads(raw))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelCorrupt(f"The file {path} is not a model manifest; install the model again.") from error


def verified_path(folder: Path, manifest: Manifest, file: str) -> Path:
    """Return the path of a file of the model once its checksum is proven; raise ModelMissing or ModelCorrupt."""
    path = folder / file
    if file not in manifest.files:
        raise ModelCorrupt(f"The manifest in {folder} does not list {file}; install the model again.")
    try:
        digest = sha256_of(path)
    except OSError as error:
        raise ModelMissing(f"The model in {folder} lacks the file {file}; install the model again.") from error
    if digest != manifest.files[file]:
        raise ModelCorrupt(f"The model file {path} is damaged (wrong checksum); install the model again.")
    return path


def open_session(
    folder: Path, manifest: Manifest, file: str, threads: int | None = None
) -> onnxruntime.InferenceSession:
    """Open one graph of a model on the CPU after checking its sha256; raise ModelMissing or ModelCorrupt.

    Without `threads` it is opened for as many as the program is shipped with.
    """
    path = verified_path(folder, manifest, file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or default_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = _QUIET
    onnxruntime.disable_telemetry_events()  # on Windows its events go to the system's own trace
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions share no public base class
        raise ModelCorrupt(f"The model file {path} cannot be opened; install the model again.") from error


def sha256_of(path: Path) -> str:
    """Return the lower case sha256 hex digest of a file; raise OSError when it cannot be read."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(
    folder: Path,
    model_id: str,
    kind: str,
    created: str,
    files: tuple[str, ...],
    settings: Mapping[str, object],
) -> Manifest:
    """Write `manifest.json` over files that already lie in the folder and return what it says."""
    digests = {name: sha256_of(folder / name) for name in files}
    body = {"id": model_id, "kind": kind, "created": created, "files": digests, "settings": dict(settings)}
    (folder / MANIFEST_NAME).write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return _manifest(body)


def _manifest(body: Mapping[str, object]) -> Manifest:
    """Turn parsed JSON into a Manifest; raise KeyError, TypeError or ValueError when its shape is wrong."""
    files, settings = body["files"], body["settings"]
    texts = (body["id"], body["kind"], body["created"])
    if not isinstance(files, dict) or not isinstance(settings, dict) or not all(isinstance(t, str) for t in texts):
        raise TypeError("wrong shape")
    if body["kind"] not in KINDS or not body["id"] or not files:
        raise ValueError("wrong values")
    if not all(isinstance(digest, str) and _plain(name) for name, digest in files.items()):
        raise ValueError("wrong file names")
    frozen = MappingProxyType({name: digest.lower() for name, digest in files.items()})
    return Manifest(str(texts[0]), str(texts[1]), str(texts[2]), frozen, MappingProxyType(dict(settings)))


def _plain(name: object) -> bool:
    """Tell whether a name is one path component, so that no manifest can reach out of its folder."""
    return isinstance(name, str) and name not in ("", ".", "..") and not any(c in name for c in "/\\:\0")
