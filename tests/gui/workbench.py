"""A desk of stand-ins for the whole window, which notes who called what, and can be made to wait or to fail."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from medrag_desktop.config import Settings, find_paths
from medrag_desktop.domain.case import Case, CaseSummary, Review
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.draft import Draft
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.generation import Generated, GenerationRequest
from medrag_desktop.domain.mention import Mention
from medrag_desktop.domain.triage import DangerRule
from medrag_desktop.ports import CaseStore, Lexicon, Vectors
from medrag_desktop.services.assess import Assessor, Versions
from medrag_desktop.services.desk import Desk
from medrag_desktop.services.history import History
from medrag_desktop.services.library import Library
from medrag_desktop.services.rank import Ranker
from medrag_desktop.tasks import Task
from tests import small_library
from tests.fakes import FakeEncoder, FakeGenerator, MemoryCaseStore, MemoryPack, MemoryShelf, MemoryVault

PASSPHRASE = "seven cold rivers"
RULE = DangerRule("test.spots", "White spots and rash: isolate the patient now.", Urgency.EMERGENCY, "Nobody",
                  all_of=("rash", "koplik_spots"))  # fmt: skip


@dataclass
class Workbench:
    """What the stand-ins note, and what a test makes them do."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    """What was called, and in which thread."""
    gates: dict[str, threading.Event] = field(default_factory=dict)
    """Calls that wait until the test lets them go."""
    faults: dict[str, Exception] = field(default_factory=dict)
    """Calls that fail."""
    vault: ProbedVault = field(init=False)

    def __post_init__(self) -> None:
        """Make a history that has not been created yet."""
        self.vault = ProbedVault(self)

    def probe(self, name: str) -> None:
        """Note a call; wait or fail if the test wants it."""
        self.calls.append((name, threading.current_thread().name))
        gate = self.gates.get(name)
        if gate is not None:
            gate.wait(20)
        if name in self.faults:
            raise self.faults[name]

    def hold(self, name: str) -> threading.Event:
        """Make a call wait; return what lets it go."""
        self.gates[name] = threading.Event()
        return self.gates[name]

    def count(self, name: str) -> int:
        """Return how often something was called."""
        return sum(called == name for called, _ in self.calls)

    def desk(self, settings: Settings | None = None, notes: tuple[str, ...] = (), build: str = "") -> Desk:
        """Return a desk on which all this stands."""
        paths = find_paths()
        settings = settings or Settings(theme="light", auto_lock_minutes=0, clinician="")
        return Desk(
            paths=paths,
            settings=settings,
            history=History(self.vault),
            save_settings=lambda _: self.probe("save_settings"),
            open_ranker=self.open_ranker,
            open_assessor=self.open_assessor,
            open_report=lambda _: ProbedReport(self),
            build_command=(sys.executable, "-I", "-c", build),
            icons=paths.assets / "icons",
            notes=notes,
        )

    def open_ranker(self) -> Ranker:
        """Open the small library with one danger rule."""
        self.probe("open_ranker")
        plain = small_library.ranker()
        catalogue = replace(plain.catalogue, danger_rules=(RULE,))
        return replace(plain, catalogue=catalogue, lexicon=ProbedLexicon(self, plain.lexicon))

    def open_assessor(self, ranker: Ranker) -> Assessor:
        """Open stand-ins of encoder, generator and pack."""
        self.probe("open_assessor")
        library = Library(MemoryShelf(MemoryPack(small_library.PASSAGES)), ProbedEncoder(self))
        return Assessor(ranker, library, ProbedGenerator(self), Versions())


class ProbedLexicon:
    """Meets `ports.Lexicon`."""

    def __init__(self, bench: Workbench, inner: Lexicon) -> None:
        self._bench, self._inner = bench, inner

    def mentions(self, text: str) -> tuple[Mention, ...]:
        self._bench.probe("mentions")
        return self._inner.mentions(text)

    def qualifying(self, text: str, mentions: Sequence[Mention], spoken_of: Sequence[str] = ()) -> tuple[Mention, ...]:
        return self._inner.qualifying(text, mentions, spoken_of)


class ProbedEncoder(FakeEncoder):
    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self._bench = bench

    def encode_questions(self, texts: Sequence[str], *, task: Task) -> Vectors:
        self._bench.probe("encode")
        return super().encode_questions(texts, task=task)


class ProbedGenerator(FakeGenerator):
    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self._bench = bench

    def generate(
        self, requests: Sequence[GenerationRequest], *, task: Task, seed: int = 0
    ) -> tuple[tuple[Generated, ...], ...]:
        self._bench.probe("generate")
        return super().generate(requests, task=task, seed=seed)


class ProbedReport:
    """Meets `ports.ReportWriter`."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def write(self, encounter: Encounter, draft: Draft, out: Path, review: Review | None = None) -> None:
        self._bench.probe("write")
        out.write_bytes(b"%PDF")


class ProbedStore(MemoryCaseStore):
    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self._bench = bench

    def save(self, case: Case) -> None:
        self._bench.probe("save")
        super().save(case)

    def load(self, case_id: str) -> Case:
        self._bench.probe("load")
        return super().load(case_id)

    def search(self, words: str, limit: int = 200) -> tuple[CaseSummary, ...]:
        self._bench.probe("search")
        return super().search(words, limit)

    def erase(self, case_id: str) -> None:
        self._bench.probe("erase")
        super().erase(case_id)

    def keep_working(self, case: Case | None) -> None:
        self._bench.probe("keep_working")
        super().keep_working(case)

    def working(self) -> Case | None:
        self._bench.probe("working")
        return super().working()

    def close(self) -> None:
        self._bench.probe("close")


class ProbedVault(MemoryVault):
    """A vault whose store notes who calls it; its passphrase is there once it was created."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self._bench = bench
        self.store = ProbedStore(bench)

    def create(self, passphrase: str) -> tuple[CaseStore, tuple[str, ...]]:
        self._bench.probe("create")
        return super().create(passphrase)

    def open(self, passphrase: str) -> CaseStore:
        self._bench.probe("open")
        return super().open(passphrase)

    def open_with_recovery(self, words: str, new_passphrase: str) -> CaseStore:
        self._bench.probe("open_with_recovery")
        return super().open_with_recovery(words, new_passphrase)

    def change_passphrase(self, old: str, new: str) -> None:
        self._bench.probe("change_passphrase")
        super().change_passphrase(old, new)

    def renew_recovery_words(self, passphrase: str) -> tuple[str, ...]:
        self._bench.probe("renew_recovery_words")
        return super().renew_recovery_words(passphrase)

    def confirm_recovery_words(self) -> None:
        self._bench.probe("confirm_recovery_words")
        super().confirm_recovery_words()

    def recovery_words_confirmed(self) -> bool:
        self._bench.probe("recovery_words_confirmed")
        return super().recovery_words_confirmed()
