"""Other ways to say the name of a finding: `swollen feet` is `feet swollen`, `leg weakness` is `weak leg`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from medrag_desktop.domain.tokens import fold

EQUAL_WORDS = {
    "belly": "abdomen", "tummy": "abdomen", "abdominal": "abdomen", "oedematous": "swollen", "edematous": "swollen",
    "urinating": "passing urine", "urination": "passing urine", "micturition": "passing urine",
    "micturating": "passing urine", "peeing": "passing urine", "weeing": "passing urine", "pee": "urine",
    "stomachache": "stomach ache", "bellyache": "abdomen ache", "can't": "cannot", "cant": "cannot",
    "won't": "will not", "doesn't": "does not", "didn't": "did not", "isn't": "is not", "poo": "stool",
    "faeces": "stool", "feces": "stool", "fece": "stool", "children": "child", "kid": "child", "teeth": "tooth",
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eyes": "eye", "ears": "ear", "lips": "lip", "gums": "gum", "ribs": "rib", "toes": "toe", "hips": "hip",
    "caugh": "cough", "coff": "cough", "swet": "sweat", "stif": "stiff", "nite": "night", "breth": "breath",
    "blud": "blood", "tierd": "tired", "dizy": "dizzy", "brest": "breast", "diarea": "diarrhea", "diarrea": "diarrhea",
    "diahrea": "diarrhea", "feaver": "fever", "stomack": "stomach", "stomac": "stomach", "throte": "throat",
    "eight": "8", "nine": "9", "ten": "10",
    "testicle": "testis", "testicular": "testis", "coloured": "color", "colored": "color",
}  # fmt: skip
"""One word -> the word or words that stand for it in names and in text; both sides are folded as tokens are."""


def _folded(words: str) -> frozenset[str]:
    return frozenset(fold(word) for word in words.split())


LOOSE_WORDS = _folded(
    "is are was were am be been being look looking seem appear become became becoming turned getting get got gone gets "
    "feel feeling so too quite really slightly bit little now also just still already again more much mildly "
    "extremely badly on when while during whenever fresh left right both bilateral has have had having severe severely "
    "moderate moderately mild intense constant constantly continuous continuously intermittent intermittently "
    "persistent persistently progressive progressively occasional occasionally frequently often sometimes usually "
    "always recurrent repeated significant significantly marked markedly noticeable recent recently "
    "ongoing gradually increasingly"
)
"""Words of a text that may stand within a name without changing what it names."""
OCCASIONS = _folded("on when while during whenever")
"""Of these the words that stand before what one does: `burning when passing urine`."""
SIDES = _folded("left right one")
BOTH = _folded("both bilateral")
REGIONS = _folded("upper lower iliac sided hypochondrium fossa quadrant side")
"""What a side names a place with: `left upper` is no `upper`."""
QUALITIES = _folded(
    "swollen blue pale cold sunken dry red hot stiff weak painful yellow itchy sore tender puffy hard numb burning "
    "blurred blurry watery runny dark cloudy foamy frothy floppy warm bulging irregular fast slow heavy tight "
    "inflamed bluish cool rigid distended bloated hoarse foul smelly blocked soft twisted paralysed locked deformed "
    "big large enlarged palpable"
)
COMPLAINTS = _folded(
    "pain ache swelling redness tenderness warmth stiffness numbness weakness tingling itching itch discharge bleeding"
)
"""What one part of the body can have several of: `pain and swelling of the knee`."""
BODY = _folded(
    "abdomen stomach chest head neck back eye ear nose throat mouth tongue lip gum tooth jaw face cheek breast "
    "nipple shoulder arm arms elbow wrist hand finger hip groin thigh knee leg legs calf ankle foot feet toe heel "
    "testis scrotum penis vagina vulva flank loin joint muscle bone limb gland node skin navel umbilicus cord rib "
    "rectum anus bladder body eyelid side waist womb uterus spleen liver"
)
AMOUNTS = _folded(
    "poor reduced decreased diminished impaired increased excessive raised absent brisk offensive purulent bloody"
)
"""Qualities of what is not a part of the body: `appetite is poor`, `poor appetite`."""
_OWNERS = (
    BODY
    | _folded(
        "appetite weight output reflex tone movement sleep energy concentration memory mood hearing taste smell "
        "balance gait stream flow intake sensation turgor period fetal urinary bowel entry air"
    )
    | _folded(
        "and of with palm sole nail sputum urine stool voice pulse breathing cry speech baby child infant pupil sight "
        "vision heart heartbeat bleeding fontanelle fontanel soft spot forehead peripheries extremities gland lymph "
        "hair"
    )
)
"""Words that a quality may stand before or after."""
_PLACES = _folded("upper lower middle left right both one all private")
_WAYS = tuple(tuple(" ".join(w if w == "{}" else fold(w) for w in way.split()) for way in ways) for ways in (
    ("{} pain", "pain in {}", "pain of {}", "painful {}", "{} painful", "{} hurt", "{} hurting", "{} ache",
     "{} aching", "aching {}", "{} paining"),
    ("{} swelling", "swelling of {}", "swelling in {}", "swelling on {}", "swollen {}", "{} swollen", "{} swelled",
     "{} swell up", "{} swelled up", "{} swelling up", "{} oedema", "oedema of {}"),
    ("{} weakness", "weakness of {}", "weakness in {}", "weak {}", "{} weak", "weak in {}", "weakness on {}",
     "weak on {}"),
    ("{} numbness", "numbness of {}", "numbness in {}", "numb {}", "{} numb", "numb in {}", "numb on {}",
     "numbness on {}"),
    ("{} stiffness", "stiffness of {}", "stiffness in {}", "stiff {}", "{} stiff"),
    ("{} tenderness", "tenderness of {}", "tenderness in {}", "tender {}", "{} tender"),
    ("{} redness", "redness of {}", "red {}", "{} red"),
    ("{} discharge", "discharge from {}", "{} discharging", "discharging {}"),
    ("pus from {}", "pus coming from {}", "pus coming out of {}", "pus coming out {}", "pus dripping from {}",
     "dripping pus from {}", "pus in {}", "{} with pus"),
    ("bleeding from {}", "{} bleeding", "bleeding {}", "blood from {}", "{} bleed", "blood coming from {}"),
    ("itching of {}", "itchy {}", "{} itchy", "{} itching", "itching in {}", "{} itch"),
))  # fmt: skip
"""Phrases that name the same of one part of the body."""
_SAYINGS = tuple(tuple(" ".join(w if w == "{}" else fold(w) for w in way.split()) for way in ways) for ways in (
    ("decreased {}", "decrease in {}", "reduced {}", "reduction in {}", "reduction of {}", "diminished {}", "poor {}",
     "{} decreased", "{} reduced", "{} diminished", "{} poor", "less {}", "decline in {}"),
    ("increased {}", "increase in {}", "excessive {}", "{} increased", "increasing {}", "more {} than usual"),
    ("loss of {}", "{} loss", "lost {}", "losing {}"),
    ("difficulty {}", "difficulty in {}", "difficulty with {}", "difficulty when {}", "trouble {}", "trouble with {}",
     "problem {}", "problem with {}", "difficulties {}", "hard time {}", "struggling with {}"),
    ("blood in {}", "bloody {}", "blood stained {}", "blood streaked {}", "blood tinged {}", "{} with blood",
     "{} containing blood", "blood mixed with {}", "{} mixed with blood", "blood on {}"),
    ("enlarged {}", "{} enlarged", "enlargement of {}", "{} enlargement"),
    ("distended {}", "{} distended", "distension of {}", "{} distension", "distention of {}", "{} distention"),
    ("absent {}", "{} absent", "absence of {}", "loss of {}"),
    ("painful {}", "pain on {}", "pain with {}", "pain when {}", "pain during {}", "pain while {}", "{} painful"),
))  # fmt: skip
"""Phrases that say the same of anything."""
_LONGEST_SAID = 3
"""Words of what they say it of."""
_Ways = Mapping[tuple[str, str], tuple[tuple[str, tuple[str, ...]], ...]]


def _by_end(families: Iterable[tuple[str, ...]]) -> _Ways:
    """Group ways of saying by their first word or, where they begin with the gap, by their last one."""
    groups: dict[tuple[str, str], list[tuple[str, tuple[str, ...]]]] = {}
    for family in families:
        for way in family:
            words = way.split()
            key = ("", words[-1]) if words[0] == "{}" else (words[0], "")
            groups.setdefault(key, []).append((way, family))
    return {key: tuple(group) for key, group in groups.items()}


_PART_WAYS, _SAYING_WAYS = _by_end(_WAYS), _by_end(_SAYINGS)
_INABILITY = ("cannot", "unable to", "not able to", "could not", "couldn't", "can not", "no longer able to")
_REFUSAL = ("will not", "refuse to", "refusing to", "refused to", "would not", "does not want to", "not wanting to")
_LONGEST = 5
"""Words of a name of which other forms are made."""


def other_forms(name: str) -> Iterator[str]:
    """Return other ways to say a name; the name and what comes back are folded words with single spaces."""
    words = name.split()
    if not words or len(words) > _LONGEST:
        return
    yield from _turned(words)
    if not BODY.isdisjoint(words):
        yield from _said_otherwise(name, words, _PART_WAYS, _part)
    yield from _said_otherwise(name, words, _SAYING_WAYS, _said_of)
    for beginnings in (_INABILITY, _REFUSAL):
        for beginning in beginnings:
            if name.startswith(beginning + " "):
                rest = name[len(beginning) + 1 :]
                yield from (f"{other} {rest}" for other in beginnings if other != beginning)
    loose = " ".join((*words[:1], *(word for word in words[1:] if word not in OCCASIONS)))
    if loose != name and " " in loose:
        yield loose


def _said_otherwise(name: str, words: list[str], ways: _Ways, of: Callable[[str, str], str]) -> Iterator[str]:
    """Say a name in the other ways of each family that one of its own belongs to."""
    seen: set[tuple[str, ...]] = set()
    for way, family in (*ways.get((words[0], ""), ()), *ways.get(("", words[-1]), ())):
        if family not in seen and (said := of(name, way)):
            seen.add(family)
            yield from (other.format(said) for other in family if other != way)


def _turned(words: list[str]) -> Iterator[str]:
    """Put the quality after what has it, or before it: `blue lips`, `lips blue`."""
    qualities = [word in QUALITIES or word in AMOUNTS for word in words]
    owners = [word for word, quality in zip(words, qualities, strict=True) if not quality]
    if len(words) > 1 and sum(qualities) == 1 and all(word in _OWNERS for word in owners):
        if qualities[0]:
            yield " ".join((*words[1:], words[0]))
        if qualities[-1]:
            yield " ".join((words[-1], *words[:-1]))


def _said_of(name: str, way: str) -> str:
    """Return what a name says something of in one way of saying; empty when it does not."""
    before, _, after = way.partition("{}")
    if not (name.startswith(before) and name.endswith(after)) or len(name) <= len(before) + len(after):
        return ""
    said = name[len(before) : len(name) - len(after)]
    words = said.split()
    fits = 0 < len(words) <= _LONGEST_SAID and all(len(word) > 3 and word.isalpha() for word in words)
    return said if fits and said == said.strip() else ""


def _part(name: str, way: str) -> str:
    """Return the part of the body that a name speaks of in one way of saying; empty when it does not."""
    before, _, after = way.partition("{}")
    if not (name.startswith(before) and name.endswith(after)) or len(name) <= len(before) + len(after):
        return ""
    part = name[len(before) : len(name) - len(after)]
    words = part.split()
    fits = words and not BODY.isdisjoint(words) and all(word in BODY or word in _PLACES for word in words)
    return part if fits else ""
