"""User data in REST: the plain value, except for values that JSON cannot hold.

Bytes are ``{"$bytes": base64}``. Large values are references to the blob store, ``{"$blob": {"sha256", "size"}}``.
A value that has one of these keys itself is wrapped as ``{"$json": value}``.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

#: Larger inputs and outputs are references to the blob store. Values that a run reads are inline, up to 1 MiB.
STORED_ABOVE_BYTES = 65_536

_MARKS = ("$bytes", "$blob", "$json")


@dataclass(frozen=True)
class Blob:
    """A large value in the blob store."""

    sha256: str
    size: int


def to_json(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"$bytes": base64.b64encode(value).decode(), "mediaType": "application/octet-stream"}
    if isinstance(value, Blob):
        return {"$blob": {"sha256": value.sha256, "size": value.size}}
    if isinstance(value, dict) and any(mark in value for mark in _MARKS):
        return {"$json": value}
    return value


def from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "$json" in value:
        return value["$json"]
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"])
    if "$blob" in value:
        return Blob(value["$blob"]["sha256"], value["$blob"]["size"])
    return value
