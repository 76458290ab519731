"""Pairs (section, context, passage) -> text from the public corpora whose weights may ship.

Every target is one or two whole sentences of the passage, or NOT_STATED: the generator must learn to choose and to
copy, because a text recomposed from supported words is not a supported statement.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Protocol

from medrag_desktop.adapters.clauses import sentences

NOT_STATED = "Not stated."
"""What the model writes when a passage does not say what the section asks for."""
ANSWER, SUMMARY = "Answer", "Summary"
PASSAGE_WORDS = 105
MAX_TARGET_WORDS = 44
SECTION_OF_TOPIC = {
    "information": "Assessment",
    "symptoms": "Danger signs to look for",
    "treatment": "Management",
    "exams and tests": "Investigations",
    "prevention": "Advice and follow-up",
    "considerations": "Advice and follow-up",
    "outlook": "Advice and follow-up",
    "complications": "Danger signs to look for",
    "causes": "Assessment",
}
"""MedQuAD's question types as sections of a draft; the others are only asked as questions."""
_STOP = frozenset(
    "a an the of in on at to for from by with and or but is are was were be been being has have had do does did this"
    " that these those it its as into than then which who whose what when where how why not no can could may might"
    " will would should there their they them he she we you i his her our your also such more most other some any all"
    " both each between during after before about over under only very one two however due including include".split()
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One training example."""

    section: str
    context: str
    passage: str
    target: str
    corpus: str = ""


class PairSource(Protocol):
    """Something that examples can be drawn from."""

    def draw(self, random: Random) -> Pair | None:
        """Return an example, or None when this draw gave none."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with a text that answers it."""

    question: str
    focus: str
    topic: str
    sentences: tuple[str, ...]
    document: str


@dataclass(frozen=True, slots=True)
class Summarised:
    """Passages with a reference text that sums them up."""

    section: str
    context: str
    passages: tuple[tuple[str, ...], ...]
    """The sentences of each passage."""
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Corpora:
    """What was read, split into training and held-out parts."""

    answered: tuple[Answered, ...]
    answered_held_out: tuple[Answered, ...]
    bioasq: tuple[Summarised, ...]
    bioasq_held_out: tuple[Summarised, ...]
    trials: tuple[Summarised, ...]
    cases: tuple[Summarised, ...]
    topics: tuple[tuple[str, ...], ...]
    """The sentences of each MedlinePlus topic."""


def content_words(text: str) -> tuple[str, ...]:
    """Return the lower case words that carry meaning."""
    return tuple(word for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in _STOP and len(word) > 1)


def held_out(name: str, share: int = 10) -> bool:
    """Tell by hash whether a name belongs to the one in `share` that is never trained on."""
    return int(hashlib.md5(name.lower().encode(), usedforsecurity=False).hexdigest(), 16) % share == 0


def read_corpora(data: Path) -> Corpora:
    """Read every corpus under the data folder; raise OSError when one is missing."""
    answered = tuple(_medquad(data))
    train = tuple(a for a in answered if not held_out(a.focus))
    seen = {a.document for a in train}
    bioasq, bioasq_held_out = _bioasq(data)
    return Corpora(
        answered=train,
        answered_held_out=tuple(a for a in answered if held_out(a.focus) and a.document not in seen),
        bioasq=bioasq,
        bioasq_held_out=bioasq_held_out,
        trials=tuple(_trials(data)),
        cases=tuple(_cases(data)),
        topics=tuple(sentences(row["text"]) for row in _rows(data / "corpora/medlineplus_topics.jsonl.gz")),
    )


def training_texts(corpora: Corpora) -> Iterator[str]:
    """Yield every training text once, for counting pieces."""
    for answer in corpora.answered:
        yield f"{answer.question} {' '.join(answer.sentences[:12])}"
    for group in (corpora.bioasq, corpora.trials, corpora.cases):
        for item in group:
            yield " ".join((item.context, *item.references, *(" ".join(p) for p in item.passages[:6])))
    for topic in corpora.topics:
        yield " ".join(topic)


class QuestionPairs:
    """A question, or a section with the topic as context, answered by the first sentences of its answer."""

    def __init__(self, answered: Sequence[Answered]) -> None:
        """Draw distractors from the same answers."""
        self._answered = answered

    def draw(self, random: Random) -> Pair | None:
        """Return a pair whose passage mixes the answer with another one; one in eight holds only the other."""
        item, other = random.choice(self._answered), random.choice(self._answered)
        section, context = ANSWER, item.question
        if item.topic in SECTION_OF_TOPIC and random.random() < 0.5:
            section, context = SECTION_OF_TOPIC[item.topic], item.focus
        foreign = _window(other.sentences, random, random.choice((0, 25, 45)))
        if other.focus == item.focus:
            foreign = ()
        if foreign and random.random() < 0.12:
            return Pair(section, context, _window_text(other.sentences, random), NOT_STATED, "medquad")
        own = leading(item.sentences, PASSAGE_WORDS - _words(foreign))
        blocks = [own, foreign] if random.random() < 0.5 else [foreign, own]
        target = _best_start(own)
        return _pair(section, context, " ".join(" ".join(b) for b in blocks if b), target, "medquad")


class FindPairs:
    """A list of words found in one sentence of the passage -> that sentence (inverse cloze)."""

    def __init__(self, texts: Sequence[tuple[str, ...]]) -> None:
        """Use texts of two sentences and more."""
        self._texts = [text for text in texts if len(text) > 1]

    def draw(self, random: Random) -> Pair | None:
        """Return a pair whose context names some words of the target and some of nowhere."""
        text = random.choice(self._texts)
        chosen = _window(text, random, PASSAGE_WORDS)
        fitting = [s for s in chosen if 6 <= len(s.split()) <= MAX_TARGET_WORDS]
        if len(chosen) < 2 or not fitting:
            return None
        target = random.choice(fitting)
        keys = _key_phrases(target, random)
        noise = _key_phrases(random.choice(random.choice(self._texts)), random)[: random.randint(0, 3)]
        if len(keys) < 2:
            return None
        context = [*keys, *noise]
        random.shuffle(context)
        return _pair("Find", ", ".join(context), " ".join(chosen), target, "find")


class SummaryPairs:
    """Passages whose sentence nearest to a reference text is the target."""

    def __init__(self, items: Sequence[Summarised], corpus: str, foreign: Sequence[int] = (0, 30, 50)) -> None:
        """Mix in sentences of the other items, so many words of them."""
        self._items, self._corpus, self._foreign = items, corpus, foreign

    def draw(self, random: Random) -> Pair | None:
        """Return a pair whose passage may begin or end with foreign sentences; one in ten is all foreign."""
        item, other = random.choice(self._items), random.choice(self._items)
        passage = item.passages[min(random.randrange(len(item.passages)), random.randrange(len(item.passages)))]
        foreign = _window(random.choice(other.passages), random, random.choice(self._foreign))
        if foreign and other is not item and random.random() < 0.1:
            return Pair(item.section, item.context, " ".join(foreign), NOT_STATED, self._corpus)
        room = PASSAGE_WORDS - _words(foreign)
        target, place = _nearest(passage, item.references, item.context)
        if not target:
            return None
        own = _around(passage, place, room)
        blocks = [own, foreign] if random.random() < 0.5 else [foreign, own]
        return _pair(item.section, item.context, " ".join(" ".join(b) for b in blocks if b), target, self._corpus)


class Mixture:
    """Draws from several sources in fixed shares."""

    def __init__(self, parts: Sequence[tuple[float, PairSource]]) -> None:
        """`parts`: (weight, source)."""
        self._weights = [weight for weight, _ in parts]
        self._sources = [source for _, source in parts]

    def draw(self, random: Random) -> Pair:
        """Return an example, drawing again until one comes."""
        while True:
            pair = random.choices(self._sources, self._weights)[0].draw(random)
            if pair is not None:
                return pair


def corpora_mixture(corpora: Corpora) -> Mixture:
    """Return the mixture of the stage `corpora`."""
    texts = [a.sentences for a in corpora.answered] + list(corpora.topics)
    return Mixture(
        (
            (0.36, QuestionPairs(corpora.answered)),
            (0.28, FindPairs(texts)),
            (0.16, SummaryPairs(corpora.bioasq, "bioasq")),
            (0.14, SummaryPairs(corpora.trials, "trials", foreign=(0,))),
            (0.06, SummaryPairs(corpora.cases, "cases")),
        )
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a gzipped JSON lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def _clean(text: str) -> str:
    """Fold white space."""
    return re.sub(r"\s+", " ", text).strip()


def _medquad(data: Path) -> Iterator[Answered]:
    """Yield the usable answers of MedQuAD, each text once."""
    seen: set[str] = set()
    for row in _rows(data / "corpora/medquad.jsonl.gz"):
        answer, focus = _clean(row.get("answer") or ""), _clean(row.get("focus") or "")
        if len(answer) < 60 or answer.startswith("Key Points") or "Human Phenotype Ontology" in answer or not focus:
            continue
        if answer not in seen:
            seen.add(answer)
            document = row["id"].split("#")[0]
            told = tuple(s for s in sentences(answer)[:40] if not s.endswith("?"))
            if told:
                yield Answered(_clean(row["question"]), focus, row["qtype"], told, document)


def _bioasq(data: Path) -> tuple[tuple[Summarised, ...], tuple[Summarised, ...]]:
    """Return BioASQ 7B-9B and 10B."""
    train: list[Summarised] = []
    test: list[Summarised] = []
    for row in _rows(data / "corpora/bioasq_7b_10b.jsonl.gz"):
        answers = row["ideal_answer"]
        references = tuple(_clean(a) for a in ([answers] if isinstance(answers, str) else answers))
        snippets = tuple(dict.fromkeys(_clean(snippet["text"]) for snippet in row["snippets"]))
        passages = tuple(p for p in (sentences(s) for s in snippets) if p)
        if passages and references:
            item = Summarised(ANSWER, _clean(row["question"]), passages, references)
            (test if row["batch"].startswith("10B") else train).append(item)
    return tuple(train), tuple(test)


def _trials(data: Path) -> Iterator[Summarised]:
    """Yield trial descriptions whose brief text says what a sentence of the detailed text says."""
    for row in _rows(data / "corpora/ctgov_detailed_to_brief.jsonl.gz"):
        detailed, brief = sentences(_clean(row["detailed"])), _clean(row["brief"])
        if 2 <= len(detailed) <= 30 and 8 <= len(brief.split()) <= 42:
            target, _ = _nearest(detailed, (brief,), "")
            if _overlap(target, brief) >= 0.5:
                yield Summarised(SUMMARY, "", (detailed,), (brief,))


def _cases(data: Path) -> Iterator[Summarised]:
    """Yield argued cases of the training split: the case as context, its explanation as passage."""
    for row in _rows(data / "vignettes/casimedicos_en.jsonl.gz"):
        if row["split"] != "train" or "CORRECT ANSWER:" not in row["text"]:
            continue
        case, explanation = row["text"].split("CORRECT ANSWER:", 1)
        number, _, argued = explanation.strip().partition("\n")
        told, _, options = case.partition("\n1- ")
        right = re.search(rf"\n{re.escape(number.strip())}- (.*)", "\n1- " + options)
        argument = sentences(argued)
        if right and argument:
            context = _clean(told.partition("CLINICAL CASE:")[2])
            yield Summarised("Assessment", context, (argument,), (f"{right.group(1)} {context}",))


def _pair(section: str, context: str, passage: str, target: str, corpus: str) -> Pair | None:
    """Return the pair when its target has a fit length."""
    if not 4 <= len(target.split()) <= MAX_TARGET_WORDS:
        return None
    return Pair(section, context, passage, target, corpus)


def _words(block: Sequence[str]) -> int:
    """Return the number of words of some sentences."""
    return sum(len(sentence.split()) for sentence in block)


def leading(block: Sequence[str], words: int) -> tuple[str, ...]:
    """Return the first sentences that fit into so many words, at least one."""
    count, taken = 0, 0
    for sentence in block:
        count += len(sentence.split())
        if taken and count > words:
            break
        taken += 1
    return tuple(block[:taken])


def _window(block: Sequence[str], random: Random, words: int) -> tuple[str, ...]:
    """Return some neighbouring sentences of about so many words; none for 0."""
    if not words:
        return ()
    return leading(block[random.randrange(max(1, len(block) - 1)) :], words)


def _window_text(block: Sequence[str], random: Random) -> str:
    """Return a passage cut from anywhere in a text."""
    return " ".join(_window(block, random, PASSAGE_WORDS))


def _around(block: Sequence[str], place: int, words: int) -> tuple[str, ...]:
    """Return neighbouring sentences of about so many words that hold the sentence at `place`."""
    first = place
    while first > 0 and _words(block[first - 1 : place + 1]) <= words * 0.6:
        first -= 1
    return tuple(block[first:place]) + leading(block[place:], words - _words(block[first:place]))


def _best_start(block: Sequence[str]) -> str:
    """Return the first sentence, with the second when the first is short."""
    if len(block) > 1 and len(block[0].split()) < 10 and len(block[1].split()) <= MAX_TARGET_WORDS - 10:
        return f"{block[0]} {block[1]}"
    return block[0]


def _overlap(text: str, reference: str) -> float:
    """Return the F1 of the content words of two texts."""
    ours, theirs = set(content_words(text)), set(content_words(reference))
    return 2 * len(ours & theirs) / max(1, len(ours) + len(theirs))


def _nearest(block: Sequence[str], references: Sequence[str], context: str) -> tuple[str, int]:
    """Return the sentence that shares most words with a reference and the context, and its place; "" for none."""
    scored = [
        (max(_overlap(s, r) for r in references) + 0.2 * _overlap(s, context), -place)
        for place, s in enumerate(block)
        if 5 <= len(s.split()) <= MAX_TARGET_WORDS
    ]
    best, place = max(scored, default=(0.0, 0))
    return (block[-place], -place) if best >= 0.15 else ("", 0)


def _key_phrases(sentence: str, random: Random) -> list[str]:
    """Return two to six words or word pairs of a sentence, in random order."""
    words = re.findall(r"[A-Za-z0-9-]+", sentence)
    phrases = []
    for place, word in enumerate(words):
        if word.lower() in _STOP or len(word) < 4:
            continue
        follower = words[place + 1] if place + 1 < len(words) else ""
        joined = follower and follower.lower() not in _STOP and random.random() < 0.4
        phrases.append(f"{word} {follower}".lower() if joined else word.lower())
    random.shuffle(phrases)
    return phrases[: random.randint(2, 6)]
