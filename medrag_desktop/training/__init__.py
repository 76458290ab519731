"""Training and export of both models; torch and transformers live here and nowhere else (extra `[train]`)."""
