"""MedRAG Desktop: an offline diagnostic aid whose every sentence cites its passage."""

from __future__ import annotations

__version__ = "0.1.0"
