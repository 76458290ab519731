from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.config import (
    LEVELS,
    REGIONS,
    SETTINGS,
    Choice,
    Line,
    Number,
    Settings,
    default_threads,
    find_paths,
    read_settings,
    write_settings,
)
from medrag_desktop.domain import condition
from medrag_desktop.domain.draft import Level
from medrag_desktop.errors import ConfigError


def allowed_values(limits: Choice | Line | Number) -> st.SearchStrategy[Any]:
    if isinstance(limits, Choice):
        return st.sampled_from([word for word, _ in limits.options])
    if isinstance(limits, Line):
        return st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=limits.longest)
    if limits.decimals:
        return st.floats(limits.minimum, limits.maximum)
    return st.integers(int(limits.minimum), int(limits.maximum))


def told(path: Path, text: str) -> Settings:
    path.write_text(text, "utf-8")
    return read_settings(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_without_a_file_everything_is_as_shipped(path: Path) -> None:
    assert read_settings(path) == Settings()
    assert not path.exists()


@given(values=st.fixed_dictionaries({name: allowed_values(s.limits) for name, s in SETTINGS.items()}))
def test_what_is_written_is_read_again(values: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("round") / "new folder" / "settings.toml"
    write_settings(path, Settings(**values))
    assert asdict(read_settings(path)) == values
    assert [file.name for file in path.parent.iterdir()] == ["settings.toml"]


def test_every_shipped_value_is_allowed_and_explained() -> None:
    for name, setting in SETTINGS.items():
        shipped = getattr(Settings(), name)
        assert setting.limits.fit(shipped) == shipped, name
        assert setting.group, name
        assert setting.label, name
        assert setting.help.endswith("."), name


def test_only_what_differs_from_the_shipped_values_is_written(path: Path) -> None:
    write_settings(path, replace(Settings(), theme="dark"))
    assert tomllib.loads(path.read_text("utf-8")) == {"theme": "dark"}
    write_settings(path, Settings())
    assert path.read_text("utf-8") == ""


def test_keys_of_another_version_are_ignored_and_kept(path: Path) -> None:
    assert told(path, 'theme = "dark"\nfuture = [1, 2]\n') == replace(Settings(), theme="dark")
    write_settings(path, Settings())
    assert tomllib.loads(path.read_text("utf-8")) == {"future": [1, 2]}


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ('threads = "4"', "a whole number from 1 to 64"),
        ("threads = 0", "a whole number from 1 to 64"),
        ("threads = 2.0", "a whole number from 1 to 64"),
        ("threads = true", "a whole number from 1 to 64"),
        ("text_scale = 2.01", "a number from 0.8 to 2"),
        ("text_scale = nan", "a number from 0.8 to 2"),
        ("text_scale = inf", "a number from 0.8 to 2"),
        ("text_scale = true", "a number from 0.8 to 2"),
        ("auto_lock_minutes = -1", "a whole number from 0 to 240"),
        ('theme = "DARK"', "one of system, light, dark"),
        ("theme = []", "one of system, light, dark"),
        ('region = "mars"', "one of default, sub-saharan-africa"),
        ('level = ""', "one of generated, extractive, search"),
        (f'clinician = "{"x" * 81}"', "one line of text of at most 80 characters"),
        ('clinician = "A\\nB"', "one line of text of at most 80 characters"),
        ("clinician = 7", "one line of text of at most 80 characters"),
    ],
)
def test_a_value_that_is_not_allowed_names_the_key_and_what_is(path: Path, line: str, allowed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        told(path, line)
    assert line.split()[0] in str(caught.value)
    assert allowed in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_whole_number_does_where_a_number_is_asked_for(path: Path) -> None:
    scale = told(path, "text_scale = 2").text_scale
    assert scale == 2.0
    assert isinstance(scale, float)


def test_a_name_in_any_script_is_kept(path: Path) -> None:
    for name in ("Dr Ngozi Ọkọnjọ", "د. فاطمه می‌خواهد", "डॉ. शर्मा", '"; theme = "dark'):
        write_settings(path, replace(Settings(), clinician=name))
        assert read_settings(path) == replace(Settings(), clinician=name)


@pytest.mark.parametrize("damaged", [b"theme = ", b"\xff\xfe\x00", b"theme = 'dark'\ntheme = 'light'", b"\x00\x00"])
def test_a_damaged_file_says_which_and_how_to_go_on(path: Path, damaged: bytes) -> None:
    path.write_bytes(damaged)
    with pytest.raises(ConfigError, match=r"damaged.*delete it") as caught:
        read_settings(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == damaged
    write_settings(path, replace(Settings(), theme="dark"))
    assert read_settings(path).theme == "dark"


def test_the_mark_that_windows_editors_put_in_front_is_read(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbftheme = "dark"\r\n')
    assert read_settings(path).theme == "dark"


def test_a_folder_in_place_of_the_file_is_an_error_with_its_path(path: Path) -> None:
    path.mkdir()
    with pytest.raises(ConfigError, match=r"cannot be read.*settings|settings.*cannot be read"):
        read_settings(path)
    with pytest.raises(ConfigError, match="cannot be saved"):
        write_settings(path, Settings())
    assert [file.name for file in path.parent.iterdir()] == ["settings.toml"]


def test_a_failed_write_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_settings(path, replace(Settings(), theme="dark"))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        write_settings(path, replace(Settings(), theme="light"))
    assert read_settings(path).theme == "dark"
    assert [file.name for file in path.parent.iterdir()] == ["settings.toml"]


def test_a_value_that_could_not_be_read_again_is_not_written(path: Path) -> None:
    with pytest.raises(ConfigError, match="threads"):
        write_settings(path, replace(Settings(), threads=0))
    assert not path.exists()


def test_regions_and_levels_are_those_of_the_domain() -> None:
    assert [word for word, _ in REGIONS.options] == list(condition.REGIONS)
    assert sorted(word for word, _ in LEVELS.options) == sorted(Level)


def test_the_folder_asked_for_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDRAG_BASE_DIR", str(tmp_path / "environment"))
    assert find_paths(tmp_path / "asked").data == tmp_path / "asked"
    assert find_paths().data == tmp_path / "environment"


def test_a_relative_folder_is_settled_when_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = find_paths(Path("here"))
    monkeypatch.chdir("/")
    assert paths.settings == tmp_path / "here" / "settings.toml"
    assert paths.history == tmp_path / "here" / "history"


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a frozen program that runs without MEDRAG_BASE_DIR."""
    monkeypatch.delenv("MEDRAG_BASE_DIR")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "_internal"), raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "medrag"))
    return tmp_path


def test_portable_txt_beside_the_program_keeps_the_data_beside_it(bundle: Path) -> None:
    (bundle / "portable.txt").touch()
    paths = find_paths()
    assert paths.data == bundle / "data"
    assert paths.program == bundle / "_internal"
    assert find_paths(bundle / "asked").data == bundle / "asked"


def test_without_portable_txt_the_data_are_in_the_users_folder(bundle: Path) -> None:
    assert find_paths().data == Path(platformdirs.user_data_dir("medrag-desktop", appauthor=False))
    (bundle / "portable.txt").mkdir()  # a folder of that name is not the file
    assert find_paths().data.is_relative_to(Path(platformdirs.user_data_dir("medrag-desktop", appauthor=False)))


def test_portable_txt_in_the_folder_of_the_clone_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDRAG_BASE_DIR")
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    (tmp_path / "portable.txt").touch()
    assert find_paths().data == tmp_path / "data"


def test_the_page_of_file_locations_tells_every_setting_and_every_place() -> None:
    page = (Path(__file__).parent.parent / "docs" / "file-locations.md").read_text("utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for name, setting in SETTINGS.items():
        assert setting.limits.allowed in rows[name], name
        assert setting.help in rows[name], name
        shipped = getattr(Settings(), name)
        assert name == "threads" or f"`{shipped}`" in rows[name] or shipped == "", name
    paths = find_paths()
    for place in (paths.history, paths.settings, paths.window, paths.packs, paths.logs, paths.assets, paths.models):
        assert f"`{place.name}" in page, place


@pytest.mark.parametrize(("cores", "threads"), [(None, 1), (1, 1), (2, 2), (3, 2), (4, 3), (8, 7), (128, 64)])
def test_of_three_cores_or_more_one_is_left_for_the_window(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, threads: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert default_threads() == threads
