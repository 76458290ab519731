"""What speaks against a medicine in this patient: allergy, pregnancy, breastfeeding, age, illness, other medicines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from medrag_desktop.domain.encounter import Encounter, Patient, Presence, Sex
from medrag_desktop.domain.medicine_facts import (
    Advice,
    Advised,
    Medicine,
    MedicineName,
    Medicines,
    MinimumAge,
    Together,
    read_tokens,
)
from medrag_desktop.domain.medicine_file import parse_medicines as parse_medicines
from medrag_desktop.domain.medicine_records import Recorded, Records, read_records, says_unknown
from medrag_desktop.domain.medicine_wording import is_topical, masked, offers
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.sentences import split
from medrag_desktop.domain.tokens import Token

_Fact = TypeVar("_Fact", Advised, MinimumAge)
_FIRST_TRIMESTER_ENDS = 14.0
_THIRD_TRIMESTER_BEGINS = 28.0
_CHILD_BEARING = (10.0, 55.0)
LONGEST_READ = 250
"""Words and marks of a sentence up to which its wording is looked at; a longer one offers all that it names."""
_APPOSITION = frozenset({"(", ",", "a", "an", "the"})


@dataclass(frozen=True, slots=True)
class Caution:
    """Why a medicine that a text names may be wrong for this patient."""

    medicine: str
    """As the text names it."""
    reason: str
    """For example `the patient may be pregnant`."""
    source: str
    """Where it is said; empty for an allergy to the very medicine."""

    @property
    def words(self) -> str:
        """Return the reason with its source."""
        return f"{self.reason} ({self.source})" if self.source else self.reason


@dataclass(frozen=True, slots=True)
class MedicineCheck:
    """One encounter, read once, against which texts are checked."""

    patient: Patient
    records: Records
    states: frozenset[str]
    """Findings that are there and conditions that are suspected."""
    medicines: Medicines

    def cautions(self, text: str) -> tuple[Caution, ...]:
        """Return what speaks against the medicines that a text offers; a warning against one offers none."""
        found: dict[Caution, str] = {}
        for name, topical in self._offered(text):
            found |= dict.fromkeys(self._against(name, topical=topical), name.id)
        return tuple(caution for caution, named in found.items() if not self._told(caution, named, found))

    def unchecked(self, text: str) -> str:
        """Say which medicines that a text offers could not be checked, and for what; empty when all were."""
        found: dict[str, dict[str, str]] = {}
        for name, topical in self._offered(text):
            for gap in self._gaps(name, topical=topical):
                found.setdefault(gap, {}).setdefault(name.id, name.text)
        told = (f"Not checked {gap} (no facts in this library): {', '.join(n.values())}." for gap, n in found.items())
        return " ".join(told)

    def _offered(self, text: str) -> Iterator[tuple[MedicineName, bool]]:
        """Yield the medicines that a text offers, each with whether it speaks of skin, eye or breathing in."""
        for sentence in split(text):
            tokens = read_tokens(sentence.text)
            names = self.medicines.find(sentence.text, tokens)
            for before, name in pairwise((None, *names)):
                if name is None or (before is not None and self._describes(name, before, tokens)):
                    continue
                words = masked(tokens, names, name) if len(tokens) <= LONGEST_READ else ""
                if not words or offers(words):
                    yield name, is_topical(words)

    def _gaps(self, name: MedicineName, *, topical: bool) -> Iterator[str]:
        """Yield what the library holds no facts for, as far as it matters to this patient."""
        if self.medicines.entries[name.id].broad or self.medicines.entries[name.id].plain:
            return
        if not self.medicines.has_facts(name.id):
            yield "beyond allergies"
            return
        if topical and not any(self.medicines.entries[i].topical for i in self.medicines.lineage(name.id)):
            return
        if _is_pregnant(self.patient) and self._nearest(name.id, lambda entry: entry.pregnancy) is None:
            yield "for pregnancy"
        if self.patient.breastfeeding is True and self._nearest(name.id, lambda entry: entry.lactation) is None:
            yield "for breastfeeding"

    def _describes(self, name: MedicineName, before: MedicineName, tokens: tuple[Token, ...]) -> bool:
        """Tell whether a class only says what the medicine before it is: `amoxicillin (a penicillin)`."""
        between = {token.text for token in tokens[before.last : name.first]}
        return between <= _APPOSITION and name.id != before.id and name.id in self.medicines.lineage(before.id)

    def _told(self, caution: Caution, named: str, found: Mapping[Caution, str]) -> bool:
        """Tell whether the same is told of a member of this class."""
        return any(
            other.reason == caution.reason and name != named and named in self.medicines.lineage(name)
            for other, name in found.items()
        )

    def _against(self, name: MedicineName, *, topical: bool) -> Iterator[Caution]:
        yield from self._allergy(name)
        kin = [self.medicines.entries[i] for i in sorted(self.medicines.lineage(name.id))]
        for entry in kin:
            for state in entry.avoided_in:
                concerned = not self.states.isdisjoint(state.any_of)
                young = state.under_years is None or _younger(self.patient, state.under_years)
                if concerned and young and (not state.pregnant or _may_be_pregnant(self.patient)):
                    yield Caution(name.text, state.words, state.source)
        if topical and not any(entry.topical for entry in kin):
            return
        yield from self._age(name)
        for advised, reason in (
            (self._nearest(name.id, lambda entry: entry.pregnancy), self._pregnancy),
            (self._nearest(name.id, lambda entry: entry.lactation), self._lactation),
        ):
            words = reason(advised) if advised and self.states.isdisjoint(advised.unless) else ""
            if advised and words:
                yield Caution(name.text, words, advised.source)
        yield from self._interactions(name)

    def _allergy(self, name: MedicineName) -> Iterator[Caution]:
        for allergen in self.records.allergies:
            recorded = f"an allergy to {allergen.text} is recorded"
            if self._same_kind(allergen.id, name.id):
                yield Caution(name.text, recorded, "")
                continue
            shared = self.medicines.lineage(allergen.id) & self.medicines.lineage(name.id)
            crossed = sorted(i for i in shared if self.medicines.entries[i].cross_allergy)
            if crossed:
                entry = self.medicines.entries[crossed[0]]
                yield Caution(name.text, f"{recorded}, and both are {entry.name}", entry.cross_allergy)
            for pair in self.medicines.cross_allergies:
                if self._joined(pair, allergen.id, name.id):
                    yield Caution(name.text, f"{recorded}, {pair.words}", pair.source)

    def _same_kind(self, allergen: str, named: str) -> bool:
        """Tell whether the allergen is what is named, a class of it, or one of a class that is named as one kind."""
        if allergen in self.medicines.lineage(named):
            return True
        return named in self.medicines.lineage(allergen) and not self.medicines.entries[named].broad

    def _age(self, name: MedicineName) -> Iterator[Caution]:
        limit = self._nearest(name.id, lambda entry: entry.minimum_age)
        if limit is None or not self.states.isdisjoint(limit.unless):
            return
        if _younger(self.patient, limit.years):
            yield Caution(name.text, f"the patient is under {limit.words}", limit.source)

    def _pregnancy(self, advised: Advised) -> str:
        pregnant, weeks = _is_pregnant(self.patient), self.patient.gestational_weeks
        match advised.advice:
            case Advice.AVOID if pregnant or _may_be_pregnant(self.patient):
                return "the patient is pregnant" if pregnant else "the patient may be pregnant"
            case Advice.AVOID_FIRST_TRIMESTER if pregnant and (weeks is None or weeks < _FIRST_TRIMESTER_ENDS):
                return "the patient is pregnant, and it is avoided in the first three months"
            case Advice.AVOID_FIRST_TRIMESTER if not pregnant and _may_be_pregnant(self.patient):
                return "the patient may be in early pregnancy"
            case Advice.AVOID_THIRD_TRIMESTER if pregnant and (weeks is None or weeks >= _THIRD_TRIMESTER_BEGINS):
                return "the patient is pregnant, and it is avoided in the last months"
            case Advice.SPECIALIST if pregnant:
                return "the patient is pregnant: only on a specialist's advice"
        return ""

    def _lactation(self, advised: Advised) -> str:
        concerned = advised.advice is Advice.AVOID and self.patient.breastfeeding is True
        return "the patient is breastfeeding" if concerned else ""

    def _interactions(self, name: MedicineName) -> Iterator[Caution]:
        for taken in self.records.taken:
            if taken.id == name.id:
                continue
            for pair in self.medicines.interactions:
                if self._joined(pair, taken.id, name.id):
                    yield Caution(name.text, f"{_takes(taken)} ({pair.words})", pair.source)

    def _joined(self, pair: Together, one: str, other: str) -> bool:
        if {one, other} & pair.besides:
            return False
        ours, theirs = self.medicines.lineage(one), self.medicines.lineage(other)
        return bool((ours & pair.one and theirs & pair.other) or (ours & pair.other and theirs & pair.one))

    def _nearest(self, medicine: str, fact: Callable[[Medicine], _Fact | None]) -> _Fact | None:
        """Return a fact of a medicine itself or, where it has none, of its nearest class."""
        queue = [medicine]
        while queue:
            entry = self.medicines.entries[queue.pop(0)]
            found = fact(entry)
            if found is not None:
                return found
            queue.extend(entry.classes)
        return None


def medicine_check(
    encounter: Encounter, observations: Observations, medicines: Medicines, suspected: Collection[str] = ()
) -> MedicineCheck:
    """Read an encounter for checks of medicines; `suspected` are the conditions that are written about."""
    present = {f.finding for f in observations.known.values() if f.presence is Presence.PRESENT}
    records = read_records(encounter, medicines)
    return MedicineCheck(encounter.patient, records, frozenset(present | set(suspected)), medicines)


def cautions(
    text: str, encounter: Encounter, observations: Observations, medicines: Medicines, suspected: Collection[str] = ()
) -> tuple[Caution, ...]:
    """Return what speaks against the medicines that a text offers to this patient."""
    return medicine_check(encounter, observations, medicines, suspected).cautions(text)


def medicine_gaps(encounter: Encounter, medicines: Medicines) -> tuple[str, ...]:
    """Return sentences that say against what medicines could not be checked in this encounter."""
    patient = encounter.patient
    sentences = [
        f"The allergy '{words}' is not known to the program: check every medicine against it by hand."
        for words in read_records(encounter, medicines).unreadable
    ]
    missing = {
        "allergies": all(says_unknown(entry) for entry in encounter.allergies),
        "current medicines": all(says_unknown(entry) for entry in encounter.medications),
        "age": patient.age_years is None,
        "pregnancy": patient.pregnant is None and patient.sex is Sex.UNKNOWN and _of_child_bearing_age(patient),
    }
    names = ", ".join(name for name, is_missing in missing.items() if is_missing)
    if names:
        sentences.append(f"Medicines were not checked against what is not recorded: {names}.")
    return tuple(sentences)


def _takes(taken: Recorded) -> str:
    return f"the patient takes {taken.text}" if taken.in_list else f"the history names {taken.text}"


def _younger(patient: Patient, years: float) -> bool:
    return patient.age_years is not None and patient.age_years < years


def _is_pregnant(patient: Patient) -> bool:
    if patient.pregnant is not None:
        return patient.pregnant
    return patient.gestational_weeks is not None and patient.sex is not Sex.MALE


def _may_be_pregnant(patient: Patient) -> bool:
    """Tell whether pregnancy must be reckoned with, as it is in a woman whose age nobody wrote down."""
    unknown = patient.pregnant is None and patient.sex is Sex.FEMALE and patient.age_years is None
    return patient.possibly_pregnant or unknown


def _of_child_bearing_age(patient: Patient) -> bool:
    return patient.age_years is None or _CHILD_BEARING[0] <= patient.age_years <= _CHILD_BEARING[1]
