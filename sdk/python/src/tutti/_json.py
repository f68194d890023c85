"""Inputs and outputs as JSON, with the position of values that JSON cannot hold."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from typing import Any

_plain_name = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant}, which JSON does not have")


def _extended(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"a {type(value).__name__}")


_decoder = json.JSONDecoder(parse_constant=_refuse)
_encoder = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_extended, check_circular=True
)


class NotJson(Exception):
    """A value that JSON cannot hold, with its position: `output.items[3].price`."""

    def __init__(self, path: str, found: str) -> None:
        super().__init__(f"{found} at {path}")
        self.path = path
        self.found = found


def parse(content: bytes) -> Any:
    """Parse JSON. Raises ValueError with the problem."""
    try:
        return _decoder.decode(content.decode("utf-8"))
    except RecursionError:
        raise ValueError("something nested too deep") from None


def render(value: Any, name: str = "output") -> bytes:
    """Return JSON in UTF-8. Tuples are lists, dataclasses are objects. Raises NotJson."""
    try:
        return _encoder.encode(value).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        path, found = _find(value, name, ()) or (name, str(error))
        raise NotJson(path, found) from None


def _find(value: Any, path: str, above: tuple[int, ...]) -> tuple[str, str] | None:
    """Find the first part of a value that JSON cannot hold."""
    if value is None or isinstance(value, (bool, int)):
        return None
    if isinstance(value, str):
        return None if _is_text(value) else (path, "a text with half a character")
    if isinstance(value, float):
        return None if math.isfinite(value) else (path, str(value))
    if id(value) in above:
        return path, "a cycle"
    if len(above) > 200:
        return path, "something nested more than 200 deep"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    inner = (*above, id(value))
    if isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, (str, int, float)) and key is not None:
                return path, f"a {type(key).__name__} as a key"
            found = _find(each, path + _step(str(key)), inner)
            if found is not None:
                return found
        return None
    if isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            found = _find(each, f"{path}[{index}]", inner)
            if found is not None:
                return found
        return None
    return path, f"a {type(value).__name__}"


def _is_text(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _step(key: str) -> str:
    return f".{key}" if _plain_name.fullmatch(key) else f"[{json.dumps(key)}]"
