"""What a bundle leaves out, shown on the packages that are installed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle import runtime


def test_tools_of_the_developer_are_no_part_of_the_program() -> None:
    others = runtime.other_modules()
    assert {"pytest", "_pytest", "mypy", "hypothesis", "ruff"} <= others


def test_what_the_program_asks_for_stays() -> None:
    others = runtime.other_modules()
    assert others.isdisjoint({"medrag_desktop", "numpy", "PySide6", "shiboken6", "faiss", "nacl", "typer", "mnemonic"})


def test_what_those_ask_for_stays() -> None:
    assert runtime.other_modules().isdisjoint({"_cffi_backend", "cffi", "packaging", "click", "pluggy", "pygments"})


def test_an_extra_is_asked_for_only_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = {"alpha": ["beta; extra == 'more'", "gone"], "beta": ["alpha[more]"]}
    modules = {"alpha": ["Alpha"], "beta": ["beta"], "both": ["beta", "other"], "loose": ["other"]}
    monkeypatch.setattr(runtime, "PYPROJECT", tmp_path / "pyproject.toml")
    monkeypatch.setattr(runtime, "packages_distributions", lambda: modules)
    monkeypatch.setattr(runtime, "requires", needs.get)
    for asked, others in (("alpha", {"beta", "both", "loose"}), ("alpha[more]", {"loose"})):
        (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "us"\ndependencies = ["{asked}"]\n', "utf-8")
        assert runtime.other_modules() == others
