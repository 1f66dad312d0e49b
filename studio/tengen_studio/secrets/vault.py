"""Seals and opens secret values with the key file of the studio's own folder.

The key is a file that only the server's user can read. Who has that user's files has the
secrets; who has a copy of the database alone, such as a backup without its key, has not.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from tengen_studio.errors import ForbiddenError

KEY_FILE = "secrets.key"


def seal(data_dir: Path, value: str) -> bytes:
    """Return `value` encrypted; the key is made at the first use."""
    return Fernet(_key(data_dir)).encrypt(value.encode())


def unseal(data_dir: Path, sealed: bytes) -> str:
    """Return the value in `sealed`.

    Raises:
        ForbiddenError: the key file is not the one that it was sealed with.
    """
    try:
        return Fernet(_key(data_dir)).decrypt(sealed).decode()
    except InvalidToken:
        raise ForbiddenError(
            "This secret was stored with another key file; enter its value again."
        ) from None


def _key(data_dir: Path) -> bytes:
    path = data_dir / KEY_FILE
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    # Linked into place whole: of two servers that start at once, the first one's key stays.
    temporary = path.with_name(f".{KEY_FILE}-{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return path.read_bytes()
