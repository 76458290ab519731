"""The case history: unlock it, save, find, sign, erase, and keep what is being typed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from medrag_desktop.domain.case import Case, CaseSummary, Review, ReviewStatus, reopen, sign
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.errors import CaseMissing, InputError, StoreLocked
from medrag_desktop.ports import CaseStore, Vault

SHORTEST_PASSPHRASE = 8
"""Characters; NIST SP 800-63B asks for at least eight of a secret that the user chooses."""
EVERY_CASE = 1_000_000
"""Lines of the history read to find an id by its beginning."""


class HistoryState(StrEnum):
    """What the history waits for."""

    ABSENT = "absent"
    """None has been made."""
    LOCKED = "locked"
    OPEN = "open"


def now() -> str:
    """Return the time as ISO 8601 with offset, to the second."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


class History:
    """The case history behind its lock; every call but `state` may take as long as a disk does."""

    def __init__(self, vault: Vault, clock: Callable[[], str] = now) -> None:
        """Start locked."""
        self._vault = vault
        self._clock = clock
        self._store: CaseStore | None = None

    @property
    def state(self) -> HistoryState:
        """Return what the history waits for."""
        if self._store is not None:
            return HistoryState.OPEN
        return HistoryState.LOCKED if self._vault.exists() else HistoryState.ABSENT

    def create(self, passphrase: str) -> tuple[str, ...]:
        """Make the history and leave it open; return its recovery words, which are shown once."""
        check_passphrase(passphrase)
        self._store, words = self._vault.create(passphrase)
        return words

    def unlock(self, passphrase: str) -> None:
        """Open the history; raise WrongPassphrase or another StoreError."""
        if self._store is None:
            self._store = self._vault.open(passphrase)

    def unlock_with_recovery(self, words: str, new_passphrase: str) -> None:
        """Open the history with its recovery words and set another passphrase."""
        check_passphrase(new_passphrase)
        if self._store is None:
            self._store = self._vault.open_with_recovery(words, new_passphrase)

    def change_passphrase(self, old: str, new: str) -> None:
        """Set another passphrase; the recovery words stay as they are."""
        check_passphrase(new)
        self._vault.change_passphrase(old, new)

    def renew_recovery_words(self, passphrase: str) -> tuple[str, ...]:
        """Return fresh recovery words, which are shown once; the old ones open nothing any more."""
        return self._vault.renew_recovery_words(passphrase)

    def confirm_recovery_words(self) -> None:
        """Remember that the recovery words are on paper."""
        self._vault.confirm_recovery_words()

    def recovery_words_confirmed(self) -> bool:
        """Tell whether the recovery words are known to be on paper."""
        return self._vault.recovery_words_confirmed()

    def lock(self) -> None:
        """Close the history; nothing can be read until it is unlocked."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def new_case(self, encounter: Encounter | None = None) -> Case:
        """Return a case that is not saved yet."""
        at = self._clock()
        return Case(str(uuid.uuid4()), at, at, encounter or Encounter())

    def save(self, case: Case) -> Case:
        """Save a case; return it with the time of saving, and without its signature if it was changed after that."""
        return self._put(self.reopen(case) if case.signed and not self._is_as_signed(case) else case)

    def sign(self, case: Case, review: Review, reviewer: str) -> Case:
        """Sign a review and save the case; raise InputError without a name or a draft."""
        if case.draft is None:
            raise InputError("There is no draft to sign yet; assess the patient first.")
        if not reviewer.strip():
            raise InputError("Type the name of the clinician who signs.")
        return self._put(replace(case, review=sign(review, reviewer, self._clock())))

    def reopen(self, case: Case) -> Case:
        """Return a signed case to be changed; it is not saved yet."""
        if case.review is None or case.review.status is ReviewStatus.PRELIMINARY:
            return case
        return replace(case, review=reopen(case.review))

    def case(self, case_id: str) -> Case:
        """Return a saved case; raise CaseMissing."""
        return self._open.load(case_id)

    def full_id(self, beginning: str) -> str:
        """Return the id of the one case whose id begins so; raise CaseMissing, or InputError if there are several."""
        wanted = beginning.strip().lower()
        found = [line.id for line in self.find(limit=EVERY_CASE) if wanted and line.id.lower().startswith(wanted)]
        if not found:
            raise CaseMissing(f"The case history holds no case {beginning[:40]!r}.")
        if len(found) > 1:
            raise InputError(f"{len(found)} cases begin with {beginning[:40]!r}; give more of the id.")
        return found[0]

    def find(self, words: str = "", limit: int = 200) -> tuple[CaseSummary, ...]:
        """Return the cases that hold every word, newest first."""
        return self._open.search(words, limit)

    def erase(self, case_id: str) -> None:
        """Delete a case for good; raise CaseMissing."""
        self._open.erase(case_id)

    def keep_working(self, case: Case | None) -> None:
        """Keep the case being typed, for the next start; None forgets it."""
        self._open.keep_working(case)

    def working(self) -> Case | None:
        """Return the case that was being typed when the program ended; raise StoreError if it cannot be read."""
        return self._open.working()

    def _put(self, case: Case) -> Case:
        saved = replace(case, updated=self._clock())
        self._open.save(saved)
        return saved

    def _is_as_signed(self, case: Case) -> bool:
        """Tell whether a signed case is the one that was signed: only `sign` may put a signature on other words."""
        try:
            kept = self._open.load(case.id)
        except CaseMissing:
            return False
        return replace(kept, updated=case.updated) == case

    @property
    def _open(self) -> CaseStore:
        if self._store is None:
            raise StoreLocked("The case history is locked; type the passphrase first.")
        return self._store


def check_passphrase(passphrase: str) -> None:
    """Raise InputError when a passphrase is too short to protect anything."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise InputError(f"The passphrase must have at least {SHORTEST_PASSPHRASE} characters.")
