"""The clinical and retrieval vocabulary as frozen values and pure functions; no input or output."""
