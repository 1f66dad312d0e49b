"""Plays calls of the REST interface by their names, checks each against its contract, keeps them.

What is kept becomes the examples of the OpenAPI document; ids, tokens and times in it are
replaced, so that they read the same whenever they are recorded.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from tengen_studio.app import ROUTES
from tengen_studio.openapi.routes import Operation, operations

from ..browser import Browser

OPERATIONS = {operation.name: operation for operation in operations(ROUTES)}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")
_OPAQUE = re.compile(
    r"(?<![\w-])(?:[A-Za-z0-9][\w-]{21}|[\w-]{43}|[0-9a-f]{40}|[0-9a-f]{64})(?![\w-])"
)
_LONGEST_TEXT, _LONGEST_LIST, _LONGEST_MAP = 400, 2, 8


class Stage:
    """The people of the story and what they did so far, by the operation's name."""

    def __init__(self, host: Browser) -> None:
        self.people: dict[str, Browser] = {"host": host}
        self.played: dict[str, dict[str, Any]] = {}
        self._fixed: dict[str, str] = {}

    async def play(
        self,
        name: str,
        *path: str,
        body: Any = None,
        query: dict[str, Any] | None = None,
        by: str = "host",
    ) -> Any:
        """Make one call and return its answer, JSON decoded; fail if it breaks its contract."""
        operation = OPERATIONS[name]
        address = address_of(operation, path, query)
        sent = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        browser = self.people[by]
        response = await browser.fetch(operation.verb.upper(), address, sent)
        said = f"{name}: {response.code} {response.body[:500]!r}"
        assert response.code == operation.contract.status, said
        answer = self._judge(operation, response.body, response.headers.get("Content-Type", ""))
        if name not in self.played:
            self.played[name] = self._example(operation, path, query, body, answer)
        return answer

    def _judge(self, operation: Operation, body: bytes, kind: str) -> Any:
        """Return the answer, which must be what the contract says."""
        gives = operation.contract.gives
        if gives is None:
            assert body == b"", f"{operation.name} gives nothing"
            return None
        if isinstance(gives, str):
            assert kind.partition(";")[0] == gives, f"{operation.name} gives {kind}"
            return body
        answer = json.loads(body)
        decoded = msgspec.convert(answer, gives)
        assert msgspec.to_builtins(decoded) == answer, f"{operation.name} gives more than it says"
        return answer

    def _example(
        self,
        operation: Operation,
        path: tuple[str, ...],
        query: dict[str, Any] | None,
        body: Any,
        answer: Any,
    ) -> dict[str, Any]:
        example: dict[str, Any] = {}
        if path:
            example["path"] = dict(zip(operation.parameters, path, strict=True))
        if query:
            example["query"] = query
        if body is not None and not isinstance(body, bytes):
            example["body"] = body
        if answer is not None and not isinstance(answer, bytes):
            example["answer"] = shortened(answer)
        return self._steady(example)

    def _steady(self, value: Any) -> Any:
        """Return `value` with ids, tokens and times that stay the same."""
        if isinstance(value, dict):
            return {name: self._steady(part) for name, part in value.items()}
        if isinstance(value, list):
            return [self._steady(part) for part in value]
        if isinstance(value, str):
            text = _TIME.sub("2026-11-20T10:00:00+00:00", value)
            return _OPAQUE.sub(lambda match: self._stand_in(match[0]), text)
        return value

    def _stand_in(self, text: str) -> str:
        if text not in self._fixed:
            digest = hashlib.sha256(str(len(self._fixed)).encode())
            hexadecimal = re.fullmatch("[0-9a-f]+", text) and len(text) in (40, 64)
            url_safe = "example" + base64.urlsafe_b64encode(digest.digest()).decode().replace(
                "=", ""
            )
            self._fixed[text] = (digest.hexdigest() if hexadecimal else url_safe)[: len(text)]
        return self._fixed[text]


def address_of(operation: Operation, path: tuple[str, ...], query: dict[str, Any] | None) -> str:
    """Return the address of a call, relative to the server."""
    address = operation.path
    for name, value in zip(operation.parameters, path, strict=True):
        address = address.replace(f"{{{name}}}", quote(str(value), safe=""))
    asked = f"?{urlencode(query)}" if query else ""
    return f"tengen-studio/api{address}{asked}"


def shortened(value: Any) -> Any:
    """Return an answer with long texts, lists and maps cut short, of the same type still."""
    if isinstance(value, dict):
        whole = all(isinstance(part, str) for part in value.values())
        kept = list(value.items())[:_LONGEST_MAP] if whole and len(value) > 20 else value.items()
        return {name: shortened(part) for name, part in kept}
    if isinstance(value, list):
        return [shortened(part) for part in value[:_LONGEST_LIST]]
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[:_LONGEST_TEXT] + "…"
    return value
