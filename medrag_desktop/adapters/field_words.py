"""What is wrong with a field of JSON input, in words for the person who wrote it."""

from __future__ import annotations

import difflib
import re
from typing import Any

import msgspec
from msgspec import inspect

LONGEST_SHOWN = 60
"""Characters of a wrong value that an error message repeats."""
_PATH = re.compile(r" - at `\$\.?(.*)`$")
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_UNKNOWN = re.compile(r"unknown field `(.*)`")
_MISSING = re.compile(r"missing required field `(.*)`")


def wrong_field(message: str, data: bytes, model: type[msgspec.Struct]) -> str:
    """Turn msgspec's message on `data` into a sentence that names the field, what it must be and what it is."""
    match = _PATH.search(message)
    path = match[1] if match else ""
    problem = message[: match.start()] if match else message
    steps: list[str | int] = [int(number) if number else name for number, name in _STEP.findall(path)]
    if unknown := _UNKNOWN.search(problem):
        return _unknown_field(unknown[1], path, _type_at(model, steps))
    if missing := _MISSING.search(problem):
        return f"{_join(path, missing[1])} is missing."
    try:
        value = _value_at(data, steps)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return f"{path or 'the whole'} must be {_wanted(_type_at(model, steps), None)}."
    return f"{path or 'the whole'} must be {_wanted(_type_at(model, steps), value)}, not {_found(value)}."


def shown(text: str) -> str:
    """Quote a text from outside: one line, printable, cut where it is long."""
    printable = "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[: LONGEST_SHOWN + 1]
    )
    return f"'{printable[:LONGEST_SHOWN]}...'" if len(printable) > LONGEST_SHOWN else f"'{printable}'"


def _unknown_field(name: str, path: str, kind: inspect.Type) -> str:
    known = [field.encode_name for field in kind.fields] if isinstance(kind, inspect.StructType) else []
    near = difflib.get_close_matches(name[:100], known, n=1)
    hint = f"; did you mean {_join(path, near[0])}?" if near else f"; known are {', '.join(known)}."
    return f"the field {shown(_join(path, name))} is not known{hint}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _value_at(data: bytes, steps: list[str | int]) -> Any:
    value: Any = msgspec.json.decode(data)
    for step in steps:
        value = value[step]
    return value


def _type_at(model: type[msgspec.Struct], steps: list[str | int]) -> inspect.Type:
    """Return the type of a field, without the null that stands for left out."""
    kind = inspect.type_info(model)
    for step in steps:
        if isinstance(kind, inspect.StructType):
            kind = next(field.type for field in kind.fields if field.encode_name == step)
        elif isinstance(kind, inspect.ListType):
            kind = kind.item_type
        kind = _without_metadata(kind)
    return kind


def _without_metadata(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.Metadata):
        return _without_metadata(kind.type)
    if isinstance(kind, inspect.UnionType):
        others = [_without_metadata(part) for part in kind.types if not isinstance(part, inspect.NoneType)]
        return others[0] if len(others) == 1 else inspect.UnionType(tuple(others))
    return kind


def _wanted(kind: inspect.Type, value: object) -> str:
    match kind:
        case inspect.FloatType() | inspect.IntType():
            return _wanted_number(kind, value)
        case inspect.StrType():
            if value == "":
                return "a text that is not empty"
            return f"text of at most {kind.max_length} characters" if isinstance(value, str) else "text"
        case inspect.LiteralType():
            return f"one of {', '.join(str(choice) for choice in kind.values)}"
        case inspect.BoolType():
            return "true or false"
        case inspect.ListType():
            return f"a list of at most {kind.max_length} entries" if isinstance(value, list) else "a list"
        case inspect.UnionType():
            return " or ".join(_wanted(part, None) for part in kind.types)
    return "an object"


def _wanted_number(kind: inspect.FloatType | inspect.IntType, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "a number" if isinstance(kind, inspect.FloatType) else "a whole number"
    if kind.le is not None and value > kind.le:
        return f"at most {kind.le:g}"
    if kind.ge is not None and value < kind.ge:
        return f"at least {kind.ge:g}"
    if kind.gt is not None and value <= kind.gt:
        return f"more than {kind.gt:g}"
    return "a whole number" if isinstance(kind, inspect.IntType) else "a number"


def _found(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return shown(str(value)).strip("'") if abs(value) < 1e15 else "a number that long"
    if isinstance(value, str):
        return shown(value) if len(value) <= LONGEST_SHOWN else f"text of {len(value)} characters"
    return f"a list of {len(value)}" if isinstance(value, list) else "an object"
