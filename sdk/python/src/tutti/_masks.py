"""Masks the secrets of an attempt in its messages: the name of a secret replaces its value.

This is a safety net for handlers. It does not check other outputs of the handler, such as files. It does not find a
secret that was changed, except in the common encodings.
"""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

from ._contracts import ErrorDetail

# Shorter values occur in many other texts. Masking them would make these texts unreadable.
_LENGTH_MIN = 4


class Masks:
    def __init__(self) -> None:
        # The longest first, because one secret may be part of another.
        self._masks: list[tuple[str, str]] = []

    def add(self, name: str, value: str) -> None:
        if len(value) < _LENGTH_MIN:
            return
        content = value.encode()
        forms = (
            value,
            urllib.parse.quote(value, safe="!'()*-._~"),
            json.dumps(value)[1:-1],
            json.dumps(value, ensure_ascii=False)[1:-1],
            base64.b64encode(content).decode(),
            base64.urlsafe_b64encode(content).decode().rstrip("="),
            content.hex(),
        )
        known = dict(self._masks) | {form: f"[secret {name}]" for form in forms}
        self._masks = sorted(known.items(), key=lambda mask: -len(mask[0]))

    def text(self, said: str) -> str:
        for form, mask in self._masks:
            said = said.replace(form, mask)
        return said

    def content(self, said: bytes) -> bytes:
        for form, mask in self._masks:
            said = said.replace(form.encode(), mask.encode())
        return said

    def json(self, value: Any) -> Any:
        """Mask texts and names of fields in a value."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.json(name): self.json(each) for name, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.json(each) for each in value]
        return value

    def error(self, detail: ErrorDetail) -> None:
        """Mask an error, in place."""
        detail.code = self.text(detail.code)
        detail.message = self.text(detail.message)
        for name, value in list(detail.details.items()):
            del detail.details[name]
            detail.details[self.text(name)] = self.text(value)
        if detail.HasField("cause"):
            self.error(detail.cause)
