"""What the studio refuses, and the HTTP status of each refusal.

    StudioError
    ├── InvalidError     400  the request is not what the schema or the path rules allow
    ├── ForbiddenError   403  the file system does not let the server do it
    ├── NotFoundError    404  no such thing, or none that this user may know of
    └── NoSpaceError     507  the disk is full

A service raises these with a sentence a person can act on; `http.py` turns them into answers.
Messages carry no path outside the user's folder.
"""

from __future__ import annotations


class StudioError(Exception):
    """Base of every refusal: `status` is the HTTP status, `code` a stable word for programs."""

    status = 500
    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidError(StudioError):
    """The request breaks a rule that its sender can keep."""

    status = 400
    code = "invalid"


class ForbiddenError(StudioError):
    """The operating system refuses the server what the request needs."""

    status = 403
    code = "forbidden"


class NotFoundError(StudioError):
    """The named thing does not exist for this user."""

    status = 404
    code = "not_found"


class NoSpaceError(StudioError):
    """The disk or the quota is used up; nothing was written."""

    status = 507
    code = "no_space"
