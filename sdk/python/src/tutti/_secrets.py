"""Secrets for handlers.

A secret of the platform arrives over HTTP, sealed for a key of this call, and is cached as long as the platform allows.
A secret of this machine is read each time.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._call import resolve, servers_of
from ._sync.rest import Rest
from .errors import RETRY_NEVER, RETRY_SAME_KEY, OptionInvalid, TuttiError

_form = re.compile(r"(secret|env|file):(.+)", re.DOTALL)
_plain_loopback = re.compile(r"http://(127\.|localhost[:/]|localhost$|\[::1\])")
_INFO = b"tutti unseal v1"


@dataclass(frozen=True)
class SecretWanted:
    """``reference``: ``secret:NAME``, ``secret:NAME@VERSION``, ``env:NAME``, ``file:/path``."""

    reference: str
    namespace: str
    work_kind: str
    work_id: str
    task_id: str
    # Token with the rights of the task. Empty without a token.
    access_token: str


class Secrets:
    """Opens secrets, from any thread. ``offered``: variables and files of this machine that tasks may use."""

    def __init__(
        self,
        server: str | None,
        *,
        offered: Sequence[str] = (),
        access_token: str | None = None,
        allow_unprotected: bool = False,
        is_local: bool = True,
    ) -> None:
        url = server or ("http://127.0.0.1:7400" if is_local else "")
        self.servers = servers_of(url) if url else ("",)
        self._offered = frozenset(offered)
        self._access_token = access_token
        self._allow_unprotected = allow_unprotected
        self._kept: dict[tuple[str, str, str], tuple[str, float]] = {}
        self._lock = threading.Lock()

    def open(self, wanted: SecretWanted) -> str:
        found = _form.fullmatch(wanted.reference)
        if found is None:
            # The message does not repeat the reference, because it may be the secret itself.
            message = "The secret has no valid reference. Use `secret:NAME`, `env:NAME` or `file:/path`."
            raise _never("sdk.secret_unnamed", message)
        kind, where = found[1], found[2]
        if kind == "secret":
            return self._of_installation(where, wanted)
        if wanted.reference not in self._offered:
            raise _never(
                "sdk.secret_not_offered",
                f"{wanted.reference} is not among the secrets of the worker."
                " Add it to the option `secrets` of the worker, or store it with `tutti secret put`.",
            )
        value = os.environ.get(where) if kind == "env" else _content_of(where)
        if not value:
            raise _never(
                "sdk.secret_missing",
                f"The secret {wanted.reference} is not set on the machine of the worker."
                " Set the variable, or write the file.",
            )
        return value

    def _of_installation(self, name: str, wanted: SecretWanted) -> str:
        key = (wanted.namespace, name, wanted.access_token)
        with self._lock:
            value, until = self._kept.get(key, ("", 0.0))
            if until > time.monotonic():
                return value
            self._kept.pop(key, None)
        sent = time.monotonic()
        value, keep_ms = self._unsealed(name, wanted)
        if keep_ms > 0:
            now = time.monotonic()
            with self._lock:
                # Each task has its own token, and so an entry that no other task reads. Such entries must expire.
                self._kept = {each: kept for each, kept in self._kept.items() if kept[1] > now}
                self._kept[key] = (value, sent + keep_ms / 1_000)
        return value

    def _unsealed(self, name: str, wanted: SecretWanted) -> tuple[str, float]:
        self._insist_on_server()
        reception = _Reception()
        body = {
            "names": [name],
            "recipientKey": base64.b64encode(reception.public_key).decode(),
            "work": {
                "namespace": wanted.namespace,
                "kind": wanted.work_kind,
                "id": wanted.work_id,
                "task": wanted.task_id,
            },
        }
        token = wanted.access_token or self._access_token
        rest = Rest(resolve({}, url=self.servers, namespace=wanted.namespace, api_key=token))
        try:
            reply = rest.call("POST", "/v1/secrets/unseal", body=body, repeatable=True)
        except OSError as error:
            raise TuttiError(
                "sdk.secret_unreachable",
                f"Tutti did not answer at {' or '.join(self.servers)} for the secret {wanted.reference}."
                " Set TUTTI_URL to its URL.",
                status="UNAVAILABLE",
                retry=RETRY_SAME_KEY,
            ) from error
        finally:
            rest.close()
        [sealed] = reply["values"]
        content = reception.open(wanted.namespace, sealed)
        if content is None or sealed["name"] != name.partition("@")[0]:
            raise TuttiError(
                "sdk.secret_unreadable",
                f"The secret {wanted.reference} was not sealed for this call."
                " Check the proxies between the worker and the installation.",
                status="DATA_LOSS",
                retry=RETRY_SAME_KEY,
            )
        return content.decode("utf-8", "replace"), float(sealed.get("keepMs") or 0)

    def _insist_on_server(self) -> None:
        """Require a protected server. On a plain connection, an attacker could have secrets sealed for their own key."""
        wrong = next((server for server in self.servers if not self._is_protected(server)), None)
        if wrong is None:
            return
        expected = "a URL such as https://tutti.example, which protects secrets (or `allow_unprotected`)"
        raise OptionInvalid("url (TUTTI_URL)", expected, wrong or "none")

    def _is_protected(self, server: str) -> bool:
        is_known = self._allow_unprotected or _plain_loopback.match(server) is not None
        return server.startswith("https://") or (server.startswith("http://") and is_known)


class _Reception:
    """RFC 9180 (HPKE), base mode: X25519, HKDF-SHA256, AES-256-GCM. The receiver's half."""

    def __init__(self) -> None:
        try:
            from cryptography.hazmat.primitives import serialization
            from cryptography.hazmat.primitives.asymmetric import x25519
            from cryptography.hazmat.primitives.ciphers import aead
        except ImportError:
            message = "The package cryptography is missing, which opens secrets. Install tutti-sdk[secrets]."
            raise _never("sdk.secret_support_missing", message) from None
        self._aead = aead.AESGCM
        self._public = x25519.X25519PublicKey
        self._private = x25519.X25519PrivateKey.generate()
        raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.public_key: bytes = self._private.public_key().public_bytes(*raw)

    def open(self, namespace: str, sealed: dict[str, Any]) -> bytes | None:
        """Open a sealed secret. Return None if it is for another key, another secret, or was changed."""
        also = json.dumps(
            [namespace, sealed["name"], sealed["version"]], separators=(",", ":"), ensure_ascii=False
        )
        try:
            encapsulated = base64.b64decode(sealed["encapsulatedKey"])
            shared = self._private.exchange(self._public.from_public_bytes(encapsulated))
            key, nonce = _schedule(shared, encapsulated + self.public_key)
            opened: bytes = self._aead(key).decrypt(
                nonce, base64.b64decode(sealed["sealed"]), also.encode()
            )
            return opened
        except Exception:  # noqa: BLE001 - a damaged secret is not opened
            return None


_KEM = b"KEM\x00\x20"
_SUITE = b"HPKE\x00\x20\x00\x01\x00\x02"


def _schedule(dh: bytes, kem_context: bytes) -> tuple[bytes, bytes]:
    extracted = _extract(_KEM, b"", b"eae_prk", dh)
    shared = _expand(_KEM, extracted, b"shared_secret", kem_context, 32)
    context = (
        b"\x00" + _extract(_SUITE, b"", b"psk_id_hash", b"") + _extract(_SUITE, b"", b"info_hash", _INFO)
    )
    secret = _extract(_SUITE, shared, b"secret", b"")
    return _expand(_SUITE, secret, b"key", context, 32), _expand(_SUITE, secret, b"base_nonce", context, 12)


def _extract(suite: bytes, salt: bytes, label: bytes, content: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + suite + label + content, "sha256")


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """Derive at most 32 bytes, which is one round of HKDF."""
    content = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info + b"\x01"
    return hmac.digest(key, content, "sha256")[:length]


def _content_of(path: str) -> str | None:
    try:
        text = Path(path).read_text()
    except OSError:
        return None
    # Editors and `echo` end a file with a newline that is not part of the secret.
    return text.removesuffix("\n").removesuffix("\r")


def no_secrets(wanted: SecretWanted) -> str:
    raise TypeError(f"there is no {wanted.reference} here")


def _never(code: str, message: str) -> TuttiError:
    return TuttiError(code, message, status="FAILED_PRECONDITION", retry=RETRY_NEVER)
