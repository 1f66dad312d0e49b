"""A browser without a screen: keeps cookies, sends the `_xsrf` token, follows nothing."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPResponse

API = "tengen-studio/api"
XSRF = "0123456789abcdef0123456789abcdef"


class Browser:
    """One person's browser at one server; `token` makes it the host's."""

    def __init__(self, client: AsyncHTTPClient, base_url: str, token: str | None = None) -> None:
        self._client = client
        self._base = base_url.rstrip("/")
        self._token = token
        # Double submit: the cookie and the header are the browser's own, and agree.
        self.cookies = {"_xsrf": XSRF}

    async def fetch(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> HTTPResponse:
        """Return the response whatever its status; `body` is bytes, or becomes JSON."""
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if self._token:
            sent["Authorization"] = f"token {self._token}"
        if method not in ("GET", "HEAD"):
            sent["X-XSRFToken"] = XSRF
            content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        else:
            content = None
        response = await self._client.fetch(
            f"{self._base}/{path.lstrip('/')}",
            method=method,
            headers={**sent, **(headers or {})},
            body=content,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            raise_error=False,
            request_timeout=60,
        )
        for line in response.headers.get_list("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                if name.startswith("tengen-"):
                    self.cookies[name] = morsel.value
                    if not morsel.value:
                        del self.cookies[name]
        return response

    async def api(self, method: str, path: str, body: Any = None, status: int = 0) -> Any:
        """Return the JSON answer of an API route; fails if the status is not `status` (or 2xx)."""
        response = await self.fetch(method, f"{API}/{path.lstrip('/')}", body)
        expected = response.code == status if status else 200 <= response.code < 300
        assert expected, f"{method} {path}: {response.code} {response.body!r}"
        return json.loads(response.body) if response.body else None
