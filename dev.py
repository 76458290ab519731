#!/usr/bin/env python3
"""The one developer entry point: python3 dev.py run | test | check | accept | bench | package.

Only the standard library is used here. Everything else goes into a virtual environment (`.venv`, or what
`--venv` or MEDRAG_VENV names), pinned by requirements.lock.
"""

from __future__ import annotations

import argparse
import ast
import ctypes
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
STAMP = "medrag-installed.json"

# Qt opens these by name: without the first six it cannot be imported on a bare Debian, without the others it
# cannot open a window there.
QT_LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}


# PyInstaller copies the one and calls the other.
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
PYINSTALLER_NEEDS = {f"lib{_PYTHON}.so.1.0": f"lib{_PYTHON}", "objdump": "binutils"}


class Stop(Exception):  # noqa: N818 - it ends the program, mostly without an error in it
    """End with a sentence for the developer and exit code 1."""


class Stamp(NamedTuple):
    """What an installation says of itself, so that the next start need not ask pip."""

    venv: str
    state: str
    extras: frozenset[str]


def say(text: str) -> None:
    """Print at once, so that the line stands before the output of the next child process."""
    print(text, flush=True)


def call(command: Sequence[str | Path], *, quiet: bool = False) -> int:
    """Run a command in the repository root and return its exit code; quiet shows only its errors."""
    out = subprocess.DEVNULL if quiet else None
    return subprocess.run([str(part) for part in command], cwd=ROOT, stdout=out, check=False).returncode


def require(command: Sequence[str | Path], complaint: str, *, quiet: bool = False) -> None:
    """Run a command that the next step rests on."""
    code = call(command, quiet=quiet)
    if code:
        raise Stop(f"{complaint} (exit code {code}).")


# System packages


def root_prefix() -> list[str] | None:
    """Return what to put before a command to run it as root, or None where that would need a password."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    quiet = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    return [sudo, "-n"] if quiet else None


def apt_install(packages: Iterable[str]) -> None:
    """Install Debian packages, or stop with the one command that does."""
    names = list(packages)
    prefix = root_prefix()
    if prefix is None:
        command = f"sudo apt-get install {' '.join(names)}"
        raise Stop(f"System packages are missing. Type this, then start again:\n  {command}")
    say(f"Installing system packages: {' '.join(names)}")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    # A list that cannot be refreshed may still be good enough for the install.
    call([*apt, "update"], quiet=True)
    install = [*apt, "install", "-y", "--no-install-recommends", *names]
    require(install, "apt-get could not install them", quiet=True)


def loads(library: str) -> bool:
    """Tell whether the system's loader finds a shared library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def is_missing(name: str) -> bool:
    """Tell whether this Linux lacks a shared library or a program."""
    return not loads(name) if ".so" in name else shutil.which(name) is None


def ensure_system_packages(venv: Path, *, qt: bool, packaging: bool = False) -> None:
    """Install in one go what Debian ships apart: the maker of virtual environments, libraries, tools."""
    no_ensurepip = importlib.util.find_spec("ensurepip") is None and not has_pip(venv)
    wanted = (QT_LIBRARIES if qt else {}) | (PYINSTALLER_NEEDS if packaging else {})
    missing = [name for name in wanted if sys.platform.startswith("linux") and is_missing(name)]
    if shutil.which("apt-get"):
        packages = [wanted[name] for name in missing]
        if no_ensurepip:
            packages.insert(0, f"{_PYTHON}-venv")
        if packages:
            apt_install(packages)
    elif no_ensurepip:
        raise Stop("This Python has no ensurepip, which making a virtual environment needs: install it first.")
    elif missing:
        say(f"This is not a Debian system, so install these yourself: {', '.join(missing)}")


# The virtual environment


def venv_python(venv: Path) -> Path:
    """Return where a virtual environment keeps its interpreter."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def venv_program(venv: Path, name: str) -> Path:
    """Return where a virtual environment keeps a console script."""
    return venv_python(venv).parent / (f"{name}.exe" if os.name == "nt" else name)


def has_pip(venv: Path) -> bool:
    """Tell whether the environment is whole: its interpreter starts and finds pip."""
    try:
        probe = subprocess.run([venv_python(venv), "-m", "pip", "--version"], capture_output=True, check=False)
    except OSError:
        return False
    return probe.returncode == 0


def ensure_venv(venv: Path, *, moved: bool) -> None:
    """Make the virtual environment where it is missing, broken or moved (its scripts hold its place)."""
    if not moved and has_pip(venv):
        return
    if venv.exists() and any(venv.iterdir()) and not (venv / "pyvenv.cfg").exists():
        raise Stop(f"{venv} is not a virtual environment; name another folder with --venv.")
    say(f"Making the virtual environment {venv}")
    require([sys.executable, "-m", "venv", "--clear", venv], "The virtual environment could not be made")


def pinned(name: str) -> str:
    """Return the requirement `name==version` as the lock has it."""
    for line in LOCK.read_text("utf-8").splitlines():
        if line.startswith(f"{name}=="):
            return line.split(";")[0].strip()
    raise Stop(f"{LOCK.name} does not pin {name}.")


def wanted_state() -> str:
    """Return a hash that changes whenever something has to be installed again."""
    parts = [str(ROOT).encode(), LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def read_stamp(stamp: Path) -> Stamp:
    """Return what the last installation left about itself."""
    try:
        found = json.loads(stamp.read_text("utf-8"))
        return Stamp(found["venv"], found["state"], frozenset(found["extras"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Stamp("", "", frozenset())


def prepare(venv: Path, *extras: str, qt: bool = True) -> None:
    """Install system packages, the pinned runtime and these extras, unless they are there already."""
    ensure_system_packages(venv, qt=qt, packaging="package" in extras)
    stamp, state = venv / STAMP, wanted_state()
    found = read_stamp(stamp)
    if found == (str(venv), state, found.extras | set(extras)) and venv_python(venv).exists():
        return
    ensure_venv(venv, moved=found.venv not in {"", str(venv)})
    stamp.unlink(missing_ok=True)
    wanted = sorted(found.extras | set(extras))
    pip_install(venv, wanted)
    stamp.write_text(json.dumps({"venv": str(venv), "state": state, "extras": wanted}), "utf-8")


def pip_install(venv: Path, extras: Sequence[str]) -> None:
    """Install the program, editable, with what the lock pins for it."""
    say(f"Installing {' + '.join(['the runtime', *extras])} into {venv}")
    progress = [] if sys.stdout.isatty() else ["-q"]
    pip = [str(venv_python(venv)), "-m", "pip", "--disable-pip-version-check", "install", *progress]
    pip += ["-c", str(LOCK)]
    if "train" in extras:
        require([*pip, pinned("torch")], "pip could not install torch")
    project = f".[{','.join(extras)}]" if extras else "."
    require([*pip, "-e", project], "pip could not install the packages")


# Commands


def has_display() -> bool:
    """Tell whether a window can be shown."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run(options: argparse.Namespace) -> int:
    """Install what is needed, build the library pack, open the window or assess the example encounters."""
    prepare(options.venv)
    medrag = venv_program(options.venv, "medrag")
    require([medrag, "pack", "build", "--if-needed"], "The library pack could not be built")
    if options.rest or (has_display() and has_window()):
        return call([medrag, *options.rest])
    return assess_examples(medrag)


def has_window() -> bool:
    """Tell whether this version has a window to open."""
    return (ROOT / "medrag_desktop" / "gui").is_dir()


def assess_examples(medrag: Path) -> int:
    """Assess each example encounter and write its report."""
    out = ROOT / "build" / "examples"
    out.mkdir(parents=True, exist_ok=True)
    examples = sorted((ROOT / "assets" / "examples").glob("*.json"))
    if not examples:
        raise Stop("There are no encounters in assets/examples.")
    say("There is no window to open here, so the example encounters are assessed.")
    for example in examples:
        pdf = out / f"{example.stem}.pdf"
        require([medrag, "assess", example, "--pdf", pdf], f"{example.name} could not be assessed", quiet=True)
        say(f"PDF: {pdf}")
    return 0


def test(options: argparse.Namespace) -> int:
    """Run the tests; other arguments go to pytest."""
    prepare(options.venv, "dev", *(["train"] if options.train else []))
    train = ["--train"] if options.train else []
    return call([venv_python(options.venv), "-m", "pytest", *train, *options.rest])


def check(options: argparse.Namespace) -> int:
    """Check format, lint, types and import contracts; all of them, even after one has failed."""
    prepare(options.venv, "dev", qt=False)
    python = venv_python(options.venv)
    typed = [name for name in ("medrag_desktop", "bundle", "tests", "benchmarks", "dev.py") if (ROOT / name).exists()]
    steps: dict[str, Sequence[str | Path]] = {
        "format": [python, "-m", "ruff", "format", "--check", "."],
        "lint": [python, "-m", "ruff", "check", "."],
        "types": [python, "-m", "mypy", *typed],
        "imports": [venv_program(options.venv, "lint-imports")],
    }
    failed = []
    for name, command in steps.items():
        say(f"== {name}")
        if call(command):
            failed.append(name)
    say(f"Failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


def accept(options: argparse.Namespace) -> int:
    """Run one of the long acceptance runs of tests/acceptance, or list them."""
    return run_module(options, "tests.acceptance", ("dev",))


def bench(options: argparse.Namespace) -> int:
    """Run one of the benchmarks, or list them."""
    return run_module(options, "benchmarks", ("bench", "train"))


def run_module(options: argparse.Namespace, package: str, extras: tuple[str, ...]) -> int:
    """Run `package.NAME` with the arguments that follow the name."""
    modules = runnable(ROOT.joinpath(*package.split(".")))
    if not options.rest:
        say("\n".join(f"{name:24} {about}" for name, about in modules.items()) or f"{package} is empty so far.")
        return 0
    name, *arguments = options.rest
    if name not in modules:
        raise Stop(f"There is no {package}.{name}; there is: {', '.join(modules) or 'nothing so far'}.")
    prepare(options.venv, *extras)
    return call([venv_python(options.venv), "-m", f"{package}.{name}", *arguments])


def runnable(folder: Path) -> dict[str, str]:
    """Return the modules of a folder that run on their own, each with the first line of its docstring."""
    found = {}
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        if any(isinstance(node, ast.If) and "__main__" in ast.dump(node.test) for node in tree.body):
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def package(options: argparse.Namespace) -> int:
    """Build the program's folder with PyInstaller and prove it here; other arguments go to PyInstaller."""
    spec = ROOT / "build.spec"
    if not spec.exists():
        raise Stop("build.spec is not there, so there is nothing to package with.")
    prepare(options.venv, "package")
    python, medrag = venv_python(options.venv), venv_program(options.venv, "medrag")
    build = ROOT / "build"
    # The folder brings the pack of its library, so that the first assessment need not wait for one.
    require([medrag, "pack", "build", f"--base-dir={build / 'bundle'}"], "The library pack could not be built")
    folders = [f"--workpath={build / 'pyinstaller'}", f"--distpath={ROOT / 'dist'}"]
    bundle = [python, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", *folders, *options.rest, str(spec)]
    require(bundle, "PyInstaller could not build the program's folder")
    say(f"Built {ROOT / 'dist' / 'medrag'}")
    return call([python, "-m", "tests.acceptance.bundle"])


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    command.__name__: command for command in (run, test, check, accept, bench, package)
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; what this program does not know goes into `rest`."""
    venv = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    venv.add_argument(
        "--venv",
        type=lambda text: Path(text).absolute(),
        default=Path(os.environ.get("MEDRAG_VENV") or ROOT / ".venv").absolute(),
        help="virtual environment to use (default: MEDRAG_VENV, else .venv)",
    )
    parser = argparse.ArgumentParser(description="The one developer entry point.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, function in COMMANDS.items():
        about = function.__doc__ or ""
        sub = commands.add_parser(name, help=about, description=about, parents=[venv], allow_abbrev=False)
        if name == "test":
            sub.add_argument("--train", action="store_true", help="also test training and export (torch)")
        if name in {"accept", "bench"}:
            sub.epilog = "Name a module to run it; the arguments after its name are its own."
    options, rest = parser.parse_known_args(arguments)
    options.rest = rest
    if options.command == "check" and options.rest:
        parser.error(f"check takes no further arguments: {' '.join(options.rest)}")
    return options


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this is what tells it to an older one
        say("MedRAG Desktop needs Python 3.11 or later.")
        return 1
    options = parse(arguments)
    try:
        return COMMANDS[options.command](options)
    except Stop as stop:
        print(stop, file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
