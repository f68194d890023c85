"""Answers of REST as frozen dataclasses: ``create_time`` is read from ``createTimeMs``, ``run_id`` from ``runId``."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")
Read = Callable[[Any], Any]


def read(kind: type[T], data: Mapping[str, Any]) -> T:
    """Read an answer. Fields that are not set have their defaults. ``raw`` keeps the whole answer."""
    values: dict[str, Any] = {"raw": data}
    for name, key, converted in _plan(typing.cast(Hashable, kind)):
        found = data.get(key)
        if found is not None:
            values[name] = converted(found)
    return kind(**values)


def time_of(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC)


def camel(name: str) -> str:
    first, *others = name.rstrip("_").split("_")
    return first + "".join(each.capitalize() for each in others)


def snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


@functools.cache
def _plan(kind: Hashable) -> tuple[tuple[str, str, Read], ...]:
    assert isinstance(kind, type) and dataclasses.is_dataclass(kind)
    hints = typing.get_type_hints(kind)
    found = []
    for field in dataclasses.fields(kind):
        if field.name == "raw":
            continue
        key, converted = _column(camel(field.name), hints[field.name])
        found.append((field.name, key, field.metadata.get("read", converted)))
    return tuple(found)


def _column(key: str, hint: Any) -> tuple[str, Read]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType or origin is typing.Union:
        return _column(key, next(each for each in arguments if each is not types.NoneType))
    if origin is tuple:
        inner_key, inner = _column(key, arguments[0])
        return inner_key, lambda values: tuple(inner(each) for each in values)
    if hint is datetime:
        return f"{key}Ms", time_of
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return key, lambda value: read(hint, value)
    return key, lambda value: value
