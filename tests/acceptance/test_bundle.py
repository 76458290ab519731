"""The proofs of a bundle, shown on small folders and programs that keep or break what they prove."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.acceptance import bundle
from tests.acceptance.bundle import Failed, NotHere, Place, Report

posix = pytest.mark.skipif(os.name == "nt", reason="the programs are scripts of a Unix shell")
PDF = "printf '%%PDF-1.7 text %%%%EOF' > "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with what every bundle must have."""
    made = tmp_path / "medrag"
    for name in (*bundle.LICENCES, "_internal/faiss/a.so", "_internal/faiss_cpu.libs/b.so", "_internal/libx.so.6"):
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x7fELF" + b"x" * 996)
    return made


def add_library(folder: Path, *versions: bytes) -> None:
    (folder / "_internal" / "new.so").write_bytes(b"\x7fELF\0libc.so.6\0" + b"\0".join(versions) + b"\0")


def place(home: Path, script: str) -> Place:
    """Return a place whose program is a shell script."""
    program = home.parent / "program"
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)
    home.mkdir(exist_ok=True)
    return Place((), str(program), str(home), home)


def test_sizes_are_summed_by_part(folder: Path) -> None:
    (folder / "medrag").write_bytes(b"x" * 5000)
    (folder / "_internal" / "link.so").symlink_to("libx.so.6")
    parts = bundle.sizes(folder)
    assert parts["faiss"] == 2000
    assert parts["libraries of the building Linux"] == 1000
    assert parts["licence texts"] == 1000 * len(bundle.LICENCES)
    assert parts.total() == 5000 + 3000 + 1000 * len(bundle.LICENCES)
    assert bundle.size_table(folder, rows=1).splitlines()[-1] == f"| all | {parts.total() / 1e6:.1f} |"


@pytest.mark.parametrize(
    ("versions", "fault"),
    [
        ((b"GLIBC_2.2.5", b"GLIBC_2.35", b"GLIBCXX_3.4.30"), ""),
        ((b"GLIBC_2.36", b"GLIBCXX_3.4.2"), "new.so need GLIBC up to 2.36"),
        ((b"GLIBC_2.9", b"GLIBCXX_3.4.32"), "new.so need GLIBCXX up to 3.4.32"),
        ((b"GLIBC_2.9", b"GLIBCXX_3.4.9", b"MY_GLIBC_9.1"), ""),
    ],
)
def test_a_library_too_new_for_older_systems_is_found(folder: Path, versions: tuple[bytes, ...], fault: str) -> None:
    add_library(folder, *versions)
    if fault:
        with pytest.raises(Failed, match=fault):
            bundle.fits_older_systems(folder)
    else:
        assert "needs more than GLIBC 2." in bundle.fits_older_systems(folder)


def test_a_folder_for_another_system_proves_nothing_about_linux(folder: Path) -> None:
    with pytest.raises(NotHere):
        bundle.fits_older_systems(folder)


def test_a_library_under_the_gpl_is_found(folder: Path) -> None:
    assert bundle.has_no_gpl_library(folder)
    (folder / "_internal" / "libreadline.so.8").touch()
    with pytest.raises(Failed, match="libreadline"):
        bundle.has_no_gpl_library(folder)


@pytest.mark.parametrize("lost", ["LICENSE", "licenses/pyside6-essentials/LGPL-3.0.txt"])
def test_a_lost_licence_text_is_found(folder: Path, lost: str) -> None:
    assert "3 packages" in bundle.carries_licences(folder)
    (folder / lost).unlink()
    with pytest.raises(Failed, match=lost):
        bundle.carries_licences(folder)


def test_a_package_with_no_text_at_all_is_found(folder: Path) -> None:
    (folder / "licenses" / "bare" / "sub").mkdir(parents=True)
    with pytest.raises(Failed, match="bare"):
        bundle.carries_licences(folder)


@posix
def test_the_program_gets_nothing_of_the_callers_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    shown = place(tmp_path / "home", 'env; echo "$@"').run("self-test", "--json")
    assert "PYTHONPATH" not in shown
    assert f"HOME={tmp_path / 'home'}" in shown
    assert shown.splitlines()[-1] == "self-test --json"


@posix
def test_a_self_test_that_fails_is_told_with_its_words(tmp_path: Path) -> None:
    passing = place(tmp_path / "home", """echo '{"checks": [{"part": "packs"}, {"part": "window"}]}'""")
    assert bundle.self_test(passing) == "packs, window"
    with pytest.raises(Failed, match=r"exit code 1: no module _cffi_backend"):
        bundle.self_test(place(tmp_path / "home", "echo no module _cffi_backend >&2; exit 1"))


@posix
@pytest.mark.parametrize(("script", "whole"), [(PDF + '"$4"', True), ('echo text > "$4"', False), ("true", False)])
def test_only_a_whole_pdf_counts(tmp_path: Path, script: str, whole: bool) -> None:
    report = Report()
    report.prove("PDF", lambda: bundle.example_to_pdf(place(tmp_path / "home", script)))
    assert report.failures == (0 if whole else 1)


@posix
@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("trap 'exit 0' TERM; while :; do sleep 0.05; done", ""),
        ("echo no display >&2; exit 1", "ended by itself: no display"),
        ("exit 0", "ended by itself"),
        ("trap 'exit 3' TERM; while :; do sleep 0.05; done", "ended with 3"),
        ("while :; do sleep 0.05; done", "ended with -15"),
    ],
)
def test_a_window_stays_open_and_closes_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, fault: str
) -> None:
    monkeypatch.setattr(bundle, "WINDOW_SECONDS", (1.0, 2.0))
    program = place(tmp_path / "home", script)
    if fault:
        with pytest.raises(Failed, match=fault):
            bundle.window(program)
    else:
        assert bundle.window(program) == "open for 1 s, closed when asked"


@posix
@pytest.mark.parametrize("strange", ["", ".cache/Microsoft/deviceid", ".notes"])
def test_a_file_left_elsewhere_is_found(tmp_path: Path, strange: str) -> None:
    home = tmp_path / "home"
    for name in (bundle.OWN_FOLDER + "packs/a", "draft.pdf", strange or "example.json"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    if strange:
        with pytest.raises(Failed, match=strange):
            bundle.wrote_only_its_own(place(home, ""))
    else:
        assert bundle.wrote_only_its_own(place(home, "")).startswith("1 files")


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("calls", [False, True])
def test_a_call_to_a_network_is_seen(tmp_path: Path, calls: bool) -> None:
    body = "import socket\nif CALLS: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)".replace("CALLS", str(calls))
    (tmp_path / "body.py").write_text(body, "utf-8")
    program = place(tmp_path / "home", f"exec {shutil.which('python3')} {tmp_path / 'body.py'}")
    report = Report()
    report.prove("calls", lambda: bundle.calls_nobody(program))
    assert report.failures == int(calls)


def test_what_a_machine_cannot_prove_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(bundle, "is_root", lambda: False)
    add_library(folder, b"GLIBC_2.34", b"GLIBCXX_3.4.29")
    assert bundle.prove_all(folder, folder.parent) == 0
    lines = capsys.readouterr().out.splitlines()
    unproved = [line for line in lines if line.startswith("not proved")]
    assert [line.split(":")[0].split("  ")[1] for line in unproved] == [
        "without a network", "without Python, network and rights",
        "window on a display, without Python, network and rights",
    ]  # fmt: skip
    assert not [line for line in lines if line.startswith("FAILED")]


@posix
def test_cost_of_a_run(tmp_path: Path) -> None:
    took = bundle.cost(["sh", "-c", "sleep 0.1"])
    assert 0.1 <= took.seconds < 30
    assert took.peak_mb > 0
    with pytest.raises(Failed, match="ended with 4"):
        bundle.cost(["sh", "-c", "exit 4"])
