"""The studio's own two cookies: an account's session, and the links a browser has opened.

Both hold a random token and nothing else, out of reach of scripts, sent to the studio's
addresses alone (Jupyter's own routes never see them) and not on requests that other sites make.
"""

from __future__ import annotations

import re
from typing import Any, Literal

Cookie = Literal["session", "visitor"]

DAYS = 30
_ODD = re.compile(r"[^A-Za-z0-9]")


def read(handler: Any, cookie: Cookie) -> str | None:
    """Return the cookie's token, or None."""
    return handler.get_cookie(_name(handler, cookie))


def write(handler: Any, cookie: Cookie, token: str) -> None:
    """Send the cookie with `token` along with the answer."""
    handler.set_cookie(
        _name(handler, cookie),
        token,
        path=_path(handler),
        expires_days=DAYS,
        httponly=True,
        samesite="Lax",
        secure=handler.request.protocol == "https",
    )


def clear(handler: Any, cookie: Cookie) -> None:
    """Make the browser forget the cookie."""
    handler.clear_cookie(_name(handler, cookie), path=_path(handler))


def _name(handler: Any, cookie: Cookie) -> str:
    # Cookies are shared between the ports of one host; two studios side by side must not be.
    return f"tengen-{cookie}-" + _ODD.sub("-", handler.request.host)


def _path(handler: Any) -> str:
    return handler.settings.get("base_url", "/") + "tengen-studio/"
