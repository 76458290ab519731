"""The passphrase from a file: its first line, as it stands, and nothing of it in an error."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest

from medrag_desktop import bootstrap
from medrag_desktop.cli.passphrase import LONGEST_LINE, opened_history
from medrag_desktop.errors import InputError, StoreMissing, WrongPassphrase
from medrag_desktop.services.history import History, HistoryState
from tests.fakes import MemoryVault

PASSPHRASE = "correct horse bättery"


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> MemoryVault:
    vault = MemoryVault(PASSPHRASE)
    monkeypatch.setattr(bootstrap, "make_history", lambda _: History(vault))
    return vault


def key_file(folder: Path, data: bytes) -> Path:
    file = folder / "key"
    file.write_bytes(data)
    file.chmod(0o600)
    return file


@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("after", ["", "\n", "\r\n", "\nsecond line\n"])
def test_the_first_line_is_the_passphrase(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str, after: str
) -> None:
    with opened_history(None, key_file(tmp_path, f"{before}{PASSPHRASE}{after}".encode())) as history:
        assert history.state is HistoryState.OPEN
    assert history.state.value == "locked"
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize("text", [f" {PASSPHRASE}", f"{PASSPHRASE} ", f"{PASSPHRASE}\t"])
def test_spaces_belong_to_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(WrongPassphrase), opened_history(None, key_file(tmp_path, f"{text}\n".encode())):
        pass


@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n" + PASSPHRASE.encode(), "empty"),
        (b"secret\xff\n", "UTF-8"),
        (b"secret" * LONGEST_LINE, "too long"),
    ],
)
def test_a_file_that_holds_none_is_said_without_telling_what_it_holds(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught, opened_history(None, key_file(tmp_path, data)):
        pass
    assert "secret" not in "".join(traceback.format_exception(caught.value)).replace("secret\\xff", "")
    assert caught.value.__cause__ is None


@pytest.mark.usefixtures("vault")
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for file in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match=str(file)), opened_history(None, file):
            pass


@pytest.mark.usefixtures("vault")
@pytest.mark.skipif(os.name != "posix", reason="the mode of a file needs POSIX")
@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, False), (0o644, True), (0o604, True)])
def test_a_file_that_all_can_read_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: int, warned: bool
) -> None:
    file = key_file(tmp_path, PASSPHRASE.encode())
    file.chmod(mode)
    with opened_history(None, file):
        pass
    assert ("chmod 600" in capsys.readouterr().err) is warned


def test_a_history_is_made_only_where_that_is_asked(
    tmp_path: Path, vault: MemoryVault, capsys: pytest.CaptureFixture[str]
) -> None:
    vault.passphrase = ""
    key = key_file(tmp_path, PASSPHRASE.encode())
    with pytest.raises(StoreMissing, match="--save"), opened_history(None, key):
        pass
    with pytest.raises(InputError, match="8"), opened_history(None, key_file(tmp_path, b"seven77"), create=True):
        pass
    assert not vault.passphrase
    with opened_history(None, key_file(tmp_path, PASSPHRASE.encode()), create=True) as history:
        assert history.state is HistoryState.OPEN
    out, err = capsys.readouterr()
    assert out == ""
    assert " ".join(vault.words) in err
    with opened_history(None, key, create=True):
        pass
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("vault")
def test_the_history_is_locked_whatever_happens(tmp_path: Path, vault: MemoryVault) -> None:
    with pytest.raises(ZeroDivisionError), opened_history(None, key_file(tmp_path, PASSPHRASE.encode())):
        raise ZeroDivisionError
    assert vault.store.calls[-1] == "close"
