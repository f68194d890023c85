"""Keyed objects: values with one call at a time per key. A call is a run of the object's workflow."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Protocol

from .._call import Duration, Json, given, quoted
from .._codec import read
from .._payload import to_json
from ..state import ObjectState
from .rest import AsyncRest
from .runs import AsyncRun


class NamedObject(Protocol):
    """Something with the name of an object, such as a ``KeyedObject``."""

    @property
    def name(self) -> str: ...


class AsyncObjectCalls:
    """The calls of an object with one key, as methods: ``await calls.add("book")``."""

    def __init__(self, call: Callable[[str, Json], Awaitable[Any]]) -> None:
        self._call = call

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("_"):
            raise AttributeError(name)

        def called(input: Json = None) -> Awaitable[Any]:
            return self._call(name, input)

        return called


class AsyncObjects:
    """Call and read keyed objects."""

    def __init__(self, rest: AsyncRest) -> None:
        self._rest = rest

    def of(
        self, target: str | NamedObject, key: str, *, timeout: Duration | None = None
    ) -> AsyncObjectCalls:
        """The calls of an object with this key. A call gives its result, or raises as ``AsyncRun.result`` does.

        target: the object or its name. timeout: how long to wait for the result. Default: no limit.
        """

        async def call(name: str, input: Json) -> Any:
            run = await self.call(target, key, name, input)
            return await run.result(timeout)

        return AsyncObjectCalls(call)

    async def call(
        self, target: str | NamedObject, key: str, call: str, input: Json = None, *, id: str = ""
    ) -> AsyncRun:
        """Call an object. When this returns, the call is durable. It may wait for other calls.

        id: of the run. The same id is the same call. Default: made by the platform.
        """
        name = target if isinstance(target, str) else target.name
        asked = given(key=key, call=call, input=None if input is None else to_json(input))
        body = given(runId=id or None, definition={"name": name}, input=asked)
        reply = await self._rest.call("POST", "/v1/runs", body=body, key="")
        return AsyncRun(self._rest, reply["run"]["runId"], existed=bool(reply.get("existed")))

    async def get(self, target: str | NamedObject, key: str) -> ObjectState:
        """Read an object: its values and its calls. Raises ``NotFound`` before its first call."""
        name = target if isinstance(target, str) else target.name
        reply = await self._rest.call("GET", f"/v1/objects/{quoted(name)}/{quoted(key)}")
        return read(ObjectState, reply)

    async def list(self, name: str = "") -> AsyncGenerator[ObjectState, None]:
        """Find objects that have been called, without their values. name: default: all."""
        async for entry in self._rest.pages("/v1/objects", "objects", {"name": name}):
            yield read(ObjectState, entry)
