"""Laboratory values of free text -> the findings that they show or deny in this patient."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from medrag_desktop.domain.encounter import Finding, Patient, Presence
from medrag_desktop.domain.laboratory import Laboratory
from medrag_desktop.domain.laboratory_words import ResultWords, find_results
from medrag_desktop.domain.mention import quoted
from medrag_desktop.domain.vocabulary import Vocabulary

_OF_THIS_ILLNESS = ("chief_complaint", "history")


@dataclass(frozen=True, slots=True)
class LaboratoryReader:
    """Reads values as those of one patient."""

    laboratory: Laboratory = field(default_factory=Laboratory)
    patient: Patient = field(default_factory=Patient)

    def added(self, found: tuple[Finding, ...], text: str, field: str, vocabulary: Vocabulary) -> tuple[Finding, ...]:
        """Add what the values of a text decide to what its words name; a value is not also read as a name."""
        if field not in _OF_THIS_ILLNESS:
            return found
        results = tuple(find_results(text, self.laboratory))
        decided = tuple(self._decided(results, text, field, vocabulary))
        ids = {finding.finding for finding in decided}
        named = (f for f in found if not any(_is_of_value(f, words, f.finding in ids) for words in results))
        return (*named, *decided)

    def _decided(
        self, results: Iterable[ResultWords], text: str, field: str, vocabulary: Vocabulary
    ) -> Iterable[Finding]:
        """Return one finding for each id; present in one of several values is present."""
        decided: dict[str, Finding] = {}
        for words in results:
            if words.earlier:
                continue
            for name, presence in words.analyte.decide(words.value, self.patient):
                known = decided.get(name)
                if name in vocabulary and (known is None or (known.presence, presence) == _COMES_UP):
                    decided[name] = quoted(name, presence, text, field, (words.start, words.end))
        denied = {name for name, finding in decided.items() if finding.presence is Presence.ABSENT}
        # small red cells count as an anaemia only while no haemoglobin says that there is none
        return tuple(
            finding
            for name, finding in decided.items()
            if finding.presence is Presence.ABSENT or denied.isdisjoint(vocabulary.ancestors(name))
        )


_COMES_UP = (Presence.ABSENT, Presence.PRESENT)
NO_LABORATORY = LaboratoryReader()


def _is_of_value(finding: Finding, words: ResultWords, decided: bool) -> bool:
    """Tell whether a finding was read from the words of a value, which decides it, is old, or only names the analyte.

    `urine protein` is a name of protein in the urine, but not before `trace`; `low Hb` says more than its number.
    """
    if finding.finding not in words.analyte.findings or finding.end <= words.start or words.end <= finding.start:
        return False
    return decided or words.earlier or (words.start <= finding.start and finding.end <= words.name_end)
