"""Tokens and passwords as they are kept, names as they are compared, tries as they are counted."""

from __future__ import annotations

import pytest

from tengen_studio.credentials import digest, hash_password, new_token, password_matches
from tengen_studio.errors import InvalidError, TooManyError
from tengen_studio.names import clean, fold
from tengen_studio.rates import KEYS, Limit, RateLimiter


def test_tokens_are_random_and_kept_as_digests() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000 and all(len(token) == 43 for token in tokens)
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_passwords_are_salted_and_slow() -> None:
    kept = hash_password("correct horse")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$") and kept != hash_password(
        "correct horse"
    )
    assert password_matches("correct horse", kept)
    for password, against in (("wrong", kept), ("correct horse", None), ("x", "no hash"), ("", "")):
        assert not password_matches(password, against)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana", "ANA"),
        ("é", "e\u0301"),
        ("ﬁne", "FINE"),
        ("Straße", "STRASSE"),
        ("Ａｎａ", "ana"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_names_that_look_alike_are_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert fold(fold(one)) == fold(one)


@pytest.mark.parametrize(
    "name", ["", "  ", "a" * 65, "a\0b", "a/b", "a\u202eb", "a\u200bb", "<b>", "a\nb", "a\u2028b"]
)
def test_names_that_could_deceive_are_refused(name: str) -> None:
    with pytest.raises(InvalidError, match="name:"):
        clean(name)


@pytest.mark.parametrize("name", ["Ana", "李 小明", "O'Neil-Smith", "ana@example.org", "x" * 64])
def test_ordinary_names_are_taken(name: str) -> None:
    assert clean(f" {name} ") == name


def test_a_limit_slides() -> None:
    now = [0.0]
    limiter = RateLimiter(clock=lambda: now[0])
    limit = Limit(tries=2, seconds=10)
    limiter.count("log-in", "ana", limit)
    now[0] = 6
    limiter.count("log-in", "ana", limit)
    limiter.count("log-in", "eve", limit)
    limiter.count("link", "ana", limit)
    with pytest.raises(TooManyError, match="in 4 s"):
        limiter.count("log-in", "ana", limit)
    now[0] = 10.5
    limiter.count("log-in", "ana", limit)
    with pytest.raises(TooManyError):
        limiter.count("log-in", "ana", limit)
    limiter.forget("log-in", "ana")
    limiter.count("log-in", "ana", limit)


def test_many_addresses_do_not_fill_the_memory() -> None:
    limiter = RateLimiter()
    limit = Limit(tries=1, seconds=1000)
    for number in range(KEYS + 10):
        limiter.count("log-in", str(number), limit)
    assert len(limiter._tries) == KEYS
    with pytest.raises(TooManyError):
        limiter.count("log-in", str(KEYS), limit)
