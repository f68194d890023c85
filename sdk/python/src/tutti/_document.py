"""Definitions in Python as documents, equal to the documents in YAML."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ._call import Duration, seconds_of
from ._codec import camel
from .errors import OptionInvalid
from .expressions import Expression

Json = Any
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))
# Plain texts. All other texts are quoted, and so are texts that YAML would read as another type.
_plain = re.compile(r"[A-Za-z_][\w./ @^~-]*(?<! )", re.ASCII)
_not_text = re.compile(r"(null|true|false|yes|no|on|off|y|n|~)", re.IGNORECASE)


class Node:
    """A part of a definition. Fields that are None are left out."""


def taken(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a builder method, without the arguments that name the new part."""
    return {
        name: value
        for name, value in values.items()
        if name not in ("self", "id", "name") and value is not None
    }


def sent_task(task: Mapping[str, Json]) -> Json:
    """Convert a task of a session or a mission to REST: names of fields as in files, durations as texts."""
    sent = {camel(name): value for name, value in task.items() if value is not None}
    if "needs" in sent:
        sent["needs"] = [_sent_need(need) for need in sent["needs"]]
    for name in ("timeout", "retry", "cost", "dueTime"):
        if name in sent:
            sent[name] = _sent_part(sent[name], timed=name == "timeout")
    for name in ("compensate", "placement"):
        if isinstance(sent.get(name), Mapping):
            sent[name] = {camel(key): value for key, value in sent[name].items()}
    return sent


def _sent_need(need: str | Mapping[str, Json]) -> Json:
    # ``end`` and ``condition`` are older names of ``on``.
    return need if isinstance(need, str) else {"on" if key == "end" else key: value for key, value in need.items()}


def _sent_part(value: Any, *, timed: bool) -> Json:
    """Convert a part of a task. A duration is a number of seconds, a text or a timedelta, as in the whole package."""
    if isinstance(value, Mapping):
        return {camel(key): _sent_part(each, timed=timed or key == "duration") for key, each in value.items()}
    if timed and isinstance(value, (int, float)):
        return duration_text(value)
    return written(value)


def written(value: Any) -> Json:
    """Convert a value to JSON, with ``${{ … }}`` for expressions, and names of YAML for names of Python."""
    if isinstance(value, Expression):
        return str(value)
    if isinstance(value, Node):
        return _members_of(value)
    if isinstance(value, Mapping):
        return {str(key): written(member) for key, member in value.items() if member is not None}
    if isinstance(value, timedelta):
        return duration_text(value.total_seconds())
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [written(each) for each in value]
    return value


def _members_of(node: Node) -> dict[str, Json]:
    assert dataclasses.is_dataclass(node)
    members: dict[str, Json] = {}
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        if value is None:
            continue
        key = field.metadata.get("key") or camel(field.name)
        if field.metadata.get("duration") and isinstance(value, (int, float)):
            members[key] = duration_text(value)
        elif isinstance(value, str):
            members[key] = field.metadata.get("words", {}).get(value, value)
        else:
            members[key] = written(value)
    return members


def duration_text(seconds: Duration) -> str:
    """Format a duration: ``90`` is ``1m30s``."""
    whole = seconds_of(seconds, "duration")
    if not 0 <= whole < math.inf:
        raise OptionInvalid("duration", "a duration of at least 0", seconds)
    left = round(whole * 1_000)
    parts = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0ms"


def yaml_of(value: Json) -> str:
    """A document as YAML."""
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: Json, indent: str) -> list[str]:
    lines = []
    if isinstance(value, Mapping):
        for key, member in value.items():
            start = f"{indent}{_scalar(str(key))}:"
            is_nested = isinstance(member, (Mapping, list)) and member
            lines += [start, *_lines(member, f"{indent}  ")] if is_nested else [f"{start} {_scalar(member)}"]
        return lines
    for member in value:
        if isinstance(member, (Mapping, list)) and member:
            first, *others = _lines(member, f"{indent}  ")
            lines += [f"{indent}- {first.lstrip()}", *others]
        else:
            lines.append(f"{indent}- {_scalar(member)}")
    return lines


def _scalar(value: Json) -> str:
    if isinstance(value, str) and _plain.fullmatch(value) and not _not_text.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)
