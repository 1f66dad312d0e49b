"""What the studio refuses, and the HTTP status of each refusal.

    StudioError
    ├── InvalidError     400  the request is not what the schema or the path rules allow
    ├── ForbiddenError   403  the asker's role or the file system does not allow it
    │   └── LoginRequiredError    nobody is logged in, or the log-in was refused
    ├── NotFoundError    404  no such thing, or none that this user may know of
    ├── ConflictError    409  what is there now, or has changed since, does not go with the request
    ├── TooLargeError    413  what was sent, or what it unpacks to, is over a limit
    ├── TooManyError     429  the same was tried too often in a short time
    └── NoSpaceError     507  the disk is full
        └── OverQuotaError        the project's or the account's quota is used up

A service raises these with a sentence a person can act on; `http.py` turns them into answers.
Messages carry no path outside the user's folder.
"""

from __future__ import annotations

import errno

from sqlalchemy.exc import DBAPIError

_FULL = (errno.ENOSPC, errno.EDQUOT)
# SQLite's names, one for a commit and one for opening; PostgreSQL's `disk_full`.
_DATABASE_FULL = ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "53100")


class StudioError(Exception):
    """Base of every refusal: `status` is the HTTP status, `code` a stable word for programs.

    The request's transaction is rolled back, unless `keeps_changes`.
    """

    status = 500
    code = "error"
    keeps_changes = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidError(StudioError):
    """The request breaks a rule that its sender can keep."""

    status = 400
    code = "invalid"


class ForbiddenError(StudioError):
    """The asker's role, or the operating system, does not allow what the request needs."""

    status = 403
    code = "forbidden"


class LoginRequiredError(ForbiddenError):
    """Nobody is logged in, or the name, password, link or invitation was not accepted.

    What the service recorded before it refused (the audit row) is kept.
    """

    code = "login_required"
    keeps_changes = True


class NotFoundError(StudioError):
    """The named thing does not exist for this user."""

    status = 404
    code = "not_found"


class ConflictError(StudioError):
    """What is there now does not go with the request; both are kept."""

    status = 409
    code = "conflict"


class TooLargeError(StudioError):
    """What was sent, or what it unpacks to, is larger than this server takes."""

    status = 413
    code = "too_large"


class TooManyError(StudioError):
    """The same was tried too often; waiting is all that helps."""

    status = 429
    code = "too_many_requests"


class NoSpaceError(StudioError):
    """The disk or the quota is used up; nothing was written."""

    status = 507
    code = "no_space"


class OverQuotaError(NoSpaceError):
    """The quota does not hold what the request adds; nothing was written."""

    code = "over_quota"


def refusal_of(error: BaseException) -> StudioError | None:
    """Return the refusal that a failure of the disk amounts to, or None for our own faults.

    The disk may be that of the files or that of the database.
    """
    if is_full(error):
        return NoSpaceError("The disk is full; nothing was changed.")
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ForbiddenError("The server may not read or write a file that this needs.")
    return None


def is_full(error: BaseException) -> bool:
    """Tell whether the disk of the files or of the database is full."""
    if isinstance(error, DBAPIError):
        name = getattr(error.orig, "sqlite_errorname", None)
        return (name or getattr(error.orig, "sqlstate", None)) in _DATABASE_FULL
    return isinstance(error, OSError) and error.errno in _FULL
