"""Copies folders whole, and says what a failure of the disk means to whoever saves."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import tornado.web as web
from sqlalchemy.exc import DBAPIError

from tengen_studio.errors import is_full
from tengen_studio.storage import durable


def disk_error(error: OSError | DBAPIError) -> web.HTTPError:
    """Return the answer to a save that the disk has refused."""
    if is_full(error):
        return web.HTTPError(507, "The disk is full; the file is as it was before.")
    if isinstance(error, DBAPIError):
        raise error
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return web.HTTPError(403, "This file cannot be written here; it is as it was before.")
    return web.HTTPError(500, f"The file could not be written: {error.strerror}")


def copy_folder(source: Path, target: Path) -> None:
    """Copy a folder under a temporary name, and give it its own when it is complete."""
    unseen = durable.temporary_name(target.parent)
    try:
        shutil.copytree(source, unseen)
        os.rename(unseen, target)
    except OSError as error:
        shutil.rmtree(unseen, ignore_errors=True)
        raise _first_of(error) from error


def _first_of(error: OSError) -> OSError:
    """Return the failure itself, or the first of those that a copy has gathered as texts."""
    if not isinstance(error, shutil.Error):
        return error
    full = any(os.strerror(errno.ENOSPC) in str(why) for *_, why in error.args[0])
    return OSError(errno.ENOSPC if full else errno.EIO, "a file could not be copied")
