"""medicines.toml -> Medicines."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from medrag_desktop.domain.medicine_facts import Advice, Advised, AvoidedIn, Medicine, Medicines, MinimumAge, Together
from medrag_desktop.errors import LibraryError

_FILE = "medicines.toml"
_UNITS = {"years": 1.0, "months": 1 / 12, "weeks": 7 / 365.25}
_FACTS = {"pregnancy", "lactation", "minimum_age", "avoided_in", "topical", "plain"}
_KEYS = {
    "medicines": {"name", "synonyms", "classes"} | _FACTS,
    "classes": {"name", "synonyms", "classes", "broad", "endings", "beginnings", "cross_allergy"} | _FACTS,
}
_Sources = Mapping[str, str]


def parse_medicines(text: str) -> Medicines:
    """Read medicines.toml; raise LibraryError naming the entry that cannot be read."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LibraryError(f"{_FILE} cannot be read: {error}") from error
    with _place("the file"):
        _check_keys(tables, {"sources", "interactions", "cross_allergies", *_KEYS})
    sources = _sources(tables.get("sources", {}))
    entries: dict[str, Medicine] = {}
    for kind in ("classes", "medicines"):
        for name, table in _table(tables.get(kind, {}), kind).items():
            if name in entries:
                raise LibraryError(f"{_FILE}: {name} is both a class and a medicine.")
            with _place(name):
                entries[name] = _entry(name, table, kind, sources)
    _check_classes(entries)
    pairs = {key: _pairs(tables.get(key, ()), key, sources, entries) for key in ("interactions", "cross_allergies")}
    return Medicines(entries, pairs["cross_allergies"], pairs["interactions"])


def _sources(table: Any) -> _Sources:
    """Return the words for each source: publisher, title and year."""
    found: dict[str, str] = {}
    for name, row in _table(table, "sources").items():
        with _place(f"the source {name}"):
            _check_keys(row, {"title", "publisher", "year", "section", "address"})
            found[name] = ", ".join(str(part) for part in (row["publisher"], row["title"], row.get("year")) if part)
    return found


def _entry(name: str, table: dict[str, Any], kind: str, sources: _Sources) -> Medicine:
    _check_keys(table, _KEYS[kind])
    cross = table.get("cross_allergy")
    return Medicine(
        id=name,
        name=str(table.get("name", name.replace("_", " "))),
        is_class=kind == "classes",
        synonyms=_strings(table.get("synonyms", [])),
        classes=_strings(table.get("classes", [])),
        broad=bool(table.get("broad", False)),
        endings=_strings(table.get("endings", [])),
        beginnings=_strings(table.get("beginnings", [])),
        cross_allergy="" if cross is None else sources[cross],
        topical=bool(table.get("topical", False)),
        plain=bool(table.get("plain", False)),
        pregnancy=_advised(table.get("pregnancy"), sources),
        lactation=_advised(table.get("lactation"), sources),
        minimum_age=_minimum_age(table.get("minimum_age"), sources),
        avoided_in=tuple(_avoided_in(row, sources) for row in table.get("avoided_in", ())),
    )


def _advised(table: dict[str, Any] | None, sources: _Sources) -> Advised | None:
    if table is None:
        return None
    _check_keys(table, {"advice", "source", "unless"})
    return Advised(Advice(table["advice"]), sources[table["source"]], frozenset(_strings(table.get("unless", []))))


def _minimum_age(table: dict[str, Any] | None, sources: _Sources) -> MinimumAge | None:
    if table is None:
        return None
    _check_keys(table, {"source", "except", "unless", *_UNITS})
    (unit,) = _UNITS.keys() & table.keys()
    number = float(table[unit])
    if not 0 < number < math.inf:
        raise ValueError("the minimum age must be a number above 0")
    words = f"{number:g} {unit[:-1] if number == 1 else unit}"
    words += f" (but {table['except']})" if "except" in table else ""
    unless = frozenset(_strings(table.get("unless", [])))
    return MinimumAge(number * _UNITS[unit], words, sources[table["source"]], unless)


def _avoided_in(table: dict[str, Any], sources: _Sources) -> AvoidedIn:
    _check_keys(table, {"any", "words", "source", "pregnant", "under_months"})
    months = table.get("under_months")
    names = frozenset(_strings(table["any"]))
    if not names or not str(table["words"]).strip():
        raise ValueError("avoided_in needs at least one finding or condition, and words for it")
    return AvoidedIn(
        any_of=names,
        words=str(table["words"]),
        source=sources[table["source"]],
        pregnant=bool(table.get("pregnant", False)),
        under_years=None if months is None else float(months) / 12,
    )


def _pairs(rows: Any, key: str, sources: _Sources, entries: Mapping[str, Medicine]) -> tuple[Together, ...]:
    found = []
    for number, row in enumerate(rows, start=1):
        place = f"number {number} of {key}"
        with _place(place):
            pair = _pair(row, sources)
        if unknown := sorted((pair.one | pair.other | pair.besides) - set(entries)):
            raise LibraryError(f"{_FILE}: {place} names what is no medicine or class: {', '.join(unknown)}.")
        found.append(pair)
    return tuple(found)


def _pair(row: dict[str, Any], sources: _Sources) -> Together:
    _check_keys(row, {"between", "words", "source", "except"})
    one, other = (frozenset(_strings([side] if isinstance(side, str) else side)) for side in row["between"])
    besides = frozenset(_strings(row.get("except", [])))
    return Together(one, other, str(row["words"]), sources[row["source"]], besides)


def _check_classes(entries: Mapping[str, Medicine]) -> None:
    for entry in entries.values():
        for name in entry.classes:
            if name not in entries or not entries[name].is_class:
                raise LibraryError(f"{_FILE}: {entry.id} belongs to {name}, which is no class of the file.")
        if _leads_back(entry.id, entries):
            raise LibraryError(f"{_FILE}: the class {entry.id} belongs to itself.")


def _leads_back(name: str, entries: Mapping[str, Medicine]) -> bool:
    seen: set[str] = set()
    queue = list(entries[name].classes)
    while queue:
        current = queue.pop()
        if current == name:
            return True
        if current in entries and current not in seen:
            seen.add(current)
            queue.extend(entries[current].classes)
    return False


def _table(value: Any, place: str) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict) or not all(isinstance(row, dict) for row in value.values()):
        raise LibraryError(f"{_FILE}: {place} must hold one table for each entry.")
    return value


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise ValueError(f"{value!r} must be a list of words")
    return tuple(value)


def _check_keys(table: Mapping[str, Any], known: Iterable[str]) -> None:
    if unknown := sorted(set(table) - set(known)):
        raise ValueError(f"unknown keys: {', '.join(unknown)}")


@contextmanager
def _place(name: str) -> Iterator[None]:
    """Tell whatever is wrong with an entry together with its name."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        why = f"{error.args[0]} is missing or unknown" if isinstance(error, KeyError) else str(error)
        raise LibraryError(f"{_FILE}: {name} cannot be read: {why}.") from error
