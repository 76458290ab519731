"""The words that tell whether a mentioned finding is present, absent or not about this patient now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from medrag_desktop.domain.tokens import phrase


class Status(StrEnum):
    """What the words around a mention make of it."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    HYPOTHETICAL = "hypothetical"
    FAMILY = "family"
    HISTORICAL = "historical"
    RESOLVED = "resolved"
    FEARED = "feared"
    """Somebody worries about it: a symptom that is there, or a disease that may not be."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Words that open a scope; AFFIRMED ones open none and keep their words from acting otherwise."""

    words: tuple[str, ...]
    status: Status
    forward: bool
    """The scope lies after the words; otherwise before them."""
    narrow: bool = False
    """The scope ends at a comma or `and`, unless `or` shows that a list goes on."""
    adjacent: bool = False
    """The scope is the very next words: `cannot breastfeed`, but not `cannot walk for back pain`."""
    guess: bool = False
    """What comes after a comma and has lasted some time is no guess: `could be measles, rash since 3 days`."""


_WIDE = {
    Status.NEGATED: (
        "no|denies|denied|denying|deny|without|w o|negative for|neg for|absence of|free of|free from|nor|neither|nil|"
        "does not have|do not have|did not have|has not had|have not had|does not report|did not report|not reported|"
        "not complaining of|does not complain of|no sign of|no evidence of|no history of|no h o|none of|not any|"
        "never had|cannot see any|rules out|ruled out|unremarkable for|lacks|absent|negative"
    ),
    Status.HYPOTHETICAL: (
        "if|in case of|return for|come back for|back for|watch for|look for|look out for|"
        "should he|should she|should they|should there|advised about|counselled about|counselled on|warned about|"
        "educated about|educated on|possible side effect of|side effect such as|may cause|can cause|could cause|"
        "might cause|risk of|at risk for|to prevent|prevention of|prophylaxis for|prophylaxis against|may develop|"
        "could develop|danger signs such as|signs such as|what to do for"
    ),
    Status.FAMILY: (
        "family history of|family history|family|fhx|fh|mother|father|mum|mom|dad|brother|sister|sibling|aunt|uncle|"
        "grandmother|grandfather|grandparent|parent|cousin|niece|nephew|husband|wife|spouse|partner|mother's|"
        "father's|brother's|sister's|husband's|wife's|neighbour|neighbor|classmate|colleague|roommate|friend|"
        "someone|somebody|no one|nobody|none of family|household member|family member|relative|boyfriend|girlfriend|"
        "fiance|co wife|schoolmate|playmate|flatmate|housemate|coworker|co worker|workmate|villager|other child|"
        "other children|older children|younger children|children at home|another child|older child|younger child|"
        "eldest child|other sibling|other people|another person|another patient|people at home|other at home|"
        "neighbour's|neighbor's|neighbour's child|neighbor's child|friend's child|brother's child|sister's child|"
        "son|daughter|with man who|with woman who|with person who|with people who"
    ),
    Status.HISTORICAL: (
        "past history of|past medical history of|past medical history|past history|pmh|pmhx|had in childhood|"
        "previous history of|previous episode of|prior history of"
    ),
    Status.FEARED: (
        "worried about|worried that|worry about|concerned about|concerned that|concern for|concern about|anxious about"
    ),
}
_GUESSED = {
    Status.HYPOTHETICAL: (
        "rule out|r o|to exclude|query|screen for|screened for|screening for|test for|tested for|testing for|might|"
        "may have|could have|could be|cannot rule out|cannot exclude|can't rule out|can't exclude|"
        "not ruled out|not excluded|whether|fear of|afraid of|afraid it is|thinks it is"
    ),
}
_ADJACENT = {
    Status.NEGATED: (
        "cannot|can't|can not|could not|couldn't|unable to|not able to|will not|won't|refuses to|refused to|"
        "refusing to|failed to|not yet|did not|does not|do not"
    ),
    Status.RESOLVED: "stopped|has stopped|quit|no more",
}
_NARROW = {
    Status.NEGATED: "not|never|don't|doesn't|didn't|hasn't|haven't|hadn't|isn't|wasn't|aren't|weren't",
    Status.RESOLVED: "no longer|not any more|stopped having",
    Status.HISTORICAL: "previous|previously|prior",
    Status.FAMILY: "contact with|exposed to|exposure to",
    Status.HYPOTHETICAL: (
        "worse on|worse with|worse when|worse while|worse during|worse after|worsened by|worsened with|worsens with|"
        "worsens on|aggravated by|aggravated with|exacerbated by|exacerbated with|made worse by|made worse with|"
        "provoked by|precipitated by|brought on by|increased by|increases with|triggered by|better with|better on|"
        "better after|relieved by|relieved with|relieved on|relieved after|improves with|improves on|improved by|"
        "improved with|eased by|oxygen when|call when|come back when|return when"
    ),
}
_AFTER = {
    Status.NEGATED: (
        "absent|denied|negative|not present|not seen|not found|not noted|not reported|not detected|none|no|nil|neg|"
        "were ruled out|was ruled out|is ruled out|excluded|unlikely|not there|is not there|never had|"
        "never came|has not come|have left him|has left him|has left her|have left her|left me"
    ),
    Status.RESOLVED: (
        "resolved|went away|has gone|have gone|is gone|stopped|settled|subsided|disappeared|cleared up|got better"
    ),
    Status.HISTORICAL: "year ago|years ago|last year|as child|as baby|as infant|as newborn|when small|when young|"
    "when younger|in childhood|when he was child|when she was child",
    Status.HYPOTHETICAL: "unknown|not known|not done|not tested|not checked|not assessed|not asked|pending",
    Status.FAMILY: (
        "in family|in mother|in father|in brother|in sister|in sibling|in parent|in husband|in wife|in partner"
    ),
}
_HARMLESS = (
    "no increase|no decrease|no change|no improvement|no relief|no response|no better|no worse|no doubt|no wonder|"
    "no matter|no idea|no effect|no help|no other|no treatment|no medication|no medicine|no drug|no money|no further|"
    "not only|not just|not improved|not improving|not relieved|not responding|not better|not getting better|not well|"
    "not feeling well|not settled|not settling|not resolved|not resolving|not stopped|not stopping|not gone|"
    "not absent|not negative|not deny|does not deny|did not deny|cannot deny|not without|never without|"
    "without relief|without improvement|without effect|without doubt|without treatment|without response|"
    "as if|even if|only if|previously well|previously healthy|previously fit|previous visit|prior to|"
    "family reports|look for help|friend of"
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(phrase(text).split())


def _triggers(table: dict[Status, str], *, forward: bool = True, **kind: bool) -> list[Trigger]:
    return [
        Trigger(_words(name), status, forward, **kind) for status, names in table.items() for name in names.split("|")
    ]


TRIGGERS = (
    *_triggers(_WIDE),
    *_triggers(_GUESSED, guess=True),
    *_triggers(_NARROW, narrow=True),
    *_triggers(_ADJACENT, adjacent=True),
    *_triggers(_AFTER, forward=False),
    *_triggers({Status.AFFIRMED: _HARMLESS}),
)
