"""The guards of conftest.py, proved on tests that break their rules."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")


@pytest.fixture
def guarded(pytester: pytest.Pytester) -> pytest.Pytester:
    """Return an empty test folder with our conftest.py."""
    pytester.makeini("[pytest]\nmarkers = train\n    data\n    models\n")
    pytester.makeconftest(CONFTEST.read_text("utf-8"))
    return pytester


def run(folder: pytest.Pytester, body: str, *arguments: str) -> dict[str, int]:
    folder.makepyfile(body)
    return folder.runpytest_subprocess("-p", "no:pytestqt", *arguments).parseoutcomes()


def test_only_unix_sockets_open(guarded: pytest.Pytester) -> None:
    outcomes = run(
        guarded,
        """
        import socket, urllib.request
        import pytest

        def test_pair():
            for end in socket.socketpair():
                end.close()

        @pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
        def test_family(family):
            socket.socket(family)

        def test_name():
            socket.getaddrinfo("localhost", 80)

        def test_url():
            urllib.request.urlopen("http://127.0.0.1:9/")
        """,
    )
    assert outcomes == {"passed": 1, "failed": 4}


def test_a_swallowed_refusal_still_fails(guarded: pytest.Pytester) -> None:
    outcomes = run(
        guarded,
        """
        import _socket

        def test_hidden():
            try:
                _socket.socket(_socket.AF_INET)
            except BaseException:
                pass
        """,
    )
    assert outcomes == {"failed": 1}


def test_warnings_in_the_log_fail_unless_cleared(guarded: pytest.Pytester) -> None:
    outcomes = run(
        guarded,
        """
        import logging

        def test_quiet():
            logging.getLogger("x").info("fine")

        def test_expected(caplog):
            logging.getLogger("x").warning("expected")
            assert "expected" in caplog.text
            caplog.clear()

        def test_unexpected():
            logging.getLogger("x").warning("not expected")
        """,
    )
    assert outcomes == {"passed": 3, "errors": 1}


def test_hypothesis_lives_with_the_guards(guarded: pytest.Pytester) -> None:
    outcomes = run(
        guarded,
        """
        from hypothesis import given, strategies

        @given(strategies.integers())
        def test_any(number):
            assert number == number
        """,
        "-W",
        "error",
    )
    assert outcomes == {"passed": 1}


@pytest.mark.parametrize(("arguments", "expected"), [((), {"deselected": 1}), (("--train",), {"passed": 1})])
def test_training_tests_wait_for_the_switch(
    guarded: pytest.Pytester, arguments: tuple[str, ...], expected: dict[str, int]
) -> None:
    body = "import pytest\n\n@pytest.mark.train\ndef test_training():\n    pass\n"
    assert run(guarded, body, *arguments) == expected


def test_the_training_folder_is_not_even_read(guarded: pytest.Pytester) -> None:
    guarded.mkdir("training").joinpath("test_torch.py").write_text("raise SystemError('read')\n", "utf-8")
    assert run(guarded, "def test_other():\n    pass\n") == {"passed": 1}


def test_data_and_models_are_skipped_where_missing(guarded: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDRAG_DATA", raising=False)
    body = (
        "import pytest\n\n@pytest.mark.data\ndef test_data():\n    pass\n\n"
        "@pytest.mark.models\ndef test_models():\n    pass\n"
    )
    assert run(guarded, body) == {"skipped": 2}
