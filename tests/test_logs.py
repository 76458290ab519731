"""The log cannot hold patient text."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from medrag_desktop.domain.encounter import Encounter, Finding, Patient, VitalSigns
from medrag_desktop.domain.evidence import Query
from medrag_desktop.errors import ConfigError
from medrag_desktop.logs import set_up_logs

NAME = "Zephyrine Quatrebarbes"


@pytest.mark.parametrize(
    "argument",
    [
        Encounter(history=NAME),
        [Finding("fever", quote=NAME)],
        {"patient": (Patient(), VitalSigns(), Encounter(reference=NAME))},
        Query(NAME, "presentation"),
        f"{NAME} came in with fever and a cough that has lasted for three weeks without any treatment",
    ],
    ids=lambda argument: type(argument).__name__,
)
def test_domain_values_and_long_texts_never_reach_the_file(tmp_path: Path, argument: object) -> None:
    set_up_logs(tmp_path)
    logger = logging.getLogger("medrag_desktop.test")
    logger.info("seen %s", argument)
    logger.info("opened %s", "pack.json")
    text = (tmp_path / "medrag.log").read_text("utf-8")
    assert "Quatrebarbes" not in text
    assert "opened pack.json" in text


def test_setting_up_twice_writes_each_line_once(tmp_path: Path) -> None:
    set_up_logs(tmp_path)
    set_up_logs(tmp_path)
    logging.getLogger("medrag_desktop.test").info("once")
    assert (tmp_path / "medrag.log").read_text("utf-8").count("once") == 1


def test_a_folder_that_cannot_be_made_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(ConfigError, match=r"file cannot be used: .*--base-dir"):
        set_up_logs(tmp_path / "file" / "logs")


def test_a_log_that_cannot_be_written_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs(tmp_path / "logs")
    (tmp_path / "logs" / "medrag.log").mkdir()
    logging.getLogger("medrag_desktop.test").info("opened %s", NAME)
    assert capfd.readouterr() == ("", "")
