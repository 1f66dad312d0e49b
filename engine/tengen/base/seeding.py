"""The seed that the program asked for, for all that draws random numbers outside of tensors."""

_asked: tuple[int, int] | None = None


def ask(seed: int) -> None:
    """Record that the program wants its random numbers to follow from `seed` from now on."""
    global _asked
    _asked = ((0 if _asked is None else _asked[0]) + 1, seed)


def asked() -> tuple[int, int] | None:
    """How many times the program has asked, and the last seed; None if it never has."""
    return _asked
