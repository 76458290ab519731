"""Prove the program's folder: what it weighs, and that it runs without a network, without Python, without a writer.

`python -m tests.acceptance.bundle` takes dist/medrag, or the folder that it is given. Every line says `proved`,
`FAILED`, or `not proved` and why this machine cannot prove it. The exit code is 1 when something failed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
MINIMAL_ROOT = ROOT / "build" / "minimal-root"
ROOT_PACKAGES = ("libgl1", "libegl1", "libfontconfig1")
"""What the window asks of a Linux beyond what is in every Debian."""
UBUNTU_22_04 = {"GLIBC": (2, 35), "GLIBCXX": (3, 4, 30)}
"""What the C and the C++ library of the oldest promised system offer: nothing in the folder may need more."""
PATIENCE = 900.0
WINDOW_SECONDS = (8.0, 60.0)
"""How long a window is left open before it is asked to close; the second time for a busy machine."""
USER = 1000
PARTS = {
    "base_library.zip": "Python", "python3.11": "Python", "faiss_cpu.libs": "faiss", "numpy.libs": "numpy",
    "shiboken6": "PySide6", "pydantic_core": "pydantic",
}  # fmt: skip
OWN_FOLDER = ".local/share/medrag-desktop/"
SYSTEM_CACHES = (".cache/fontconfig/", ".cache/mesa_shader_cache")
"""What the libraries of the Linux it runs on keep for all programs."""
ASKED_FOR = ("example.json", "draft.pdf", "calls.txt")
"""Files that the proofs themselves put into the home folder or have written there."""
LICENCES = (
    "LICENSE", "THIRD_PARTY.md", "licenses/python/LICENSE.txt", "licenses/sqlcipher3/SQLCipher.txt",
    "licenses/pyside6-essentials/LGPL-3.0.txt", "licenses/pyside6-essentials/GPL-3.0.txt",
)  # fmt: skip
"""Texts that must be there whatever the folder was built on."""
ENTER = """
root=$1 display=$2 user=$3
shift 3
mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" || exit 97
if [ -n "$display" ]; then
    mkdir -p "$root/tmp/.X11-unix" && mount --bind /tmp/.X11-unix "$root/tmp/.X11-unix" || exit 97
fi
exec chroot --userspec="$user:$user" "$root" "$@"
"""
"""Enter a root from a mount namespace of its own: what it mounts is gone with it."""
REFUSED = 97


class NotHere(Exception):  # noqa: N818 - nothing is wrong
    """This machine cannot prove it."""


class Failed(Exception):  # noqa: N818 - it says all
    """It was tried, and it is not so."""


class Cost(NamedTuple):
    """What one run of a program took."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to run the program."""

    prefix: tuple[str, ...]
    """What enters the place."""
    program: str
    """As the place sees it, like `home`."""
    home: str
    home_from_outside: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def command(self, *arguments: str, **env: str) -> list[str]:
        """Return the command line that runs the program here, with nothing of the caller's environment."""
        settings = {"HOME": self.home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **self.env, **env}
        pairs = [f"{name}={value}" for name, value in settings.items()]
        return [*self.prefix, "env", "-i", *pairs, self.program, *arguments]

    def run(self, *arguments: str) -> str:
        """Run the program to its end and return what it printed; raise Failed."""
        command = self.command(*arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        if done.returncode:
            raise Failed(f"exit code {done.returncode}: {(done.stderr or done.stdout).strip()[-600:]}")
        return done.stdout


@dataclass(slots=True)
class Report:
    """What was tried, line by line."""

    failures: int = 0

    def prove(self, what: str, proof: Callable[[], str]) -> None:
        """Try one proof and print what came of it."""
        try:
            detail = proof()
        except NotHere as reason:
            say("not proved", f"{what}: {reason}")
        except (Failed, OSError, subprocess.SubprocessError, ValueError, KeyError) as fault:
            self.failures += 1
            say("FAILED", f"{what}: {fault}")
        else:
            say("proved", f"{what}: {detail}")


def say(kind: str, text: str) -> None:
    """Print a line at once: some proofs take minutes."""
    print(f"{kind:10}  {text}", flush=True)


# What is in the folder


def sizes(folder: Path) -> Counter[str]:
    """Return the bytes of each part of the folder."""
    parts: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            parts[part_of(path.relative_to(folder))] += path.stat().st_size
    return parts


def part_of(path: Path) -> str:
    """Return which part of the program a file belongs to."""
    if path.parts[0] != "_internal":
        return "code in Python" if len(path.parts) == 1 and path.stem.lower().startswith("medrag") else "licence texts"
    name = path.parts[1]
    if len(path.parts) == 2 and ".so" in name:
        return "Python" if name.startswith("libpython") else "libraries of the building Linux"
    return PARTS.get(name, name)


def size_table(folder: Path, rows: int = 10) -> str:
    """Return the size and the biggest parts, largest first, as a Markdown table."""
    parts = sizes(folder)
    biggest = parts.most_common(rows)
    rest = parts.total() - sum(size for _, size in biggest)
    lines = ["| Part | MB |", "|---|---:|", *(f"| {name} | {size / 1e6:.1f} |" for name, size in biggest)]
    return "\n".join([*lines, f"| the rest | {rest / 1e6:.1f} |", f"| all | {parts.total() / 1e6:.1f} |"])


def newest_named(library: bytes, kind: str) -> tuple[int, ...]:
    """Return the latest version of a system library that an ELF file names; () where it is no such file."""
    if not library.startswith(b"\x7fELF"):
        return ()
    named = re.findall(rb"\0%b_(\d+(?:\.\d+)+)(?=\0)" % kind.encode(), library)
    return max((tuple(int(part) for part in version.split(b".")) for version in named), default=())


def fits_older_systems(folder: Path) -> str:
    """Compare what every library needs with the oldest system that is promised."""
    shown = []
    for kind, offered in UBUNTU_22_04.items():
        needs = {path.name: newest_named(path.read_bytes(), kind) for path in folder.rglob("*") if path.is_file()}
        newest = max(needs.values(), default=())
        if not newest:
            raise NotHere("there is no library for Linux in it")
        version = ".".join(map(str, newest))
        if newest > offered:
            names = ", ".join(sorted(name for name, need in needs.items() if need > offered))
            raise Failed(f"{names} need {kind} up to {version}; Ubuntu 22.04 has {'.'.join(map(str, offered))}")
        shown.append(f"{kind} {version}")
    return f"no library needs more than {' and '.join(shown)}"


def has_no_gpl_library(folder: Path) -> str:
    """Look for the libraries that Python can pull in and that are under the GPL alone."""
    found = sorted(path.name for path in folder.rglob("*") if re.match(r"lib(readline|gdbm)|readline\.", path.name))
    if found:
        raise Failed(f"under the GPL alone: {', '.join(found)}")
    return "neither readline nor gdbm"


def carries_licences(folder: Path) -> str:
    """Look for the texts that must be there, and for packages without any."""
    missing = [name for name in LICENCES if not (folder / name).is_file()]
    packages = list((folder / "licenses").glob("*"))
    missing += [f"licenses/{path.name}/*" for path in packages if not any(map(Path.is_file, path.rglob("*")))]
    if missing:
        raise Failed(f"missing: {', '.join(missing)}")
    return f"texts of {len(packages)} packages"


# What it does


def self_test(place: Place) -> str:
    """Run every part once."""
    checks = json.loads(place.run("self-test", "--json"))["checks"]
    return ", ".join(check["part"] for check in checks)


def example_to_pdf(place: Place) -> str:
    """Assess an example encounter into a PDF."""
    example = min((ROOT / "assets" / "examples").glob("*.json"))
    encounter, draft, _ = ASKED_FOR
    shutil.copyfile(example, place.home_from_outside / encounter)
    place.run("assess", f"{place.home}/{encounter}", "--pdf", f"{place.home}/{draft}")
    pdf = (place.home_from_outside / draft).read_bytes()
    if not pdf.startswith(b"%PDF-") or b"%%EOF" not in pdf[-64:]:
        raise Failed("it is not a whole PDF")
    return f"{example.name}, {len(pdf)} bytes"


def window(place: Place, **env: str) -> str:
    """Open the window, let it live, and ask it to close: it must do so in good order."""
    for seconds in WINDOW_SECONDS:
        with subprocess.Popen(place.command(**env), stderr=subprocess.PIPE, text=True) as running:
            with suppress(subprocess.TimeoutExpired):
                running.wait(seconds)
                raise Failed(f"it ended by itself: {running.communicate()[1].strip()[-600:]}")
            running.send_signal(signal.SIGTERM)
            _, complaints = running.communicate(timeout=PATIENCE)
        if running.returncode == 0:
            return f"open for {seconds:g} s, closed when asked" + (f"; it said {complaints!r}" if complaints else "")
    raise Failed(f"asked to close, it ended with {running.returncode}: {complaints.strip()[-600:]}")


def wrote_only_its_own(place: Place) -> str:
    """Look for files that the program left outside its folder of this user."""
    home = place.home_from_outside
    names = [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()]
    strange = sorted(name for name in names if not name.startswith((OWN_FOLDER, *SYSTEM_CACHES, *ASKED_FOR)))
    if strange:
        raise Failed(f"it also wrote {', '.join(strange)}")
    return f"{sum(name.startswith(OWN_FOLDER) for name in names)} files in its own folder, none elsewhere"


def calls_nobody(place: Place) -> str:
    """Watch every way to a network while every part runs."""
    log = place.home_from_outside / ASKED_FOR[-1]
    trace = ("strace", "-f", "-qq", "-e", "trace=socket,connect", "-o", str(log))
    if shutil.which("strace") is None or subprocess.run([*trace, "true"], capture_output=True, check=False).returncode:
        raise NotHere("there is no working `strace` here")
    replace(place, prefix=(*place.prefix, *trace)).run("self-test")
    calls = [line for line in log.read_text("utf-8", "replace").splitlines() if "AF_INET" in line]
    if calls:
        raise Failed(f"{len(calls)} calls, first {calls[0]}")
    return "no connection tried, no name looked up"


# Places


def without_network(folder: Path, home: Path) -> Place:
    """Return a place that has no network; raise NotHere."""
    if shutil.which("unshare") is None:
        raise NotHere("there is no `unshare` here")
    prefix = ("unshare", "--net") if is_root() else ("unshare", "--map-root-user", "--net")
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        raise NotHere("this user may not cut the network off")
    return Place(prefix, str(folder / "medrag"), str(home), home)


def without_python(folder: Path, *, display: str = "") -> Place:
    """Return a Debian that has neither Python nor a network, entered as a user who cannot write the program."""
    if not is_root():
        raise NotHere("making a root needs root")
    root = ensure_minimal_root()
    program = root / "opt" / "medrag"
    shutil.rmtree(program, ignore_errors=True)
    shutil.copytree(folder, program, symlinks=True, copy_function=os.link)
    home = root / "home" / "clinician"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    os.chown(home, USER, USER)
    enter = ("unshare", "--net", "--mount", "sh", "-c", ENTER, "sh", str(root), display, str(USER))
    if subprocess.run([*enter, "true"], capture_output=True, check=False).returncode == REFUSED:
        raise NotHere("this machine does not let a root be mounted")
    return Place(enter, "/opt/medrag/medrag", "/home/clinician", home)


def is_root() -> bool:
    """Tell whether this is the superuser of a Unix."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def ensure_minimal_root() -> Path:
    """Make a minimal Debian once; raise NotHere, or Failed if there is a Python in it."""
    made = MINIMAL_ROOT / "etc" / "medrag-packages"
    if not made.is_file() or made.read_text("utf-8").split() != list(ROOT_PACKAGES):
        if shutil.which("debootstrap") is None:
            raise NotHere("there is no `debootstrap` here")
        shutil.rmtree(MINIMAL_ROOT, ignore_errors=True)
        include = f"--include={','.join(ROOT_PACKAGES)}"
        command = ["debootstrap", "--variant=minbase", include, "bookworm", str(MINIMAL_ROOT)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        if done.returncode:
            raise NotHere(f"debootstrap failed: {done.stdout.strip()[-300:]}")
        made.write_text("\n".join(ROOT_PACKAGES), "utf-8")
    python = [path for name in ("bin", "sbin", "lib", "local") for path in (MINIMAL_ROOT / "usr" / name).rglob("*")]
    found = [str(path) for path in python if re.match(r"(lib)?python[\d.]*(\.so.*)?$", path.name)]
    if found:
        raise Failed(f"the root has a Python: {', '.join(found)}")
    return MINIMAL_ROOT


@contextmanager
def display() -> Iterator[str]:
    """Yield the name of a display of the size of a small laptop that nobody sees; raise NotHere."""
    if shutil.which("Xvfb") is None:
        raise NotHere("there is no `Xvfb` here")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1366x768x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            yield f":{server.stdout.readline().strip()}"
        finally:
            server.terminate()


# How fast


def cost(command: Sequence[str]) -> Cost:
    """Run a command and return what it took; raise Failed."""
    started = time.perf_counter()
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise Failed(f"`{shlex.join(command)}` ended with {running.returncode}")
    return Cost(time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def speed_table(folder: Path, scratch: Path) -> str:
    """Return what a start and an example take, from the folder and from source, as a Markdown table."""
    example = str(min((ROOT / "assets" / "examples").glob("*.json")))
    data = str(scratch / "data")
    bundle = (str(folder / "medrag"),)
    source = (sys.executable, "-m", "medrag_desktop")
    cost([*source, "pack", "build", "--base-dir", data])
    lines = ["| | seconds | CPU seconds | peak MB |", "|---|---:|---:|---:|"]
    for label, program in (("folder", bundle), ("source", source)):
        base = str(scratch / "first") if program == bundle else data
        assess = [*program, "assess", example, "--pdf", str(scratch / "speed.pdf"), "--base-dir", base]
        tries = {"--version": [*program, "--version"], "first assess": assess, "second assess": assess}
        for name, command in tries.items():
            took = cost(command)
            lines.append(f"| {label}: {name} | {took.seconds:.1f} | {took.cpu_seconds:.1f} | {took.peak_mb:.0f} |")
    return "\n".join(lines)


def prove_all(folder: Path, scratch: Path) -> int:
    """Try every proof; return how many failed."""
    report = Report()
    report.prove("older systems", lambda: fits_older_systems(folder))
    report.prove("licences that forbid it", lambda: has_no_gpl_library(folder))
    report.prove("licence texts", lambda: carries_licences(folder))
    prove_place(report, "without a network", lambda: without_network(folder, scratch))
    prove_place(report, "without Python, network and rights", lambda: without_python(folder))
    report.prove("window on a display, without Python, network and rights", lambda: window_on_display(folder))
    return report.failures


def prove_place(report: Report, name: str, make: Callable[[], Place]) -> None:
    """Try in one place all that can be tried there."""
    try:
        place = make()
    except (NotHere, Failed) as reason:
        report.failures += isinstance(reason, Failed)
        say("FAILED" if isinstance(reason, Failed) else "not proved", f"{name}: {reason}")
        return
    report.prove(f"self-test {name}", lambda: self_test(place))
    report.prove(f"example to PDF {name}", lambda: example_to_pdf(place))
    report.prove(f"window {name}", lambda: window(place, QT_QPA_PLATFORM="offscreen"))
    report.prove(f"files left {name}", lambda: wrote_only_its_own(place))
    if place.program.startswith(str(ROOT)):
        report.prove("calls to a network", lambda: calls_nobody(place))


def window_on_display(folder: Path) -> str:
    """Open the window on an X server."""
    with display() as name:
        return window(without_python(folder, display=name), DISPLAY=name)


def main() -> int:
    """Prove a folder and print what it weighs and how fast it is."""
    parser = argparse.ArgumentParser(description="Prove the program's folder on this machine.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist" / "medrag")
    parser.add_argument("--speed", action="store_true", help="also compare start and example with those from source")
    options = parser.parse_args()
    folder = options.folder.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        failures = prove_all(folder, Path(scratch))
        print(f"\n{size_table(folder)}", flush=True)
        if options.speed:
            print(f"\n{speed_table(folder, Path(scratch))}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
