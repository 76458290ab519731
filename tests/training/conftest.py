"""Lets transformers be imported where no test may open a socket."""

from __future__ import annotations

import importlib.util
import socket

import pytest

if importlib.util.find_spec("urllib3"):
    with pytest.MonkeyPatch.context() as patch:
        # urllib3, which transformers' hub client imports, tries an IPv6 socket at import unless told there is none
        patch.setattr(socket, "has_ipv6", False)
        import urllib3.util.connection  # noqa: F401

if importlib.util.find_spec("torch"):
    import torch

    # threads that wait for each other over tiny matrices take minutes on a busy machine
    torch.set_num_threads(1)
