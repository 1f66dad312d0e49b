"""Which people reach a verb at all: the decorator that every verb carries.

`@guarded` lets the host alone in. `@guarded(Audience.people)` lets invited accounts in too, and
`@guarded(Audience.anyone)` also those who hold a link or nothing at all: there the service asks
`access.require` for the project at hand. The host's part is jupyter_server's: its identity
provider says who, its authorizer whether, under the resource name `tengen_studio`.
"""

from __future__ import annotations

import asyncio
import enum
import functools
from collections.abc import Callable
from typing import Any, overload
from urllib.parse import urlsplit

import tornado.web as web
from jupyter_core.utils import ensure_async
from jupyter_server.auth.utils import HTTP_METHOD_TO_AUTH_ACTION

from tengen_studio import cookies, identity
from tengen_studio.access import Actor
from tengen_studio.context import SETTING, StudioContext
from tengen_studio.errors import ForbiddenError, LoginRequiredError

Verb = Callable[..., Any]

RESOURCE = "tengen_studio"
_AUDIENCE = "__tengen_audience__"
_READING = ("GET", "HEAD", "OPTIONS")


class Audience(enum.IntEnum):
    """Who may call a verb; a wider audience contains the narrower ones."""

    host = 1
    people = 2
    anyone = 3


_KINDS = {
    "host": Audience.host,
    "account": Audience.people,
    "link": Audience.anyone,
    "anonymous": Audience.anyone,
}


class Identified:
    """A handler that knows its actor; mixed into every handler of the studio."""

    settings: dict[str, Any]
    _actor: Actor | None = None

    async def identify(self) -> Actor:
        """Return who asks, looked up once a request."""
        if self._actor is None:
            context: StudioContext = self.settings[SETTING]
            loop = asyncio.get_running_loop()
            self._actor = await loop.run_in_executor(context.threads, self._look_up, context)
        return self._actor

    def _look_up(self, context: StudioContext) -> Actor:
        handler: Any = self
        tokens = {
            "login_token": cookies.read(handler, "session"),
            "visitor_token": cookies.read(handler, "visitor"),
        }
        with context.transaction(read_only=True) as session:
            return identity.resolve(
                session,
                is_host=bool(handler.current_user),
                address=handler.request.remote_ip or "",
                **tokens,
            )


@overload
def guarded(verb: Verb) -> Verb: ...
@overload
def guarded(verb: Audience) -> Callable[[Verb], Verb]: ...
def guarded(verb: Verb | Audience) -> Verb | Callable[[Verb], Verb]:
    """Return `verb` behind the check that the asker belongs to the audience.

    Raises, when called:
        LoginRequiredError: nobody is logged in, and the verb is for people.
        ForbiddenError: an account asks for what is the host's, jupyter_server's authorizer
            refuses the host, or a change comes from another site.
    """
    if isinstance(verb, Audience):
        return functools.partial(_guard, audience=verb)
    return _guard(verb, audience=Audience.host)


def audience_of(verb: Verb) -> Audience | None:
    """Return the audience of `verb`, or None where it is unguarded; the route test asks it."""
    return getattr(verb, _AUDIENCE, None)


def _guard(verb: Verb, audience: Audience) -> Verb:
    @functools.wraps(verb)
    async def inner(handler: Any, *args: Any, **kwargs: Any) -> Any:
        await admit(handler, audience)
        return await verb(handler, *args, **kwargs)

    setattr(inner, _AUDIENCE, audience)
    # Where jupyter_server itself would refuse whoever is not its user, the check above stands
    # in for it.
    inner.__allow_unauthenticated = True  # type: ignore[attr-defined]
    return inner


async def admit(handler: Any, audience: Audience) -> Actor:
    """Return the actor of the request if it belongs to `audience`.

    Raises:
        LoginRequiredError, ForbiddenError: as `guarded`.
    """
    actor: Actor = await handler.identify()
    if actor.kind == "host":
        action = HTTP_METHOD_TO_AUTH_ACTION[handler.request.method.upper()]
        allowed = handler.authorizer.is_authorized(handler, handler.current_user, action, RESOURCE)
        if not await ensure_async(allowed):
            raise ForbiddenError("This server's authorizer does not allow you this.")
    else:
        _check_site(handler)
        if _KINDS[actor.kind] > audience:
            if actor.is_person:
                raise ForbiddenError("Only the host of this studio may do this.")
            raise LoginRequiredError("Log in first.")
    return actor


def _check_site(handler: Any) -> None:
    """Refuse a change that another site's page sent with our cookies.

    jupyter_server has made the same check by default, but leaves it out where its settings say
    so; those settings are about the host's own requests.
    """
    origin = handler.request.headers.get("Origin")
    if origin is not None and urlsplit(origin.lower()).netloc != handler.request.host.lower():
        raise ForbiddenError("The request comes from another site.")
    if handler.request.method not in _READING:
        try:
            web.RequestHandler.check_xsrf_cookie(handler)
        except web.HTTPError:
            raise ForbiddenError("The request lacks the _xsrf token of this site.") from None
