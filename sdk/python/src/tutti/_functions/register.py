"""Registers the workflows that start durable functions. Registering the same content again has no effect."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._aio.rest import AsyncRest
from .._call import resolve
from ..errors import OptionInvalid, TuttiError

if TYPE_CHECKING:
    from .._settings import Settings
    from ..functions import DurableFunction

_CALL_SECONDS = 10.0
_log = logging.getLogger("tutti.worker")


@dataclass(frozen=True)
class HostedFunction:
    """A durable function of a worker. `version`: version of its code, to which runs are pinned. None: no pinning."""

    function: DurableFunction
    version: str | None
    percent: int

    @staticmethod
    def of(function: DurableFunction, version: str | None, percent: int | None) -> HostedFunction:
        # Build metadata does not distinguish versions.
        if version is not None and "+" in version:
            raise OptionInvalid("version", "a version without `+`, such as 2.1.0-g1a2b3c", version)
        if percent is not None and version is None:
            raise OptionInvalid("version", "the version that `percent` is for", "none")
        if percent is not None and not 0 <= percent <= 100:
            raise OptionInvalid("percent", "a whole number from 0 to 100", str(percent))
        return HostedFunction(function, version, 100 if percent is None else percent)

    @property
    def name(self) -> str:
        return self.function.name

    @property
    def registration(self) -> Mapping[str, Any]:
        """Return the registration of a workflow whose runs stay with workers of this version of the code."""
        definition = self.function.definition
        if self.version is None:
            return {"format": "json", "text": json.dumps(definition)}
        tasks = dict(definition["tasks"])
        tasks[self.name] = {**tasks[self.name], "function": f"{self.name}@{self.version}"}
        return {
            "format": "json",
            "text": json.dumps({**definition, "tasks": tasks}),
            "versionLabels": [self.version],
            # A restarted worker of an older version must not get the new runs.
            "rolloutPercent": self.percent,
        }


async def register_functions(
    functions: Sequence[HostedFunction], settings: Settings
) -> Sequence[HostedFunction]:
    """Return the functions that could not be registered. A retry may succeed, or they may already be registered."""
    servers = settings.secrets.servers
    if servers == ("",):
        names = ", ".join(each.name for each in functions)
        _log.warning("durable functions are not registered: set TUTTI_URL", extra={"names": names})
        return []
    options = resolve(
        {},
        url=servers,
        api_key=settings.credentials.access_token,
        namespace=settings.namespace,
        timeout=_CALL_SECONDS,
    )
    rest = AsyncRest(options)
    left: list[HostedFunction] = []
    try:
        for each in functions:
            try:
                await rest.call("POST", "/v1/workflows", body=each.registration, repeatable=True)
            except (TuttiError, OSError) as error:
                _log.error("a durable function is not registered: %s", error, extra={"function": each.name})
                left.append(each)
    finally:
        rest.close()
    return left
