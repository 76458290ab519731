"""The fingerprints of the reference texts: no wrong no, hardly a wrong yes, no text."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.reference_texts import reference_files
from medrag_desktop.adapters.shingle_filter import make_shingle_filter, open_shingle_filter, rebuild_filter
from medrag_desktop.domain.shingles import shared_runs, shingles
from medrag_desktop.errors import Cancelled, LibraryError
from medrag_desktop.tasks import Task

LIBRARY = Path(__file__).resolve().parents[2] / "assets" / "library"
SENTENCE = "the child {} who cannot drink must reach a hospital today"


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text.encode()))


def put_archive(file: Path, members: dict[str, str]) -> None:
    with tarfile.open(file, "w:gz") as archive:
        for name, text in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder with a text of each kind, and texts that must not be read."""
    folder = tmp_path / "data"
    put(folder / "reference/a.md.gz", f"# Heading\n\n- **{SENTENCE.format('markdown')}**\n")
    put(folder / "reference/nation/b.txt.gz", SENTENCE.format("plain\n").upper())
    put(folder / "reference/c.jsonl.gz", json.dumps({"chapter": "1", "rows": [{"text": SENTENCE.format("rows")}]}))
    put(folder / "reference/d.xml.gz", f"<r><s n='a'>{SENTENCE.format('<x>xml</x>')}</s><s/></r>")
    members = {"raw/one.txt": SENTENCE.format("archive"), "raw/._one.txt": SENTENCE.format("hidden")}
    put_archive(folder / "reference/e.tar.gz", members | {"raw/x.bin": SENTENCE.format("binary")})
    put(folder / "corpora/medlineplus_topics.jsonl.gz", json.dumps({"text": SENTENCE.format("topic")}))
    put(folder / "corpora/other.jsonl.gz", json.dumps({"text": SENTENCE.format("other")}))
    put(folder / "reference/ddxplus/f.txt.gz", SENTENCE.format("ddxplus"))
    put(folder / "vignettes/g.txt.gz", SENTENCE.format("vignette"))
    return folder


READ = ("markdown", "plain", "rows", "xml", "archive", "topic")
NOT_READ = ("hidden", "binary", "other", "ddxplus", "vignette")


def test_a_rebuilt_filter_knows_every_kind_of_reference_and_nothing_else(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "f.bloom"
    rebuild_filter(data, out, task=Task())
    known = open_shingle_filter(out)
    for word in READ:
        assert all(shingle in known for shingle in shingles(SENTENCE.format(word))), word
    for word in NOT_READ:
        assert SENTENCE.format(word).rsplit(" ", 3)[0] not in known, word


def test_any_folder_of_texts_will_do_but_never_one_of_test_cases(data: Path) -> None:
    names = [file.name for file in reference_files(data / "reference")]
    assert names == ["a.md.gz", "c.jsonl.gz", "d.xml.gz", "e.tar.gz", "b.txt.gz"]
    assert "g.txt.gz" not in [file.name for file in reference_files(data.parent)]


def test_the_same_texts_give_the_same_file(data: Path, tmp_path: Path) -> None:
    files = [tmp_path / "one.bloom", tmp_path / "two.bloom"]
    for file in files:
        rebuild_filter(data, file, task=Task())
    assert files[0].read_bytes() == files[1].read_bytes()


def test_no_word_of_the_texts_is_in_the_file(data: Path, tmp_path: Path) -> None:
    rebuild_filter(data, tmp_path / "f.bloom", task=Task())
    assert b"hospital" not in (tmp_path / "f.bloom").read_bytes().lower()


def test_a_folder_without_references_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="no reference texts"):
        rebuild_filter(tmp_path, tmp_path / "f.bloom", task=Task())


def test_a_reference_that_cannot_be_read_is_named_and_the_old_filter_stays(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "f.bloom"
    rebuild_filter(data, out, task=Task())
    before = out.read_bytes()
    (data / "reference/e.tar.gz").write_bytes(gzip.compress(b"no archive")[:-4])
    with pytest.raises(LibraryError, match=r"e\.tar\.gz"):
        rebuild_filter(data, out, task=Task())
    assert out.read_bytes() == before


def test_a_rebuild_can_be_stopped(data: Path, tmp_path: Path) -> None:
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        rebuild_filter(data, tmp_path / "f.bloom", task=task)
    assert not (tmp_path / "f.bloom").exists()


@given(st.lists(st.text(alphabet="abcde ", max_size=60), max_size=6))
def test_whatever_was_put_in_is_found(texts: list[str]) -> None:
    known = make_shingle_filter(texts)
    expected = {shingle for text in texts for shingle in shingles(text)}
    assert len(known) == len(expected)
    assert all(shingle in known for shingle in expected)


def test_wrong_hits_are_rarer_than_once_in_ten_thousand() -> None:
    known = make_shingle_filter(" ".join(f"w{i}x{j}" for j in range(40)) for i in range(300))
    assert sum(f"another shingle {i}" in known for i in range(100_000)) < 10


@pytest.mark.parametrize("keep", [0, 10, 47, 50])
def test_a_filter_cut_short_is_an_error_that_names_the_file(tmp_path: Path, keep: int) -> None:
    file = tmp_path / "cut.bloom"
    make_shingle_filter([SENTENCE]).save(file)
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(LibraryError, match=r"cut\.bloom"):
        open_shingle_filter(file)


@pytest.mark.parametrize("place", [0, 8, 16, -1])
def test_a_filter_with_a_changed_byte_is_an_error(tmp_path: Path, place: int) -> None:
    file = tmp_path / "changed.bloom"
    make_shingle_filter([SENTENCE]).save(file)
    data = bytearray(file.read_bytes())
    data[place] ^= 0x40
    file.write_bytes(data)
    with pytest.raises(LibraryError, match=r"changed\.bloom"):
        open_shingle_filter(file)


def test_a_missing_filter_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"gone\.bloom"):
        open_shingle_filter(tmp_path / "gone.bloom")


def test_a_filter_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="cannot be written"):
        make_shingle_filter([SENTENCE]).save(tmp_path / "nowhere" / "f.bloom")


@pytest.mark.data
def test_the_committed_filter_knows_the_references_it_was_built_from(data_dir: Path) -> None:
    known = open_shingle_filter(LIBRARY / "reference_shingles.bloom")
    file = data_dir / "reference" / "msf_clinical_guidelines.md.gz"
    text = gzip.decompress(file.read_bytes()).decode().split("\n\n")
    prose = [part for part in text if len(part.split()) > 30 and "\\(" not in part and "<" not in part][:50]
    assert (LIBRARY / "reference_shingles.bloom").stat().st_size < 6_000_000
    assert prose
    assert all(shared_runs(part, known) for part in prose)
