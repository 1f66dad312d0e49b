"""Values that Python read on the host: which of them a call only hands out.

A value that is read after the last operator, in the very expression that the function returns,
such as `return loss.item()`, decides nothing: a frozen call computes first and reads then. Any
other reading stands in the way of skipping Python.
"""

import ast
import dataclasses
import functools
import itertools
import linecache
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

import numpy as np

from ..module import Module
from ..runtime.lazy import LazyBuffer
from ..runtime.plan import to_plain
from .reasons import Reason
from .structure import Place


@dataclasses.dataclass(frozen=True)
class Reading:
    """A value that was read, the record that was then the last, and the reason to give for it.

    `last`: the reading stands in what the function returns.
    """

    buffer: LazyBuffer
    at: Any
    reason: Reason
    last: bool


@dataclasses.dataclass(frozen=True)
class HandedOut:
    """Stands for the value of output `index` in a result: a number, or an array."""

    index: int
    number: bool

    def of(self, made: list[Any]) -> Any:
        """The value, from what a run made."""
        array = to_plain(made[self.index])
        return array.item() if self.number else array.copy()


def handed_out(
    template: Any, readings: list[Reading], outputs: dict[int, int], returned: list[Any]
) -> tuple[Any, list[Reading]]:
    """The template of a result with a place wherever it holds what was read, and the readings that
    it does not hold. What comes to a new place is appended to `returned`.

    `outputs` numbers the outputs by the identity of their buffers. Numbers are known again by their
    value, save whole ones, which could be anybody's.
    """
    found: set[int] = set()

    def look(leaf: Any) -> Any:
        for reading in readings:
            index = outputs.get(id(reading.buffer))
            if index is not None and _shows(leaf, reading.buffer):
                found.add(id(reading.buffer))
                returned.append(HandedOut(index, isinstance(leaf, float)))
                return Place(len(returned) - 1)
        return leaf

    made = _mapped(template, look)
    return made, [reading for reading in readings if id(reading.buffer) not in found]


def _shows(leaf: Any, buffer: LazyBuffer) -> bool:
    """Whether a leaf is the value of a buffer."""
    if type(leaf) is float:
        return buffer.type.size == 1 and not leaf.is_integer() and to_plain(buffer).item() == leaf
    if type(leaf) is np.ndarray:
        value = to_plain(buffer)
        return leaf.dtype == value.dtype and leaf.size > 0 and np.array_equal(leaf, value)
    return False


def code_of(function: Callable[..., Any]) -> CodeType | None:
    """The code that a call of a function or module runs first; None where that is not Python's."""
    plain = getattr(function, "__func__", function)
    if isinstance(function, Module):
        plain = type(function).forward
    return getattr(plain, "__code__", None)


def in_the_result(frame: FrameType | None, code: CodeType | None) -> bool:
    """Whether a frame of `code` is at a call whose value it returns, alone or in a display."""
    if frame is None or frame.f_code is not code:
        return False
    if not hasattr(code, "co_positions"):
        return False
    at = next(itertools.islice(code.co_positions(), frame.f_lasti // 2, None), None)
    return at in _returned(code.co_filename, "".join(linecache.getlines(code.co_filename)))


@functools.lru_cache(maxsize=64)
def _returned(name: str, text: str) -> frozenset[tuple[int | None, ...]]:
    """Where calls stand in a file whose values are returned: line, last line, column, last."""
    try:
        tree = ast.parse(text, name)
    except SyntaxError:
        return frozenset()
    found = set()
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Return) else None
        if isinstance(node, ast.Lambda):
            value = node.body
        for leaf in _leaves(value):
            if isinstance(leaf, ast.Call):
                place = leaf.lineno, leaf.end_lineno, leaf.col_offset, leaf.end_col_offset
                found.add(place)
    return frozenset(found)


def _leaves(value: ast.expr | None) -> Iterator[ast.expr]:
    if isinstance(value, (ast.Tuple, ast.List)):
        for item in value.elts:
            yield from _leaves(item)
    elif isinstance(value, ast.Dict):
        for item in value.values:
            yield from _leaves(item)
    elif value is not None:
        yield value


def _mapped(template: Any, change: Any) -> Any:
    if isinstance(template, tuple) and hasattr(template, "_fields"):
        return type(template)(*[_mapped(item, change) for item in template])
    if isinstance(template, (list, tuple)):
        return type(template)([_mapped(item, change) for item in template])
    if isinstance(template, dict):
        return {key: _mapped(item, change) for key, item in template.items()}
    return change(template)
