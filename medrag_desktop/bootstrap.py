"""The composition root: paths and settings -> services. The only module that chooses implementations."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from medrag_desktop.adapters.bart_generator import BartGenerator
from medrag_desktop.adapters.case_export import CaseExport
from medrag_desktop.adapters.case_store import SqlCipherVault
from medrag_desktop.adapters.clinical_library import load_catalogue, load_scope
from medrag_desktop.adapters.dpr_encoder import DprEncoder
from medrag_desktop.adapters.draft_json import draft_to_json
from medrag_desktop.adapters.encounter_json import read_encounter
from medrag_desktop.adapters.icd10 import icd10_lookup, icd10_titles
from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.adapters.onnx_session import read_manifest
from medrag_desktop.adapters.pack_shelf import FolderPackShelf
from medrag_desktop.adapters.rankers import (
    AssessmentRanker,
    Bm25sRanker,
    Collections,
    DenseRanker,
    HybridRanker,
    LexicalRanker,
)
from medrag_desktop.adapters.result_json import search_to_json
from medrag_desktop.adapters.shingle_filter import open_shingle_filter, rebuild_filter
from medrag_desktop.adapters.typst_report import TypstReport
from medrag_desktop.config import Paths, Settings, find_paths, read_settings, write_settings
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.differential import make_ranking_model
from medrag_desktop.domain.draft import Draft, Level
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.evidence import EVERYTHING, Document, Filter, PackManifest, Query
from medrag_desktop.domain.fusion import evidence_level
from medrag_desktop.domain.querying import typed_query
from medrag_desktop.domain.synonyms import Synonyms
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.errors import ConfigError, ModelError, PackCorrupt, PackMissing
from medrag_desktop.importers import importer_for
from medrag_desktop.importers.chunking import chunk
from medrag_desktop.importers.conditions import condition_documents
from medrag_desktop.importers.retrieval_sets import (
    bioasq_benchmark,
    exact_term_benchmark,
    library_benchmark,
    medquad_benchmark,
    with_typos,
)
from medrag_desktop.logs import set_up_logs
from medrag_desktop.ports import Encoder, Generator, ReportWriter
from medrag_desktop.services import evaluate
from medrag_desktop.services.assess import Assessor, Versions
from medrag_desktop.services.check_library import check_library
from medrag_desktop.services.check_scope import Coverage, check_scope
from medrag_desktop.services.desk import Desk
from medrag_desktop.services.evaluate import DifferentialResult
from medrag_desktop.services.evaluate_retrieval import (
    AssessmentQueries,
    Benchmark,
    PassageRanker,
    RetrievalScores,
)
from medrag_desktop.services.evaluate_retrieval import measure as evaluate_retrieval_set
from medrag_desktop.services.history import History
from medrag_desktop.services.library import Library, QueryReader
from medrag_desktop.services.library_problem import Problem
from medrag_desktop.services.possible import Names, PossibleReader, names_of
from medrag_desktop.services.rank import Ranker
from medrag_desktop.services.vignettes import Vignette
from medrag_desktop.tasks import Task

LIBRARY_PACK = "library"
"""Id of the pack that is built from the clinical library the program ships with."""
ENCOUNTERS_EACH = 10
"""Encounters written for each held-out condition to measure retrieval on."""
TERMS_EACH = 100
"""Exact terms of each kind that retrieval is measured on."""


@dataclass(frozen=True, slots=True)
class Services:
    """What a command that assesses works with."""

    assessor: Assessor
    catalogue: Catalogue
    report: ReportWriter
    level: Level
    """At which to assess when nothing else is asked for."""

    @property
    def library(self) -> Library:
        """Return the packs that the assessor searches."""
        return self.assessor.library

    def read_encounter(self, data: bytes, name: str) -> tuple[Encounter, str | int | None]:
        """Read an encounter from JSON; raise InputError naming the field."""
        return read_encounter(data, name, self.catalogue.vocabulary)

    def draft_to_json(self, draft: Draft, encounter: Encounter) -> dict[str, Any]:
        """Return a draft with its encounter as plain JSON values."""
        return draft_to_json(draft, self.catalogue.vocabulary, encounter)


@dataclass(frozen=True, slots=True)
class PackRequest:
    """What pack to build."""

    files: tuple[Path, ...] = ()
    """Guideline files to import; none means the clinical library."""
    id: str = ""
    title: str = ""
    if_needed: bool = False
    """Keep an installed pack that holds the same already."""


class RetrievalSet(StrEnum):
    """What retrieval is measured on."""

    MEDQUAD = "medquad"
    BIOASQ = "bioasq"
    LIBRARY = "library"
    EXACT = "exact"
    TYPOS = "typos"


@dataclass(frozen=True, slots=True)
class RetrievalRequest:
    """What to measure of retrieval."""

    data: Path | None
    """Folder with corpora/; None leaves only the library to measure on."""
    sets: tuple[RetrievalSet, ...] = tuple(RetrievalSet)
    base: Path | None = None
    """Folder of another encoder to compare with."""
    questions: int = 500
    """Most questions of MedQuAD."""
    development: bool = False
    """Use the subjects and conditions that choices are made on."""
    keep: Path | None = None
    """Folder that keeps the vectors of collections for the next time."""


def make_services(base_dir: Path | None, level: Level | None = None) -> Services:
    """Open everything an assessment needs, at the level of the settings if none is given.

    Raise ConfigError, ModelError or PackError naming what cannot be used.
    """
    paths = _start(base_dir)
    settings = read_settings(paths.settings)
    level = level or Level(settings.level)
    ranker = _open_ranker(paths, settings)
    assessor = _open_assessor(paths, level, ranker)
    return Services(assessor, ranker.catalogue, _open_report(paths, ranker), level)


def make_desk(base_dir: Path | None) -> Desk:
    """Return what the window works with; nothing is opened yet but the settings."""
    paths = _start(base_dir)
    settings, notes = _settings_for_the_window(paths)
    return Desk(
        paths=paths,
        settings=settings,
        history=make_history(base_dir),
        save_settings=partial(write_settings, paths.settings),
        open_ranker=lambda: _open_ranker(paths, _settings_for_the_window(paths)[0]),
        open_assessor=partial(_open_assessor_for_the_window, paths),
        open_report=partial(_open_report, paths),
        build_command=_build_command(paths),
        icons=paths.assets / "icons",
        notes=notes,
    )


def make_history(base_dir: Path | None) -> History:
    """Return the case history, locked; raise ConfigError where no data can be kept."""
    return History(SqlCipherVault(_start(base_dir).history))


def make_case_export(base_dir: Path | None) -> CaseExport:
    """Open what writes cases as PDF and JSON: the names of the findings and the template of the report."""
    paths = _start(base_dir)
    vocabulary = make_vocabulary(base_dir)
    return CaseExport(TypstReport(paths.assets / "report", vocabulary), vocabulary)


def make_vocabulary(base_dir: Path | None) -> Vocabulary:
    """Read the names of the findings."""
    return load_catalogue(find_paths(base_dir).library).vocabulary


def make_ranker(base_dir: Path | None) -> Ranker:
    """Open what danger signs and the differential need, as shipped: measurements do not depend on a user's settings."""
    return _open_ranker(find_paths(base_dir), Settings())


def evaluate_differential(
    base_dir: Path | None, vignettes: Sequence[Vignette], emergencies: Collection[str] | None, *, task: Task
) -> DifferentialResult:
    """Measure the differential as shipped; names are matched through ICD-10 where its list is installed."""
    ranker = make_ranker(base_dir)
    return evaluate.evaluate_differential(
        vignettes, ranker, codes_of=icd10_titles(), emergencies=emergencies, task=task
    )


def evaluate_retrieval(
    base_dir: Path | None, request: RetrievalRequest, *, task: Task
) -> list[tuple[Benchmark, dict[str, RetrievalScores]]]:
    """Measure BM25, the vectors of each encoder, and the search of this build on every set asked for."""
    paths = _start(base_dir)
    ranker, encoder = make_ranker(base_dir), DprEncoder(paths.models / "retriever")
    queries, results = AssessmentQueries(ranker), []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        collections, reader = Collections(Path(folder), request.keep), QueryReader(make_synonyms(ranker.catalogue))
        rankers: dict[str, PassageRanker] = {"BM25": LexicalRanker(collections, reader)}
        if Bm25sRanker.is_installed():
            rankers["bm25s"] = Bm25sRanker()
        if request.base is not None:
            rankers["other encoder"] = DenseRanker(collections, DprEncoder(request.base))
        search = HybridRanker(collections, encoder, reader)
        rankers |= {"DPR": DenseRanker(collections, encoder), "hybrid": search}
        for benchmark in _benchmarks(ranker.catalogue, queries, request):
            of_this = dict(rankers)
            if benchmark.name == RetrievalSet.LIBRARY:
                of_this["assessment"] = AssessmentRanker(search, queries.of_candidates)
            results.append((benchmark, evaluate_retrieval_set(benchmark, of_this, task=task)))
    return results


def _benchmarks(
    catalogue: Catalogue, query_of: Callable[[str], Query], request: RetrievalRequest
) -> Iterator[Benchmark]:
    """Yield the sets asked for; those of corpora only where there is a folder of them."""
    sets = [name for name in request.sets if request.data is not None or name is RetrievalSet.LIBRARY]
    if RetrievalSet.LIBRARY in sets:
        yield library_benchmark(catalogue, ENCOUNTERS_EACH, query_of, development=request.development)
    if request.data is None:
        return
    if RetrievalSet.BIOASQ in sets:
        yield bioasq_benchmark(request.data)
    if {RetrievalSet.MEDQUAD, RetrievalSet.EXACT, RetrievalSet.TYPOS}.isdisjoint(sets):
        return
    medquad = medquad_benchmark(request.data, request.questions, development=request.development)
    medicines = (medicine.name for medicine in catalogue.medicines.entries.values())
    if RetrievalSet.MEDQUAD in sets:
        yield medquad
    if RetrievalSet.EXACT in sets:
        yield exact_term_benchmark(medquad.passages, medicines, TERMS_EACH, development=request.development)
    if RetrievalSet.TYPOS in sets:
        yield with_typos(medquad)


def make_shelf(base_dir: Path | None) -> FolderPackShelf:
    """Open the shelf of installed packs."""
    return _shelf(_start(base_dir))


def make_encoder(base_dir: Path | None) -> Encoder:
    """Open the retriever; raise ModelMissing or ModelCorrupt."""
    return DprEncoder(find_paths(base_dir).models / "retriever")


def make_generator(base_dir: Path | None) -> Generator:
    """Open the generator; raise ModelMissing or ModelCorrupt."""
    return BartGenerator(find_paths(base_dir).models / "generator")


def build_pack(base_dir: Path | None, request: PackRequest, *, task: Task) -> PackManifest:
    """Build and install the library's pack, or one from guideline files."""
    paths = _start(base_dir)
    names: tuple[str, ...] = ()
    if request.files:
        documents = tuple(d for file in request.files for d in importer_for(file).documents(file, task))
        pack_id, title = request.id or request.files[0].stem.lower().replace(" ", "-"), request.title
    else:
        catalogue = load_catalogue(paths.library)
        documents, names = library_documents(catalogue), _finding_names(catalogue)
        pack_id, title = LIBRARY_PACK, "Clinical library"
    encoder = DprEncoder(paths.models / "retriever", read_settings(paths.settings).threads)
    shelf = _shelf(paths)
    if request.if_needed and shelf.is_current(pack_id, documents, encoder.id, names):
        return shelf.verify(pack_id)
    return shelf.build(pack_id, title or pack_id, documents, encoder, task=task, names=names)


def make_library(base_dir: Path | None) -> Library:
    """Open the packs; raise PackMissing unless the library's is there and of this very version."""
    paths = _start(base_dir)
    encoder = DprEncoder(paths.models / "retriever", read_settings(paths.settings).threads)
    return _open_library(_shelf(paths), encoder, load_catalogue(paths.library))


def install_pack(base_dir: Path | None, archive: Path, *, task: Task) -> tuple[PackManifest, PackManifest]:
    """Install a pack from its file; return it and the copy in use, which is the shipped one where that is newer."""
    shelf = make_shelf(base_dir)
    installed = shelf.install(archive, task=task)
    return installed, next(manifest for manifest in shelf.manifests() if manifest.id == installed.id)


def library_documents(catalogue: Catalogue) -> tuple[Document, ...]:
    """Return one document a condition of the clinical library."""
    return tuple(condition_documents(catalogue.conditions))


def search(
    base_dir: Path | None, text: str, count: int, only: Filter = EVERYTHING
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Search the packs, say why each hit was found and which packs were left out; an off-topic text gives no hits."""
    library, task = make_library(base_dir), Task()
    (hits,) = library.search([typed_query(text)], count, task=task, only=only)
    evidence = evidence_level(hits)
    shown = hits if evidence != "none" else ()
    reasons = library.explain(text, shown, task=task)
    return search_to_json(shown, reasons, evidence, library.read_as(text)), library.left_out


def check_clinical_library(references: Path | None, *, task: Task) -> tuple[tuple[Problem, ...], Coverage]:
    """Check the clinical library; with a folder of reference texts, rebuild the shingle filter first."""
    folder = find_paths(None).library
    filter_file = folder / "reference_shingles.bloom"
    if references is not None:
        rebuild_filter(references, filter_file, task=task)
    catalogue, scope, icd10_exists = load_catalogue(folder), load_scope(folder), icd10_lookup()
    problems = (
        *check_scope(scope, catalogue.conditions, icd10_exists),
        *check_library(catalogue, open_shingle_filter(filter_file), icd10_exists),
    )
    return problems, Coverage(scope.written(frozenset(catalogue.by_id)), len(scope.entries))


def _start(base_dir: Path | None) -> Paths:
    """Settle where everything is; raise ConfigError where the data folder cannot be used."""
    paths = find_paths(base_dir)
    set_up_logs(paths.logs)
    return paths


def _settings_for_the_window(paths: Paths) -> tuple[Settings, tuple[str, ...]]:
    """Read the settings; where they cannot be read, say so and go on as shipped: a patient may be waiting."""
    try:
        return read_settings(paths.settings), ()
    except ConfigError as error:
        return Settings(), (str(error),)


def _shelf(paths: Paths) -> FolderPackShelf:
    """Return the packs of the user and those that a bundle brings."""
    kept = {LIBRARY_PACK: lambda: library_documents(load_catalogue(paths.library))}
    return FolderPackShelf(paths.packs, chunk, shipped=paths.program / "packs", kept=kept)


def _open_ranker(paths: Paths, settings: Settings) -> Ranker:
    catalogue = load_catalogue(paths.library)
    lexicon = AhoCorasickLexicon(catalogue.vocabulary, catalogue.abbreviations)
    return Ranker(catalogue, make_ranking_model(catalogue.conditions, catalogue.vocabulary), lexicon, settings)


def _open_assessor(paths: Paths, level: Level, ranker: Ranker) -> Assessor:
    """Open the models and packs that a level needs."""
    settings = ranker.settings
    shelf, encoder = _shelf(paths), DprEncoder(paths.models / "retriever", settings.threads)
    library = _open_library(shelf, encoder, ranker.catalogue)
    possible, without = _possible_reader(shelf, encoder, ranker)
    generator, notes = _generator(paths, settings) if level is Level.GENERATED else (None, ())
    roles = ("retriever", "generator") if generator is not None else ("retriever",)
    versions = Versions(
        models=tuple((role, _model_version(paths.models / role)) for role in roles),
        notes=(*notes, *without),
    )
    return Assessor(ranker, library, generator, versions, possible)


def _possible_reader(
    shelf: FolderPackShelf, encoder: Encoder, ranker: Ranker
) -> tuple[PossibleReader | None, tuple[str, ...]]:
    """Return what reads words beyond the lexicon, or say why they are not read."""
    names = names_of(ranker.catalogue.vocabulary)
    vectors = shelf.name_vectors(LIBRARY_PACK, _finding_names(ranker.catalogue), encoder.id)
    if vectors is None:
        return None, (
            "Possible findings are not looked for: the library pack does not hold the names of this version's "
            "findings; type `medrag pack build` once.",
        )
    return PossibleReader(encoder, ranker.lexicon, Names(names, vectors)), ()


def _finding_names(catalogue: Catalogue) -> tuple[str, ...]:
    return tuple(name for _, name in names_of(catalogue.vocabulary))


def _open_library(shelf: FolderPackShelf, encoder: Encoder, catalogue: Catalogue) -> Library:
    _check_library_pack(shelf, catalogue, encoder.id)
    library = Library(shelf, encoder, needed=LIBRARY_PACK, synonyms=make_synonyms(catalogue))
    library.search((), 1, task=Task())  # opens the packs: what is wrong with one is said now
    return library


def make_synonyms(catalogue: Catalogue) -> Synonyms:
    """Return the names of conditions and medicines, and shorthand with what it stands for.

    The words of findings are known, but what else a finding is called hangs on the patient.
    """
    conditions = ((condition.name, *condition.synonyms) for condition in catalogue.conditions)
    medicines = ((medicine.name, *medicine.synonyms) for medicine in catalogue.medicines.entries.values())
    shorthand = ((long, short) for short, long in catalogue.abbreviations.items())
    findings = catalogue.vocabulary.definitions.values()
    names = (name for definition in findings for name in (definition.label, *definition.synonyms))
    return Synonyms((*conditions, *medicines, *shorthand), names)


def _open_assessor_for_the_window(paths: Paths, ranker: Ranker) -> Assessor:
    """Open models and packs for every level; a damaged library pack is one to be built."""
    try:
        return _open_assessor(paths, Level.GENERATED, ranker)
    except PackCorrupt as error:
        encoder = read_manifest(paths.models / "retriever").id
        if _shelf(paths).is_current(LIBRARY_PACK, library_documents(ranker.catalogue), encoder):
            raise
        raise PackMissing(str(error)) from error


def _check_library_pack(shelf: FolderPackShelf, catalogue: Catalogue, encoder_id: str) -> None:
    """Raise PackMissing unless the library's pack is installed and made from this very library."""
    manifest = next((m for m in shelf.manifests() if m.id == LIBRARY_PACK), None)
    if manifest is None:
        raise PackMissing("The library pack is not built yet; type `medrag pack build` once.")
    if not shelf.is_made_from(manifest, library_documents(catalogue), encoder_id):
        raise PackMissing("The library pack is of another version of the program; type `medrag pack build` once.")


def _open_report(paths: Paths, ranker: Ranker) -> ReportWriter:
    return TypstReport(paths.assets / "report", ranker.catalogue.vocabulary)


def _build_command(paths: Paths) -> tuple[str, ...]:
    """Return how this very program, from source or from a bundle, builds the library pack in another process."""
    program = (sys.executable,) if getattr(sys, "frozen", False) else (sys.executable, "-m", "medrag_desktop")
    return (*program, "pack", "build", "--if-needed", "--progress-json", "--base-dir", str(paths.data))


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
