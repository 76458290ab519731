"""The self-test: every part, each by itself; a damaged file fails its part and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from medrag_desktop import bootstrap
from medrag_desktop.adapters.case_store import SqlCipherVault
from medrag_desktop.cli.self_test import open_window_once, parts, run_parts
from medrag_desktop.errors import ModelCorrupt, PackMissing
from medrag_desktop.services.history import History
from tests.e2e.conftest import ROOT
from tests.fakes import MemoryVault


def outcome(run: Callable[[], str]) -> tuple[bool, str]:
    ((_, ok, detail),) = run_parts({"part": run})
    return ok, detail


def test_a_part_that_breaks_hides_none_after_it_and_none_of_its_values() -> None:
    def missing() -> str:
        raise PackMissing("Build it.")

    def broken() -> str:
        raise ValueError("Zephyrine Quatrebarbes")

    told = list(run_parts({"first": missing, "second": broken, "third": lambda: "fine"}))
    assert told == [
        ("first", False, "Build it."),
        ("second", False, "This is a fault of the program (ValueError)."),
        ("third", True, "fine"),
    ]


def test_danger_signs_and_library_work_without_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDRAG_MODELS_DIR", str(tmp_path / "none"))
    for name in ("clinical library", "danger signs"):
        assert outcome(parts(tmp_path)[name])[0]
    for name in ("model files", "encoders", "generator"):
        ok, detail = outcome(parts(tmp_path)[name])
        assert not ok
        assert "No model is installed" in detail


def test_without_a_pack_it_says_what_to_do(tmp_path: Path) -> None:
    for name in ("packs", "search by meaning", "search by words", "example to PDF"):
        ok, detail = outcome(parts(tmp_path)[name])
        assert not ok, name
        assert "medrag pack build" in detail or not list(ROOT.glob("models/*/manifest.json"))


@pytest.mark.models
@pytest.mark.parametrize("name", ["model files", "encoders", "generator"])
def test_the_models_work(tmp_path: Path, name: str) -> None:
    assert outcome(parts(tmp_path)[name])[0]


MODEL_FILES = [f"{file.parent.name}/{file.name}" for file in sorted(ROOT.glob("models/*/*")) if file.suffix != ".md"]


@pytest.mark.models
@pytest.mark.parametrize("damage", ["missing", "damaged"])
@pytest.mark.parametrize("name", MODEL_FILES)
def test_a_file_of_a_model_that_is_missing_or_damaged_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, damage: str
) -> None:
    shutil.copytree(ROOT / "models", tmp_path / "models")
    monkeypatch.setenv("MEDRAG_MODELS_DIR", str(tmp_path / "models"))
    victim = tmp_path / "models" / name
    if damage == "missing":
        victim.unlink()
    else:
        data = victim.read_bytes()
        victim.write_bytes(data[: len(data) // 2] + b"\0damaged" + data[len(data) // 2 :])
    ok, detail = outcome(parts(tmp_path)["model files"])
    assert not ok
    assert victim.parent.name in detail


@pytest.mark.models
def test_an_encoder_that_puts_nothing_near_its_answer_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Backwards:
        def __init__(self) -> None:
            self._real = real(tmp_path)

        def encode_questions(self, texts: list[str], **rest: object) -> object:
            return -self._real.encode_questions(texts, **rest)  # type: ignore[arg-type]

        def encode_passages(self, texts: list[tuple[str, str]], **rest: object) -> object:
            return self._real.encode_passages(texts, **rest)  # type: ignore[arg-type]

    real = bootstrap.make_encoder
    monkeypatch.setattr(bootstrap, "make_encoder", lambda _: Backwards())
    ok, detail = outcome(parts(tmp_path)["encoders"])
    assert not ok
    assert "no nearer" in detail


def test_the_case_history_is_opened_with_the_right_passphrase_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outcome(parts(tmp_path)["case history"])[0]
    assert list(tmp_path.iterdir()) == [], "it is tried aside"

    class Careless(SqlCipherVault):
        def open(self, passphrase: str):  # type: ignore[no-untyped-def] # noqa: ANN202
            return super().open("only for the self-test")

    monkeypatch.setattr(bootstrap, "make_history", lambda base: History(Careless(base / "history")))
    ok, detail = outcome(parts(tmp_path)["case history"])
    assert not ok
    assert "wrong passphrase" in detail
    monkeypatch.setattr(bootstrap, "make_history", lambda _: History(MemoryVault("x")))
    assert not outcome(parts(tmp_path)["case history"])[0]


def test_the_window_opens_in_a_process_of_its_own(tmp_path: Path) -> None:
    ok, detail = outcome(parts(tmp_path)["window"])
    assert ok, detail
    assert detail.startswith("opened with")


def test_a_window_that_does_not_open_fails_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "medrag_desktop").mkdir()
    (tmp_path / "medrag_desktop" / "__init__.py").write_text("", "utf-8")
    (tmp_path / "medrag_desktop" / "__main__.py").write_text("raise SystemExit('Qt has ended the process')", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert outcome(parts(tmp_path)["window"]) == (False, "The window did not open. Qt has ended the process")


def test_without_qt_the_window_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def refuse(module: str, *rest: object, **more: object) -> object:
        if module.startswith("medrag_desktop.gui"):
            raise ImportError("libGL.so.1: cannot open shared object file", name="PySide6.QtGui")
        return real(module, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert "not tried" in open_window_once()
    assert "libGL.so.1" in open_window_once()


def test_a_model_error_of_a_part_is_its_sentence() -> None:
    def damaged() -> str:
        raise ModelCorrupt("The model\x1b[31m is damaged.\nInstall it again.")

    ok, detail = outcome(damaged)
    assert not ok
    assert detail.isprintable()
