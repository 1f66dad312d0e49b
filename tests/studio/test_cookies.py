"""The studio's cookies over encrypted and plain connections."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import Application, RequestHandler

from tengen_studio import cookies


@pytest.mark.parametrize(("protocol", "secure"), [("https", True), ("http", False)])
def test_a_cookie_that_came_encrypted_is_never_sent_plain(protocol: str, secure: bool) -> None:
    connection: Any = SimpleNamespace(set_close_callback=lambda callback: None)
    line = RequestStartLine("GET", "/", "HTTP/1.1")
    request = HTTPServerRequest(
        start_line=line, headers=HTTPHeaders({"Host": "studio.example"}), connection=connection
    )
    request.protocol = protocol
    handler = RequestHandler(Application(), request)
    cookies.write(handler, "session", "token")
    [morsel] = handler._new_cookie.values()
    assert bool(morsel["secure"]) is secure
    assert morsel["httponly"]
