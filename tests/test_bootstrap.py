"""The composition root: what the window is handed, and what of it is opened when."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medrag_desktop import bootstrap, cli
from medrag_desktop.config import Settings, find_paths
from medrag_desktop.errors import ConfigError, InputError
from medrag_desktop.tasks import Task


def test_making_a_desk_opens_nothing(tmp_path: Path) -> None:
    desk = bootstrap.make_desk(tmp_path)
    assert (desk.settings, desk.notes) == (Settings(), ())
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_the_library_is_opened_with_the_settings_as_they_are_saved_then(tmp_path: Path) -> None:
    desk = bootstrap.make_desk(tmp_path)
    desk.save_settings(replace(desk.settings, candidates=4))
    assert desk.open_ranker().settings.candidates == 4
    assert bootstrap.make_desk(tmp_path).settings.candidates == 4
    assert bootstrap.make_ranker(tmp_path).settings == Settings(), "measurements are of the program as shipped"


def test_damaged_settings_stop_a_command_but_not_the_window(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("candidates = many", "utf-8")
    desk = bootstrap.make_desk(tmp_path)
    assert desk.settings == Settings()
    assert "settings.toml" in desk.notes[0]
    assert desk.open_ranker().settings == Settings()
    with pytest.raises(ConfigError):
        bootstrap.make_services(tmp_path)


def test_the_build_command_is_this_very_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = bootstrap.make_desk(tmp_path).build_command
    asked = ("pack", "build", "--if-needed", "--progress-json", "--base-dir", str(tmp_path))
    assert command == (sys.executable, "-m", "medrag_desktop", *asked)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert bootstrap.make_desk(tmp_path).build_command == (sys.executable, *asked)


def test_a_data_folder_that_is_a_file_is_said_by_every_command(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x", "utf-8")
    for start in (bootstrap.make_desk, bootstrap.make_services, bootstrap.make_shelf, bootstrap.make_history):
        with pytest.raises(ConfigError, match=r"file cannot be used.*--base-dir"):
            start(file)


GUIDELINE = "# Fever here\n\nEvery child with fever is tested for malaria.\n"


@pytest.mark.models
@pytest.mark.parametrize(("name", "pack_id"), [("guide.md", "library"), ("library.md", ""), ("Library.md", "")])
def test_the_id_of_the_clinical_library_is_not_for_other_texts(tmp_path: Path, name: str, pack_id: str) -> None:
    (tmp_path / name).write_text(GUIDELINE, "utf-8")
    for if_needed in (False, True):
        request = bootstrap.PackRequest((tmp_path / name,), pack_id, if_needed=if_needed)
        with pytest.raises(InputError, match=r"library is kept .* another id \(--id\)"):
            bootstrap.build_pack(tmp_path, request, task=Task())
    assert bootstrap.make_shelf(tmp_path).manifests() == ()


@pytest.mark.models
def test_of_an_older_copy_it_is_said_that_the_shipped_one_stays_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "guide.md").write_text(GUIDELINE, "utf-8")
    request = bootstrap.PackRequest((tmp_path / "guide.md",), "local")
    old = bootstrap.build_pack(tmp_path / "first", request, task=Task())
    bootstrap.make_shelf(tmp_path / "first").export("local", tmp_path / "local.medpack")
    program = tmp_path / "program"
    for name in ("assets", "models"):
        (program / name).parent.mkdir(exist_ok=True)
        (program / name).symlink_to(find_paths().program / name)
    shutil.copytree(tmp_path / "first" / "packs" / "local", program / "packs" / "local")
    manifest = program / "packs" / "local" / "pack.json"
    newer = {**json.loads(manifest.read_text("utf-8")), "built_at": "2999-01-01T00:00:00+00:00"}
    manifest.write_text(json.dumps(newer), "utf-8")
    monkeypatch.setattr(sys, "_MEIPASS", str(program), raising=False)
    command = ["pack", "install", str(tmp_path / "local.medpack"), "--base-dir", str(tmp_path / "user")]
    outcome = CliRunner().invoke(cli.app, command)
    assert outcome.exit_code == 0, outcome.output
    assert f"local {old.version} installed" in outcome.output
    assert "came with the program" in outcome.output
    assert "stays in use" in outcome.output
    shutil.rmtree(program / "packs")
    assert "stays in use" not in CliRunner().invoke(cli.app, command).output
