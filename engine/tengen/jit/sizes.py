"""Sizes that Python asks for while a call is recorded: does what it does hang on the batch?

A graph recorded at one batch size may run at another without its Python only if that Python never
looked at the batch. Shapes are therefore handed to the user's code as tuples that tell when a
dimension is taken out of them that may follow the batch.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from ..base.source import is_outside, is_shipped_model
from .reasons import Reason, reason


class Watch:
    """Notes in `looks` where the user's code looks at sizes that are multiples of `batch`.

    The framework's own code is trusted: what it makes of a shape stands in the graph.
    """

    def __init__(self, batch: int, looks: list[Reason]):
        self.batch = batch
        self.looks = looks

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape as whoever asks `Tensor.shape` gets it."""
        if _is_users(sys._getframe(2)) and any(self.follows(size) for size in shape):
            return Sizes(shape, self)
        return shape

    def size(self, size: int) -> int:
        """A number of elements or rows, as whoever asks a tensor for it gets it."""
        self.look((size,), sys._getframe(2))
        return size

    def follows(self, size: int) -> bool:
        """Whether a size may follow the batch."""
        return size > 0 and size % self.batch == 0

    def look(self, sizes: Any, frame: FrameType) -> None:
        """`frame` takes these sizes."""
        if any(map(self.follows, sizes)) and _is_users(frame):
            self.looks.append(reason("batch size"))


class Sizes(tuple[int, ...]):
    """A shape that tells its Watch what is taken from it. Its dimensions are plain integers."""

    _watch: Watch

    def __new__(cls, shape: tuple[int, ...], watch: Watch) -> "Sizes":
        """The shape, told of to `watch`."""
        made = super().__new__(cls, shape)
        made._watch = watch
        return made

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        taken = found if isinstance(found, tuple) else (found,)
        self._watch.look(taken, sys._getframe(1))
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        self._watch.look(_plain(self), sys._getframe(1))
        return np.array(_plain(self), dtype)

    def __reduce__(self) -> Any:
        self._watch.look(_plain(self), sys._getframe(1))
        return tuple, (_plain(self),)


def _plain(sizes: Any) -> tuple[int, ...]:
    return tuple([tuple.__getitem__(sizes, i) for i in range(tuple.__len__(sizes))])


def _telling(name: str) -> Callable[..., Any]:
    """A method of tuples that needs all dimensions, and tells."""
    plain = getattr(tuple, name)

    def method(self: Sizes, *args: Any) -> Any:
        self._watch.look(_plain(self), sys._getframe(1))
        return plain(_plain(self), *args)

    method.__name__ = name
    return method


for _name in (
    "__iter__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__",
    "__add__", "__mul__", "__rmul__", "__contains__", "__repr__", "count", "index",
):  # fmt: skip
    setattr(Sizes, _name, _telling(_name))


def _after(self: Sizes, other: Any) -> Any:
    """`other + shape`, where `other` is a plain tuple."""
    self._watch.look(_plain(self), sys._getframe(1))
    return other + _plain(self) if isinstance(other, tuple) else NotImplemented


Sizes.__radd__ = _after  # type: ignore[attr-defined]


def _is_users(frame: FrameType) -> bool:
    return is_outside(frame) and not is_shipped_model(frame)
