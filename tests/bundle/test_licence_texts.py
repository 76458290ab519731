"""Which licence texts go into a bundle, shown on the packages that are installed here."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from bundle import licence_texts
from bundle.licence_texts import NoLicenceText, write_licence_texts


def file_of(package: str, name: str) -> str:
    """Return the path of an installed file, as PyInstaller names it."""
    found = next(file for file in distribution(package).files or () if file.name == name)
    return str(distribution(package).locate_file(found))


def written(folder: Path, *sources: str) -> set[str]:
    write_licence_texts(sources, folder)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_only_packages_in_the_bundle_are_named(tmp_path: Path) -> None:
    assert written(tmp_path, file_of("typer", "main.py")) >= {"python/LICENSE.txt", "typer/LICENSE"}
    assert {path.name for path in tmp_path.iterdir()} == {"python", "typer"}


def test_texts_that_the_wheel_lacks_are_ours(tmp_path: Path) -> None:
    sources = [file_of("PySide6_Essentials", "QtCore.abi3.so" if sys.platform == "linux" else "QtCore.pyi")]
    sources += [file_of("sqlcipher3", "dbapi2.py"), file_of("tokenizers", "__init__.py")]
    texts = written(tmp_path, *sources)
    assert {"pyside6-essentials/LGPL-3.0.txt", "pyside6-essentials/GPL-3.0.txt"} <= texts
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in (tmp_path / "pyside6-essentials" / "LGPL-3.0.txt").read_text("utf-8")
    assert "ZETETIC LLC" in (tmp_path / "sqlcipher3" / "SQLCipher.txt").read_text("utf-8")
    assert "sqlcipher3/LICENSE" in texts
    assert "Apache License" in (tmp_path / "tokenizers" / "LICENSE").read_text("utf-8")


def test_what_is_compiled_in_is_told(tmp_path: Path) -> None:
    texts = written(tmp_path, file_of("numpy", "version.py"), file_of("onnxruntime", "__init__.py"))
    assert any(name.startswith("numpy/numpy/random/") for name in texts)
    assert "onnxruntime/onnxruntime/ThirdPartyNotices.txt" in texts


def test_a_package_without_any_text_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(licence_texts, "NOT_IN_THE_WHEEL", {})
    with pytest.raises(NoLicenceText, match="tokenizers"):
        write_licence_texts([file_of("tokenizers", "__init__.py"), file_of("typer", "main.py")], tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_texts_of_an_earlier_build_do_not_stay(tmp_path: Path) -> None:
    old = tmp_path / "gone" / "LICENSE"
    old.parent.mkdir()
    old.touch()
    written(tmp_path, "", "/no/such/file")
    assert {path.name for path in tmp_path.iterdir()} == {"python"}


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="only Debian can say whose file it is")
def test_libraries_of_debian_bring_its_copyright_file(tmp_path: Path) -> None:
    texts = written(tmp_path, shutil.which("dpkg-query") or "")
    assert "debian-dpkg/copyright" in texts
    assert "debian-dpkg/GPL-2.txt" in texts
