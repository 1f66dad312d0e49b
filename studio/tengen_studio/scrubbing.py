"""Takes tokens and passwords out of what tornado and traitlets log.

Jupyter's own line for each request leaves them out; tornado's lines for refusals and accidents
have the whole address, and those for cookies that are no longer good have the cookie. When
debugging, traitlets logs every setting, the token and the database's address among them, and
Jupyter the whole of a body that is not JSON.
"""

from __future__ import annotations

import logging
import re

from tornado.log import access_log, app_log, gen_log

# Parts of names of parameters: those that Jupyter leaves out of its own lines, and ours.
_JUPYTERS = ("token", "auth", "key", "code", "state", "xsrf")
OURS = ("passw", "secret", "sig", "cred")
_PARAMETER = re.compile(rf"(?i)([?&][\w.-]*(?:{'|'.join(_JUPYTERS + OURS)})[\w.-]*=)[^&\s'\"]+")
_SECRET = "[secret]"
_WHOLE = ("Config changed", "Bad JSON")


class Scrub(logging.Filter):
    """Lets every record through, without the values that log people in."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record's text, its traceback included."""
        if "cookie" in str(record.msg) and record.args:
            record.args = tuple(_SECRET for _ in record.args)
        text = record.getMessage()
        if (clean := scrubbed(text)) != text:
            record.msg, record.args = clean, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = scrubbed(logging.Formatter().formatException(record.exc_info))
        return True


class NoContents(logging.Filter):
    """Lets no record through that has a program's settings, or what somebody has sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is another."""
        return not str(record.msg).startswith(_WHOLE)


def scrubbed(text: str) -> str:
    """Return `text` without the values of parameters of addresses that may be secrets."""
    return _PARAMETER.sub(rf"\1{_SECRET}", text)


def install() -> None:
    """Have what tornado logs cleaned from now on."""
    for log in (access_log, app_log, gen_log):
        _add(log, Scrub())


def keep_contents_out(*programs: str) -> None:
    """Have those programs, by the names of their classes, log no settings and no bodies."""
    for name in programs:
        _add(logging.getLogger(name), NoContents())


def _add(log: logging.Logger, wanted: logging.Filter) -> None:
    if not any(type(found) is type(wanted) for found in log.filters):
        log.addFilter(wanted)
