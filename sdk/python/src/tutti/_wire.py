"""Writes the most frequent messages directly as fields of a frame. A test compares them with the contracts."""

from __future__ import annotations

import struct
from typing import NamedTuple

from ._contracts import Amounts, ErrorDetail, ModelCalls, PartialOutput, Progress, Result, Started

_RESULTS, _STARTED, _PROGRESS, _PARTIAL_OUTPUTS = 50, 26, 34, 42
_INLINE_OUTPUT, _RUN_MS, _USED, _MODEL_CALLS = 18, 57, 66, 74
_double = struct.Struct("<d").pack


class Figures(NamedTuple):
    """Metrics of an attempt in its result."""

    run_ms: float
    used: Amounts | None
    model_calls: ModelCalls | None


NOT_BEGUN = Figures(0.0, None, None)


def varint(number: int) -> bytes:
    """Encode a non-negative integer."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(tag: int, content: bytes) -> bytes:
    """Encode a field with a length. The tag is the field number times eight plus two."""
    return b"".join((bytes((tag,)), varint(len(content)), content))


def output_field(token: bytes, json: bytes, figures: Figures) -> bytes:
    """Encode a result with JSON, which is by far the most frequent message."""
    parts = [b"\x0a\x10", token, bytes((_INLINE_OUTPUT,)), varint(len(json)), json]
    if figures.run_ms > 0:
        parts += (bytes((_RUN_MS,)), _double(figures.run_ms))
    if figures.used is not None:
        parts.append(field(_USED, figures.used.SerializeToString()))
    if figures.model_calls is not None:
        parts.append(field(_MODEL_CALLS, figures.model_calls.SerializeToString()))
    return field(_RESULTS, b"".join(parts))


def result_field(result: Result) -> bytes:
    return field(_RESULTS, result.SerializeToString())


def failed_field(token: bytes, error: ErrorDetail, figures: Figures) -> bytes:
    return result_field(Result(token=token, failed=error, **figures._asdict()))


def started_field(token: bytes, ago_ms: float) -> bytes:
    return field(_STARTED, Started(token=token, ago_ms=ago_ms).SerializeToString())


def progress_field(progress: Progress) -> bytes:
    return field(_PROGRESS, progress.SerializeToString())


def piece_field(piece: PartialOutput) -> bytes:
    return field(_PARTIAL_OUTPUTS, piece.SerializeToString())
