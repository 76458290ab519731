"""`pack.json`: a PackManifest as JSON, and the checksums it vouches with."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

from medrag_desktop.domain.evidence import PackManifest
from medrag_desktop.errors import InputError, PackCorrupt

MANIFEST_NAME = "pack.json"
NEEDED = ("passages.db", "vectors.npy", "scale.npy", "lexical/meta.json")
_ID = re.compile(r"[a-z0-9](?:[a-z0-9_-]|\.(?!$|\.)){0,62}")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_FILE = re.compile(r"(?:lexical/)?[A-Za-z0-9][A-Za-z0-9._-]*|lexical/\.managed\.json")
_TEXTS = ("id", "title", "version", "built_at", "encoder")
_NUMBERS = ("dimension", "passages", "documents")
_LISTS = ("sources", "licences")


def check_id(pack_id: str) -> str:
    """Return the id; raise InputError if it cannot be the name of a folder on every system."""
    if not is_pack_id(pack_id):
        raise InputError(
            f"`{pack_id[:80]}` cannot be the id of a knowledge pack: use lower-case letters, digits and hyphens."
        )
    return pack_id


def is_pack_id(text: str) -> bool:
    """Tell whether a text can name the folder of a pack."""
    return bool(_ID.fullmatch(text)) and text.split(".")[0] not in _RESERVED


def is_pack_file(name: str) -> bool:
    """Tell whether a name is one a pack may hold: plain, or one level down in `lexical/`."""
    return bool(_FILE.fullmatch(name)) and ".." not in name


def read_pack_manifest(folder: Path) -> PackManifest:
    """Read `pack.json`; raise PackCorrupt if it is not one."""
    path = folder / MANIFEST_NAME
    try:
        return parse_pack_manifest(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackCorrupt(
            f"The knowledge pack in {folder} is damaged ({MANIFEST_NAME}); build or install it again."
        ) from error


def parse_pack_manifest(raw: bytes) -> PackManifest:
    """Return the manifest in some JSON; raise ValueError, KeyError or TypeError."""
    body: dict[str, Any] = json.loads(raw)
    if set(body) != {field.name for field in dataclasses.fields(PackManifest)}:
        raise ValueError("wrong fields")
    _check_types(body)
    files = tuple(sorted(body["sha256"].items()))
    if not all(is_pack_file(name) and isinstance(digest, str) for name, digest in files):
        raise ValueError("wrong file names")
    if not set(NEEDED) <= set(body["sha256"]):
        raise ValueError("files missing")
    lists = {name: tuple(body[name]) for name in _LISTS}
    return PackManifest(**{**body, **lists, "sha256": files})


def _check_types(body: dict[str, Any]) -> None:
    texts = [body[name] for name in _TEXTS] + [item for name in _LISTS for item in body[name]]
    if not all(isinstance(text, str) for text in texts) or not isinstance(body["sha256"], dict):
        raise TypeError("wrong types")
    if not all(type(body[name]) is int and body[name] >= 0 for name in _NUMBERS):
        raise TypeError("wrong numbers")
    if not is_pack_id(body["id"]):
        raise ValueError("wrong id")


def write_pack_manifest(folder: Path, manifest: PackManifest) -> None:
    """Write `pack.json`."""
    body = {**dataclasses.asdict(manifest), "sha256": dict(manifest.sha256)}
    text = json.dumps(body, indent=2, ensure_ascii=False)
    (folder / MANIFEST_NAME).write_text(text + "\n", encoding="utf-8")


def checksums(folder: Path) -> tuple[tuple[str, str], ...]:
    """Return (name, sha256) of every file of a pack but `pack.json` and lock files, in order of name."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    names = sorted(path.relative_to(folder).as_posix() for path in files)
    return tuple((name, sha256_of(folder / name)) for name in names if name != MANIFEST_NAME)


def verify_files(folder: Path, manifest: PackManifest) -> None:
    """Compare every file with its checksum; raise PackCorrupt naming the first that differs."""
    for name, digest in manifest.sha256:
        path = folder / PurePosixPath(name)
        if not path.is_file():
            raise PackCorrupt(f"The knowledge pack {manifest.id} lacks {name}; build or install it again.")
        if sha256_of(path) != digest:
            raise PackCorrupt(
                f"The file {name} of the knowledge pack {manifest.id} is damaged; build or install it again."
            )


def sha256_of(path: Path) -> str:
    """Return the hex digest of a file; raise OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
