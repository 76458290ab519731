"""Measure an exported generator on what was held out.

`python -m medrag_desktop.training.evaluate_generator --data DIR` writes each set twice: as the program writes, along
the copy automaton, and freely, by the most probable piece, which shows what the model has learned by itself.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from rouge_score.rouge_scorer import RougeScorer
from tokenizers import Tokenizer

from medrag_desktop.adapters.bart_generator import TOKENIZER, BartGenerator
from medrag_desktop.adapters.clauses import sentences
from medrag_desktop.adapters.copy_decoder import BEGIN_ID, END_ID, CopyDecoder
from medrag_desktop.adapters.onnx_session import read_manifest
from medrag_desktop.adapters.source_layout import UNKNOWN, lay_out, load_tokenizer
from medrag_desktop.domain.generation import GenerationRequest
from medrag_desktop.domain.grounding import NOT_STATED
from medrag_desktop.tasks import Task
from medrag_desktop.training.datasets import (
    Corpora,
    Pair,
    PairSource,
    QuestionPairs,
    SummaryPairs,
    content_words,
    read_corpora,
    training_texts,
)
from medrag_desktop.training.generator_pairs import library_held_out

TOGETHER = 24
NEAR = 0.75
"""Likeness of spelling from which a word that is not in the source counts as a near miss of one that is."""
_ROUGE = RougeScorer(["rougeL"])


@dataclass(frozen=True, slots=True)
class Judge:
    """What is needed to tell rare words from common ones."""

    tokenizer: Tokenizer
    known: frozenset[str]
    """Words of the training text of the corpora."""

    def rare(self, word: str) -> bool:
        """Tell whether a word is a number or takes three pieces and more."""
        if any(c.isdigit() for c in word):
            return True
        return len(word) > 3 and len(self.tokenizer.encode(word, add_special_tokens=False).ids) >= 3


def held_out_pairs(corpora: Corpora, library: Path, count: int) -> dict[str, list[Pair]]:
    """Return the four held-out sets."""
    sets = dict(library_held_out(library, count))
    bioasq = SummaryPairs(corpora.bioasq_held_out, "bioasq")
    for name, source in (("BioASQ 10B", bioasq), ("MedQuAD documents", QuestionPairs(corpora.answered_held_out))):
        sets[name] = _draw(source, Random(13), count)
    return sets


def written_texts(generator: BartGenerator, pairs: Sequence[Pair]) -> list[str]:
    """Return the most probable text of each pair, written along the automaton."""
    texts: list[str] = []
    for start in range(0, len(pairs), TOGETHER):
        requests = [
            GenerationRequest(p.section, p.context, (p.passage,), (1.0,)) for p in pairs[start : start + TOGETHER]
        ]
        texts += [answers[0].text for answers in generator.generate(requests, task=Task())]
    return texts


def free_texts(decoder: CopyDecoder, tokenizer: Tokenizer, pairs: Sequence[Pair]) -> list[str]:
    """Return each pair's greedy text without any rule but that unknown pieces are banned; lower case."""
    unknown = tokenizer.token_to_id(UNKNOWN)
    texts: list[str] = []
    for start in range(0, len(pairs), TOGETHER):
        chosen = pairs[start : start + TOGETHER]
        encoded = decoder.encode([lay_out(tokenizer, p.section, p.context, p.passage).ids for p in chosen], Task())
        cache = decoder.begin(encoded, range(len(chosen)))
        written: list[list[int]] = [[] for _ in chosen]
        pieces = np.full(len(chosen), BEGIN_ID)
        for _ in range(decoder.max_target):
            p = np.array(cache.step(pieces.tolist())[0])
            p[:, unknown] = 0
            pieces = np.where(pieces == END_ID, END_ID, p.argmax(-1))
            if (pieces == END_ID).all():
                break
            for row, piece in zip(written, pieces.tolist(), strict=True):
                row += [piece] if piece != END_ID else []
        texts += [tokenizer.decode(row) for row in written]
    return texts


def measure(pairs: Sequence[Pair], texts: Sequence[str], judge: Judge) -> dict[str, float]:
    """Return the measures of some texts; each is a mean or a share."""
    total: Counter[str] = Counter()
    for pair, text in zip(pairs, texts, strict=True):
        total.update(_measure_one(pair, text, judge))

    def share(part: str, whole: str) -> float:
        return round(total[part] / max(1, total[whole]), 3)

    return {
        "n": total["n"],
        "rouge_l": share("rouge", "stated"),
        "rouge_l_lead_sentence": share("lead", "stated"),
        "exactly_the_target": share("exact", "n"),
        "same_sentence": share("same", "stated"),
        "same_sentence_lead": share("lead_same", "stated"),
        "entity_exactness": share("rare_found", "rare_wanted"),
        "entities": total["rare_wanted"],
        "content_words_in_source": share("words_found", "words"),
        "unseen_words_exact": share("unseen_found", "unseen"),
        "near_miss_names": share("near", "n"),
        "contiguous": share("contiguous", "n"),
        "not_stated_found": share("refused_rightly", "unstated"),
        "not_stated_wrongly": share("refused_wrongly", "stated"),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: print one JSON object."""
    parser = argparse.ArgumentParser(prog="evaluate_generator", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--library", type=Path, default=Path("assets/library"))
    parser.add_argument("--model", type=Path, default=Path("models/generator"))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="print so many texts of each set")
    options = parser.parse_args(arguments)
    corpora = read_corpora(options.data)
    tokenizer = load_tokenizer(options.model / TOKENIZER)
    judge = Judge(tokenizer, frozenset(word for text in training_texts(corpora) for word in _words(text)))
    generator = BartGenerator(options.model, options.threads)
    decoder = CopyDecoder(options.model, read_manifest(options.model), options.threads)
    for name, pairs in held_out_pairs(corpora, options.library, options.count).items():
        for way, texts in (
            ("written", written_texts(generator, pairs)),
            ("free", free_texts(decoder, tokenizer, pairs)),
        ):
            _say({"set": name, "way": way, **measure(pairs, texts, judge)})
            _show(pairs[: options.show], texts)
    return 0


def _measure_one(pair: Pair, text: str, judge: Judge) -> Mapping[str, float]:
    """Return the counts of one text."""
    source, out, wanted = f"{pair.context} {pair.passage}", set(_words(text)), set(_words(pair.target))
    read = set(_words(source))
    rare = [word for word in wanted & read if judge.rare(word)]
    unseen = [word for word in wanted & read if word not in judge.known and len(word) > 3]
    said = content_words(text)
    refused, stated = text.lower() == NOT_STATED.lower(), pair.target != NOT_STATED
    counted = stated and not refused
    return {
        "n": 1,
        "stated": stated,
        "unstated": not stated,
        "rouge": _rouge(pair.target, text) if stated else 0,
        "lead": _rouge(pair.target, next(iter(sentences(pair.passage)), "")) if stated else 0,
        "same": stated and _plain(_general(text)) == _plain(_general(pair.target)),
        "lead_same": stated and _plain(next(iter(sentences(pair.passage)), "")) == _plain(_general(pair.target)),
        "exact": _plain(text) == _plain(pair.target),
        "rare_wanted": len(rare),
        "rare_found": sum(word in out for word in rare),
        "unseen": len(unseen),
        "unseen_found": sum(word in out for word in unseen),
        "words": len(said) if counted else 0,
        "words_found": sum(word in read for word in said) if counted else 0,
        "near": any(_near_miss(word, read, judge) for word in out - read) and not refused,
        "contiguous": refused or _contiguous(text, pair),
        "refused_rightly": refused and not stated,
        "refused_wrongly": refused and stated,
    }


def _near_miss(word: str, read: Iterable[str], judge: Judge) -> bool:
    """Tell whether a word misspells one of the source."""
    if len(word) < 4 or (word in judge.known and not judge.rare(word)):
        return False
    likeliest = difflib.get_close_matches(word, [w for w in read if len(w) > 3], 1, NEAR)
    return bool(likeliest) and likeliest[0].rstrip("s") != word.rstrip("s")


def _contiguous(text: str, pair: Pair) -> bool:
    """Tell whether the text, without an opening of the closed set, stands in the passage as it is."""
    return _plain(_unopened(text)) in _plain(pair.passage)


def _unopened(text: str) -> str:
    """Return a text without an opening of the closed set."""
    opened = re.match(r"(?:this patient has|there is no) [^;]*; ?(.*)", text, re.IGNORECASE | re.DOTALL)
    return opened[1] if opened else text


def _general(text: str) -> str:
    """Return the first sentence behind an opening; in free text, all lower case, a full stop and a space end it."""
    return re.split(r"(?<=[.!?]) ", _unopened(text), maxsplit=1)[0]


def _rouge(reference: str, text: str) -> float:
    return float(_ROUGE.score(reference, text)["rougeL"].fmeasure)


def _plain(text: str) -> str:
    """Return the words alone."""
    return f" {' '.join(_words(text))} "


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _draw(source: PairSource, random: Random, count: int) -> list[Pair]:
    found: list[Pair] = []
    while len(found) < count:
        pair = source.draw(random)
        found += [pair] if pair else []
    return found


def _say(measures: Mapping[str, object]) -> None:
    print(json.dumps(measures), flush=True)


def _show(pairs: Sequence[Pair], texts: Sequence[str]) -> None:
    for pair, text in zip(pairs, texts, strict=False):
        _say({"section": pair.section, "context": pair.context, "target": pair.target, "text": text})


if __name__ == "__main__":
    raise SystemExit(main())
