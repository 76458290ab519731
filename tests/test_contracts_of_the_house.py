"""The rules of pyproject.toml, proved on code that breaks them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    "line",
    [
        "import socket",
        "import ssl",
        "import urllib.request",
        "from urllib import request",
        "import http.client",
        "from http.server import HTTPServer",
        "from PySide6 import QtNetwork",
        "from PySide6.QtNetwork import QTcpSocket",
        "import requests",
        "import httpx",
    ],
)
def test_our_code_cannot_import_a_network(line: str) -> None:
    lint = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--output-format", "concise"]
    name = "medrag_desktop/services/any.py"
    checked = subprocess.run(
        [*lint, "--stdin-filename", name, "-"],
        input=f"{line}\n",
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 1
    assert "TID251" in checked.stdout


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a small package with our contracts that keeps them."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    modules = {
        "__init__": "",
        "__main__": "from medrag_desktop import cli",
        "cli": "from medrag_desktop.gui import window",
        "gui/__init__": "",
        "gui/window": "import PySide6.QtWidgets\nfrom medrag_desktop.services import assess",
        "bootstrap": "from medrag_desktop.adapters import encoder\nfrom medrag_desktop import config",
        "training/__init__": "import torch",
        "training/export": "import torch.nn, onnx, transformers",
        "adapters/__init__": "",
        "adapters/encoder": "import onnxruntime\nfrom medrag_desktop import ports, errors",
        "importers/__init__": "",
        "services/__init__": "",
        "services/assess": "from medrag_desktop import ports, tasks\nfrom medrag_desktop.domain import case",
        "ports": "from medrag_desktop.domain import case",
        "logs": "from medrag_desktop.domain import case",
        "domain/__init__": "",
        "domain/case": "from medrag_desktop import errors",
        "tasks": "",
        "config": "",
        "errors": "",
    }
    for name, body in modules.items():
        path = tmp_path / "medrag_desktop" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{body}\n", "utf-8")
    return tmp_path


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as go; go()"]
    return subprocess.run(
        [*command, "--no-cache"],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": "."},
    )


def test_the_house_as_drawn_keeps_the_contracts(house: Path) -> None:
    assert "0 broken" in lint(house).stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("utils", ""),
        ("services/assess", "from medrag_desktop.adapters import encoder"),
        ("domain/case", "from medrag_desktop import ports"),
        ("domain/case", "from medrag_desktop import tasks"),
        ("adapters/encoder", "from medrag_desktop import importers"),
        ("gui/window", "from medrag_desktop import bootstrap"),
        ("gui/window", "from medrag_desktop.adapters import encoder"),
        ("gui/window", "import onnxruntime"),
        ("gui/window", "import faiss"),
        ("services/assess", "import PySide6.QtCore"),
        ("cli", "import PySide6.QtCore"),
        ("cli", "def late():\n    import torch"),
        ("adapters/encoder", "import transformers"),
    ],
)
def test_a_breach_is_found(house: Path, module: str, line: str) -> None:
    with (house / "medrag_desktop" / f"{module}.py").open("a", encoding="utf-8") as source:
        source.write(f"{line}\n")
    checked = lint(house)
    assert checked.returncode == 1
    assert "BROKEN" in checked.stdout
