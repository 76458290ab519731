"""Cases as the JSON the case history keeps, packed: the domain's own fields under a `schema_version`.

A later version may add fields with defaults, which this one ignores; it raises the version when it changes one.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from medrag_desktop.domain.case import Case, Review
from medrag_desktop.domain.draft import Draft
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.errors import StoreCorrupt, StoreError, StoreTooNew

SCHEMA_VERSION = 1
DAMAGED = "A case in the case history is damaged and cannot be read."
Part = Encounter | Draft | Review | Case | None
Kind = TypeVar("Kind", Encounter, Draft, Review, Case)
Value = TypeVar("Value")


class _Version(msgspec.Struct):
    schema_version: int


class _Document(msgspec.Struct, Generic[Value]):
    schema_version: int
    value: Value


_DECODERS: Mapping[object, msgspec.json.Decoder[Any]] = {
    Encounter: msgspec.json.Decoder(_Document[Encounter | None]),
    Draft: msgspec.json.Decoder(_Document[Draft | None]),
    Review: msgspec.json.Decoder(_Document[Review | None]),
    Case: msgspec.json.Decoder(_Document[Case | None]),
}


def to_json(value: Part, kind: type[Encounter | Draft | Review | Case]) -> bytes:
    """Return a value as JSON, equal for equal values; raise StoreError for one that could not be read again."""
    document = _Document(SCHEMA_VERSION, value)
    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError:  # a lone surrogate, which has no UTF-8 form, from a broken input method
        data = msgspec.json.encode(_storable(msgspec.to_builtins(document)))
    try:
        _DECODERS[kind].decode(data)
    except msgspec.DecodeError:
        # Better to fail while the case is on the screen than when it is looked for.
        raise StoreError("This case cannot be saved: one of its values is not of the kind it must be.") from None
    return data


def from_json(data: bytes, kind: type[Kind]) -> Kind | None:
    """Return the value, None where None was kept; raise StoreCorrupt or StoreTooNew."""
    try:
        version = msgspec.json.decode(data, type=_Version).schema_version
        if version > SCHEMA_VERSION:
            raise StoreTooNew("A later version of this program wrote this case; use that version to read it.")
        value: Kind | None = _DECODERS[kind].decode(data).value
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        # The cause would name values of the patient, and causes are logged.
        raise StoreCorrupt(DAMAGED) from None
    return value


def pack(data: bytes) -> bytes:
    """Return JSON in a fifth of its size, so that wiping an erased case from the file takes a fifth of the time."""
    return zlib.compress(data)


def unpack(packed: bytes) -> bytes:
    """Return JSON that `pack` made small; raise StoreCorrupt."""
    try:
        return zlib.decompress(packed)
    except zlib.error:
        raise StoreCorrupt(DAMAGED) from None


def _storable(value: Any) -> Any:
    """Return plain JSON values with a replacement character for each lone surrogate."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value
