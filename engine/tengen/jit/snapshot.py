"""Snapshot: everything a function could change, to be put back exactly as it was."""

import copy
import random
from collections import deque
from typing import Any

import numpy as np

from ..base.tally import changes
from ..random.generator import every_generator
from ..runtime.lazy import settled
from ..tensor import Tensor
from .owners import Attributes
from .reachable import Reachable

_NAMING = ("_scope", "_name", "_short_name")


class Snapshot:
    """The values, gradients, attributes, lists, names and random states that can be reached.

    Buffers are never written while a snapshot holds them, so nothing is copied.
    """

    def __init__(self, seen: Reachable, leaves: list[Tensor]):
        handles = {id(t): t for t in (*seen.tensors, *leaves)}
        handles.update({id(g.state): g.state for g in every_generator()})
        self.tensors = [(t, settled(t._buffer), t._var, t.grad) for t in handles.values()]
        self.namespaces = [(d, dict(d)) for d in seen.namespaces]
        self.containers = [(c, _copy(c)) for c in seen.containers if not isinstance(c, tuple)]
        self.cells = [(c, c.cell_contents) for c in seen.cells]
        self.names = [(d, n, d.get(n)) for d, n in seen.names]
        self.random = [(g, _drawn(g)) for g in seen.random]
        self.python_random = random.getstate()
        self.numpy_random = np.random.get_state()

    def restore(self) -> None:
        """Put everything back."""
        for names, saved in self.namespaces:
            names.clear()
            names.update(saved)
        changes.note()
        for container, saved in self.containers:
            _fill(container, saved)
        for cell, value in self.cells:
            cell.cell_contents = value
        for names, name, value in self.names:
            if names.get(name) is not value:
                names[name] = value
        for tensor, buffer, var, grad in self.tensors:
            tensor._buffer, tensor._var, tensor.grad = buffer, var, grad
        for source, state in self.random:
            _redraw(source, state)
        random.setstate(self.python_random)
        np.random.set_state(self.numpy_random)

    def changes(self) -> list[str]:
        """What Python state differs from the snapshot, each in words; tensors' values aside."""
        found = []
        for names, saved in self.namespaces:
            for key in {**names, **saved}:
                if key not in _NAMING and not _same(names.get(key), saved.get(key)):
                    found.append(f"the attribute {key!r} changed")
        for container, saved in self.containers:
            if not _same_items(container, saved):
                found.append(f"a {type(container).__name__} of {len(saved)} items changed")
        for cell, value in self.cells:
            if not _same(cell.cell_contents, value):
                found.append("a variable of the enclosing function changed")
        for names, name, value in self.names:
            if not _same(names.get(name), value):
                kind = "attribute" if isinstance(names, Attributes) else "global"
                found.append(f"the {kind} {name!r} changed")
        for source, state in self.random:
            if repr(_drawn(source)) != repr(state):
                found.append("random numbers of a generator of Python's or NumPy's were drawn")
        if random.getstate() != self.python_random:
            found.append("Python's random numbers were drawn")
        if not _same_state(np.random.get_state(), self.numpy_random):
            found.append("NumPy's random numbers were drawn")
        return list(dict.fromkeys(found))


def _drawn(source: Any) -> Any:
    """The state of a generator of Python's or NumPy's."""
    if isinstance(source, random.Random):
        return source.getstate()
    if isinstance(source, np.random.RandomState):
        return source.get_state(legacy=False)
    return copy.deepcopy(source.bit_generator.state)


def _redraw(source: Any, state: Any) -> None:
    if isinstance(source, random.Random):
        source.setstate(state)
    elif isinstance(source, np.random.RandomState):
        source.set_state(state)
    else:
        source.bit_generator.state = state


def _copy(container: Any) -> Any:
    if type(container) in (list, dict, set, deque, np.ndarray):
        return copy.copy(container)
    return container


def _fill(container: Any, saved: Any) -> None:
    if type(container) is list:
        container[:] = saved
    elif type(container) in (dict, set):
        container.clear()
        container.update(saved)
    elif type(container) is deque:
        container.clear()
        container.extend(saved)
    elif type(container) is np.ndarray:
        container[...] = saved


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if type(a) is not type(b) or isinstance(a, Tensor):
        return False
    if isinstance(a, (bool, int, float, complex, str, bytes)):
        return bool(a == b) or (a != a and b != b)
    return False


def _same_items(a: Any, b: Any) -> bool:
    if len(a) != len(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, set):
        return bool(a == b)
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    return all(_same(x, y) for x, y in zip(a, b, strict=True))


def _same_state(a: Any, b: Any) -> bool:
    return bool(a[0] == b[0] and a[2:] == b[2:] and np.array_equal(a[1], b[1]))
