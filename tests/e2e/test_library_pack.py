"""The library pack as the window and a bundle find it: missing, damaged, of another version, or shipped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from medrag_desktop import bootstrap
from medrag_desktop.config import Paths
from medrag_desktop.domain.draft import Level
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.errors import PackCorrupt, PackMissing
from medrag_desktop.services.rank import Ranker
from medrag_desktop.tasks import Task
from tests.e2e.conftest import ROOT

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def ranker(tmp_path_factory: pytest.TempPathFactory) -> Ranker:
    return bootstrap.make_ranker(tmp_path_factory.mktemp("ranker"))


@pytest.fixture
def base(tmp_path: Path, built_base: Path) -> Path:
    shutil.copytree(built_base / "packs", tmp_path / "packs")
    return tmp_path


def test_the_window_is_told_when_the_library_pack_is_to_be_built(base: Path, ranker: Ranker) -> None:
    desk, library = bootstrap.make_desk(base), base / "packs" / "library"
    assert desk.open_assessor(ranker).generator is not None
    (library / "passages.db").write_bytes(b"damaged")
    with pytest.raises(PackMissing, match=r"passages\.db"):
        desk.open_assessor(ranker)
    with pytest.raises(PackCorrupt, match=r"passages\.db"):
        bootstrap.make_services(base, Level.SEARCH)
    body = json.loads((library / "pack.json").read_text("utf-8"))
    (library / "pack.json").write_text(json.dumps({**body, "encoder": "another"}), "utf-8")
    with pytest.raises(PackMissing, match="another version"):
        desk.open_assessor(ranker)
    shutil.rmtree(library)
    with pytest.raises(PackMissing, match="not built"):
        desk.open_assessor(ranker)


def test_a_pack_that_came_with_the_program_needs_no_building(
    tmp_path: Path, built_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    shutil.copytree(built_base / "packs", program / "packs")
    for name in ("assets", "models"):
        (program / name).symlink_to(ROOT / name)
    monkeypatch.setattr(bootstrap, "find_paths", lambda base: Paths(program, base))
    services = bootstrap.make_services(tmp_path / "user", Level.SEARCH)
    draft = services.assessor.assess(Encounter(history="Fever and cough."), level=services.level, task=Task())
    assert draft.passages
    manifest = bootstrap.build_pack(tmp_path / "user", bootstrap.PackRequest(if_needed=True), task=Task())
    assert services.library.packs() == (manifest,)
    assert not list((tmp_path / "user" / "packs").glob("*/pack.json")), "it was current, so nothing was built"


def test_words_beyond_the_lexicon_are_possible_while_the_pack_holds_the_names_of_the_findings(base: Path) -> None:
    case = Encounter(history="Short of breath. Ringing heard inside the ears. Normal gait.")

    def possible() -> tuple[tuple[str, ...], tuple[str, ...]]:
        services = bootstrap.make_services(base, Level.SEARCH)
        draft = services.assessor.assess(case, level=Level.SEARCH, task=Task())
        return tuple(each.quote for each in draft.possible), draft.provenance.notes

    quotes, notes = possible()
    assert quotes == ("Ringing heard inside the ears",)
    assert not any("Possible findings" in note for note in notes)
    library = base / "packs" / "library"
    body = json.loads((library / "pack.json").read_text("utf-8"))
    (file,) = (name for name in body["sha256"] if name.startswith("names-"))
    del body["sha256"][file]
    (library / "pack.json").write_text(json.dumps(body), "utf-8")
    (library / file).unlink()
    quotes, notes = possible()
    assert quotes == ()
    assert any("Possible findings are not looked for" in note and "pack build" in note for note in notes)
