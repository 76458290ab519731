"""Everything that can be swapped, on one page: adapters meet these Protocols in `bootstrap.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from medrag_desktop.domain.case import Case, CaseSummary, Review
from medrag_desktop.domain.draft import Draft
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.evidence import EVERYTHING, Document, Filter, Hit, PackManifest, Passage, Query
from medrag_desktop.domain.generation import Generated, GenerationRequest
from medrag_desktop.domain.mention import Mention
from medrag_desktop.domain.spelling import Suggestion
from medrag_desktop.tasks import Task

Vectors = NDArray[np.float32]
"""Shape (n, dimension), rows of unit length."""


class Encoder(Protocol):
    """A dual encoder: the inner product of its vectors is the DPR similarity (cosine)."""

    @property
    def id(self) -> str:
        """Return the model id from its manifest."""

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""

    def encode_questions(self, texts: Sequence[str], *, task: Task) -> Vectors:
        """Return one unit vector a question."""

    def encode_passages(self, texts: Sequence[tuple[str, str]], *, task: Task) -> Vectors:
        """Return one unit vector a (title, text) pair."""


class Generator(Protocol):
    """A sequence-to-sequence model that writes from passages."""

    @property
    def id(self) -> str:
        """Return the model id from its manifest."""

    def generate(
        self, requests: Sequence[GenerationRequest], *, task: Task, seed: int = 0
    ) -> tuple[tuple[Generated, ...], ...]:
        """Return, for each request, its hypotheses with the most probable first."""


class Lexicon(Protocol):
    """Finds the names of findings in free text."""

    def mentions(self, text: str) -> tuple[Mention, ...]:
        """Return every mention in order of place, without one inside another."""

    def qualifying(self, text: str, mentions: Sequence[Mention], spoken_of: Sequence[str] = ()) -> tuple[Mention, ...]:
        """Return what other words say more of the findings that `mentions` name, or of those `spoken_of` elsewhere."""


class KnowledgePack(Protocol):
    """One installed collection of passages."""

    @property
    def manifest(self) -> PackManifest:
        """Return what the pack says of itself."""

    def search(
        self, queries: Sequence[Query], vectors: Vectors, k: int, *, task: Task, only: Filter = EVERYTHING
    ) -> tuple[tuple[Hit, ...], ...]:
        """Return at most k fused hits a query, best first; `vectors` holds one row a query."""

    def passages_of(self, condition: str) -> tuple[Hit, ...]:
        """Return every passage that describes a condition, in reading order, with score 0."""

    def matched(self, query: Query, passage: Passage) -> tuple[str, ...]:
        """Return the words of a passage that a query holds in some form, as they stand there."""

    def suggest(self, words: Sequence[str]) -> Mapping[str, Suggestion | None]:
        """Return, for each word that no passage holds, the nearest that some do; None where none is near."""


class PackShelf(Protocol):
    """The packs installed on this computer."""

    def manifests(self) -> tuple[PackManifest, ...]:
        """Return the manifests of all installed packs."""

    def open(self, pack_id: str, encoder_id: str) -> KnowledgePack:
        """Open a pack; raise PackMissing, PackCorrupt or PackIncompatible."""

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
        """Build a pack from documents, with the vectors of `names`, and install it in one step.

        A failure leaves the old one.
        """

    def install(self, archive: Path, *, task: Task) -> PackManifest:
        """Install a `.medpack` archive."""

    def verify(self, pack_id: str) -> PackManifest:
        """Compare every file with its checksum; raise PackCorrupt naming the file."""

    def remove(self, pack_id: str) -> None:
        """Delete a pack; raise PackMissing."""


class ReportWriter(Protocol):
    """Draws a draft as a document for paper."""

    def write(self, encounter: Encounter, draft: Draft, out: Path, review: Review | None = None) -> None:
        """Write the report atomically, with the clinician's words where there is a review; raise ReportError."""


class CaseStore(Protocol):
    """The open case history: every method is one transaction, durable when it returns; raises StoreError."""

    def save(self, case: Case) -> None:
        """Insert a case, or replace its encounter, draft and review; earlier versions of them are kept."""

    def load(self, case_id: str) -> Case:
        """Return a case as last saved; raise CaseMissing."""

    def search(self, words: str, limit: int = 200) -> tuple[CaseSummary, ...]:
        """Return the cases that hold every word (its beginning will do), newest first; all when there is no word."""

    def erase(self, case_id: str) -> None:
        """Delete a case with all its versions so that nothing of it stays in the file; raise CaseMissing."""

    def keep_working(self, case: Case | None) -> None:
        """Keep the case being typed, for the next start; None forgets it."""

    def working(self) -> Case | None:
        """Return the case that was being typed; raise StoreCorrupt or StoreTooNew once if it cannot be read.

        What could not be read is kept aside, out of the way of what is typed next.
        """

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""


class Vault(Protocol):
    """The encrypted file of the case history with its two keys: passphrase and recovery words."""

    def exists(self) -> bool:
        """Tell whether a case history has been made."""

    def create(self, passphrase: str) -> tuple[CaseStore, tuple[str, ...]]:
        """Make an empty case history; return it open, with its recovery words. Raise StoreError if there is one."""

    def open(self, passphrase: str) -> CaseStore:
        """Open the case history; raise StoreMissing, WrongPassphrase, StoreInUse, StoreTooNew or StoreCorrupt."""

    def open_with_recovery(self, words: str, new_passphrase: str) -> CaseStore:
        """Open the case history with its recovery words and set another passphrase; raise as `open`."""

    def change_passphrase(self, old: str, new: str) -> None:
        """Wrap the data key with another passphrase; raise WrongPassphrase."""

    def renew_recovery_words(self, passphrase: str) -> tuple[str, ...]:
        """Return fresh recovery words, not confirmed yet; the old ones open nothing. Raise WrongPassphrase."""

    def confirm_recovery_words(self) -> None:
        """Remember that the recovery words are on paper."""

    def recovery_words_confirmed(self) -> bool:
        """Tell whether the recovery words are known to be on paper; one who opened with them has them."""
