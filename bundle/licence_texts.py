"""The licence texts that a bundle must carry: one folder a package, found by the files that were collected."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
TEXTS = ROOT / "bundle" / "texts"
COMMON = Path("/usr/share/common-licenses")
"""Where Debian keeps the texts that its packages only name."""

NOT_IN_THE_WHEEL = {
    "pyside6-essentials": (TEXTS / "LGPL-3.0.txt", TEXTS / "GPL-3.0.txt"),
    "shiboken6": (TEXTS / "LGPL-3.0.txt", TEXTS / "GPL-3.0.txt"),
    "sqlcipher3": (TEXTS / "SQLCipher.txt",),
    "tokenizers": (ROOT / "LICENSE",),
}
"""Texts of packages that do not bring all of theirs; LICENSE is Apache-2.0."""
_TEXT = re.compile(r"(licen[cs]es?|copying|notices?|third[-_ ]?party[-_ ]?notices?|authors)([-._].*)?", re.IGNORECASE)
_BILLS = re.compile(r".*\.cdx\.json|.*\.cyclonedx\.json")
"""Bills of materials: what was compiled into a wheel, under which licence."""


class NoLicenceText(Exception):  # noqa: N818 - it says all
    """A package would be given away without its licence."""


def write_licence_texts(sources: Iterable[str], folder: Path) -> int:
    """Write the texts of every package that one of these files belongs to; return how many packages that are.

    Raise NoLicenceText naming the packages that have none.
    """
    texts = licence_texts({Path(source) for source in sources if source})
    bare = sorted(package for package, found in texts.items() if not found)
    if bare:
        raise NoLicenceText(f"No licence text is known of: {', '.join(bare)}. Add it to bundle/licence_texts.py.")
    shutil.rmtree(folder, ignore_errors=True)
    for package, found in texts.items():
        for name, text in found.items():
            (folder / package / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(text, folder / package / name)
    return len(texts)


def licence_texts(sources: set[Path]) -> dict[str, dict[str, Path]]:
    """Return for each package its texts: the name that each is to have -> where it is."""
    texts = {"python": {"LICENSE.txt": Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"}}
    owners = _owners()
    used = {_package(owners[path]): owners[path] for path in sources & owners.keys()}
    texts |= {package: _of_wheel(distribution) for package, distribution in used.items()}
    texts |= {f"debian-{name}": _of_debian(name) for name in _debian_packages(sources - owners.keys())}
    return texts


def _owners() -> dict[Path, Distribution]:
    """Return which installed package each file is of."""
    return {
        Path(str(distribution.locate_file(file))): distribution
        for distribution in distributions()
        for file in distribution.files or ()
    }


def _package(distribution: Distribution) -> str:
    """Return the name of a package as indexes write it."""
    return re.sub(r"[-_.]+", "-", distribution.name).lower()


def _of_wheel(distribution: Distribution) -> dict[str, Path]:
    """Return the texts in a wheel, and ours where it lacks some."""
    found = {}
    for file in distribution.files or ():
        path = Path(str(distribution.locate_file(file)))
        if path.is_file() and (_TEXT.fullmatch(path.name) or _BILLS.fullmatch(path.name)):
            found[_short_name(file)] = path
    return found | {path.name: path for path in NOT_IN_THE_WHEEL.get(_package(distribution), ())}


def _short_name(file: PurePosixPath) -> str:
    """Return where a text is within its package, without the folders that every package has."""
    shared = ("licenses", "sboms")
    return "/".join(part for part in file.parts if not part.endswith(".dist-info") and part not in shared)


def _debian_packages(sources: set[Path]) -> Iterator[str]:
    """Yield the Debian packages of these files; other systems have none."""
    if shutil.which("dpkg-query") is None:
        return
    # A library of /lib may be registered under /usr/lib, and the other way round.
    names = {str(path.resolve()) for path in sources} | {str(path.resolve()).removeprefix("/usr") for path in sources}
    shown = subprocess.run(["dpkg-query", "--search", *names], capture_output=True, text=True, check=False).stdout
    yield from sorted({line.split(":")[0] for line in shown.splitlines() if not line.startswith("diversion ")})


def _of_debian(package: str) -> dict[str, Path]:
    """Return the copyright file of a Debian package and the texts it refers to."""
    path = Path("/usr/share/doc") / package / "copyright"
    if not path.is_file():
        return {}
    named = re.findall(rf"{COMMON}/([\w.-]*\w)", path.read_text("utf-8", "replace"))
    return {"copyright": path} | {f"{name}.txt": COMMON / name for name in named if (COMMON / name).is_file()}
