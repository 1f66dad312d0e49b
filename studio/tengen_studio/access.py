"""The guard on every verb: who is asking, and may they.

jupyter_server's identity provider answers the first, its authorizer the second, under the
resource name `tengen_studio` with the action that the HTTP method stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tornado.web as web
from jupyter_server.auth.decorator import authorized

Verb = Callable[..., Any]

RESOURCE = "tengen_studio"
_GUARDED = "__tengen_guarded__"


def guarded(verb: Verb) -> Verb:
    """Return `verb` behind authentication and then authorization."""
    inner: Verb = web.authenticated(authorized(verb))
    setattr(inner, _GUARDED, True)
    return inner


def is_guarded(verb: Verb) -> bool:
    """Tell whether `verb` went through `guarded`; the route test asks it of every verb."""
    return getattr(verb, _GUARDED, False)
