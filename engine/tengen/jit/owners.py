"""Owners: what has names but is no dict or list, read and written like one.

A snapshot puts their values back, guards compare them.
"""

import os
import types
from typing import Any

ABSENT = object()
"""Stands for what an attribute has no value for, or what cannot be read."""


class Attributes:
    """The attributes of an object that stand in no dict: slots, a function's defaults and code.

    A slot that was never set, or that the object's own code refuses to give, is ABSENT.
    """

    __slots__ = ("of",)

    def __init__(self, of: Any):
        self.of = of

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self.of, name)
        except Exception:  # a `__getattr__` of the user's, asked for an empty slot, may raise any
            return ABSENT

    def __setitem__(self, name: str, value: Any) -> None:
        if value is ABSENT:
            delattr(self.of, name)
        else:
            setattr(self.of, name, value)

    def get(self, name: str) -> Any:
        """The value, as `self[name]`."""
        return self[name]


class ClassAttributes(Attributes):
    """The attributes of a class itself, as they are written there."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        return vars(self.of)[name]

    def get(self, name: str) -> Any:
        """The value, ABSENT where there is none."""
        return vars(self.of).get(name, ABSENT)


class Members:
    """The members of a set, as its only item."""

    __slots__ = ("of",)

    def __init__(self, of: Any):
        self.of = of

    def __getitem__(self, key: int) -> frozenset[Any]:
        return frozenset(self.of)


class Environment:
    """The variables of the process's environment, as its only item."""

    __slots__ = ()

    def __getitem__(self, key: int) -> dict[str, str]:
        return dict(os.environ)


class Numbers:
    """The numbers of an array as bytes; of a large one those at equal distances."""

    __slots__ = ("of", "step")

    def __init__(self, of: Any):
        self.of = of
        self.step = -(-of.size // MOST_NUMBERS)

    def __getitem__(self, key: int) -> bytes:
        taken = self.of if self.step <= 1 else self.of.flat[:: self.step]
        return taken.tobytes()  # type: ignore[no-any-return]


MOST_NUMBERS = 512
"""Numbers of an array that are looked at before each call that skips Python."""


def slots_of(value: Any) -> list[str]:
    """The names of the slots of an object's classes."""
    found: list[str] = []
    for cls in type(value).__mro__:
        found += [
            n for n, held in vars(cls).items() if isinstance(held, types.MemberDescriptorType)
        ]
    return found


def attributes_of(cls: type) -> list[str]:
    """The names that a class gives: its values and functions, not what Python puts there."""
    return [
        name
        for name, value in vars(cls).items()
        if not name.startswith(("__", "_abc_")) or isinstance(value, types.FunctionType)
    ]
