"""The one base handler: JSON in and out, the error table, and services off the event loop."""

from __future__ import annotations

import asyncio
import functools
import json
import secrets
from collections.abc import Callable, Iterator
from http.client import responses
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote

import msgspec
import tornado.web as web
from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tengen_studio.access import Actor
from tengen_studio.context import SETTING, StudioContext
from tengen_studio.contract import Contract, contract_of
from tengen_studio.errors import InvalidError, StudioError, refusal_of
from tengen_studio.guard import RESOURCE, Identified

API = "/tengen-studio/api"

P = ParamSpec("P")
R = TypeVar("R")
Body = TypeVar("Body", bound=msgspec.Struct)


class StudioHandler(Identified, ExtensionHandlerMixin, APIHandler):
    """Base of the studio's REST handlers; a subclass decodes, calls one service, and sends."""

    auth_resource = RESOURCE

    @property
    def context(self) -> StudioContext:
        """The running server, as services see it."""
        return self.settings[SETTING]

    @property
    def contract(self) -> Contract:
        """The contract of the verb that is being answered."""
        found = contract_of(getattr(self, (self.request.method or "").lower()))
        assert found is not None, f"{type(self).__name__} answers without a contract"
        return found

    def body(self, schema: type[Body]) -> Body:
        """Return the request's JSON body as `schema`; an empty body counts as `{}`.

        Raises:
            InvalidError: not JSON, or a field missing, unknown or of the wrong type.
        """
        assert self.contract.takes is schema, f"the contract does not take {schema.__name__}"
        try:
            return msgspec.json.decode(self.request.body or b"{}", type=schema)
        except msgspec.DecodeError as error:
            raise InvalidError(f"The request is not understood: {error}") from None

    def query(self, schema: type[Body]) -> Body:
        """Return the address's parameters as `schema`; of a repeated one the last counts.

        Raises:
            InvalidError: a parameter missing, unknown or of the wrong type.
        """
        assert self.contract.query is schema, f"the contract does not ask for {schema.__name__}"
        given = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        given.pop("token", None)  # jupyter_server's own way to log in by an address
        try:
            return msgspec.convert(given, type=schema, strict=False)
        except msgspec.ValidationError as error:
            raise InvalidError(f"The address is not understood: {error}") from None

    async def run(self, service: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a service function in a thread, so that no other request waits for it."""
        work = functools.partial(service, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self.context.threads, work)

    async def transact(
        self,
        service: Callable[Concatenate[Session, Actor, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run `service(session, actor, ...)` in a thread, as the request's one transaction.

        A GET's transaction cannot write. Refusals roll back, save those that keep changes.
        """
        actor = await self.identify()
        reading = self.request.method in ("GET", "HEAD")

        def work() -> R:
            with self.context.transaction(read_only=reading) as session:
                try:
                    return service(session, actor, *args, **kwargs)
                except StudioError as error:
                    if not error.keeps_changes:
                        raise
                    refusal = error
            raise refusal

        try:
            return await self.run(work)
        except (OSError, DBAPIError) as error:
            raise refusal_of(error) or error from error

    def send(self, value: msgspec.Struct | None = None) -> None:
        """Finish with `value` as JSON, or with nothing, under the contract's status."""
        contract = self.contract
        self.set_status(contract.status)
        self.set_header("Cache-Control", "no-store")
        if contract.gives is None:
            self.finish()
            return
        assert type(value) is contract.gives, f"the contract gives {contract.gives}; {type(value)}"
        self.finish(msgspec.json.encode(value))

    async def stream(self, pieces: Iterator[bytes], *, name: str, size: int | None = None) -> None:
        """Finish with a download called `name`, of the contract's media type, piece by piece."""
        contract = self.contract
        assert isinstance(contract.gives, str), f"a media type is given; {contract.gives}"
        self.set_status(contract.status)
        self.set_header("Content-Type", contract.gives)
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name)}")
        # What people upload is never to run as a page of this server's.
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "private, no-store")
        if size is not None:
            self.set_header("Content-Length", str(size))
        while (piece := await self.run(next, pieces, None)) is not None:
            self.write(piece)
            await self.flush()
        self.finish()

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
