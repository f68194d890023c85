"""Calls of models by an attempt, for traces with the names of OpenTelemetry.

1. At most the first 64 calls are reported. The use of all calls counts.
2. A call that has not ended when the attempt ends is reported with its state so far.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from ._contracts import ModelCall, ModelCalls

_CALLS_MAX = 64


class AskedModel:
    """A running call of a language model."""

    def __init__(self, call: ModelCall, started_ms: float) -> None:
        self._call = call
        self._started_ms = started_ms
        self._ended_ms: float | None = None

    def answered(
        self,
        *,
        model: str | None = None,
        input_tokens: float | None = None,
        output_tokens: float | None = None,
        finish_reasons: Iterable[str] | None = None,
    ) -> None:
        """Record data about the answer. A repeated field replaces the earlier value.

        `model`: the model that answered, if it differs. `finish_reasons`: why the answer ended, such as `stop` or `length`.
        """
        call = self._call
        if model is not None:
            call.response_model = model
        if input_tokens is not None:
            call.input_tokens = _counted(input_tokens)
        if output_tokens is not None:
            call.output_tokens = _counted(output_tokens)
        if finish_reasons is not None:
            del call.finish_reasons[:]
            call.finish_reasons.extend(finish_reasons)

    def _told(self, now_ms: float) -> ModelCall:
        recorded = ModelCall()
        recorded.CopyFrom(self._call)
        ended_ms = now_ms if self._ended_ms is None else self._ended_ms
        recorded.ago_ms = max(0.0, now_ms - self._started_ms)
        recorded.took_ms = max(0.0, ended_ms - self._started_ms)
        return recorded

    @contextmanager
    def _going_on(self, now_ms: Callable[[], float], use: Callable[[float], None]) -> Iterator[AskedModel]:
        try:
            yield self
        except BaseException as error:
            self._call.error_type = _type_of(error)
            raise
        finally:
            self._ended_ms = now_ms()
            # The tokens count whether the call succeeded or not.
            use(self._call.input_tokens + self._call.output_tokens)


class AskedModels:
    def __init__(self) -> None:
        self._asked: list[AskedModel] = []

    def begin(self, model: str, provider: str, operation: str, started_ms: float) -> AskedModel:
        call = ModelCall(operation=operation, provider=provider, request_model=model)
        asked = AskedModel(call, started_ms)
        if len(self._asked) < _CALLS_MAX:
            self._asked.append(asked)
        return asked

    def report(self, now_ms: float) -> ModelCalls:
        """Return the calls for the result of the attempt."""
        return ModelCalls(calls=[asked._told(now_ms) for asked in list(self._asked)])


def _counted(tokens: float) -> float:
    return max(0.0, float(tokens)) if math.isfinite(tokens) else 0.0


def _type_of(error: BaseException) -> str:
    code = getattr(error, "code", None)
    return (code if isinstance(code, str) and code else type(error).__name__)[:200]
