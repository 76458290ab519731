"""Kill the program while it types and saves, again and again: nothing that was kept may be lost.

`python -m tests.acceptance.kill_nine --rounds 50`. A child process saves, signs, erases and keeps the case being typed
through `services.history.History` on the encrypted history, says on its standard output what it began and what is
done, and dies by SIGKILL at a random moment. Then the history is opened again and compared with what was said.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from medrag_desktop.adapters.case_store import SqlCipherCaseStore, SqlCipherVault
from medrag_desktop.adapters.keys import Cost
from medrag_desktop.domain.case import Case, Review
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.errors import CaseMissing, WrongPassphrase
from medrag_desktop.services.history import History
from tests.drafts import make_draft

ROOT = Path(__file__).resolve().parents[2]
CHEAP = Cost(passes=1, memory_bytes=8192)
PASSPHRASES = ("correct horse battery", "another passphrase")
LONGEST_LIFE = 0.6
"""Seconds from the first sign of life to the kill."""


@dataclass(slots=True)
class Kept:
    """What the history must hold after all that the children said."""

    cases: dict[str, int] = field(default_factory=dict)
    """Case id -> number of its last finished save."""
    maybe: dict[str, int | None] = field(default_factory=dict)
    """Case id -> number of the save that was under way, None for an erasure."""
    erased: set[str] = field(default_factory=set)
    typed: tuple[int, ...] = (0,)
    """What may be in the case being typed: the last that was kept, and the next that was under way."""
    last: int = 0
    """Highest number said; each number is used once, so that no older state can pass for a newer one."""


@dataclass(slots=True)
class Tally:
    """What all rounds together came to."""

    rounds: int = 0
    saves: int = 0
    erasures: int = 0
    keeps: int = 0
    changes: int = 0
    """Changes of the passphrase."""
    problems: list[str] = field(default_factory=list)


def text_of(case_id: str, number: int) -> str:
    """Return the words of a case's n-th save, of a length that differs from save to save."""
    return f"fever {case_id} {number} " + " ".join(
        random.Random(f"{case_id}{number}").choices(WORDS, k=number * 37 % 900)
    )


WORDS = [f"word{number:x}" for number in random.Random(9).choices(range(1 << 30), k=2_000)]


def say(*words: object) -> None:
    """Tell the parent at once; what is said last before the kill counts."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def live(folder: Path, seed: int, number: int) -> None:
    """Type, save, sign, erase and change the passphrase until killed."""
    chance = random.Random(seed)
    history = History(SqlCipherVault(folder, CHEAP))
    passphrase = unlock(history)
    say("open")
    cases = {line.id: history.case(line.id) for line in history.find()}
    while True:
        number += 1
        match chance.choices(("type", "save", "erase", "passphrase"), (12, 6, 1, 1))[0]:
            case "type":
                case = replace(history.new_case(), encounter=Encounter(history=text_of("typed", number)))
                say("typing", number)
                history.keep_working(case)
                say("typed", number)
            case "save":
                new = history.new_case()
                case = chance.choice([new, *cases.values()])
                say("saving", case.id, number)
                cases[case.id] = save(history, case, number)
                say("saved", case.id, number)
            case "erase" if cases:
                case_id = chance.choice(sorted(cases))
                say("erasing", case_id)
                history.erase(case_id)
                del cases[case_id]
                say("erased", case_id)
            case "passphrase":
                other = PASSPHRASES[passphrase == PASSPHRASES[0]]
                history.change_passphrase(passphrase, other)
                passphrase = other
                say("changed")


def unlock(history: History) -> str:
    """Unlock with whichever passphrase holds; return it."""
    for passphrase in PASSPHRASES:
        with suppress(WrongPassphrase):
            history.unlock(passphrase)
            return passphrase
    raise WrongPassphrase("Neither passphrase opens the case history.")


def save(history: History, case: Case, number: int) -> Case:
    """Save the n-th state of a case: every part of it says the number."""
    text = text_of(case.id, number)
    draft = make_draft(text)
    return history.save(replace(case, encounter=Encounter(history=text), draft=draft, review=Review(diagnosis=text)))


def run(rounds: int, folder: Path, seed: int) -> Tally:
    """Make a history, kill its user so many times, and compare after each."""
    chance = random.Random(seed)
    SqlCipherVault(folder, CHEAP).create(PASSPHRASES[0])[0].close()
    kept, tally = Kept(), Tally()
    for number in range(rounds):
        for words in one_life(folder, chance, seed + number, kept.last):
            kept.last = max([kept.last, *(word for word in words if isinstance(word, int))])
            take_down(words, kept, tally)
        tally.problems += compare(folder, kept, whole=number % 5 == 0)
        tally.rounds += 1
    return tally


def one_life(folder: Path, chance: random.Random, seed: int, number: int) -> list[list[object]]:
    """Start a child, kill it at a random moment and return the whole lines it said."""
    command = [sys.executable, "-m", "tests.acceptance.kill_nine"]
    command += ["--child", str(folder), "--seed", str(seed), "--number", str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as child:
        assert child.stdout is not None
        while_it_opens = chance.random() < 0.2
        first = b"" if while_it_opens else child.stdout.readline()
        time.sleep(chance.random() * LONGEST_LIFE * (1 + while_it_opens))
        child.kill()
        lines = [first, *child.stdout.read().split(b"\n")[:-1]]
    return [json.loads(line) for line in lines if line.strip()]


def take_down(words: list[object], kept: Kept, tally: Tally) -> None:
    """Note one line of what a child said."""
    match words:
        case ["typing", int(number)]:
            kept.typed = (kept.typed[0], number)
        case ["typed", int(number)]:
            kept.typed = (number,)
            tally.keeps += 1
        case ["saving", str(case_id), int(number)]:
            kept.maybe[case_id] = number
        case ["saved", str(case_id), int(number)]:
            kept.cases[case_id] = number
            del kept.maybe[case_id]
            tally.saves += 1
        case ["erasing", str(case_id)]:
            kept.maybe[case_id] = None
        case ["erased", str(case_id)]:
            del kept.cases[case_id], kept.maybe[case_id]
            kept.erased.add(case_id)
            tally.erasures += 1
        case ["changed"]:
            tally.changes += 1


def compare(folder: Path, kept: Kept, *, whole: bool) -> Iterable[str]:
    """Open the history again; return what is not as it was said, and go on from what is there."""
    vault = SqlCipherVault(folder, CHEAP)
    history = History(vault)
    passphrase = unlock(history)
    found = {line.id: history.case(line.id) for line in history.find(limit=1_000_000)}
    problems = [*compare_cases(found, kept), *compare_typed(history.working(), kept)]
    problems += [f"erased case {case_id} is back" for case_id in kept.erased & found.keys()]
    for case_id in kept.erased:
        with suppress(CaseMissing):
            history.case(case_id)
            problems.append(f"erased case {case_id} can be loaded")
    if len(history.find("fever", limit=1_000_000)) != len(found):
        problems.append("the index does not hold every case")
    history.lock()
    if whole:
        store: SqlCipherCaseStore = vault.open(passphrase)
        store.check()
        store.close()
    return problems


def compare_cases(found: dict[str, Case], kept: Kept) -> Iterable[str]:
    """Return each case that is neither as it was saved last nor as it was being saved."""
    for case_id in kept.cases.keys() | kept.maybe.keys() | found.keys():
        allowed = {kept.cases.get(case_id), kept.maybe.get(case_id, kept.cases.get(case_id))}
        texts = {None if number is None else text_of(case_id, number): number for number in allowed}
        parts = parts_of(found[case_id]) if case_id in found else {None}
        if len(parts) != 1 or not parts <= texts.keys():
            yield f"case {case_id} is lost, old or half saved"
        state = texts.get(next(iter(parts)))
        if state is None:
            kept.cases.pop(case_id, None)
        else:
            kept.cases[case_id] = state
    kept.maybe.clear()


def parts_of(case: Case) -> set[str | None]:
    """Return the texts of encounter, draft and review, which are one if all were saved together."""
    draft = case.draft.sections[0].statements[0].text if case.draft is not None else ""
    return {case.encounter.history, draft, case.review.diagnosis if case.review is not None else ""}


def compare_typed(working: Case | None, kept: Kept) -> Iterable[str]:
    """Return what is wrong with the case being typed: it may be one save behind, no more."""
    texts = {text_of("typed", number): number for number in kept.typed if number}
    text = "" if working is None else working.encounter.history
    if text not in texts and not (kept.typed[0] == 0 and working is None):
        yield "what was typed is lost or more than one save behind"
    kept.typed = (texts.get(text, kept.typed[0]),)


def main() -> int:
    """Run as a program; exit 1 when anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument(
        "--seed", type=int, default=None, help="repeat the choices of an earlier run, if not its moments"
    )
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    seed = random.randrange(1 << 30) if given.seed is None else given.seed
    if given.child is not None:
        live(given.child, seed, given.number)
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        tally = run(given.rounds, Path(folder) / "history", seed)
    print(
        f"{tally.rounds} kills in {time.monotonic() - started:.0f} s (seed {seed}): {tally.saves} saves, "
        f"{tally.keeps} keeps of what was typed, {tally.erasures} erasures, {tally.changes} changes of passphrase; "
        f"{len(tally.problems)} problems"
    )
    for problem in tally.problems:
        print(problem)
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
