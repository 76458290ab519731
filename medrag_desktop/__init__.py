"""MedRAG Desktop: an offline diagnostic aid whose every sentence cites its passage."""

from __future__ import annotations

import os

# From 1.29 on onnxruntime keeps a device id in the user's folder and reports its use to its maker, unless this is
# set before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
