"""Candidates + passages -> the sections of a draft: which passage serves which section, generated or extracted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.differential import Candidate
from medrag_desktop.domain.draft import CitedPassage, Section, Statement, StatementOrigin, Withheld
from medrag_desktop.domain.encounter import Encounter, Finding, Presence
from medrag_desktop.domain.evidence import Hit
from medrag_desktop.domain.generation import Generated, GenerationRequest
from medrag_desktop.domain.grounding import NOT_STATED, Facts, Grounded, Ungrounded, find_clauses, ground
from medrag_desktop.domain.medicine import MedicineCheck, medicine_check, medicine_gaps
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.querying import (
    absent_labels,
    context_line,
    describe_patient,
    present_labels,
    vital_sign_words,
)
from medrag_desktop.domain.selection import select_sentences, usable
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.ports import Generator, Lexicon
from medrag_desktop.tasks import Task

CITED_SHARE = 0.2
"""Responsibility p(z|x,y) from which a passage is cited beside the one that holds the sentence."""
SOURCES_PER_REQUEST = 2


@dataclass(frozen=True, slots=True)
class SectionPlan:
    """Which sections of a monograph a section of the draft is written from, and how much of it."""

    title: str
    reads: tuple[str, ...]
    """Titles of monograph sections; none means passages that are of no monograph."""
    candidates: int
    """How many candidates, from the first, it is written for."""
    sentences: int
    """How many sentences a candidate."""
    extracted_only: bool = False
    """The generator was never trained on such passages, so their sentences are quoted."""
    needs: str = ""
    """`present` or `absent`: an extracted sentence must name such a finding of the patient."""


PLANS = (
    SectionPlan("Assessment", ("In brief", "Presentation"), 3, 1),
    SectionPlan("What does not fit", ("Presentation", "What else it could be"), 2, 1, needs="absent"),
    SectionPlan("What else to consider", ("What else it could be",), 1, 2),
    SectionPlan("Danger signs to look for", ("Danger signs",), 2, 1),
    SectionPlan("Investigations", ("Investigations",), 2, 1),
    SectionPlan("Management", ("Management",), 2, 1),
    SectionPlan("Referral", ("Refer",), 2, 1),
    SectionPlan("Advice and follow-up", ("Follow-up and prevention",), 1, 2),
    SectionPlan("From imported guidelines", (), 3, 1, extracted_only=True),
)


@dataclass
class References:
    """Numbers the passages in the order in which they are first cited."""

    cited: dict[str, CitedPassage] = field(default_factory=dict)

    def number(self, hit: Hit) -> int:
        """Return the number of a passage, giving it the next free one the first time."""
        known = self.cited.get(hit.passage.id)
        if known is None:
            ranks = (hit.dense_rank, hit.lexical_rank)
            known = CitedPassage(len(self.cited) + 1, hit.passage, hit.score, hit.cosine, hit.lexical, *ranks)
            self.cited[hit.passage.id] = known
        return known.number


@dataclass(frozen=True, slots=True)
class Slot:
    """One candidate's share of one section: what to write and from which passages."""

    plan: SectionPlan
    candidate: Candidate
    hits: tuple[Hit, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the texts of its passages."""
        return tuple(hit.passage.text for hit in self.hits)


@dataclass(frozen=True, slots=True)
class Brief:
    """What drafting is told of one patient."""

    encounter: Encounter
    observations: Observations
    catalogue: Catalogue
    lexicon: Lexicon


@dataclass
class Guard:
    """Keeps back what names a medicine that may be wrong for this patient, and notes why each sentence was withheld."""

    check: MedicineCheck
    withheld: list[Withheld] = field(default_factory=list)

    def admits(self, section: str, sentence: str) -> bool:
        """Tell whether a sentence may be shown as far as its medicines go; withhold it if not."""
        names: dict[str, list[str]] = {}
        for caution in self.check.cautions(sentence):
            names.setdefault(caution.words, []).append(caution.medicine)
        if names:
            told = "; ".join(f"names {', '.join(dict.fromkeys(named))}, but {why}" for why, named in names.items())
            self.withhold(section, f"{told[:1].upper()}{told[1:]}.")
        return not names

    def withhold(self, section: str, reason: str) -> None:
        """Note why a sentence of a section is not shown."""
        self.withheld.append(Withheld(section, reason))


@dataclass(frozen=True, slots=True)
class Drafted:
    """The written sections and what was withheld."""

    sections: tuple[Section, ...]
    withheld: tuple[Withheld, ...]


def plan_slots(candidates: Sequence[Candidate], passages: Mapping[str, Sequence[Hit]]) -> tuple[Slot, ...]:
    """Pair every section with its candidates and, of their passages, those it is written from."""
    slots = []
    for plan in PLANS:
        for candidate in candidates[: plan.candidates]:
            hits = [hit for hit in passages.get(candidate.condition, ()) if _is_read(hit, plan)]
            if hits:
                slots.append(Slot(plan, candidate, tuple(hits)))
    return tuple(slots)


def _is_read(hit: Hit, plan: SectionPlan) -> bool:
    return hit.passage.section in plan.reads if hit.passage.condition else not plan.reads


def draft_sections(
    slots: Sequence[Slot],
    brief: Brief,
    references: References,
    generator: Generator | None,
    *,
    seed: int,
    task: Task,
) -> Drafted:
    """Write every slot: generated and grounded where a generator is given, else the best sentences verbatim."""
    hypotheses: dict[Slot, tuple[Generated, ...]] = {}
    asked = [slot for slot in slots if not slot.plan.extracted_only]
    if generator is not None and asked:
        requests = [_request(slot, brief) for slot in asked]
        hypotheses = dict(zip(asked, generator.generate(requests, task=task, seed=seed), strict=True))
    suspected = {slot.candidate.condition for slot in slots}
    guard = Guard(medicine_check(brief.encounter, brief.observations, brief.catalogue.medicines, suspected))
    written: dict[str, list[Statement]] = {}
    for slot in slots:
        statements = _generated(slot, hypotheses.get(slot, ()), brief, references, guard)
        said = written.setdefault(slot.plan.title, [])
        missing = slot.plan.sentences - len(statements)
        used = {s.text for s in (*said, *statements)}
        statements += _extracted(slot, brief, references, missing, used, guard)
        said += [s for s in statements if s.text not in {other.text for other in said}]
    sections = tuple(Section(title, tuple(said)) for title, said in written.items() if said)
    return Drafted(sections, tuple(guard.withheld))


def summary(brief: Brief) -> Section:
    """Restate the encounter: who, what is present, absent, measured; and what medicines were not checked against."""
    vocabulary = brief.catalogue.vocabulary
    stated = brief.observations.narrowest(vocabulary)
    sentences = [
        _sentence("", (describe_patient(brief.encounter.patient),)),
        _sentence("Present: ", present_labels(stated, vocabulary)),
        _sentence("Absent: ", absent_labels(stated, vocabulary)),
        _sentence("Measured: ", vital_sign_words(brief.encounter)),
        *medicine_gaps(brief.encounter, brief.catalogue.medicines),
    ]
    statements = (Statement(text, (), 1.0, StatementOrigin.EXTRACTED) for text in sentences if text)
    return Section("Summary of the presentation", tuple(statements))


def facts_of(observations: Observations, vocabulary: Vocabulary) -> Facts:
    """Return the names, labels and synonyms, of what the encounter holds as present and as absent."""
    known = observations.known.values()
    present, absent = (_names(known, state, vocabulary) for state in (Presence.PRESENT, Presence.ABSENT))
    # a name that two findings share says nothing when one is there and the other is not
    return Facts(present - absent, absent - present)


def _request(slot: Slot, brief: Brief) -> GenerationRequest:
    context = context_line(slot.candidate.name, brief.encounter, brief.observations.stated, brief.catalogue.vocabulary)
    hits = slot.hits[:SOURCES_PER_REQUEST]
    return GenerationRequest(
        section=slot.plan.title,
        context=context,
        sources=tuple(hit.passage.text for hit in hits),
        source_scores=tuple(hit.cosine for hit in hits),
    )


def _generated(
    slot: Slot,
    hypotheses: Sequence[Generated],
    brief: Brief,
    references: References,
    guard: Guard,
) -> list[Statement]:
    """Return the first supported hypotheses as statements; note the reason of each that is not."""
    facts = facts_of(brief.observations, brief.catalogue.vocabulary)
    statements: list[Statement] = []
    for hypothesis in hypotheses:
        if len(statements) == slot.plan.sentences:
            break
        if hypothesis.text.strip() in ("", NOT_STATED):
            continue
        outcome = ground(hypothesis.text, slot.texts[:SOURCES_PER_REQUEST], facts)
        # the opening names this patient; only the general part can be about others
        if isinstance(outcome, Grounded) and not usable(outcome.quote, brief.encounter.patient):
            outcome = Ungrounded("The sentence is about another group of patients.")
        if isinstance(outcome, Grounded) and not _serves(outcome.quote, slot, brief, outcome.opening):
            outcome = Ungrounded(
                "The sentence is not about the finding it restates, or not about what its section asks."
            )
        if isinstance(outcome, Ungrounded):
            guard.withhold(slot.plan.title, outcome.reason)
        elif guard.admits(slot.plan.title, outcome.quote) and outcome.text not in {s.text for s in statements}:
            written = _statement(outcome, hypothesis, slot, references)
            statements.append(replace(written, unchecked=guard.check.unchecked(outcome.quote)))
    return statements


def _statement(grounded: Grounded, hypothesis: Generated, slot: Slot, references: References) -> Statement:
    holders = _holders(grounded, hypothesis, slot)
    numbers = {number: references.number(slot.hits[number]) for number in holders}
    same = grounded.text.casefold() == hypothesis.text.casefold()
    origins = tuple(
        replace(origin, source=0 if origin.source < 0 else numbers[origin.source])
        for origin in hypothesis.origins
        if same
        and 0 <= origin.start < origin.end <= len(grounded.text)
        and (origin.source < 0 or origin.source in numbers)
    )
    return Statement(grounded.text, tuple(numbers.values()), 1.0, StatementOrigin.GENERATED, origins)


def _holders(grounded: Grounded, hypothesis: Generated, slot: Slot) -> tuple[int, ...]:
    """Return the passages to cite: the one that was written from, and others that hold the same sentence."""
    shares = dict(enumerate(hypothesis.responsibilities))
    holding = [n for n, text in enumerate(slot.texts[:SOURCES_PER_REQUEST]) if find_clauses(grounded.quote, text)]
    first = hypothesis.source if hypothesis.source in holding else grounded.passage
    return (first, *(n for n in holding if n != first and shares.get(n, 0.0) >= CITED_SHARE))


def _extracted(
    slot: Slot, brief: Brief, references: References, count: int, said: set[str], guard: Guard
) -> list[Statement]:
    """Return the best sentences of the passages word for word."""
    if count <= 0:
        return []
    ranked = select_sentences(
        slot.texts,
        lambda sentence: [m.finding for m in brief.lexicon.mentions(sentence) if not m.negated],
        brief.observations,
        brief.encounter.patient,
        count=sum(text.count(".") for text in slot.texts),
    )
    fresh = (
        s
        for s in ranked
        if s.text not in said and _serves(s.text, slot, brief) and guard.admits(slot.plan.title, s.text)
    )
    return [
        Statement(
            s.text,
            (references.number(slot.hits[s.passage]),),
            1.0,
            StatementOrigin.EXTRACTED,
            unchecked=guard.check.unchecked(s.text),
        )
        for s in islice(fresh, count)
    ]


def _serves(sentence: str, slot: Slot, brief: Brief, opening: str = "") -> bool:
    """Tell whether a sentence is about what it restates, and names what its section needs.

    An opening and a sentence that name no common finding have nothing to do with each other. A section of missing
    findings needs one that speaks against the candidate.
    """
    named = {m.finding for m in brief.lexicon.mentions(sentence) if not m.negated}
    if opening:
        restated = {m.finding for m in brief.lexicon.mentions(opening)}
        named &= restated | {n for r in restated for n in brief.catalogue.vocabulary.descendants(r)}
        if not named:
            return False
    if not slot.plan.needs:
        return True
    against = {reason.finding for reason in slot.candidate.opposing}
    return any(brief.observations.presence(finding).value == slot.plan.needs for finding in named & against)


def _names(known: Iterable[Finding], presence: Presence, vocabulary: Vocabulary) -> frozenset[str]:
    names: set[str] = set()
    for finding in known:
        if finding.presence is presence:
            definition = vocabulary[finding.finding]
            names.update(name.lower() for name in (definition.label, *definition.synonyms))
    return frozenset(names)


def _sentence(opening: str, words: Sequence[str]) -> str:
    if not words:
        return ""
    text = opening + ", ".join(words)
    return text[:1].upper() + text[1:] + "."
