"""Resolves settings from options, environment and defaults."""

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
from ._local import default_url
from ._secrets import Secrets
from .errors import OptionInvalid

SLOTS_MAX = 100_000
KINDS: Mapping[str, int] = {
    "function": AGENT_KIND_FUNCTION,
    "command": AGENT_KIND_COMMAND,
    "container": AGENT_KIND_CONTAINER,
    "model": AGENT_KIND_MODEL,
    "conversation": AGENT_KIND_CONVERSATION,
    "person": AGENT_KIND_PERSON,
}
_address_form = re.compile(r"wss?://[^\s/]+/\S*|(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")
_loopback_form = re.compile(r"(ws://)?(127\.|localhost(:|/|$)|\[::1\])")


@dataclass(frozen=True)
class Credentials:
    """Certificates of the worker and of the hosts that it trusts.

    access_token: sent with each stream as `authorization: Bearer …`. Never logged.
    certificate_authority: PEM of the authority that signs the hosts' certificates. With it, or with a certificate, the link
        is encrypted.
    certificate, private_key: PEM of the certificate of this worker and of its key.
    server_name: a name in the hosts' certificate, if it differs from the name in the address.
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
    send_logs: bool


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
    send_logs: bool = True,
) -> Settings:
    """An option takes precedence over its variable, and the variable over the default."""
    if isinstance(slots, bool) or not isinstance(slots, int) or not 1 <= slots <= SLOTS_MAX:
        raise OptionInvalid("slots", f"a whole number from 1 to {SLOTS_MAX}", slots)
    if kind not in KINDS:
        raise OptionInvalid("kind", f"one of {', '.join(KINDS)}", kind)
    if not drain_seconds >= 0:
        raise OptionInvalid("drain_seconds", "at least 0", drain_seconds)
    given = credentials or Credentials()
    addresses = _addresses(address, url, environment, given)
    # The platform sets TUTTI_ACCESS_TOKEN for the agents that it launches.
    token = given.access_token or environment.get("TUTTI_API_KEY") or environment.get("TUTTI_ACCESS_TOKEN")
    far = next((each for each in addresses if not _is_protected(each, given)), None)
    if token and far and not allow_unprotected:
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
        # A worker with a WebSocket link cannot follow a redirect to a port of gRPC.
        follow_redirects=follow_redirects and not is_web_socket(addresses),
        credentials=Credentials(
            token, given.certificate_authority, given.certificate, given.private_key, given.server_name
        ),
        handle_signals=handle_signals,
        drain_seconds=drain_seconds,
        on_sleep=on_sleep,
        on_wake=on_wake,
        send_logs=send_logs,
        secrets=Secrets(
            url or environment.get("TUTTI_URL") or environment.get("TUTTI_SERVER") or _server_behind(addresses),
            offered=secrets,
            access_token=token,
            allow_unprotected=allow_unprotected,
            is_local=bool(addresses) and _loopback_form.match(addresses[0]) is not None,
        ),
    )


def _addresses(
    option: str | Sequence[str] | None,
    url: str | None,
    environment: Mapping[str, str],
    credentials: Credentials,
) -> Sequence[str]:
    """Return the configured addresses, else the link addresses of the URL."""
    named = option if option is not None else environment.get("TUTTI_ADDRESS")
    server = url or environment.get("TUTTI_URL") or environment.get("TUTTI_SERVER") or default_url()
    given = named or _links_of(server, credentials)
    if option is not None and not option:
        given = option
    addresses = [each.strip() for each in given.split(",")] if isinstance(given, str) else list(given)
    where = "address" if option is not None else "TUTTI_ADDRESS"
    wrong = (
        "" if not addresses else next((each for each in addresses if not _address_form.fullmatch(each)), None)
    )
    if wrong is not None:
        raise OptionInvalid(where, "host:port such as 127.0.0.1:7401, or ws://127.0.0.1:7400/v1/link", wrong)
    if any(map(_is_web_socket, addresses)) and not is_web_socket(addresses):
        raise OptionInvalid(where, "addresses of WebSockets alone, or none of them", ", ".join(addresses))
    return tuple(addresses)


def _is_protected(address: str, credentials: Credentials) -> bool:
    if address.startswith("wss://") or _loopback_form.match(address):
        return True
    return credentials.is_encrypted and not _is_web_socket(address)


def is_web_socket(addresses: Sequence[str]) -> bool:
    return all(map(_is_web_socket, addresses))


def _is_web_socket(address: str) -> bool:
    return address.startswith(("ws://", "wss://"))


def _links_of(url: str, credentials: Credentials) -> Sequence[str]:
    """Derive the link address: a WebSocket at the port of the URL. With certificates for a URL that is not https, it is
    gRPC at the next port."""
    return [
        _next_port(urllib.parse.urlsplit(server))
        if server.startswith("http:") and credentials.is_encrypted
        else f"ws{server.removeprefix('http')}/v1/link"
        for server in servers_of(url)
    ]


def _next_port(server: urllib.parse.SplitResult) -> str:
    host = server.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{(server.port or 80) + 1}"


def _server_behind(addresses: Sequence[str]) -> str | None:
    if not is_web_socket(addresses):
        return None
    return ",".join(f"http{each.removeprefix('ws').removesuffix('/v1/link')}" for each in addresses)
