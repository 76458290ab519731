"""Kill the window while somebody types and saves in it, again and again, and look for the patient on the disk.

`python -m tests.acceptance.kill_nine_window --rounds 50`. A child process is the program as it starts, without a
screen, with real models, library and history; it types with one key after the other, saves, assesses, writes into
drafts and signs them, says on its standard output how things stand after each key, and dies by SIGKILL at a random
moment. Then the history is opened: every case that was saved is as it was or newer, and what was being typed is at most
one second old. All that it ever typed holds 50 strings; at the end every file that was written is searched for them.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from medrag_desktop.adapters.case_store import SqlCipherVault
from medrag_desktop.domain.case import Case, Review
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.services.history import History

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "nine lives of a cat"
LONGEST_LIFE = 9.0
"""Seconds from the first state said to the kill."""
LONG_LIFE = 20.0
"""The same of every fourth window, so that some live to write, sign and print drafts."""
ALLOWED_LOSS = 1.0
PATIENCE = 60
PLANTED, HOW_MANY = "planted", 50
COMPLAINTS = ("severe headache", "fever and cough", "painful joints", "watery stool", "vomiting at night", "chest pain")


@dataclass(frozen=True, slots=True)
class State:
    """What the window held after one key."""

    time: float
    """Of the monotonic clock, which all processes share."""
    case: str
    """Id; empty when nothing is worth keeping."""
    words: str
    """Digest of all that was entered."""


@dataclass(slots=True)
class Said:
    """All that the children said, in order, and what must hold because of it."""

    states: list[State] = field(default_factory=list)
    saved: dict[str, int] = field(default_factory=dict)
    """Case id -> place of its last state when it was said to be in the history."""
    signed: set[str] = field(default_factory=set)
    planted: set[str] = field(default_factory=set)
    actions: dict[str, int] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    """Seconds of typing lost in each round."""
    resumed: str | None = None
    """Digest the next child must begin with; None when it must begin empty."""
    problems: list[str] = field(default_factory=list)


def planted_words(seed: int) -> tuple[str, ...]:
    """Return the strings that stand for a patient's data."""
    chance = random.Random(seed)
    return tuple(f"{PLANTED}{chance.randrange(16**12):012x}" for _ in range(HOW_MANY))


def digest(encounter: Encounter, review: Review | None) -> str:
    """Return a short form of all that a clinician has entered."""
    own = () if review is None else (review.diagnosis, *own_statements(review))
    return hashlib.sha256(repr((encounter.as_entered(), tuple(filter(None, own)))).encode()).hexdigest()[:16]


def own_statements(review: Review) -> tuple[str, ...]:
    """Return the sentences that the clinician wrote."""
    return tuple(s.text for section in review.sections for s in section.statements if s.by_clinician)


def run(rounds: int, base: Path, seed: int) -> Said:
    """Make a history, kill its user so many times, and compare after each."""
    folder = base / "history"
    SqlCipherVault(folder).create(PASSPHRASE)[0].close()
    said, chance, words = Said(), random.Random(seed), planted_words(seed)
    for number in range(rounds):
        missing = next((place for place, word in enumerate(words) if word not in said.planted), 0)
        killed, lines = one_life(base, chance, seed, number, missing)
        before = len(said.states)
        for told in lines:
            take_down(told, said)
        if len(said.states) > before:
            check_resumed(said.states[before], said)
        compare(folder, killed, said)
    return said


def one_life(base: Path, chance: random.Random, seed: int, number: int, word: int) -> tuple[float, list[list[object]]]:
    """Start a window, kill it at a random moment; return when, and the whole lines it said.

    The first of the strings that it types is number `word`.
    """
    command = [sys.executable, "-m", "tests.acceptance.kill_nine_window"]
    command += ["--child", str(base), "--seed", str(seed), "--number", str(number), "--word", str(word)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment(base)) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        deadline = time.monotonic() + chance.random() * (LONGEST_LIFE if number % 4 else LONG_LIFE)
        os.set_blocking(child.stdout.fileno(), False)
        said = bytearray()
        while time.monotonic() < deadline:
            said += child.stdout.read() or b""
            time.sleep(0.01)
        killed = time.monotonic()
        if child.poll() is not None:
            raise RuntimeError("the window was gone before it was killed")
        child.kill()
        child.wait()
        os.set_blocking(child.stdout.fileno(), True)
        said += child.stdout.read()
    return killed, [json.loads(line) for line in [first, *bytes(said).split(b"\n")[:-1]] if line.strip()]


def environment(base: Path) -> dict[str, str]:
    """Return the environment of a user whose every file lies beside the history, where it is searched."""
    places = {"HOME": "home", "TMPDIR": "tmp", "XDG_RUNTIME_DIR": "tmp"}
    places |= {
        "XDG_CACHE_HOME": "cache",
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
        "XDG_STATE_HOME": "state",
    }
    for name in places.values():
        (base / name).mkdir(mode=0o700, exist_ok=True)
    return {**os.environ, **{name: str(base / place) for name, place in places.items()}, "QT_QPA_PLATFORM": "offscreen"}


def take_down(words: Sequence[object], said: Said) -> None:
    """Note one line of what a child said."""
    match words:
        case ["state", float(at), str(case_id), str(text)]:
            said.states.append(State(at, case_id, text))
        case ["saved", str(case_id)]:
            said.saved[case_id] = last_known(case_id, said)
        case ["signed", str(case_id)]:
            said.saved[case_id] = last_known(case_id, said)
            said.signed.add(case_id)
        case ["planted", str(text)]:
            said.planted.add(text)
        case ["did", str(action)]:
            said.actions[action] = said.actions.get(action, 0) + 1


def check_resumed(first: State, said: Said) -> None:
    """The window must begin with what the history held of the typing."""
    if (first.words if first.case else None) != said.resumed:
        said.problems.append("the window does not go on where the history does")


def compare(folder: Path, killed: float, said: Said) -> None:
    """Open the history; note what is not as it was said, and how much typing is lost."""
    history = History(SqlCipherVault(folder))
    history.unlock(PASSPHRASE)
    found = {line.id: history.case(line.id) for line in history.find(limit=1_000_000)}
    working = history.working()
    history.lock()
    said.problems += saved_problems(found, said)
    said.resumed = None if working is None else digest(working.encounter, working.review)
    last = recovered(found, working, said)
    lost = next((killed - state.time for state in said.states[last + 1 :]), 0.0)
    said.losses.append(lost)
    if lost > ALLOWED_LOSS:
        said.problems.append(f"{lost:.2f} s of typing are lost")
    forget_lost(last, said)


def saved_problems(found: dict[str, Case], said: Said) -> Iterator[str]:
    """Return each saved case that is gone or older than it was when it was saved."""
    for case_id, place in said.saved.items():
        case = found.get(case_id)
        if case is None:
            yield f"case {case_id} is lost"
        elif last_state(case, said) < place:
            yield f"case {case_id} is older than it was saved"
        elif case_id in said.signed and not case.signed:
            yield f"the signature of {case_id} is lost"


def last_known(case_id: str, said: Said) -> int:
    """Return the place of the last state said of a case; -1 for none."""
    return max((place for place, state in enumerate(said.states) if state.case == case_id), default=-1)


def last_state(case: Case | None, said: Said) -> int:
    """Return the place of the last state that a stored case is equal to; -1 for none."""
    if case is None:
        return -1
    words = digest(case.encounter, case.review)
    places = (place for place, state in enumerate(said.states) if (state.case, state.words) == (case.id, words))
    return max(places, default=-1)


def recovered(found: dict[str, Case], working: Case | None, said: Said) -> int:
    """Return the place of the last state that is still there: typed or saved, or with nothing in it to be lost."""
    last = last_state(working, said)
    for case in found.values():
        last = max(last, last_state(case, said))
    while last + 1 < len(said.states) and not said.states[last + 1].case:
        last += 1
    return last


def forget_lost(last: int, said: Said) -> None:
    """Go on from what is there: what the kill took was never typed."""
    del said.states[last + 1 :]


def search_files(folder: Path, words: Sequence[str], *, since: float = 0.0) -> tuple[int, list[Path]]:
    """Return how many files a folder has that were written since a time, and those in which any string stands."""
    forms = [form for word in words for form in (word.encode(), word.encode("utf-16-le"), word.encode("utf-32-le"))]
    count, told = 0, []
    for file in (Path(place, name) for place, _, names in os.walk(folder) for name in names):
        with suppress(OSError):  # others make and remove files there, too
            if file.is_symlink() or not file.is_file() or file.stat().st_mtime < since:
                continue
            count += 1
            content = file.read_bytes() + os.fsencode(str(file.relative_to(folder)))
            if any(form in content or form in content.lower() for form in forms):
                told.append(file)
    return count, told


def live(base: Path, seed: int, number: int, word: int) -> None:
    """Open the window and use it until killed."""
    from tests.acceptance.busy_clinician import BusyClinician  # the parent needs no Qt

    words = planted_words(seed)
    ours = itertools.cycle(words[word:] + words[:word])
    BusyClinician(base, PASSPHRASE, ours, random.Random(seed * 1_000 + number)).work()


def report(said: Said, rounds: int, seconds: float, seed: int, files: int) -> str:
    """Return the outcome in words."""
    actions = ", ".join(f"{count} {name}" for name, count in sorted(said.actions.items()))
    losses = sorted(said.losses)
    return (
        f"{rounds} kills in {seconds:.0f} s (seed {seed}): {actions}; {len(said.saved)} cases saved, "
        f"{len(said.signed)} of them signed; typing lost: median {losses[len(losses) // 2]:.2f} s, "
        f"most {losses[-1]:.2f} s; {len(said.planted)} strings typed, {files} files searched; "
        f"{len(said.problems)} problems"
    )


def main() -> int:
    """Run as a program; exit 1 when anything was lost or found where it must not be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None, help="repeat the choices of an earlier run")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--word", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    seed = random.randrange(1 << 30) if given.seed is None else given.seed
    if given.child is not None:
        live(given.child, seed, given.number, given.word)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        command = [sys.executable, "-m", "medrag_desktop", "pack", "build", "--base-dir", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        started, clock = time.monotonic(), time.time()
        said = run(given.rounds, base, seed)
        seconds = time.monotonic() - started
        files, told = search_all(base, tuple(sorted(said.planted)), clock)
    said.problems += [f"patient text stands in {file}" for file in told]
    if len(said.planted) < HOW_MANY:
        said.problems.append(f"only {len(said.planted)} of {HOW_MANY} strings were typed")
    print(report(said, given.rounds, seconds, seed, files))
    for problem in said.problems:
        print(problem)
    return 1 if said.problems else 0


def search_all(base: Path, words: Sequence[str], clock: float) -> tuple[int, list[Path]]:
    """Search all of the run's own folder, and what was written meanwhile in the places of the system's own files."""
    count, told = search_files(base, words)
    shared = {Path.home(), Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/dev/shm"), Path("/run"), ROOT}
    for folder in shared:
        if folder.is_dir():
            more, found = search_files(folder, words, since=clock)
            count, told = count + more, told + [file for file in found if base not in file.parents]
    return count, told


if __name__ == "__main__":
    sys.exit(main())
