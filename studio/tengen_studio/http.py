"""The one base handler: JSON in and out, the error table, and services off the event loop."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from http.client import responses
from typing import Any, ParamSpec, TypeVar

import msgspec
import tornado.web as web
from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin

from tengen_studio.access import RESOURCE
from tengen_studio.context import SETTING, StudioContext
from tengen_studio.errors import InvalidError, StudioError

API = "/tengen-studio/api"

P = ParamSpec("P")
R = TypeVar("R")
Body = TypeVar("Body", bound=msgspec.Struct)


class StudioHandler(ExtensionHandlerMixin, APIHandler):
    """Base of the studio's REST handlers; a subclass decodes, calls one service, and sends."""

    auth_resource = RESOURCE

    @property
    def context(self) -> StudioContext:
        """The running server, as services see it."""
        return self.settings[SETTING]

    def body(self, schema: type[Body]) -> Body:
        """Return the request's JSON body as `schema`; an empty body counts as `{}`.

        Raises:
            InvalidError: not JSON, or a field missing, unknown or of the wrong type.
        """
        try:
            return msgspec.json.decode(self.request.body or b"{}", type=schema)
        except msgspec.DecodeError as error:
            raise InvalidError(f"The request is not understood: {error}") from None

    async def run(self, service: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a service function in a thread, so that no other request waits for it."""
        return await asyncio.to_thread(service, *args, **kwargs)

    def send(self, value: msgspec.Struct, status: int = 200) -> None:
        """Finish with `value` as JSON."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.finish(msgspec.json.encode(value))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Keep refusals out of the error log: they are answers, not accidents."""
        if not isinstance(value, StudioError):
            super().log_exception(typ, value, tb)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer `{code, message}`; what was not foreseen is answered by a reference alone."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        if isinstance(error, StudioError):
            status_code, code, message = error.status, error.code, error.message
        elif isinstance(error, web.HTTPError) and status_code < 500:
            code = responses.get(status_code, "error").lower().replace(" ", "_")
            message = responses.get(status_code, "Refused")
        else:
            reference = secrets.token_hex(4)
            self.log.error("tengen_studio: the failure above has the reference %s", reference)
            code = "internal"
            message = f"Something went wrong in the server. Its log has it under {reference}."
        self.set_status(status_code)
        self.finish(json.dumps({"code": code, "message": message}))
