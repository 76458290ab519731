"""The keys of the case history (`keys.json`): a random data key, wrapped by the passphrase and by recovery words."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
import nacl.bindings
import nacl.encoding
import nacl.exceptions
import nacl.hash
import nacl.pwhash
import nacl.utils
from mnemonic import Mnemonic
from msgspec import Meta, Struct

from medrag_desktop.errors import StoreCorrupt, StoreError, StoreFull, StoreTooNew, WrongPassphrase

VERSION = 1
KEY_BYTES = 32
WORDS = 12
_ENTROPY_BYTES = 16
_SALT_BYTES = 16
_NONCE_BYTES = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_WRAPPED_BYTES = _NONCE_BYTES + KEY_BYTES + nacl.bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES
_LONGEST_FILE = 10_000
"""Bytes; ten times what is written."""

WRONG_PASSPHRASE = (
    "That passphrase does not open the case history. Check Caps Lock and the keyboard language, then try again."
)

Salt = Annotated[bytes, Meta(min_length=_SALT_BYTES, max_length=_SALT_BYTES)]
Wrapped = Annotated[bytes, Meta(min_length=_WRAPPED_BYTES, max_length=_WRAPPED_BYTES)]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess at a passphrase costs; the default is the second recommendation of RFC 9106, on one lane."""

    passes: int = 3
    memory_bytes: int = 64 * 1024 * 1024


class PassphraseSlot(Struct, frozen=True):
    """The data key wrapped by Argon2id of the passphrase; the bounds keep a forged file from asking for gigabytes."""

    passes: Annotated[int, Meta(ge=1, le=16)]
    memory_bytes: Annotated[int, Meta(ge=8192, le=512 * 1024 * 1024)]
    salt: Salt
    wrapped: Wrapped


class RecoverySlot(Struct, frozen=True):
    """The data key wrapped by the recovery words, whose 128 random bits no guessing reaches."""

    salt: Salt
    wrapped: Wrapped
    confirmed: bool = True
    """Whether the words are known to be on paper; a file that does not say so is from before this was asked."""


class KeyRing(Struct, frozen=True):
    """What `keys.json` holds: nothing secret without the passphrase or the words."""

    version: int
    passphrase: PassphraseSlot
    recovery: RecoverySlot


def new_key_ring(passphrase: str, cost: Cost) -> tuple[KeyRing, bytes, tuple[str, ...]]:
    """Return a key ring with its random data key and its recovery words, not yet confirmed."""
    data_key = nacl.utils.random(KEY_BYTES)
    recovery, words = _recovery_slot(data_key)
    return KeyRing(VERSION, _passphrase_slot(data_key, passphrase, cost), recovery), data_key, words


def unlock(ring: KeyRing, passphrase: str) -> bytes:
    """Return the data key; raise WrongPassphrase."""
    slot = ring.passphrase
    cost = Cost(slot.passes, slot.memory_bytes)
    data_key = _unwrap(slot.wrapped, _passphrase_key(passphrase, slot.salt, cost), _passphrase_header(slot.salt, cost))
    if data_key is None:
        raise WrongPassphrase(WRONG_PASSPHRASE)
    return data_key


def unlock_with_words(ring: KeyRing, text: str) -> bytes:
    """Return the data key; raise WrongPassphrase saying what is wrong with the recovery words."""
    slot = ring.recovery
    data_key = _unwrap(slot.wrapped, _recovery_key(read_words(text), slot.salt), _recovery_header(slot.salt))
    if data_key is None:
        raise WrongPassphrase("Those recovery words belong to another case history.")
    return data_key


def with_passphrase(ring: KeyRing, data_key: bytes, passphrase: str, cost: Cost) -> KeyRing:
    """Return the ring with another passphrase; the recovery words stay as they are."""
    return KeyRing(VERSION, _passphrase_slot(data_key, passphrase, cost), ring.recovery)


def with_new_words(ring: KeyRing, data_key: bytes) -> tuple[KeyRing, tuple[str, ...]]:
    """Return the ring with fresh recovery words, not yet confirmed; the passphrase stays as it is."""
    recovery, words = _recovery_slot(data_key)
    return KeyRing(VERSION, ring.passphrase, recovery), words


def with_words_confirmed(ring: KeyRing) -> KeyRing:
    """Return the ring with its recovery words known to be on paper."""
    return KeyRing(VERSION, ring.passphrase, msgspec.structs.replace(ring.recovery, confirmed=True))


def weaker(ring: KeyRing, cost: Cost) -> bool:
    """Tell whether guessing at the ring's passphrase costs less than it should."""
    slot = ring.passphrase
    return slot.passes * slot.memory_bytes < cost.passes * cost.memory_bytes


def read_words(text: str) -> bytes:
    """Return the entropy of recovery words in any case, spacing and numbering; raise WrongPassphrase."""
    typed = re.findall(r"[^\W\d_]+", unicodedata.normalize("NFKC", text).lower())
    if len(typed) != WORDS:
        raise WrongPassphrase(f"There must be {WORDS} recovery words, but {len(typed)} were typed.")
    words = [_word_list().expand_word(word) for word in typed]
    for number, word in enumerate(words, start=1):
        if word not in _known_words():
            raise WrongPassphrase(f"Recovery word {number} is not one that this program uses; check its spelling.")
    try:
        return bytes(_word_list().to_entropy(words))
    except ValueError:
        raise WrongPassphrase(
            "The recovery words do not fit together: one of them is another word, or their order is different."
        ) from None


def read_key_ring(path: Path) -> KeyRing:
    """Read `keys.json`; raise StoreCorrupt, or StoreTooNew when a later version wrote it."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_LONGEST_FILE + 1)
    except FileNotFoundError:
        raise _corrupt(path, "is missing") from None
    except OSError as error:
        raise disk_error(error, path, "read") from error
    if len(data) > _LONGEST_FILE:
        raise _corrupt(path, "is damaged")
    try:
        return _parse(data, path)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _corrupt(path, "is damaged") from None


def write_key_ring(path: Path, ring: KeyRing) -> None:
    """Write `keys.json` so that a power failure leaves it whole, as it was or as it will be."""
    body = msgspec.to_builtins(ring)
    data = msgspec.json.format(msgspec.json.encode({**body, "sha256": _checksum(body)}), indent=2)
    new = path.with_name(f"{path.name}.new")
    try:
        new.touch(mode=0o600)
        with new.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise disk_error(error, path, "written") from error


def sync_folder(folder: Path) -> None:
    """Make a renaming in a folder outlive a power failure; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def disk_error(error: OSError, path: Path, done: str) -> StoreError:
    """Return what the user is told when the system refuses a file."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull("The disk is full. Free some space, then try again; the case history is as it was.")
    return StoreError(f"The file {path} cannot be {done} ({error.strerror}). Check who may use its folder.")


def _parse(data: bytes, path: Path) -> KeyRing:
    body = msgspec.json.decode(data, type=dict[str, Any])
    if body.pop("sha256", None) != _checksum(body):
        raise _corrupt(path, "is damaged")
    if isinstance(body.get("version"), int) and body["version"] > VERSION:
        raise StoreTooNew("A later version of this program wrote the case history; use that version to open it.")
    return msgspec.convert(body, KeyRing)


def _checksum(body: dict[str, Any]) -> str:
    """Return a digest that tells damage from a wrong passphrase; against forgery stands the wrapping itself."""
    return hashlib.sha256(msgspec.json.encode(body, order="sorted")).hexdigest()


def _corrupt(path: Path, state: str) -> StoreCorrupt:
    return StoreCorrupt(
        f"The file {path} {state}; without it the case history cannot be opened. Put it back from a backup copy."
    )


def _passphrase_slot(data_key: bytes, passphrase: str, cost: Cost) -> PassphraseSlot:
    salt = nacl.utils.random(_SALT_BYTES)
    wrapped = _wrap(data_key, _passphrase_key(passphrase, salt, cost), _passphrase_header(salt, cost))
    return PassphraseSlot(cost.passes, cost.memory_bytes, salt, wrapped)


def _recovery_slot(data_key: bytes) -> tuple[RecoverySlot, tuple[str, ...]]:
    entropy, salt = nacl.utils.random(_ENTROPY_BYTES), nacl.utils.random(_SALT_BYTES)
    wrapped = _wrap(data_key, _recovery_key(entropy, salt), _recovery_header(salt))
    return RecoverySlot(salt, wrapped, confirmed=False), tuple(_word_list().to_mnemonic(entropy).split())


def _passphrase_key(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    # Keyboards differ in how they compose letters; NFKC makes the same passphrase the same bytes.
    secret = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    try:
        return nacl.pwhash.argon2id.kdf(KEY_BYTES, secret, salt, cost.passes, cost.memory_bytes)
    except (nacl.exceptions.RuntimeError, MemoryError) as error:
        raise StoreError("There is too little free memory to unlock. Close other programs, then try again.") from error


def _recovery_key(entropy: bytes, salt: bytes) -> bytes:
    person = b"medrag recovery"
    return nacl.hash.blake2b(entropy, digest_size=KEY_BYTES, salt=salt, person=person, encoder=nacl.encoding.RawEncoder)


def _passphrase_header(salt: bytes, cost: Cost) -> bytes:
    return msgspec.json.encode(["passphrase", VERSION, cost.passes, cost.memory_bytes, salt])


def _recovery_header(salt: bytes) -> bytes:
    return msgspec.json.encode(["recovery", VERSION, salt])


def _wrap(data_key: bytes, key: bytes, header: bytes) -> bytes:
    """Return nonce and data key sealed by XChaCha20-Poly1305, which also vouches for the header."""
    nonce = nacl.utils.random(_NONCE_BYTES)
    return nonce + nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(data_key, header, nonce, key)


def _unwrap(wrapped: bytes, key: bytes, header: bytes) -> bytes | None:
    nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    try:
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, header, nonce, key)
    except nacl.exceptions.CryptoError:
        return None


@cache
def _word_list() -> Mnemonic:
    return Mnemonic("english")


@cache
def _known_words() -> frozenset[str]:
    return frozenset(_word_list().wordlist)
