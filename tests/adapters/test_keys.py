"""The keys: two ways in, no third, and a file that cannot be turned against the program."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import nacl.exceptions
import nacl.pwhash
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medrag_desktop.adapters.keys import (
    Cost,
    KeyRing,
    new_key_ring,
    read_key_ring,
    read_words,
    unlock,
    unlock_with_words,
    weaker,
    with_new_words,
    with_passphrase,
    with_words_confirmed,
    write_key_ring,
)
from medrag_desktop.errors import StoreCorrupt, StoreError, StoreFull, StoreTooNew, WrongPassphrase

CHEAP = Cost(passes=1, memory_bytes=8192)
PASSPHRASE = "correct horse battery"
ZERO_WORDS = "abandon " * 11 + "about"
"""The words of 128 zero bits, from the test vectors of BIP 39."""


@pytest.fixture(scope="module")
def made() -> tuple[KeyRing, bytes, tuple[str, ...]]:
    return new_key_ring(PASSPHRASE, CHEAP)


@pytest.fixture
def path(tmp_path: Path, made: tuple[KeyRing, bytes, tuple[str, ...]]) -> Path:
    write_key_ring(tmp_path / "keys.json", made[0])
    return tmp_path / "keys.json"


def rewrite(path: Path, change: Callable[[dict[str, Any]], object], *, checksum: bool = True) -> None:
    """Change the file as one who knows how its checksum is made."""
    body = json.loads(path.read_bytes())
    del body["sha256"]
    change(body)
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    digest = hashlib.sha256(canonical).hexdigest() if checksum else "0" * 64
    path.write_text(json.dumps({**body, "sha256": digest}), "utf-8")


def test_both_ways_lead_to_the_same_random_key(made: tuple[KeyRing, bytes, tuple[str, ...]]) -> None:
    ring, data_key, words = made
    assert len(data_key) == 32
    assert unlock(ring, PASSPHRASE) == unlock_with_words(ring, " ".join(words)) == data_key
    _, other_key, other_words = new_key_ring(PASSPHRASE, CHEAP)
    assert other_key != data_key
    assert other_words != words
    with pytest.raises(WrongPassphrase, match="another case history"):
        unlock_with_words(ring, " ".join(other_words))


def test_the_usual_cost_is_that_of_rfc_9106() -> None:
    assert Cost() == Cost(passes=3, memory_bytes=65_536 * 1024)
    ring, data_key, _ = new_key_ring(PASSPHRASE, Cost())
    assert (ring.passphrase.passes, ring.passphrase.memory_bytes) == (3, 65_536 * 1024)
    assert unlock(ring, PASSPHRASE) == data_key


def test_a_passphrase_is_the_same_however_its_letters_are_composed() -> None:
    text = "Ünïcode ﬁve №1"
    ring, data_key, _ = new_key_ring(text, CHEAP)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert unlock(ring, unicodedata.normalize(form, text)) == data_key


@settings(max_examples=40)
@given(text=st.text(st.characters(codec=None), min_size=1), other=st.text(st.characters(codec=None)))
def test_any_text_is_a_passphrase_and_only_itself(text: str, other: str) -> None:
    ring, data_key, _ = new_key_ring(text, CHEAP)
    assert unlock(ring, text) == data_key
    if unicodedata.normalize("NFKC", text) != unicodedata.normalize("NFKC", other):
        with pytest.raises(WrongPassphrase, match="Caps Lock"):
            unlock(ring, other)


def test_another_passphrase_replaces_the_first_and_keeps_the_words(
    made: tuple[KeyRing, bytes, tuple[str, ...]],
) -> None:
    ring, data_key, words = made
    changed = with_passphrase(ring, data_key, "another passphrase", CHEAP)
    assert unlock(changed, "another passphrase") == unlock_with_words(changed, " ".join(words)) == data_key
    with pytest.raises(WrongPassphrase):
        unlock(changed, PASSPHRASE)
    assert changed.passphrase.salt != ring.passphrase.salt


@pytest.mark.parametrize("refusal", [MemoryError(), nacl.exceptions.RuntimeError("Unexpected failure")])
def test_too_little_memory_is_told(
    made: tuple[KeyRing, bytes, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    def refuse(*_: object) -> None:
        raise refusal

    monkeypatch.setattr(nacl.pwhash.argon2id, "kdf", refuse)
    with pytest.raises(StoreError, match="free memory"):
        unlock(made[0], PASSPHRASE)


def test_a_raised_cost_is_noticed(made: tuple[KeyRing, bytes, tuple[str, ...]]) -> None:
    assert weaker(made[0], Cost())
    assert not weaker(made[0], CHEAP)


@pytest.mark.parametrize(
    "typed",
    [
        ZERO_WORDS,
        ZERO_WORDS.upper(),
        f"  {ZERO_WORDS}\r\n",
        ZERO_WORDS.replace(" ", "\n"),
        ZERO_WORDS.replace(" ", ", "),
        "\n".join(f"{number}. {word}" for number, word in enumerate(ZERO_WORDS.split(), start=1)),
        " ".join(f"{number}){word}" for number, word in enumerate(ZERO_WORDS.split(), start=1)),
        "aban " * 11 + "abou",  # the first four letters tell the words apart
        "\u3000".join(ZERO_WORDS.split()),
        "".join(chr(ord(c) + 0xFEE0) if c != " " else c for c in ZERO_WORDS),  # full-width letters
    ],
)
def test_recovery_words_are_read_leniently(typed: str) -> None:
    assert read_words(typed) == bytes(16)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "12 recovery words, but 0"),
        ("abandon " * 11, "12 recovery words, but 11"),
        (f"{ZERO_WORDS} about", "12 recovery words, but 13"),
        (ZERO_WORDS.replace("about", "abouts"), "word 12 "),
        ("qwerty " + "abandon " * 10 + "about", "word 1 "),
        ("about " + "abandon " * 11, "do not fit together"),
        ("abandon " * 12, "do not fit together"),
        ("légal " * 12, "word 1 "),
        ("x " * 500_000, "but 500000"),
        ("\ud800\x00", "but 0"),
    ],
)
def test_what_is_wrong_with_recovery_words_is_told_without_repeating_them(typed: str, told: str) -> None:
    with pytest.raises(WrongPassphrase, match=told) as raised:
        read_words(typed)
    assert not {"abouts", "qwerty", "abandon", "about"} & set(str(raised.value).split())


def test_the_file_comes_back_and_holds_no_secret(path: Path, made: tuple[KeyRing, bytes, tuple[str, ...]]) -> None:
    ring, data_key, words = made
    assert read_key_ring(path) == ring
    text = path.read_text("utf-8")
    for secret in (PASSPHRASE, data_key.hex(), base64.b64encode(data_key).decode(), " ".join(words)):
        assert secret not in text


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps others out of the user's folder by itself")
def test_only_the_user_may_read_the_file(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_changed_byte_goes_unseen(path: Path, made: tuple[KeyRing, bytes, tuple[str, ...]]) -> None:
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            assert read_key_ring(path) == made[0]  # white space, or a letter in the name of an unread field
        except StoreCorrupt as error:
            assert "keys.json" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"null", b"[]", b"{", b"\xff\xfe", b"[" * 9_999, b"\x00" * 500, b'{"sha256": 1}', b" " * 2_000_000],
)
def test_a_damaged_file_is_told(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match=r"keys\.json is damaged.*backup"):
        read_key_ring(path)


def test_a_cut_file_is_told(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole.rstrip())):
        path.write_bytes(whole[:length])
        with pytest.raises(StoreCorrupt):
            read_key_ring(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreCorrupt, match=r"keys\.json is missing.*backup"):
        read_key_ring(tmp_path / "keys.json")


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "keys.json").mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        read_key_ring(tmp_path / "keys.json")


def test_a_later_version_is_told(path: Path) -> None:
    rewrite(path, lambda body: body.update(version=2, passphrase="quite another form"))
    with pytest.raises(StoreTooNew, match="later version"):
        read_key_ring(path)


def test_a_file_that_does_not_say_so_has_its_words_on_paper(path: Path) -> None:
    assert not read_key_ring(path).recovery.confirmed
    rewrite(path, lambda body: body["recovery"].pop("confirmed"))
    assert read_key_ring(path).recovery.confirmed


def test_fresh_words_change_nothing_but_the_words(made: tuple[KeyRing, bytes, tuple[str, ...]]) -> None:
    ring, data_key, words = made
    renewed, fresh = with_new_words(with_words_confirmed(ring), data_key)
    assert renewed.passphrase == ring.passphrase
    assert unlock_with_words(renewed, " ".join(fresh)) == data_key
    assert not renewed.recovery.confirmed
    with pytest.raises(WrongPassphrase, match="another case history"):
        unlock_with_words(renewed, " ".join(words))


def test_what_a_later_version_added_is_not_minded(path: Path, made: tuple[KeyRing, bytes, tuple[str, ...]]) -> None:
    rewrite(path, lambda body: body.update(hint="none"))
    assert read_key_ring(path) == made[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["passphrase"].update(memory_bytes=1 << 40),
        lambda body: body["passphrase"].update(memory_bytes=(512 << 20) + 1),
        lambda body: body["passphrase"].update(memory_bytes=1),
        lambda body: body["passphrase"].update(memory_bytes=-1),
        lambda body: body["passphrase"].update(passes=1_000_000),
        lambda body: body["passphrase"].update(passes=0),
        lambda body: body["passphrase"].update(passes="3"),
        lambda body: body["passphrase"].update(salt=""),
        lambda body: body["passphrase"].update(salt="not base 64"),
        lambda body: body["passphrase"].update(wrapped="AAAA"),
        lambda body: body["recovery"].update(salt="AAAA"),
        lambda body: body["recovery"].update(wrapped=""),
        lambda body: body["recovery"].update(confirmed="yes"),
        lambda body: body.update(recovery=None),
        lambda body: body.pop("passphrase"),
        lambda body: body.update(version="1"),
    ],
)
def test_a_forged_file_is_refused_before_it_costs_anything(
    path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    rewrite(path, change)
    with pytest.raises(StoreCorrupt):
        read_key_ring(path)


def test_without_the_right_checksum_nothing_is_read(path: Path) -> None:
    rewrite(path, lambda body: None, checksum=False)
    with pytest.raises(StoreCorrupt):
        read_key_ring(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda ring: msgspec.structs.replace(ring.passphrase, passes=2),
        lambda ring: msgspec.structs.replace(ring.passphrase, memory_bytes=16384),
        lambda ring: msgspec.structs.replace(ring.passphrase, salt=bytes(16)),
        lambda ring: msgspec.structs.replace(ring.passphrase, wrapped=ring.recovery.wrapped),
    ],
)
def test_a_changed_parameter_opens_nothing(
    made: tuple[KeyRing, bytes, tuple[str, ...]], change: Callable[[KeyRing], Any]
) -> None:
    ring = msgspec.structs.replace(made[0], passphrase=change(made[0]))
    with pytest.raises(WrongPassphrase):
        unlock(ring, PASSPHRASE)


def test_a_changed_recovery_slot_opens_nothing(made: tuple[KeyRing, bytes, tuple[str, ...]]) -> None:
    ring, _, words = made
    for salt, wrapped in ((bytes(16), ring.recovery.wrapped), (ring.recovery.salt, ring.passphrase.wrapped)):
        slot = msgspec.structs.replace(ring.recovery, salt=salt, wrapped=wrapped)
        with pytest.raises(WrongPassphrase):
            unlock_with_words(msgspec.structs.replace(ring, recovery=slot), " ".join(words))


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_failed_write_leaves_the_file_as_it_was(
    path: Path, made: tuple[KeyRing, bytes, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    ring, data_key, _ = made
    refusal = OSError(errno.ENOSPC, "No space left on device")

    def refuse(*_: object) -> None:
        raise refusal

    if broken == "fsync":
        monkeypatch.setattr(os, "fsync", refuse)
    else:
        monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StoreFull, match="disk is full"):
        write_key_ring(path, with_passphrase(ring, data_key, "another passphrase", CHEAP))
    monkeypatch.undo()
    assert unlock(read_key_ring(path), PASSPHRASE) == data_key


def test_a_half_written_new_file_does_no_harm(path: Path, made: tuple[KeyRing, bytes, tuple[str, ...]]) -> None:
    ring, data_key, _ = made
    path.with_name("keys.json.new").write_bytes(b'{"version": 1, "passph')
    assert read_key_ring(path) == ring
    write_key_ring(path, with_passphrase(ring, data_key, "another passphrase", CHEAP))
    assert unlock(read_key_ring(path), "another passphrase") == data_key
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.json"]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_sentence(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "keys.json").write_bytes(data)
    with pytest.raises(StoreCorrupt):
        read_key_ring(tmp_path / "keys.json")
