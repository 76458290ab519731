"""Encounter -> Draft: triage, extract, rank, retrieve, generate, ground (architecture.md, the way of one case)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from medrag_desktop import __version__
from medrag_desktop.domain.differential import Candidate, Differential
from medrag_desktop.domain.draft import CitedPassage, Draft, EvidenceStrength, Level, Provenance, Section
from medrag_desktop.domain.encounter import Encounter, Presence
from medrag_desktop.domain.evidence import Hit, Query
from medrag_desktop.domain.fusion import FOUND, evidence_level
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.possible_finding import PossibleFinding
from medrag_desktop.domain.querying import candidate_query, presentation_query
from medrag_desktop.domain.triage import Triage
from medrag_desktop.domain.urgency import urgency_of
from medrag_desktop.ports import Generator
from medrag_desktop.services.drafting import (
    Brief,
    Drafted,
    References,
    draft_sections,
    plan_slots,
    summary,
)
from medrag_desktop.services.library import Library
from medrag_desktop.services.possible import PossibleReader
from medrag_desktop.services.rank import Ranker
from medrag_desktop.tasks import Task

DRAFTED_FROM = 0.02
"""Probability from which the draft writes about a candidate that is not the first."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Which models take part, for the provenance."""

    models: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    """Why one does not."""


@dataclass
class _Clock:
    """Milliseconds spent in each step."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.spent[name] = round(1000 * (time.perf_counter() - start), 1)


@dataclass(frozen=True, slots=True)
class Assessor:
    """Everything one assessment needs; made once, used for many encounters."""

    ranker: Ranker
    library: Library
    generator: Generator | None
    """None when it cannot be used; the draft is then extractive."""
    versions: Versions
    possible: PossibleReader | None = None
    """None when the words beyond the lexicon cannot be read."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Say which model or pack does not take part, and why."""
        return (*self.versions.notes, *self.library.left_out)

    def assess(self, encounter: Encounter, *, level: Level = Level.GENERATED, seed: int = 0, task: Task) -> Draft:
        """Draft one encounter at a level, or at the next lower one that can run."""
        clock = _Clock()
        task.report("Checking danger signs", 0, 4)
        with clock.step("triage_and_extraction"):
            encounter, observations, signs = self.ranker.triage(encounter)
        with clock.step("possible_findings"):
            possible, signs = self._possible(encounter, observations, signs, task)
        with clock.step("ranking"):
            ranked = self.ranker.rank(encounter, observations)
            questions = self.ranker.next_questions(encounter, observations)
        task.report("Searching the library", 1, 4)
        with clock.step("retrieval"):
            found = self._retrieve(encounter, observations, ranked.candidates, task)
        references, level = References(), self._reachable(level)
        task.report("Writing the draft", 2, 4)
        with clock.step("drafting"):
            brief = Brief(encounter, observations, self.ranker.catalogue, self.ranker.lexicon)
            drafted = self._draft(brief, ranked, found, references, level, seed, task)
            candidates = _cite(ranked.candidates, found, references)
            passages = _numbered(found, references, level)
        task.report("Done", 4, 4)
        urgency, because = urgency_of(signs, ranked, encounter, observations, self.ranker.catalogue)
        return Draft(
            level=level,
            urgency=urgency,
            urgency_because=because,
            danger_signs=signs.fired,
            danger_signs_not_assessed=signs.not_assessed,
            findings=observations.stated,
            differential=candidates,
            outside_library=ranked.outside_library,
            next_questions=questions,
            evidence=found.evidence,
            sections=drafted.sections,
            withheld=drafted.withheld,
            passages=passages,
            provenance=self._provenance(level, seed, clock),
            possible=possible,
        )

    def _possible(
        self, encounter: Encounter, observations: Observations, signs: Triage, task: Task
    ) -> tuple[tuple[PossibleFinding, ...], Triage]:
        """Return what words beyond the lexicon perhaps mean, and the danger signs with what is to be confirmed."""
        if self.possible is None:
            return (), signs
        possible = self.possible.read(encounter, observations, task=task)
        return possible, self.ranker.doubted(encounter, signs, possible)

    def _reachable(self, level: Level) -> Level:
        return Level.EXTRACTIVE if level is Level.GENERATED and self.generator is None else level

    def _retrieve(
        self, encounter: Encounter, observations: Observations, candidates: Sequence[Candidate], task: Task
    ) -> _Found:
        vocabulary = self.ranker.catalogue.vocabulary
        present = observations.present()
        queries: list[Query] = [presentation_query(encounter, present, vocabulary)]
        queries += [candidate_query(candidate, present, vocabulary) for candidate in candidates]
        presentation, *each = self.library.search(queries, self.ranker.settings.passages, task=task)
        passages = {
            candidate.condition: self._in_order(candidate.condition, hits)
            for candidate, hits in zip(candidates, each, strict=True)
        }
        # a candidate's name finds its own passages whatever the patient has, so only the presentation counts
        evidence = EvidenceStrength(evidence_level(presentation)) if present else EvidenceStrength.NONE
        return _Found(presentation, passages, evidence)

    def _in_order(self, condition: str, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """Return a condition's passages: those the search found, best first, then the others as they stand.

        Last come passages of imported texts that the search found close to the condition.
        """
        own = tuple(hit for hit in hits if hit.passage.condition == condition)
        seen = {hit.passage.id for hit in own}
        rest = (hit for hit in self.library.passages_of(condition) if hit.passage.id not in seen)
        imported = (hit for hit in hits if not hit.passage.condition and hit.cosine >= FOUND)
        return (*own, *rest, *imported)

    def _draft(
        self,
        brief: Brief,
        ranked: Differential,
        found: _Found,
        references: References,
        level: Level,
        seed: int,
        task: Task,
    ) -> Drafted:
        if level is Level.SEARCH:
            return Drafted((), ())
        restated: tuple[Section, ...] = (summary(brief),)
        if ranked.outside_library or found.evidence is EvidenceStrength.NONE:
            return Drafted(restated, ())
        drafted_for = _worth_drafting(ranked.candidates[: self.ranker.settings.drafted], brief.observations)
        slots = plan_slots(drafted_for, found.passages)
        generator = self.generator if level is Level.GENERATED else None
        drafted = draft_sections(slots, brief, references, generator, seed=seed, task=task)
        return Drafted((*restated, *drafted.sections), drafted.withheld)

    def _provenance(self, level: Level, seed: int, clock: _Clock) -> Provenance:
        return Provenance(
            app_version=__version__,
            models=self.versions.models,
            packs=tuple((manifest.id, manifest.version) for manifest in self.library.searched),
            library=self.ranker.catalogue.review_state,
            settings=(
                ("level", level.value),
                ("candidates", str(self.ranker.settings.candidates)),
                ("drafted", str(self.ranker.settings.drafted)),
                ("passages", str(self.ranker.settings.passages)),
                ("tests", self.ranker.settings.tests),
                ("threads", str(self.ranker.settings.threads)),
            ),
            seed=seed,
            created=datetime.now().astimezone().isoformat(timespec="seconds"),
            timings_ms=tuple(clock.spent.items()),
            notes=self.notes,
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """What retrieval brought."""

    presentation: Sequence[Hit]
    passages: dict[str, tuple[Hit, ...]]
    """By condition, best first."""
    evidence: EvidenceStrength


def _worth_drafting(candidates: Sequence[Candidate], observations: Observations) -> tuple[Candidate, ...]:
    """Return the first candidate and the others that are probable enough, where a finding that is there supports it."""
    return tuple(
        candidate
        for candidate in candidates
        if (candidate.rank == 1 or candidate.probability >= DRAFTED_FROM)
        and any(observations.presence(reason.finding) is Presence.PRESENT for reason in candidate.supporting)
    )


def _numbered(found: _Found, references: References, level: Level) -> tuple[CitedPassage, ...]:
    """Return what is cited; a mere search also shows the passages that the patient's own words found."""
    if level is Level.SEARCH and found.evidence is not EvidenceStrength.NONE:
        for hit in found.presentation:
            references.number(hit)
    return tuple(references.cited.values())


def _cite(candidates: Sequence[Candidate], found: _Found, references: References) -> tuple[Candidate, ...]:
    """Give each candidate the numbers of its passages that the draft cites, or of its best one."""
    cited = []
    for candidate in candidates:
        own = [h for h in found.passages.get(candidate.condition, ()) if h.passage.condition]
        numbers = [references.cited[h.passage.id].number for h in own if h.passage.id in references.cited]
        numbers = numbers or [references.number(hit) for hit in own[:1]]
        cited.append(replace(candidate, citations=tuple(sorted(numbers))))
    return tuple(cited)
