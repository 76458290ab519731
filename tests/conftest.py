"""What holds for every test: no network, no unexpected warning in the log, the user's files untouched."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
TRAINING = Path(__file__).resolve().parent / "training"

# Two busy cores make any deadline a coin toss; CI must give the same answer twice.
settings.register_profile("medrag", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("medrag")

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

network_attempts: list[str] = []


def refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    """Fail the running test when anything in this process opens a socket that could leave the machine."""
    if event == "socket.__new__" and arguments[1] != getattr(socket, "AF_UNIX", None):
        attempt = f"a socket of family {arguments[1]}"
    elif event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}:
        attempt = f"a look-up of {arguments[0]!r}"
    else:
        return
    network_attempts.append(attempt)
    pytest.fail(f"The application is offline, but something asked for {attempt}.")


# An audit hook sees sockets however they were reached, from C modules too; it cannot be taken out again.
sys.addaudithook(refuse_network)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switches for the tests that need torch and for golden files."""
    parser.addoption("--train", action="store_true", help="run the tests of training and export, too")
    parser.addoption("--regenerate", action="store_true", help="rewrite the golden files instead of comparing")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the training tests unread without --train: they import torch."""
    asked = config.getoption("--train")
    return True if collection_path.is_relative_to(TRAINING) and not asked else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests marked `train` without --train."""
    if config.getoption("--train"):
        return
    dropped = [item for item in items if item.get_closest_marker("train")]
    items[:] = [item for item in items if item not in dropped]
    config.hook.pytest_deselected(items=dropped)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine has no data or models for."""
    if item.get_closest_marker("data") and not os.environ.get("MEDRAG_DATA"):
        pytest.skip("MEDRAG_DATA is not set")
    if item.get_closest_marker("models") and not list(ROOT.glob("models/*/manifest.json")):
        pytest.skip("models/ holds no model")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that logged a warning it did not clear, or whose code swallowed the refusal of a socket."""
    network_attempts.clear()
    outcome = yield
    if network_attempts:
        pytest.fail(f"The application is offline, but something asked for {', '.join(network_attempts)}.")
    return outcome


@pytest.fixture(autouse=True)
def no_unexpected_warning(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test that logs a warning; one that expects it asserts on `caplog` and calls `caplog.clear()`."""
    yield
    records = caplog.get_records("setup") + caplog.get_records("call")
    serious = [record for record in records if record.levelno >= logging.WARNING]
    if serious:
        lines = "\n".join(f"{record.levelname} {record.name}: {record.getMessage()}" for record in serious)
        pytest.fail(f"Unexpected in the log:\n{lines}")


@pytest.fixture(autouse=True, scope="session")
def own_base_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep every test away from the user's settings, packs and cases."""
    base = tmp_path_factory.mktemp("base")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDRAG_BASE_DIR", str(base))
        yield base


@pytest.fixture
def data_dir() -> Path:
    """Return the folder of the corpora; mark the test `data`, which skips it where there is none."""
    return Path(os.environ["MEDRAG_DATA"])
