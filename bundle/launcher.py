"""Start the program of a bundle."""

from __future__ import annotations

import multiprocessing

if __name__ == "__main__":
    # A child of the program is the program again: it must not load all of it before it turns into its task.
    multiprocessing.freeze_support()

    from medrag_desktop.cli import main

    main()
