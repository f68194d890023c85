"""Handlers of a worker, by name and version."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ._contracts import Capability, CostHint
from .failures import MESSAGE_LENGTH_MAX, OptionInvalid

Handler = Callable[..., Any]
JsonSchema = Mapping[str, Any] | bool

_name_form = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_version_form = re.compile(r"\d+\.\d+\.\d+([-+][\w.+-]+)?", re.ASCII)


@dataclass(frozen=True)
class Estimate:
    """Expected cost of one call, used until Tutti has learned the real cost."""

    duration_ms: float = 0
    money: float = 0
    tokens: float = 0


@dataclass(frozen=True)
class Registered:
    name: str
    version: str
    handler: Handler
    capability: Capability
    is_async: bool
    # Number of parameters: input and context.
    takes: int


class Handlers:
    def __init__(self) -> None:
        self._by_key: dict[str, Registered] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def capabilities(self) -> list[Capability]:
        """Return the capabilities for the greeting."""
        return [registered.capability for registered in self._by_key.values()]

    def add(
        self,
        name: str,
        handler: Handler,
        *,
        version: str = "1.0.0",
        input_schema: JsonSchema | None = None,
        output_schema: JsonSchema | None = None,
        description: str = "",
        estimate: Estimate | None = None,
    ) -> None:
        if not _name_form.fullmatch(name):
            raise OptionInvalid(
                "the name of a capability", "lower-case words such as `pay.charge` or `charge-card`", name
            )
        if not _version_form.fullmatch(version):
            raise OptionInvalid(f"the version of {name}", "a semantic version such as 2.1.0", version)
        key = f"{name}@{version}"
        if key in self._by_key:
            raise OptionInvalid(f"the handler of {key}", "given once", "a second one")
        capability = Capability(
            name=name,
            version=version,
            description=description or _first_line(handler),
            input_schema="" if input_schema is None else json.dumps(input_schema),
            output_schema="" if output_schema is None else json.dumps(output_schema),
            cost=None
            if estimate is None
            else CostHint(duration_ms=estimate.duration_ms, money=estimate.money, tokens=estimate.tokens),
        )
        is_async = inspect.iscoroutinefunction(handler)
        self._by_key[key] = Registered(name, version, handler, capability, is_async, _takes(handler))

    def numbered(self, numbers: Mapping[str, int]) -> dict[int, Registered]:
        """Return the handlers by the numbers that a host has given to their capabilities."""
        return {number: self._by_key[key] for key, number in numbers.items() if key in self._by_key}


def _first_line(handler: Handler) -> str:
    text = inspect.getdoc(handler) if inspect.isroutine(handler) else None
    return text.splitlines()[0][:MESSAGE_LENGTH_MAX] if text else ""


def _takes(handler: Handler) -> int:
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):
        return 2
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return 2
    positional = [
        each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    return min(2, len(positional))
