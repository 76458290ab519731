"""The composition root: paths and settings -> services. The only module that chooses implementations."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medrag_desktop.adapters.bart_generator import BartGenerator
from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.dpr_encoder import DprEncoder
from medrag_desktop.adapters.draft_json import draft_to_json
from medrag_desktop.adapters.encounter_json import read_encounter
from medrag_desktop.adapters.icd10 import icd10_lookup
from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.adapters.onnx_session import read_manifest
from medrag_desktop.adapters.pack_shelf import FolderPackShelf
from medrag_desktop.adapters.shingle_filter import open_shingle_filter, rebuild_filter
from medrag_desktop.adapters.typst_report import TypstReport
from medrag_desktop.config import Paths, Settings, find_paths
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.differential import make_ranking_model
from medrag_desktop.domain.draft import Draft, Level
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.evidence import Document, PackManifest, Query
from medrag_desktop.domain.fusion import evidence_level
from medrag_desktop.errors import MedragError, ModelError, PackMissing
from medrag_desktop.importers import importer_for
from medrag_desktop.importers.chunking import chunk
from medrag_desktop.importers.conditions import condition_documents
from medrag_desktop.logs import set_up_logs
from medrag_desktop.ports import Generator, ReportWriter
from medrag_desktop.services.assess import Assessor, Versions
from medrag_desktop.services.check_library import check_library
from medrag_desktop.services.library import Library
from medrag_desktop.services.library_problem import Problem
from medrag_desktop.services.rank import Ranker
from medrag_desktop.tasks import Task

LIBRARY_PACK = "library"
"""Id of the pack that is built from the clinical library the program ships with."""


@dataclass(frozen=True, slots=True)
class Services:
    """The one value handed to the command line and the window."""

    assessor: Assessor
    library: Library
    catalogue: Catalogue
    report: ReportWriter

    def read_encounter(self, data: bytes, name: str) -> tuple[Encounter, str | int | None]:
        """Read an encounter from JSON; raise InputError naming the field."""
        return read_encounter(data, name, self.catalogue.vocabulary)

    def draft_to_json(self, draft: Draft) -> dict[str, Any]:
        """Return a draft as plain JSON values."""
        return draft_to_json(draft, self.catalogue.vocabulary)


@dataclass(frozen=True, slots=True)
class PackRequest:
    """What pack to build."""

    files: tuple[Path, ...] = ()
    """Guideline files to import; none means the clinical library."""
    id: str = ""
    title: str = ""
    if_needed: bool = False
    """Keep an installed pack that holds the same already."""


def make_services(base_dir: Path | None, level: Level) -> Services:
    """Open everything an assessment at a level needs; raise ModelError or PackError naming what cannot be used."""
    paths, settings = _start(base_dir), Settings()
    encoder = DprEncoder(paths.models / "retriever", settings.threads)
    library = Library(_shelf(paths), encoder)
    if LIBRARY_PACK not in {manifest.id for manifest in library.packs()}:
        raise PackMissing("The library pack is not built yet; type `medrag pack build` once.")
    generator, notes = _generator(paths, settings) if level is Level.GENERATED else (None, ())
    ranker = make_ranker(base_dir)
    roles = ("retriever", "generator") if generator is not None else ("retriever",)
    versions = Versions(
        models=tuple((role, _model_version(paths.models / role)) for role in roles),
        packs=tuple((manifest.id, manifest.version) for manifest in library.packs()),
        notes=notes,
    )
    report = TypstReport(paths.assets / "report", ranker.catalogue.vocabulary)
    return Services(Assessor(ranker, library, generator, versions), library, ranker.catalogue, report)


def make_ranker(base_dir: Path | None) -> Ranker:
    """Open what danger signs and the differential need: the clinical library alone."""
    catalogue = load_catalogue(find_paths(base_dir).library)
    lexicon = AhoCorasickLexicon(catalogue.vocabulary, catalogue.abbreviations)
    return Ranker(catalogue, make_ranking_model(catalogue.conditions, catalogue.vocabulary), lexicon, Settings())


def make_shelf(base_dir: Path | None) -> FolderPackShelf:
    """Open the shelf of installed packs."""
    return _shelf(_start(base_dir))


def build_pack(base_dir: Path | None, request: PackRequest, *, task: Task) -> PackManifest:
    """Build and install the library's pack, or one from guideline files."""
    paths = _start(base_dir)
    if request.files:
        documents = tuple(d for file in request.files for d in importer_for(file).documents(file, task))
        pack_id, title = request.id or request.files[0].stem.lower().replace(" ", "-"), request.title
    else:
        documents = library_documents(load_catalogue(paths.library))
        pack_id, title = LIBRARY_PACK, "Clinical library"
    encoder = DprEncoder(paths.models / "retriever", Settings().threads)
    shelf = _shelf(paths)
    if request.if_needed and shelf.is_current(pack_id, documents, encoder.id):
        return shelf.verify(pack_id)
    return shelf.build(pack_id, title or pack_id, documents, encoder, task=task)


def library_documents(catalogue: Catalogue) -> tuple[Document, ...]:
    """Return one document a condition of the clinical library."""
    return tuple(condition_documents(catalogue.conditions))


def search(base_dir: Path | None, text: str, count: int) -> dict[str, Any]:
    """Search all packs; an off-topic text gives no hits."""
    library = make_services(base_dir, Level.SEARCH).library
    (hits,) = library.search([Query(text, "question")], count, task=Task())
    evidence = evidence_level(hits)
    shown = hits if evidence != "none" else ()
    return {
        "schema_version": 1,
        "evidence": evidence,
        "hits": [
            {"rank": rank, "score": hit.score, "cosine": hit.cosine, "dense_rank": hit.dense_rank,
             "lexical_rank": hit.lexical_rank, **asdict(hit.passage)}
            for rank, hit in enumerate(shown, start=1)
        ],
    }  # fmt: skip


def check_clinical_library(references: Path | None, *, task: Task) -> tuple[Problem, ...]:
    """Check the clinical library; with a folder of reference texts, rebuild the shingle filter first."""
    folder = find_paths(None).library
    filter_file = folder / "reference_shingles.bloom"
    if references is not None:
        rebuild_filter(references, filter_file, task=task)
    return check_library(load_catalogue(folder), open_shingle_filter(filter_file), icd10_lookup())


def self_test(base_dir: Path | None) -> list[dict[str, Any]]:
    """Run every part once; return one result a part."""
    paths = find_paths(base_dir)
    parts: dict[str, Callable[[], str]] = {
        "clinical library": lambda: load_catalogue(paths.library).review_state,
        "packs": lambda: ", ".join(_shelf(paths).verify(m.id).version for m in _shelf(paths).manifests()),
        "generator": lambda: BartGenerator(paths.models / "generator").id,
        "example to PDF": lambda: _self_test_example(base_dir, paths),
    }
    return [{"part": part, **_outcome(run)} for part, run in parts.items()]


def _outcome(run: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"ok": True, "detail": run()}
    except MedragError as error:
        return {"ok": False, "detail": str(error)}


def _self_test_example(base_dir: Path | None, paths: Paths) -> str:
    services = make_services(base_dir, Level.GENERATED)
    example = min((paths.assets / "examples").glob("*.json"))
    encounter, _ = services.read_encounter(example.read_bytes(), example.name)
    draft = services.assessor.assess(encounter, task=Task())
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "draft.pdf"
        services.report.write(encounter, draft, out)
        return f"{sum(len(s.statements) for s in draft.sections)} statements, {out.stat().st_size} bytes"


def _start(base_dir: Path | None) -> Paths:
    paths = find_paths(base_dir)
    set_up_logs(paths.logs)
    return paths


def _shelf(paths: Paths) -> FolderPackShelf:
    return FolderPackShelf(paths.packs, chunk)


def _generator(paths: Paths, settings: Settings) -> tuple[Generator | None, tuple[str, ...]]:
    """Open the generator, or say why the draft will be extractive."""
    try:
        return BartGenerator(paths.models / "generator", settings.threads), ()
    except ModelError as error:
        return None, (f"{error} The draft quotes the library instead of writing from it.",)


def _model_version(folder: Path) -> str:
    manifest = read_manifest(folder)
    digests = " ".join(digest[:12] for digest in manifest.files.values())
    return f"{manifest.id} {digests}"
