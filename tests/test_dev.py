"""dev.py through its command line, with recorders in the places of the interpreter, pip and the program."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dev

ROOT = Path(dev.__file__).resolve().parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

RECORDER = """#!{python}
import json, os, pathlib, sys
tree = pathlib.Path({tree!r})
name, *arguments = [pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]
with (tree / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps([name, *arguments]) + "\\n")
sys.exit(9 if os.environ.get("FAIL") in arguments else 0)
"""

BUILD = ["medrag", "pack", "build", "--if-needed"]
VENV_PACKAGE = f"python3.{sys.version_info.minor}-venv"

# Nothing may be installed on the machine that runs these tests.
WITHOUT_NEEDS = (
    "import sys, dev; dev.QT_LIBRARIES.clear(); dev.PYINSTALLER_NEEDS.clear(); sys.exit(dev.main(sys.argv[1:]))"
)

posix = pytest.mark.skipif(os.name == "nt", reason="the recorders are scripts with a #! line")


@dataclass(frozen=True, slots=True)
class Clone:
    """A copy of dev.py in a small tree, with a virtual environment that only records."""

    root: Path

    def dev(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run dev.py with no display and no settings of this machine."""
        keep = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        command = [sys.executable, "-c", WITHOUT_NEEDS, *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, env=keep | env, check=False)

    def calls(self) -> list[list[str]]:
        """Return what was called since the last look, without the probes for pip."""
        path = self.root / "calls.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [call for call in map(json.loads, lines) if call[1:] != ["-m", "pip", "--version"]]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """Return a clone whose virtual environment exists and is empty."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "medrag", "lint-imports"):
        (programs / name).write_text(RECORDER.format(python=sys.executable, tree=str(tmp_path)), "utf-8")
        (programs / name).chmod(0o755)
    for name in ("dev.py", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return Clone(tmp_path)


def test_help_names_every_command(clone: Clone) -> None:
    shown = clone.dev("--help")
    assert shown.returncode == 0
    for command in ("run", "test", "check", "accept", "bench", "package"):
        assert f"\n    {command} " in shown.stdout
        assert clone.dev(command, "--help").returncode == 0


@pytest.mark.parametrize("arguments", [(), ("deploy",), ("check", "--fast")])
def test_wrong_usage_is_two(clone: Clone, arguments: tuple[str, ...]) -> None:
    assert clone.dev(*arguments).returncode == 2
    assert clone.calls() == []


@posix
def test_test_installs_and_passes_its_arguments_on(clone: Clone) -> None:
    assert clone.dev("test", "tests/domain", "-k", "a or b", "-x").returncode == 0
    install, tests = clone.calls()
    assert install[-4:] == ["-c", str(clone.root / "requirements.lock"), "-e", ".[dev]"]
    assert tests == ["python", "-m", "pytest", "tests/domain", "-k", "a or b", "-x"]


@posix
def test_training_tests_get_torch_before_the_rest(clone: Clone) -> None:
    assert clone.dev("test", "--train", "-x").returncode == 0
    torch, rest, tests = clone.calls()
    assert torch[-1] == "torch==2.13.0"
    assert rest[-1] == ".[dev,train]"
    assert tests[-2:] == ["--train", "-x"]


@posix
def test_nothing_is_installed_twice(clone: Clone) -> None:
    clone.dev("test", "--train")
    clone.calls()
    clone.dev("test")
    clone.dev("check")
    assert not [call for call in clone.calls() if "install" in call]


@posix
def test_a_changed_lock_installs_again_and_keeps_the_extras(clone: Clone) -> None:
    clone.dev("test", "--train")
    with (clone.root / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    clone.calls()
    clone.dev("check")
    assert [call[-1] for call in clone.calls() if "install" in call] == ["torch==2.13.0", ".[dev,train]"]


@posix
def test_a_failed_install_stops_and_is_tried_again(clone: Clone) -> None:
    failed = clone.dev("test", FAIL="install")
    assert failed.returncode == 1
    assert "pip could not install" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert len(clone.calls()) == 1
    assert clone.dev("test").returncode == 0
    assert len(clone.calls()) == 2


@posix
def test_the_code_of_the_tests_comes_through(clone: Clone) -> None:
    assert clone.dev("test", FAIL="pytest").returncode == 9


@posix
def test_check_goes_on_after_a_failure(clone: Clone) -> None:
    checked = clone.dev("check", FAIL="format")
    assert checked.returncode == 1
    assert "Failed: format" in checked.stdout
    tools = [call[2] if call[0] == "python" else call[0] for call in clone.calls()[1:]]
    assert tools == ["ruff", "ruff", "mypy", "lint-imports"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_run_without_a_display_assesses_the_examples(clone: Clone) -> None:
    examples = clone.root / "assets" / "examples"
    examples.mkdir(parents=True)
    for name in ("one", "two"):
        (examples / f"{name}.json").write_text("{}")
    first = clone.dev("run")
    assert first.returncode == 0
    pdfs = [str(clone.root / "build" / "examples" / f"{name}.pdf") for name in ("one", "two")]
    assert [line.removeprefix("PDF: ") for line in first.stdout.splitlines() if "PDF" in line] == pdfs
    install, build, *assessed = clone.calls()
    assert install[-2:] == ["-e", "."]
    assert build == BUILD
    assert [call[-1] for call in assessed] == pdfs


@posix
def test_run_with_a_display_opens_the_window(clone: Clone) -> None:
    (clone.root / "medrag_desktop" / "gui").mkdir(parents=True)
    assert clone.dev("run", DISPLAY=":7").returncode == 0
    assert clone.calls()[-1] == ["medrag"]


@posix
def test_run_stops_when_the_pack_cannot_be_built(clone: Clone) -> None:
    stopped = clone.dev("run", FAIL="build", DISPLAY=":7")
    assert stopped.returncode == 1
    assert "library pack" in stopped.stderr
    assert clone.calls()[-1] == BUILD


@posix
@pytest.mark.parametrize(("command", "folder"), [("accept", "tests/acceptance"), ("bench", "benchmarks")])
def test_long_runs_are_listed_and_run_by_name(clone: Clone, command: str, folder: str) -> None:
    assert "empty so far" in clone.dev(command).stdout
    (clone.root / folder).mkdir(parents=True)
    runs = clone.root / folder / "speed.py"
    runs.write_text('"""Measure the speed.\n\nMore."""\n\nif __name__ == "__main__":\n    print(1)\n')
    runs.with_name("shared_part.py").write_text('"""Nothing to run."""\n')
    assert clone.dev(command).stdout.split() == ["speed", "Measure", "the", "speed."]
    assert clone.calls() == []
    assert clone.dev(command, "speed", "-n", "3").returncode == 0
    assert clone.calls()[-1] == ["python", "-m", f"{folder.replace('/', '.')}.speed", "-n", "3"]
    unknown = clone.dev(command, "sped")
    assert unknown.returncode == 1
    assert "speed" in unknown.stderr


def test_package_says_what_is_missing(clone: Clone) -> None:
    refused = clone.dev("package")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "build.spec" in refused.stderr
    assert clone.calls() == []


@posix
def test_package_builds_the_pack_then_the_folder_then_proves_it(clone: Clone) -> None:
    (clone.root / "build.spec").touch()
    assert clone.dev("package", "--clean").returncode == 0
    install, pack, bundle, proof = clone.calls()
    assert install[-1] == ".[package]"
    assert pack == ["medrag", "pack", "build", f"--base-dir={clone.root / 'build' / 'bundle'}"]
    assert bundle[:3] == ["python", "-m", "PyInstaller"]
    assert bundle[-2:] == ["--clean", str(clone.root / "build.spec")]
    assert f"--distpath={clone.root / 'dist'}" in bundle
    assert proof == ["python", "-m", "tests.acceptance.bundle"]


@posix
@pytest.mark.parametrize(("fault", "calls"), [("pack", 2), ("PyInstaller", 3)])
def test_package_proves_nothing_that_was_not_built(clone: Clone, fault: str, calls: int) -> None:
    (clone.root / "build.spec").touch()
    stopped = clone.dev("package", FAIL=fault)
    assert stopped.returncode == 1
    assert stopped.stderr.count("\n") == 1
    assert len(clone.calls()) == calls


@posix
def test_a_failed_proof_fails_the_package(clone: Clone) -> None:
    (clone.root / "build.spec").touch()
    assert clone.dev("package", FAIL="tests.acceptance.bundle").returncode == 9


@posix
@pytest.mark.parametrize("way", ["option", "variable"])
def test_another_environment_can_be_named(clone: Clone, tmp_path: Path, way: str) -> None:
    other = tmp_path / "other"
    (tmp_path / ".venv").rename(other)
    arguments, env = (["--venv", str(other)], {}) if way == "option" else ([], {"MEDRAG_VENV": str(other)})
    assert clone.dev("test", *arguments, **env).returncode == 0
    assert (other / dev.STAMP).exists()
    assert not (tmp_path / ".venv").exists()


@posix
def test_a_moved_clone_gets_a_new_environment(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    clone.dev("test")
    moved = clone.root / "elsewhere"
    (clone.root / ".venv").rename(moved)
    made: list[bool] = []
    monkeypatch.setattr(dev, "ensure_venv", lambda _, *, moved: made.append(moved))
    monkeypatch.setattr(dev, "pip_install", lambda *_: None)
    dev.prepare(moved, "dev", qt=False)
    dev.prepare(moved, "dev", qt=False)
    assert made == [True]


def test_a_folder_with_other_things_is_left_alone(clone: Clone, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs" / "thesis.odt"
    theirs.parent.mkdir()
    theirs.touch()
    refused = clone.dev("test", "--venv", str(theirs.parent))
    assert refused.returncode == 1
    assert "not a virtual environment" in refused.stderr
    assert theirs.exists()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that this is a Linux without the venv package, one of Qt's libraries and PyInstaller's needs."""
    monkeypatch.setattr(dev, "QT_LIBRARIES", {"libnot-there.so.9": "libnot-there9", "libc.so.6": "libc6"})
    monkeypatch.setattr(dev, "PYINSTALLER_NEEDS", {"libnothing.so.1": "libnothing1", "notool": "notools", "sh": "dash"})
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)


def without_root(monkeypatch: pytest.MonkeyPatch, programs: dict[str, str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(shutil, "which", programs.get)


@pytest.mark.usefixtures("bare")
def test_without_root_the_one_command_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    without_root(monkeypatch, {"apt-get": "/usr/bin/apt-get"})
    assert dev.main(["test", "--venv", str(tmp_path / "new")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[1:] == [f"  sudo apt-get install {VENV_PACKAGE} libnot-there9"]
    assert not (tmp_path / "new").exists()


@posix
@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("sudo", [False, True])
def test_root_and_free_sudo_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sudo: bool) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000 if sudo else 0)
    for name in ("apt-get", *(["sudo"] if sudo else [])):
        forward = 'shift; exec "$@"' if name == "sudo" else ""
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/calls\n{forward}\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    dev.ensure_system_packages(tmp_path / "new", qt=True)
    calls = (tmp_path / "calls").read_text().splitlines()
    apt = [call for call in calls if call.startswith("apt-get")]
    install = f"apt-get install -y --no-install-recommends {VENV_PACKAGE} libnot-there9"
    assert apt == ["apt-get update", install]
    assert any(call.startswith("sudo -n env") for call in calls) is sudo


@posix
@pytest.mark.usefixtures("bare")
def test_packaging_needs_more_than_running(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    without_root(monkeypatch, {"apt-get": "/usr/bin/apt-get", "sh": "/bin/sh"})
    (tmp_path / "build.spec").touch()
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    assert dev.main(["package", "--venv", str(tmp_path / "new")]) == 1
    needs = f"{VENV_PACKAGE} libnot-there9 libnothing1 notools"
    assert capsys.readouterr().err.splitlines()[1:] == [f"  sudo apt-get install {needs}"]


@pytest.mark.usefixtures("bare")
def test_elsewhere_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    without_root(monkeypatch, {})
    with pytest.raises(dev.Stop, match="ensurepip"):
        dev.ensure_system_packages(tmp_path, qt=True)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    dev.ensure_system_packages(tmp_path, qt=True)
    assert "libnot-there.so.9" in capsys.readouterr().out


def test_dev_py_needs_the_standard_library_only() -> None:
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse((ROOT / "dev.py").read_text("utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names


def test_the_lock_pins_what_the_project_asks_for() -> None:
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    extras = PROJECT["optional-dependencies"]
    wanted = [Requirement(text) for group in (PROJECT["dependencies"], *extras.values()) for text in group]
    assert set(extras) == {"train", "dev", "bench", "package"}
    for python in ("3.11", "3.14"):
        place = {"python_version": python, "python_full_version": f"{python}.0"}
        here = {
            canonicalize_name(pin.name): str(pin.specifier)
            for pin in pins
            if not pin.marker or pin.marker.evaluate(place)
        }
        for need in wanted:
            if not need.marker or need.marker.evaluate(place):
                version = here[canonicalize_name(need.name)].removeprefix("==")
                assert need.specifier.contains(version), f"{need} is locked to {version}"


def test_the_lock_brings_no_cuda() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    assert not [line for line in lock if line.startswith(("cuda", "nvidia", "triton"))]


def test_every_runtime_package_has_its_notice() -> None:
    notices = (ROOT / "THIRD_PARTY.md").read_text("utf-8")
    for text in PROJECT["dependencies"]:
        assert f"| {Requirement(text).name} " in notices
