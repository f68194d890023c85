"""Keyed objects: durable functions that share values, one call at a time per key.

::

    cart = keyed_object("cart")

    @cart.call
    async def add(ctx, item):
        items = [*ctx.state.get("items", []), item]
        ctx.state.set("items", items)
        return len(items)

    @cart.reader
    async def show(ctx):
        return ctx.state.get("items", [])

    worker.durable(cart)

The guide: ``docs/guides/functions.md``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ._call import Duration
from ._functions.wire import object_error
from ._handlers import _takes
from .errors import OptionInvalid
from .functions import Code, DurableFunction, FunctionContext, durable
from .workflow import Retry

AnyCode = TypeVar("AnyCode", bound=Callable[..., Any])
_name_form = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# Retry policy of a turn. Then the call fails, because other calls wait for it.
_turn_retry = Retry(attempts=5, backoff="1s..10s")


@dataclass(frozen=True)
class KeyedObject(DurableFunction):
    """Made by `keyed_object`. Its calls are added by the decorators `call` and `reader`."""

    calls: dict[str, Code] = field(default_factory=dict)
    readers: list[str] = field(default_factory=list)

    def call(self, code: AnyCode) -> AnyCode:
        """Adds a call, under the name of the function. One call at a time runs for a key."""
        self._add(code)
        return code

    def reader(self, code: AnyCode) -> AnyCode:
        """Adds a call that only reads. It sees committed values, and runs concurrently with other calls."""
        self.readers.append(self._add(code))
        names = ", ".join(f"'{each}'" for each in self.readers)
        self._definition["object"]["reader"] = f"input.call in [{names}]"
        return code

    def _add(self, code: Callable[..., Any]) -> str:
        if not inspect.iscoroutinefunction(code):
            raise OptionInvalid(f"a call of the object {self.name}", "an `async def`", type(code).__name__)
        name = code.__name__
        if _name_form.fullmatch(name) is None:
            raise OptionInvalid(f"a call of the object {self.name}", "a name such as `add`", name)
        self.calls[name] = code
        self._definition["input"]["schema"]["properties"]["call"]["enum"].append(name)
        return name

    @property
    def _definition(self) -> dict[str, Any]:
        assert isinstance(self.definition, dict)
        return self.definition


def keyed_object(
    name: str,
    *,
    description: str | None = None,
    retry: int | Retry = _turn_retry,
    timeout: Duration | None = None,
    pool: str | None = None,
) -> KeyedObject:
    """Makes a keyed object. Add calls with its decorators, and pass it to `worker.durable(cart)`.

    Options: as in `durable`. `timeout` applies to each call. A failing turn fails the call after 5 attempts.
    """
    calls: dict[str, Code] = {}

    async def code(ctx: FunctionContext, given: Mapping[str, Any]) -> Any:
        called = calls.get(given["call"])
        if called is None:
            raise _call_unknown(name, given["call"])
        return await called(*(ctx, given.get("input"))[: _takes(called)])

    made = durable(name, description=description, retry=retry, timeout=timeout, pool=pool)(code)
    schema = {
        "type": "object",
        "properties": {"key": {"type": "string", "minLength": 1}, "call": {"enum": []}, "input": {}},
        "required": ["key", "call"],
        "additionalProperties": False,
    }
    definition = {
        **made.definition,
        "object": {"key": "${{ input.key }}", "call": "${{ input.call }}"},
        "input": {"schema": schema},
    }
    return KeyedObject(name, code, definition, 2, calls)


def _call_unknown(name: str, call: str) -> Exception:
    message = f"Object `{name}` has no call `{call}`. Deploy a worker whose code has the call."
    return object_error("call_unknown", "NOT_FOUND", message)


__all__ = ["KeyedObject", "keyed_object"]
