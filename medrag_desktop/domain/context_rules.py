"""Whether a mentioned finding is present, absent or not about this patient now.

After ConText (Harkema, Dowling, Thornblade, Chapman, J Biomed Inform 2009): trigger words open a scope to one side
that ends at a terminating word or with the sentence. Words inside a mention ("not eating") never act as triggers.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from medrag_desktop.domain.context_words import TRIGGERS, Status, Trigger
from medrag_desktop.domain.mention import Mention
from medrag_desktop.domain.tokens import FILLERS, Token, phrase

__all__ = ["TRIGGERS", "Status", "Trigger", "in_context", "status_of", "statuses"]

_HARD = frozenset(
    "but however except although though apart aside besides yet positive yes report reported complain complained "
    "complaining presenting presented admit endorse because whilst while".split()
)
_SOFT = frozenset(
    "has had having have is was are were been he she they it i we who which that where there then now currently "
    "patient pt child baby infant boy girl man woman developed develop started start began notice noticed present also "
    "still ever experienced experiencing feel felt".split()
)
"""Verbs and subjects begin a clause of their own, unless they follow the trigger at once: `denies that she has`."""
_SUBJECTS = frozenset("he she they i patient pt child baby infant".split())
_BOUND = frozenset(
    tuple(phrase(words).split())
    for words in (
        "not there",
        "is not there",
        "never had",
        "never came",
        "has not come",
        "has left him",
        "have left him",
        "has left her",
        "have left her",
        "left me",
    )
)
"""Backward triggers that stand right after a name and end the clause: `the fever has left him`, not `left him weak`."""
_HEDGES = frozenset(
    phrase(
        "hardly barely scarcely less half semi partly partially poorly rarely seldom intermittently only formerly "
        "until trouble difficulty problem wish hope used arrived before"
    ).split()
)
"""Words before a normal state that limit it: `only alert to voice`."""
_LIMITS = frozenset(phrase("only until then less level state x1 before between").split())
"""The same after it."""
_VERBS = frozenset("is are was were has had feel felt show shows heard looks".split())
"""Of a name with one of them between other words a clause is made: `the sclerae are yellow`."""
_NOW = frozenset("now currently today".split())
"""After a comma they turn from a relative to the patient."""
_PREPOSITIONS = frozenset("of in for to by with from".split())
_REPORTING = frozenset(
    "report reported say says said state stated tell told notice noticed note noted denies deny denied describe "
    "described complain complained think thought feel felt observe observed find found saw seen brought bring worried "
    "concerned mention mentioned claim give gave anxious hear heard believe ask asked confirm confirmed".split()
)
_LINKS = frozenset("has had have with suffer known history hx diagnosed also :".split())
"""What follows a relative whose illnesses are listed."""
_DWELLING = frozenset(
    "live lived living stay stayed staying sleep sleeping share shared room house bed work worked".split()
)
_CARERS = frozenset("mother father mum mom dad parent carer caregiver guardian caretaker she who".split())
"""Who tell of their son or daughter, who is the patient then."""
_NOBODY = (("no", "one"), ("nobody",))
_BACK_AGAIN = frozenset("returned returning recurred recur recurring again relapsed restarted".split())
_MARKS_END = frozenset(".,;!?)\n")
_SEPARATORS = frozenset({",", "or", "and", "nor", "(", ")", ":"})
_AFTER_STOPPED = frozenset(
    "and but after since on in yesterday today now this last by without with when ago then".split()
)
_SEGMENT = 8
"""Words between two separators that a scope crosses."""
_REACH = 60
"""Words and marks that a scope crosses at all."""
_REACH_BACK = 4
"""Words that a scope crosses which lies before its trigger, names of findings not counted."""
_STEPS_BACK = 24
"""The same, all counted."""


def _by_first_word(triggers: Sequence[Trigger]) -> dict[str, list[Trigger]]:
    table: dict[str, list[Trigger]] = {}
    for trigger in sorted(triggers, key=lambda t: -len(t.words)):
        table.setdefault(trigger.words[0], []).append(trigger)
    return table


_TABLE = _by_first_word(TRIGGERS)
_STOPPED = frozenset({"stopped", "negative", "denied", "no", "nil", "none", "neg", "absent"})
"""One-word triggers that act backwards only at the end of their clause."""
_ORDER = (
    Status.FAMILY,
    Status.HYPOTHETICAL,
    Status.NEGATED,
    Status.RESOLVED,
    Status.HISTORICAL,
    Status.FEARED,
)
_OPPOSITE = {Status.NEGATED: Status.AFFIRMED, Status.AFFIRMED: Status.NEGATED}


def status_of(mention: Mention, sentence: tuple[Token, ...]) -> Status:
    """Return the status of a mention within the sentence it stands in."""
    return statuses((mention,), sentence)[0]


def statuses(
    mentions: Sequence[Mention], sentence: tuple[Token, ...], *, of_family: bool = False
) -> tuple[Status, ...]:
    """Return the status of each mention of one sentence; `mentions` are in order of place.

    With `of_family` the text is about relatives, so that naming one changes nothing and `nobody` denies.
    """
    scopes = _Scopes(mentions, sentence, of_family=of_family)
    found = []
    for mention in mentions:
        status = scopes.status(mention)
        found.append(scopes.turned(mention, status) if mention.negated else status)
    return tuple(found)


def in_context(
    mentions: Sequence[Mention], groups: tuple[tuple[Token, ...], ...], *, of_family: bool = False
) -> Iterator[tuple[Mention, Status]]:
    """Pair every mention of a text with its status in the sentence, one of `groups`, where it begins."""
    starts = [group[0].start for group in groups]
    for place, members in groupby(mentions, key=lambda mention: bisect_right(starts, mention.start) - 1):
        together = tuple(members)
        yield from zip(together, statuses(together, groups[place], of_family=of_family), strict=True)


class _Scopes:
    """The words of one sentence with the triggers among them."""

    def __init__(self, mentions: Sequence[Mention], sentence: tuple[Token, ...], *, of_family: bool) -> None:
        self._of_family = of_family
        self._tokens = [token for token in sentence if token.text not in FILLERS]
        self._texts = [token.text for token in self._tokens]
        self._starts = [token.start for token in self._tokens]
        self._taken = [False] * len(self._tokens)
        for mention in mentions:
            first, last = self._span(mention)
            self._taken[first:last] = [True] * (last - first)
        self._ending: dict[int, tuple[int, Trigger]] = {}
        """Index after a forward trigger -> its own start."""
        self._opening: set[int] = set()
        """Indices where a forward trigger begins."""
        self._beginning: dict[int, tuple[int, Trigger]] = {}
        """Index of a backward trigger -> the index after it."""
        self._find_triggers()
        there = {trigger.status for _, trigger in self._ending.values()}
        self._strongest = next((status for status in _ORDER if status in there), None)
        """The forward status that no other of the sentence outranks; None when there is no scope."""

    def status(self, mention: Mention) -> Status:
        first, last = self._span(mention)
        found = self._before(first, last) | self._after(last)
        found -= {Status.FAMILY} if self._of_family else set()
        return next((status for status in _ORDER if status in found), Status.AFFIRMED)

    def turned(self, mention: Mention, status: Status) -> Status:
        """Return the status of words that deny by themselves: `not afebrile` affirms, `no cough, afebrile` does not."""
        first, last = self._span(mention)
        if mention.well and self._is_limited(first, last):
            return Status.AFFIRMED
        while mention.well and first and first not in self._ending and not self._parts(first - 1):
            first -= 1
        if status is Status.NEGATED and first not in self._ending:
            return status
        return _OPPOSITE.get(status, status)

    def _is_limited(self, first: int, last: int) -> bool:
        """Tell whether the words around a normal state take it back: `only alert to voice`, `neck supple: no`."""
        start = first
        while start and first - start < _REACH_BACK and not self._parts(start - 1):
            start -= 1
        after = self._texts[last : last + 3]
        stop = next((place for place, text in enumerate(after) if text in _SEPARATORS or text in ".;!\n"), len(after))
        return (
            not _HEDGES.isdisjoint(self._texts[start:first])
            or not _LIMITS.isdisjoint(after[:stop])
            or after[:1] == ["?"]
            or (first > 0 and self._texts[first - 1] in ("or", "nor"))
            or Status.NEGATED in self._after(last)
        )

    def _parts(self, index: int) -> bool:
        return self._taken[index] or self._texts[index] in _SEPARATORS

    def _span(self, mention: Mention) -> tuple[int, int]:
        first = bisect_left(self._starts, mention.start)
        return first, max(first, bisect_left(self._starts, mention.end))

    def _find_triggers(self) -> None:
        index = 0
        while index < len(self._texts):
            end, forward, backward = self._at(index)
            if forward is not None and not self._informs(forward, index, end):
                self._ending[end] = (index, self._scoped(forward, end))
                self._opening.add(index)
            if backward is not None:
                self._beginning[index] = (end, backward)
            index = max(end, index + 1)

    def _at(self, index: int) -> tuple[int, Trigger | None, Trigger | None]:
        """Return the end of the longest trigger at an index and the trigger in either direction."""
        length, forward, backward = 0, None, None
        for trigger in _TABLE.get(self._texts[index], ()):
            end = index + len(trigger.words)
            if (
                len(trigger.words) < length
                or tuple(self._texts[index:end]) != trigger.words
                or any(self._taken[index:end])
            ):
                continue
            length = len(trigger.words)
            if trigger.forward:
                forward = trigger
            else:
                backward = trigger
        end = index + length
        if backward is not None and backward.words[0] in _STOPPED and length == 1:
            closing = self._closes_clause(index, end)
            return end, None if closing else forward, backward if closing else None
        return end, forward, backward

    def _closes_clause(self, index: int, end: int) -> bool:
        """Tell whether a word that acts in either direction looks back."""
        after_name = index > 0 and self._taken[index - 1]
        if after_name and self._texts[index] in ("negative", "neg", "absent"):
            return True
        following = self._texts[end] if end < len(self._texts) else "."
        return following in _MARKS_END or following in _AFTER_STOPPED or following[0].isdigit()

    def _informs(self, trigger: Trigger, start: int, end: int) -> bool:
        """Tell whether a relative is named as the one who tells, not as the one who is ill."""
        if trigger.status is not Status.FAMILY or trigger.narrow:
            return False
        before = self._texts[start - 1] if start else ""
        if before in ("by", "per", "to", "from"):
            return True
        if self._texts[start] in ("son", "daughter") and not _CARERS.isdisjoint(self._texts[:start]):
            return True
        following = self._texts[end : end + 3]
        if before == "with" and not self._dwells(start) and not _SOFT.intersection(following[:1]):
            return True
        return not _REPORTING.isdisjoint(following)

    def _scoped(self, trigger: Trigger, end: int) -> Trigger:
        """Narrow the scope of a relative whose illness no verb announces: `mother at work, fever since Monday`."""
        if (
            trigger.status is not Status.FAMILY
            or trigger.narrow
            or "history" in trigger.words
            or trigger.words[0] in ("fhx", "fh")
        ):
            return trigger
        told = _LINKS.intersection(self._texts[end : end + 2]) and not self._dwells(end - len(trigger.words))
        return trigger if told else replace(trigger, narrow=True)

    def _dwells(self, start: int) -> bool:
        """Tell whether a relative is named as one whom the patient lives with."""
        return self._texts[max(0, start - 1) : start] == ["with"] and start > 1 and self._texts[start - 2] in _DWELLING

    def _before(self, first: int, last: int) -> set[Status]:
        """Walk back from a mention and collect the forward triggers whose scope reaches it."""
        found: set[Status] = set()
        if self._strongest is None:
            return found
        walk = _Walk(self._list_goes_on(last), self._is_counted(last), self._list_is_counted(last))
        walk.own_clause = not _VERBS.isdisjoint(self._texts[first + 1 : last])
        index = first
        while index > 0 and walk.going and self._strongest not in found:
            if index in self._ending:
                index, trigger = self._ending[index]
                walk.pass_trigger()
                if walk.reaches(trigger):
                    nobody = self._of_family and trigger.words in _NOBODY
                    found.add(Status.NEGATED if nobody else trigger.status)
                continue
            index -= 1
            before = self._texts[index - 1] if index else ""
            walk.step(self._texts[index], before, taken=self._taken[index])
        return found - {Status.AFFIRMED}

    def _list_goes_on(self, last: int) -> bool:
        following = self._texts[last : last + 5]
        return "or" in following or "nor" in following

    def _is_counted(self, last: int) -> bool:
        """Tell whether a duration or a count follows, which only what is present has."""
        following = self._texts[last] if last < len(self._texts) else ""
        if following == "for":
            following = self._texts[last + 1] if last + 1 < len(self._texts) else ""
        return following[:1].isdigit() or following in ("since", "x", "lasting", "twice") or following[:2] in _TIMES

    def _list_is_counted(self, last: int) -> bool:
        """Tell whether a duration follows the list that a mention begins: `cough and sweats for 2 months`."""
        index = last
        while index < min(len(self._texts), last + _STEPS_BACK):
            if not (self._taken[index] or self._texts[index] in ("and", ",", "with")):
                break
            index += 1
        return self._is_counted(index)

    def _after(self, last: int) -> set[Status]:
        """Walk on from a mention and collect the backward triggers whose scope reaches it."""
        found: set[Status] = set()
        words, comma, joined, pending = 0, False, False, False
        index = last
        while index < min(len(self._texts), last + _STEPS_BACK) and words <= _REACH_BACK:
            text = self._texts[index]
            if index in self._beginning:
                index, trigger = self._beginning[index]
                if not comma and self._looks_back(trigger, index):
                    found.add(trigger.status)
                break
            if text in _HARD or text in ".;!\n" or index in self._opening:
                break
            soft = text in _SOFT and not self._taken[index]
            if pending and not soft:
                break
            pending = soft
            comma = text == "," or (comma and not joined)
            joined = text in ("or", "and", "all", "both") or (joined and text != ",")
            if joined:
                comma = False
            words += text[:1].isalnum() and not self._taken[index] and not soft
            index += 1
        return found

    def _looks_back(self, trigger: Trigger, end: int) -> bool:
        """Tell whether a trigger is said of what stands before it, which has not come back since."""
        if trigger.words in _BOUND:
            before = end - len(trigger.words) - 1
            before -= self._texts[before] in _SUBJECTS
            return self._taken[before] and (end == len(self._texts) or self._texts[end] in _MARKS_END)
        if trigger.status is not Status.RESOLVED:
            return True
        rest = self._texts[end : end + _REACH]
        return _BACK_AGAIN.isdisjoint(rest) and ("came", "back") not in pairwise(rest)


_TIMES = tuple(f"x{digit}" for digit in range(1, 10))


@dataclass
class _Walk:
    """What lies between a mention and the triggers before it."""

    listed: bool
    """`or` follows the mention."""
    counted: bool
    """A duration follows the mention."""
    list_counted: bool
    """A duration follows the mention or the list that it begins."""
    own_clause: bool = False
    """The mention itself is a clause."""
    going: bool = True
    words: int = 0
    segment: int = 0
    separated: str = ""
    """The separator nearest to the mention."""
    comma: bool = False
    joined: bool = False
    """`and` stands between."""
    clause: bool = False
    """A new clause begins between."""
    subject: bool = False
    pending: bool = False

    def pass_trigger(self) -> None:
        """Begin a fresh segment before a trigger."""
        self.segment = 0

    def step(self, text: str, before: str, *, taken: bool) -> None:
        """Take one more word between."""
        self.words += 1
        self.going = self.words <= _REACH
        self.subject = self.subject or (text in _NOW and before in _SEPARATORS)
        if taken:
            self.segment = 0
            self._end_run()
        elif text in _HARD:
            self.going = False
        elif text in _SEPARATORS:
            self._separate(text)
        elif text in _SOFT and before not in _PREPOSITIONS:
            self.pending = True
            self.subject = self.subject or text in _SUBJECTS
        else:
            self._end_run()
            self.counted = self.counted or (not self.separated and text[:1].isdigit())
            self.segment += 1
            self.going = self.going and self.segment <= _SEGMENT

    def reaches(self, trigger: Trigger) -> bool:
        """Tell whether the scope of a trigger standing here reaches the mention."""
        if trigger.adjacent:
            return self.words == 0
        new_item = self.counted and self.separated == ","
        if trigger.status is Status.FAMILY:
            crossed = trigger.narrow and not self._in_one_list()
            return not (self.subject or new_item or crossed or (self.list_counted and self.comma))
        if trigger.guess:
            return not (self.comma and (self.clause or self.counted or self.list_counted))
        if trigger.status in (Status.HYPOTHETICAL, Status.FEARED) and not trigger.narrow:
            return True
        if self.clause or (self.own_clause and self.comma and self.separated not in ("or", "nor")):
            return False
        if trigger.narrow:
            return self._in_one_list()
        return not new_item

    def _in_one_list(self) -> bool:
        """Tell whether all between is one list, as `not vomiting, coughing or in pain` is."""
        return self.listed or self.separated in ("or", "nor") or not (self.comma or self.joined)

    def _separate(self, text: str) -> None:
        self._end_run()
        self.segment = 0
        self.separated = self.separated or text
        self.comma = self.comma or text == ","
        self.joined = self.joined or text == "and"

    def _end_run(self) -> None:
        self.clause = self.clause or self.pending
        self.pending = False
