"""Stand-ins for the ports, named like the adapters."""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from mnemonic import Mnemonic

from medrag_desktop.adapters.case_words import words_of, words_of_case
from medrag_desktop.domain.case import Case, CaseSummary, summarize
from medrag_desktop.domain.evidence import EVERYTHING, Document, Filter, Hit, PackManifest, Passage, Query
from medrag_desktop.domain.generation import Generated, GenerationRequest, WordOrigin
from medrag_desktop.domain.mention import Mention
from medrag_desktop.domain.spelling import Suggestion
from medrag_desktop.errors import CaseMissing, StoreError, StoreLocked, StoreMissing, WrongPassphrase
from medrag_desktop.ports import CaseStore, Encoder, KnowledgePack, Vectors
from medrag_desktop.tasks import Task


class FakeEncoder:
    """Meets `ports.Encoder` with hashed bags of words: texts that share words are near each other."""

    def __init__(self, encoder_id: str = "fake-encoder", dimension: int = 96) -> None:
        self.id = encoder_id
        self.dimension = dimension
        self.questions: list[str] = []

    def encode_questions(self, texts: Sequence[str], *, task: Task) -> Vectors:
        task.checkpoint()
        self.questions.extend(texts)
        return self._vectors(texts)

    def encode_passages(self, texts: Sequence[tuple[str, str]], *, task: Task) -> Vectors:
        task.checkpoint()
        return self._vectors([f"{title} {text}" for title, text in texts])

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        vectors[:, 0] = 0.01  # a text without a word has a direction, too
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.casefold()):
                vectors[row, zlib.crc32(word.encode("utf-8", "ignore")) % self.dimension] += 1.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


class FakeGenerator:
    """Meets `ports.Generator` with texts put in a queue; a request finds the queue of its section, else nothing."""

    def __init__(self, generator_id: str = "fake-generator") -> None:
        self.id = generator_id
        self.requests: list[GenerationRequest] = []
        self.seeds: list[int] = []
        self._queues: dict[str, list[tuple[Generated, ...]]] = {}

    def enqueue(self, section: str, *hypotheses: str | Generated) -> None:
        """Answer the next request for a section with these hypotheses; a text alone is written from passage 0."""
        answers = tuple(h if isinstance(h, Generated) else generated(h) for h in hypotheses)
        self._queues.setdefault(section, []).append(answers)

    def generate(
        self, requests: Sequence[GenerationRequest], *, task: Task, seed: int = 0
    ) -> tuple[tuple[Generated, ...], ...]:
        self.requests += requests
        self.seeds.append(seed)
        answers = []
        for request in requests:
            task.checkpoint()
            queue = self._queues.get(request.section, [])
            answers.append(queue.pop(0) if queue else ())
        return tuple(answers)


def generated(
    text: str, source: int = 0, responsibilities: tuple[float, ...] = (1.0,), origins: tuple[WordOrigin, ...] = ()
) -> Generated:
    """Make a hypothesis with the numbers nobody looks at filled in."""
    return Generated(text, -1.0, responsibilities, source, len(text.split()), origins)


class FakeLexicon:
    """Meets `ports.Lexicon` with whole words: every name is found where it stands in lower case."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def mentions(self, text: str) -> tuple[Mention, ...]:
        found = [
            Mention(finding, match.start(), match.end(), exact=True)
            for name, finding in self._names.items()
            for match in re.finditer(rf"\b{re.escape(name)}\b", text.lower())
        ]
        return tuple(sorted(found, key=lambda mention: mention.start))

    def qualifying(self, text: str, mentions: Sequence[Mention], spoken_of: Sequence[str] = ()) -> tuple[Mention, ...]:
        return ()


class MemoryPack:
    """Meets `ports.KnowledgePack` with passages in memory; a hit's cosine is the one all hits are given."""

    def __init__(self, passages: Sequence[Passage], cosine: float = 0.8, pack_id: str = "memory") -> None:
        self.passages = tuple(replace(passage, pack=pack_id) for passage in passages)
        self.cosine = cosine
        self.queries: list[Query] = []
        self.manifest = PackManifest(
            pack_id, "Memory", "1", "2026-01-01T00:00:00+00:00", "fake-encoder", 96, len(passages), 1, (), (), ()
        )

    def search(
        self, queries: Sequence[Query], vectors: Vectors, k: int, *, task: Task, only: Filter = EVERYTHING
    ) -> tuple[tuple[Hit, ...], ...]:
        task.checkpoint()
        self.queries += queries
        return tuple(self._hits(query, k) for query in queries)

    def passages_of(self, condition: str) -> tuple[Hit, ...]:
        return tuple(Hit(p, 0.0, self.cosine) for p in self.passages if p.condition == condition)

    def matched(self, query: Query, passage: Passage) -> tuple[str, ...]:
        return ()

    def suggest(self, words: Sequence[str]) -> Mapping[str, Suggestion | None]:
        return {}

    def _hits(self, query: Query, k: int) -> tuple[Hit, ...]:
        about = [p for p in self.passages if query.condition in ("", p.condition)]
        return tuple(
            Hit(passage, 1.0 / rank, self.cosine, dense_rank=rank) for rank, passage in enumerate(about[:k], start=1)
        )


class MemoryShelf:
    """Meets the reading half of `ports.PackShelf` with packs in memory."""

    def __init__(self, *packs: MemoryPack) -> None:
        self._packs = {pack.manifest.id: pack for pack in packs}

    def manifests(self) -> tuple[PackManifest, ...]:
        return tuple(pack.manifest for pack in self._packs.values())

    def open(self, pack_id: str, encoder_id: str) -> KnowledgePack:
        return self._packs[pack_id]

    def build(
        self,
        pack_id: str,
        title: str,
        documents: Sequence[Document],
        encoder: Encoder,
        *,
        task: Task,
        names: Sequence[str] = (),
    ) -> PackManifest:
        raise NotImplementedError

    def install(self, archive: Path, *, task: Task) -> PackManifest:
        raise NotImplementedError

    def verify(self, pack_id: str) -> PackManifest:
        return self._packs[pack_id].manifest

    def remove(self, pack_id: str) -> None:
        del self._packs[pack_id]


class MemoryCaseStore:
    """Meets `ports.CaseStore` with a dictionary; `calls` names what was asked of it."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}
        self.kept: Case | None = None
        self.calls: list[str] = []
        self.closed = False

    def save(self, case: Case) -> None:
        self._called("save")
        self.cases[case.id] = case

    def load(self, case_id: str) -> Case:
        self._called("load")
        return self._case(case_id)

    def search(self, words: str, limit: int = 200) -> tuple[CaseSummary, ...]:
        self._called("search")
        wanted = words_of(words)
        found = [case for case in reversed(self.cases.values()) if _begin_words_of(wanted, case)]
        newest_first = sorted(found, key=lambda case: datetime.fromisoformat(case.updated), reverse=True)
        return tuple(summarize(case) for case in newest_first[: max(0, limit)])

    def erase(self, case_id: str) -> None:
        self._called("erase")
        self._case(case_id)
        del self.cases[case_id]
        if self.kept is not None and self.kept.id == case_id:
            self.kept = None

    def keep_working(self, case: Case | None) -> None:
        self._called("keep_working")
        self.kept = case

    def working(self) -> Case | None:
        self._called("working")
        return self.kept

    def close(self) -> None:
        self.calls.append("close")
        self.closed = True

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.closed:
            raise StoreLocked("The case history is locked.")

    def _case(self, case_id: str) -> Case:
        if case_id not in self.cases:
            raise CaseMissing("There is no such case.")
        return self.cases[case_id]


def _begin_words_of(beginnings: frozenset[str], case: Case) -> bool:
    words = [*sorted(words_of_case(case)), ""]
    return all(
        words[bisect_left(words, beginning, hi=len(words) - 1)].startswith(beginning) for beginning in beginnings
    )


class MemoryVault:
    """Meets `ports.Vault` with a store in memory; unlike a file it can be opened by two windows at once."""

    def __init__(self, passphrase: str = "") -> None:
        self.store = MemoryCaseStore()
        self.passphrase = passphrase
        self.words: tuple[str, ...] = ("abandon",) * 11 + ("about",)
        self.confirmed = True
        self._renewals = 0

    def exists(self) -> bool:
        return bool(self.passphrase)

    def create(self, passphrase: str) -> tuple[CaseStore, tuple[str, ...]]:
        if self.passphrase:
            raise StoreError("There is a case history already.")
        self.passphrase = passphrase
        self.confirmed = False
        return self._opened(), self.words

    def open(self, passphrase: str) -> CaseStore:
        self._check(passphrase)
        return self._opened()

    def open_with_recovery(self, words: str, new_passphrase: str) -> CaseStore:
        if not self.passphrase:
            raise StoreMissing("There is no case history yet.")
        if tuple(re.findall("[a-z]+", words.lower())) != self.words:
            raise WrongPassphrase("The recovery words are wrong.")
        self.passphrase = new_passphrase
        self.confirmed = True
        return self._opened()

    def change_passphrase(self, old: str, new: str) -> None:
        self._check(old)
        self.passphrase = new

    def renew_recovery_words(self, passphrase: str) -> tuple[str, ...]:
        self._check(passphrase)
        self._renewals += 1
        self.words = tuple(Mnemonic("english").to_mnemonic(bytes([self._renewals] * 16)).split())
        self.confirmed = False
        return self.words

    def confirm_recovery_words(self) -> None:
        self._check(self.passphrase)
        self.confirmed = True

    def recovery_words_confirmed(self) -> bool:
        self._check(self.passphrase)
        return self.confirmed

    def _check(self, passphrase: str) -> None:
        if not self.passphrase:
            raise StoreMissing("There is no case history yet.")
        if passphrase != self.passphrase:
            raise WrongPassphrase("The passphrase is wrong.")

    def _opened(self) -> MemoryCaseStore:
        self.store.closed = False
        return self.store
