"""What the options, the environment and the defaults come to."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ._call import servers_of
from ._contracts import (
    AGENT_KIND_COMMAND,
    AGENT_KIND_CONTAINER,
    AGENT_KIND_CONVERSATION,
    AGENT_KIND_FUNCTION,
    AGENT_KIND_MODEL,
    AGENT_KIND_PERSON,
)
from ._secrets import Secrets
from .errors import OptionInvalid

SLOTS_MAX = 100_000
_LINK_PORT = 7401
KINDS: Mapping[str, int] = {
    "function": AGENT_KIND_FUNCTION,
    "command": AGENT_KIND_COMMAND,
    "container": AGENT_KIND_CONTAINER,
    "model": AGENT_KIND_MODEL,
    "conversation": AGENT_KIND_CONVERSATION,
    "person": AGENT_KIND_PERSON,
}
_address_form = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")
_loopback_form = re.compile(r"127\.|localhost:|\[::1\]")


@dataclass(frozen=True)
class Credentials:
    """Who the worker is, and whom it trusts.

    access_token: sent with each stream as `authorization: Bearer …`; never logged.
    certificate_authority: PEM of who signs the hosts' certificates. With it, or with a certificate, the link is encrypted.
    certificate, private_key: PEM of this worker's own.
    server_name: a name that is in the hosts' certificate, where that is not the name in the address.
    """

    access_token: str | None = field(default=None, repr=False)
    certificate_authority: bytes | None = field(default=None, repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    private_key: bytes | None = field(default=None, repr=False)
    server_name: str | None = None

    @property
    def is_encrypted(self) -> bool:
        return self.certificate_authority is not None or self.certificate is not None


@dataclass(frozen=True)
class Settings:
    addresses: Sequence[str]
    pool: str
    namespace: str
    agent_id: str
    launch_id: str
    kind: int
    labels: Mapping[str, str]
    slots: int
    resources: Mapping[str, float]
    context_keys: Sequence[str]
    description: str
    follow_redirects: bool
    credentials: Credentials
    handle_signals: bool
    drain_seconds: float
    on_sleep: Callable[[str], None] | None
    on_wake: Callable[[str], None] | None
    secrets: Secrets


def resolve(
    environment: Mapping[str, str],
    *,
    address: str | Sequence[str] | None,
    pool: str | None,
    namespace: str | None,
    agent_id: str | None,
    kind: str,
    labels: Mapping[str, str] | None,
    slots: int,
    resources: Mapping[str, float] | None,
    context_keys: Sequence[str],
    description: str,
    follow_redirects: bool,
    credentials: Credentials | None,
    allow_unprotected: bool,
    handle_signals: bool,
    drain_seconds: float,
    on_sleep: Callable[[str], None] | None = None,
    on_wake: Callable[[str], None] | None = None,
    url: str | None = None,
    secrets: Sequence[str] = (),
) -> Settings:
    """An option takes precedence over its variable, and the variable over the default."""
    if isinstance(slots, bool) or not isinstance(slots, int) or not 1 <= slots <= SLOTS_MAX:
        raise OptionInvalid("slots", f"a whole number from 1 to {SLOTS_MAX}", slots)
    if kind not in KINDS:
        raise OptionInvalid("kind", f"one of {', '.join(KINDS)}", kind)
    if not drain_seconds >= 0:
        raise OptionInvalid("drain_seconds", "at least 0", drain_seconds)
    addresses = _addresses(address, url, environment)
    given = credentials or Credentials()
    # The platform sets TUTTI_ACCESS_TOKEN for the agents that it launches.
    token = given.access_token or environment.get("TUTTI_API_KEY") or environment.get("TUTTI_ACCESS_TOKEN")
    far = next((each for each in addresses if not _loopback_form.match(each)), None)
    if token and far and not given.is_encrypted and not allow_unprotected:
        raise OptionInvalid(
            "credentials",
            f"a certificate_authority, because {far} is another machine and the API key would be sent in the clear"
            " (or `allow_unprotected`)",
            "none",
        )
    return Settings(
        addresses=addresses,
        pool=pool or environment.get("TUTTI_POOL") or "default",
        namespace=namespace or environment.get("TUTTI_NAMESPACE") or "default",
        agent_id=agent_id or environment.get("TUTTI_AGENT_ID") or "",
        launch_id=environment.get("TUTTI_LAUNCH_ID") or "",
        kind=KINDS[kind],
        labels=dict(labels or {}),
        slots=slots,
        resources=dict(resources or {}),
        context_keys=tuple(context_keys),
        description=description,
        follow_redirects=follow_redirects,
        credentials=Credentials(
            token, given.certificate_authority, given.certificate, given.private_key, given.server_name
        ),
        handle_signals=handle_signals,
        drain_seconds=drain_seconds,
        on_sleep=on_sleep,
        on_wake=on_wake,
        secrets=Secrets(
            url or environment.get("TUTTI_URL") or environment.get("TUTTI_SERVER"),
            offered=secrets,
            access_token=token,
            allow_unprotected=allow_unprotected,
            is_local=bool(addresses) and _loopback_form.match(addresses[0]) is not None,
        ),
    )


def _addresses(
    option: str | Sequence[str] | None, url: str | None, environment: Mapping[str, str]
) -> Sequence[str]:
    """The hosts of the URL, unless an address is set."""
    named = option if option is not None else environment.get("TUTTI_ADDRESS")
    given = named or _links_of(url or environment.get("TUTTI_URL") or "http://127.0.0.1:7400")
    if option is not None and not option:
        given = option
    addresses = [each.strip() for each in given.split(",")] if isinstance(given, str) else list(given)
    where = "address" if option is not None else "TUTTI_ADDRESS"
    wrong = (
        "" if not addresses else next((each for each in addresses if not _address_form.fullmatch(each)), None)
    )
    if wrong is not None:
        raise OptionInvalid(where, "host:port such as 127.0.0.1:7401", wrong)
    return tuple(addresses)


def _links_of(url: str) -> Sequence[str]:
    return [_link_of(urllib.parse.urlsplit(server)) for server in servers_of(url)]


def _link_of(server: urllib.parse.SplitResult) -> str:
    """On this machine the port after that of HTTP, as the platform chooses it. Elsewhere the usual port."""
    host = server.hostname or ""
    named = f"[{host}]" if ":" in host else host
    is_local = _loopback_form.match(f"{named}:") is not None
    return f"{named}:{(server.port or 80) + 1 if is_local else _LINK_PORT}"
