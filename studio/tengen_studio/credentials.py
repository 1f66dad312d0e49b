"""Tokens and passwords: how they are made, kept and compared. None is ever kept in the clear."""

from __future__ import annotations

import functools
import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

TOKEN_BYTES = 32

# RFC 9106, section 4: the second recommendation, 64 MiB and some 50 ms a try.
_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def new_token() -> str:
    """Return a fresh random token: 43 url-safe characters, 256 bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> str:
    """Return what the database keeps of a token: its SHA-256 in hexadecimal.

    A token has all its 256 bits from a random source, so a slow hash would add nothing; it is
    looked up by this value, so nothing about it can be learned from the time that takes.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, its salt and parameters included."""
    return _HASHER.hash(password)


def password_matches(password: str, kept: str | None) -> bool:
    """Tell whether `kept` is the hash of `password`; as slow for None, which nothing matches."""
    try:
        return _HASHER.verify(kept or _nobody(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


@functools.cache
def _nobody() -> str:
    """Return what is verified where there is no account, so that it takes equally long."""
    return hash_password(new_token())
