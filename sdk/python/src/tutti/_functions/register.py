"""Registers the workflows by which durable functions are started. The same content again changes nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .._aio.rest import AsyncRest
from .._call import resolve
from ..errors import TuttiError

if TYPE_CHECKING:
    from .._settings import Settings
    from ..functions import DurableFunction

_CALL_SECONDS = 10.0
_log = logging.getLogger("tutti.worker")


async def register_functions(functions: Sequence[DurableFunction], settings: Settings) -> None:
    """Ends when all are registered, or cannot be: the workflows may be there from before."""
    servers = settings.secrets.servers
    if servers == ("",):
        names = ", ".join(each.name for each in functions)
        _log.warning("durable functions are not registered: set TUTTI_URL", extra={"names": names})
        return
    options = resolve(
        {},
        url=servers,
        api_key=settings.credentials.access_token,
        namespace=settings.namespace,
        timeout=_CALL_SECONDS,
    )
    rest = AsyncRest(options)
    try:
        for each in functions:
            body = {"format": "json", "text": json.dumps(each.definition)}
            try:
                await rest.call("POST", "/v1/workflows", body=body, repeatable=True)
            except (TuttiError, OSError) as error:
                _log.error("a durable function is not registered: %s", error, extra={"function": each.name})
    finally:
        rest.close()
