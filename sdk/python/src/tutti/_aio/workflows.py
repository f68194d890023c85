"""Definitions of workflows: register, check and find them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from .._call import Json, given, quoted
from .._codec import read
from .._payload import to_json
from ..state import CheckedDefinition, Definition, Graph
from .rest import AsyncRest


class Document(Protocol):
    """An object with a definition, such as a ``Workflow``."""

    def to_dict(self) -> dict[str, Json]: ...


Source = str | Mapping[str, Json] | Document


class AsyncWorkflows:
    """The definitions of a namespace."""

    def __init__(self, rest: AsyncRest) -> None:
        self._rest = rest

    async def register(
        self,
        source: Source,
        *,
        file_name: str = "",
        version_labels: Sequence[str] = (),
        keep_latest: bool = False,
    ) -> Definition:
        """Register a definition: YAML or JSON as a text, a dictionary, or a ``Workflow``.

        The same content is the same version. ``version_labels``: labels that point to this version from now on.
        ``keep_latest``: the label ``latest`` does not move.
        """
        body = {
            **_source_of(source, file_name),
            "versionLabels": list(version_labels),
            "keepLatest": keep_latest,
        }
        reply = await self._rest.call("POST", "/v1/workflows", body=body, repeatable=True)
        return read(Definition, reply["definition"])

    async def check(
        self, source: Source, *, file_name: str = "", against_installation: bool = False
    ) -> CheckedDefinition:
        """Check a definition without registering it.

        ``against_installation``: check capabilities and child definitions as well.
        """
        body = {**_source_of(source, file_name), "againstInstallation": against_installation}
        reply = await self._rest.call("POST", "/v1/workflows/check", body=body, repeatable=True)
        return read(CheckedDefinition, reply)

    async def list(self) -> AsyncGenerator[Definition, None]:
        """Read the definitions, each in its latest version."""
        async for entry in self._rest.pages("/v1/workflows", "definitions"):
            yield read(Definition, entry)

    async def get(self, name: str, *, version: str | None = None) -> Definition:
        """Read a definition. ``version``: its label. Default: ``latest``."""
        path = f"/v1/workflows/{quoted(name)}"
        return read(Definition, await self._rest.call("GET", path, query=given(label=version)))

    async def versions(self, name: str, *, live_only: bool = False) -> AsyncGenerator[Definition, None]:
        """Read the versions, newest first. ``live_only``: only those with runs that have not ended."""
        path = f"/v1/workflows/{quoted(name)}/versions"
        async for entry in self._rest.pages(path, "versions", {"liveOnly": live_only or None}):
            yield read(Definition, entry)

    async def graph(self, name: str, *, version: str | None = None, input: Json = None) -> Graph:
        """Read the shape of a definition before it runs: tasks, levels, the critical path."""
        query = given(label=version, input=None if input is None else json.dumps(to_json(input)))
        path = f"/v1/workflows/{quoted(name)}/graph"
        return read(Graph, await self._rest.call("GET", path, query=query))

    async def archive(self, name: str) -> int:
        """Archive a definition. It starts no more runs. Returns the number of runs that have not ended."""
        reply = await self._rest.call(
            "POST", f"/v1/workflows/{quoted(name)}/archive", body={}, repeatable=True
        )
        return int(reply.get("liveCount") or 0)


def _source_of(source: Source, file_name: str) -> dict[str, Json]:
    if isinstance(source, str):
        is_json = source.lstrip().startswith("{")
        return given(format="json" if is_json else "yaml", text=source, fileName=file_name or None)
    document = source if isinstance(source, Mapping) else source.to_dict()
    return given(format="json", text=json.dumps(document), fileName=file_name or None)
