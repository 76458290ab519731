"""MedRAG Desktop: an offline diagnostic aid whose every sentence cites its passage."""

from __future__ import annotations

import os

# The releases of onnxruntime that are asked for cannot send anything. A later one, put there by hand, would keep a
# device id in the user's folder and report its use to its maker, unless this is set before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
