"""What is installed here and is no part of the program: a bundle leaves it out whatever else the environment holds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def other_modules() -> set[str]:
    """Return the top-level modules of packages that the program asks for neither directly nor through others."""
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    todo = [Requirement(project["name"]), *map(Requirement, project["dependencies"])]
    ours: set[tuple[str, str]] = set()
    while todo:
        need = todo.pop()
        for extra in {"", *need.extras}:
            if (asked := (canonicalize_name(need.name), extra)) not in ours:
                ours.add(asked)
                todo += _asked_by(need.name, extra) if need.name != project["name"] else ()
    names = {name for name, _ in ours}
    return {
        module
        for module, packages in packages_distributions().items()
        if names.isdisjoint(map(canonicalize_name, packages))
    }


def _asked_by(package: str, extra: str) -> Iterator[Requirement]:
    """Yield what an installed package asks for on this computer."""
    try:
        needs = [Requirement(text) for text in requires(package) or ()]
    except PackageNotFoundError:
        return  # of another system
    yield from (need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra}))
