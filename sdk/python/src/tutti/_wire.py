"""The hot messages, written straight as fields of a frame. A test holds them to the contracts."""

from __future__ import annotations

import struct

from ._contracts import Amounts, ErrorDetail, PartialOutput, Progress, Result, Started

_RESULTS, _STARTED, _PROGRESS, _PARTIAL_OUTPUTS = 50, 26, 34, 42
_INLINE_OUTPUT, _RUN_MS, _USED = 18, 57, 66
_double = struct.Struct("<d").pack


def varint(number: int) -> bytes:
    """A whole number from 0 as the wire has it."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(tag: int, content: bytes) -> bytes:
    """A field with a length. The tag is that of the contract, field number times eight plus two."""
    return b"".join((bytes((tag,)), varint(len(content)), content))


def output_field(token: bytes, json: bytes, run_ms: float, used: Amounts | None) -> bytes:
    """A result with JSON: by far the most frequent message."""
    parts = [b"\x0a\x10", token, bytes((_INLINE_OUTPUT,)), varint(len(json)), json]
    if run_ms > 0:
        parts += (bytes((_RUN_MS,)), _double(run_ms))
    if used is not None:
        parts.append(field(_USED, used.SerializeToString()))
    return field(_RESULTS, b"".join(parts))


def result_field(result: Result) -> bytes:
    return field(_RESULTS, result.SerializeToString())


def failed_field(token: bytes, error: ErrorDetail, run_ms: float, used: Amounts | None) -> bytes:
    return result_field(Result(token=token, failed=error, run_ms=run_ms, used=used))


def started_field(token: bytes, ago_ms: float) -> bytes:
    return field(_STARTED, Started(token=token, ago_ms=ago_ms).SerializeToString())


def progress_field(progress: Progress) -> bytes:
    return field(_PROGRESS, progress.SerializeToString())


def piece_field(piece: PartialOutput) -> bytes:
    return field(_PARTIAL_OUTPUTS, piece.SerializeToString())
