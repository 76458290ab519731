"""`python -m medrag_desktop`."""

from __future__ import annotations

from medrag_desktop.cli import main

if __name__ == "__main__":
    main()
