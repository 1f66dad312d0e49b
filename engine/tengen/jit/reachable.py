"""What a function can see: modules, optimizers, tensors and plain values behind its names.

Looked for in the closure, the globals its code names, defaults, the object it is bound to, and
what those and their classes hold, as far as it is the user's own or ours.
"""

import functools
import os
import random
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ..autodiff import GradManager
from ..module import Module
from ..optimizer import Optimizer
from ..tensor import Tensor
from .owners import (
    Attributes,
    ClassAttributes,
    Environment,
    Members,
    Numbers,
    attributes_of,
    slots_of,
)

DEEPEST = 16
PLAIN = (bool, int, float, complex, str, bytes, type(None))
_LEAVE = (types.ModuleType, types.BuiltinFunctionType, Tensor)


class Reachable:
    """Modules, optimizers and functions found, and where plain values and containers stand.

    `places` lists (owner, key, value): a name in a namespace, an attribute or an element whose
    value is plain; owners are dicts, lists, cells, or what owners.py has. `links` lists those whose
    value is an object, `sizes` how many items containers have. `namespaces` are the attribute dicts
    of objects, `names` the (globals or other owner, name) that code uses, `cells` what closures
    hold, `random` generators of Python's and NumPy's.
    """

    def __init__(self) -> None:
        self.modules: list[Module] = []
        self.optimizers: list[Optimizer] = []
        self.tensors: list[Tensor] = []
        self.functions: list[Callable[..., Any]] = []
        self.containers: list[Any] = []
        self.places: list[tuple[Any, Any, Any]] = []
        self.links: list[tuple[Any, Any, Any]] = []
        self.sizes: list[tuple[Any, int]] = []
        self.namespaces: list[dict[str, Any]] = []
        self.names: list[tuple[Any, str]] = []
        self.cells: list[Any] = []
        self.random: list[Any] = []
        self._seen: dict[int, Any] = {}
        self._known: dict[int, type] = {}

    def visit(self, value: Any, depth: int = 0) -> None:
        """Look at a value and at what it holds."""
        if (
            not _tells(value)
            or isinstance(value, PLAIN)
            or id(value) in self._seen
            or depth > DEEPEST
        ):
            return
        self._seen[id(value)] = value
        if isinstance(value, Tensor):
            self.tensors.append(value)
        elif isinstance(value, type):
            self._class(value, depth)
        elif isinstance(value, Module):
            self.modules += [m for m in value.modules() if id(m) not in self._seen or m is value]
            for part in value.modules():
                self._seen[id(part)] = part
                self._classes(part, depth)
                self._namespace(part.__dict__, depth, modules=True)
                self._hooks(part)
            self._function(getattr(type(value), "forward", None), depth)
        elif isinstance(value, Optimizer):
            self.optimizers.append(value)
            self.tensors += [t for states in value._state.values() for t in states.values()]
            for group in value.param_groups:
                self._namespace(group, depth)
            self._count(value.param_groups)
        elif isinstance(value, (types.FunctionType, types.MethodType)):
            self._function(value, depth)
        elif isinstance(value, GradManager):
            self._count(value._attached)
        elif isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
            self.random.append(value)
        elif isinstance(value, property):
            self.visit(value.fget, depth + 1)
        elif isinstance(value, (staticmethod, classmethod)):
            self.visit(value.__func__, depth + 1)
        elif isinstance(value, functools.partial):
            for held in (value.func, value.args, value.keywords):
                self.visit(held, depth + 1)
        elif isinstance(value, np.ndarray):
            self._array(value)
        elif isinstance(value, (dict, list, tuple, set, deque)):
            self._container(value, depth)
        elif not isinstance(value, _LEAVE) and _ours(value):
            self._object(value, depth)

    def _object(self, value: Any, depth: int) -> None:
        names = Attributes(value)["__dict__"]
        if isinstance(names, dict):
            self._namespace(names, depth)
        self._named(Attributes(value), slots_of(value), depth)
        self._classes(value, depth)
        self._function(vars(type(value)).get("__call__"), depth)

    def _classes(self, value: Any, depth: int) -> None:
        for cls in type(value).__mro__:
            self._class(cls, depth)

    def _class(self, value: type, depth: int) -> None:
        if id(value) not in self._known and _users(value.__module__):
            self._known[id(value)] = value
            self._named(ClassAttributes(value), attributes_of(value), depth)

    def _named(self, owner: Attributes, names: Iterable[str], depth: int) -> None:
        """The values of an object that stand in no dict."""
        for name in names:
            held = owner.get(name)
            self.names.append((owner, name))
            self._place(owner, name, held, depth)

    def _array(self, value: np.ndarray[Any, Any]) -> None:
        if value.dtype.kind in "biufc" and value.size:
            numbers = Numbers(value)
            self.places.append((numbers, 0, numbers[0]))
            if value.nbytes <= MOST_COPIED and value.flags.writeable:
                self.containers.append(value)

    def _function(self, value: Any, depth: int) -> None:
        if isinstance(value, types.MethodType):
            self.visit(value.__self__, depth + 1)
            value = value.__func__
        if not isinstance(value, types.FunctionType) or not _ours(value):
            return
        self._seen[id(value)] = value
        self.functions.append(value)
        self._named(Attributes(value), ("__code__", "__defaults__", "__kwdefaults__"), depth)
        self._namespace(vars(value), depth)
        for cell in value.__closure__ or ():
            try:
                held = cell.cell_contents
            except ValueError:
                continue
            self.cells.append(cell)
            self._place(cell, "cell_contents", held, depth)
        names = set(_names(value.__code__))
        if names & {"environ", "getenv"}:
            self.places.append((Environment(), 0, dict(os.environ)))
        for name in names & value.__globals__.keys():
            held = value.__globals__[name]
            self.names.append((value.__globals__, name))
            self._place(value.__globals__, name, held, depth)
            if isinstance(held, types.ModuleType) and _users(held.__name__):
                for part in names & vars(held).keys():
                    self.names.append((vars(held), part))
                    self._place(vars(held), part, vars(held)[part], depth)
        for held in (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()):
            self.visit(held, depth + 1)

    def _hooks(self, module: Module) -> None:
        for hooks in (module._forward_pre_hooks, module._forward_hooks):
            self._count(hooks)
            self.links += [(hooks, key, hook) for key, hook in hooks.items()]

    def _count(self, container: Any) -> None:
        self.sizes.append((container, len(container)))

    def _container(self, value: Any, depth: int) -> None:
        self.containers.append(value)
        self._count(value)
        if len(value) > 10_000:
            return
        if isinstance(value, set):
            self.places.append((Members(value), 0, frozenset(value)))
        if isinstance(value, (dict, list, deque)):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, held in list(items):
                self._place(value, key, held, depth)
        else:
            for held in value:
                self.visit(held, depth + 1)

    def _namespace(self, names: dict[str, Any], depth: int, modules: bool = False) -> None:
        self.namespaces.append(names)
        self._count(names)
        for key, held in list(names.items()):
            if modules and isinstance(held, Module):
                self.links.append((names, key, held))
            elif not (modules and key.startswith("_")):
                self._place(names, key, held, depth)

    def _place(self, owner: Any, key: Any, value: Any, depth: int) -> None:
        if _tells(value) and isinstance(value, PLAIN):
            self.places.append((owner, key, value))
        else:
            self.links.append((owner, key, value))
            self.visit(value, depth + 1)


def _users(module: str) -> bool:
    """Whether a Python module may be the user's own: neither Python's, ours nor of a known
    library."""
    top = module.partition(".")[0]
    return top not in _LIBRARIES and top not in sys.stdlib_module_names and top != "tengen"


def _names(code: types.CodeType) -> Iterator[str]:
    """The global names that code and the functions inside it use.

    Names that no source can spell are those of tools that rewrite it, as pytest does asserts: all
    the tool holds can be reached through them.
    """
    yield from filter(str.isidentifier, code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


MOST_COPIED = 2**20
"""Bytes of an array that a snapshot copies."""


def _tells(value: Any) -> bool:
    """Whether a value says what it is; a weak proxy to what is gone does not, to anybody."""
    try:
        return isinstance(value.__class__, type)
    except Exception:
        return False


def _ours(value: Any) -> bool:
    """False for what belongs to an installed library, whose insides are none of ours."""
    module = Attributes(value)["__module__"]
    module = module if isinstance(module, str) else str(type(value).__module__)
    top = module.partition(".")[0]
    return top not in _LIBRARIES and not module.startswith(_FRAMEWORK)


_FRAMEWORK = ("tengen.functional", "tengen.ops", "tengen.graph", "tengen.runtime", "tengen.jit")
_LIBRARIES = frozenset(
    (
        "IPython", "builtins", "collections", "functools", "ipykernel", "ipywidgets", "itertools",
        "logging", "matplotlib", "numpy", "os", "pathlib", "pluggy", "pytest", "random", "scipy",
        "sys", "threading", "time", "torch", "tqdm", "_pytest",
    )
)  # fmt: skip


def reachable(*roots: Any) -> Reachable:
    """What can be seen from the roots (functions, modules, arguments)."""
    found = Reachable()
    for root in roots:
        found.visit(root)
    return found
