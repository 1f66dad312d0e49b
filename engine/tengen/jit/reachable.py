"""What a function can see: modules, optimizers, tensors and plain values behind its names.

Looked for in the closure, the globals its code names, defaults, the object it is bound to, and
what those hold, as far as it is the user's own or ours.
"""

import random
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..autodiff import GradManager
from ..module import Module
from ..optimizer import Optimizer
from ..tensor import Tensor

DEEPEST = 6
PLAIN = (bool, int, float, complex, str, bytes, type(None))
_LEAVE = (types.ModuleType, type, types.BuiltinFunctionType, Tensor, GradManager)


class Reachable:
    """Modules, optimizers and functions found, and where plain values and containers stand.

    `places` lists (owner, key, value): a name in a namespace, an attribute or an element whose
    value is plain; owners are dicts, lists or cells. `namespaces` are the attribute dicts of
    objects, `names` the (globals, name) that code uses, `cells` what closures hold, `random`
    generators of Python's and NumPy's.
    """

    def __init__(self) -> None:
        self.modules: list[Module] = []
        self.optimizers: list[Optimizer] = []
        self.tensors: list[Tensor] = []
        self.functions: list[Callable[..., Any]] = []
        self.containers: list[Any] = []
        self.places: list[tuple[Any, Any, Any]] = []
        self.namespaces: list[dict[str, Any]] = []
        self.names: list[tuple[dict[str, Any], str]] = []
        self.cells: list[Any] = []
        self.random: list[Any] = []
        self._seen: dict[int, Any] = {}

    def visit(self, value: Any, depth: int = 0) -> None:
        """Look at a value and at what it holds."""
        if isinstance(value, PLAIN) or id(value) in self._seen or depth > DEEPEST:
            return
        self._seen[id(value)] = value
        if isinstance(value, Tensor):
            self.tensors.append(value)
        elif isinstance(value, Module):
            self.modules += [m for m in value.modules() if id(m) not in self._seen or m is value]
            for part in value.modules():
                self._seen[id(part)] = part
                self._namespace(part.__dict__, depth, modules=True)
            self._function(getattr(type(value), "forward", None), depth)
        elif isinstance(value, Optimizer):
            self.optimizers.append(value)
            self.tensors += [t for states in value._state.values() for t in states.values()]
            for group in value.param_groups:
                self._namespace(group, depth)
        elif isinstance(value, (types.FunctionType, types.MethodType)):
            self._function(value, depth)
        elif isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
            self.random.append(value)
        elif isinstance(value, (dict, list, tuple, set)):
            self._container(value, depth)
        elif not isinstance(value, _LEAVE) and hasattr(value, "__dict__") and _ours(value):
            self._namespace(vars(value), depth)
            self._function(vars(type(value)).get("__call__"), depth)

    def _function(self, value: Any, depth: int) -> None:
        if isinstance(value, types.MethodType):
            self.visit(value.__self__, depth + 1)
            value = value.__func__
        if not isinstance(value, types.FunctionType) or not _ours(value):
            return
        self._seen[id(value)] = value
        self.functions.append(value)
        for cell in value.__closure__ or ():
            try:
                held = cell.cell_contents
            except ValueError:
                continue
            self.cells.append(cell)
            self._place(cell, "cell_contents", held, depth)
        for name in _names(value.__code__):
            if name in value.__globals__:
                self.names.append((value.__globals__, name))
                self._place(value.__globals__, name, value.__globals__[name], depth)
        for held in (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()):
            self.visit(held, depth + 1)

    def _container(self, value: Any, depth: int) -> None:
        self.containers.append(value)
        if len(value) > 10_000:
            return
        if isinstance(value, (dict, list)):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, held in list(items):
                self._place(value, key, held, depth)
        else:
            for held in value:
                self.visit(held, depth + 1)

    def _namespace(self, names: dict[str, Any], depth: int, modules: bool = False) -> None:
        self.namespaces.append(names)
        for key, held in list(names.items()):
            if modules and (key.startswith("_") or isinstance(held, Module)):
                continue
            self._place(names, key, held, depth)

    def _place(self, owner: Any, key: Any, value: Any, depth: int) -> None:
        if isinstance(value, PLAIN):
            self.places.append((owner, key, value))
        else:
            self.visit(value, depth + 1)


def _names(code: types.CodeType) -> Iterator[str]:
    """The global names that code and the functions inside it use."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _ours(value: Any) -> bool:
    """False for what belongs to an installed library, whose insides are none of ours."""
    module = getattr(value, "__module__", None) or type(value).__module__ or ""
    top = module.partition(".")[0]
    return top not in _LIBRARIES and not module.startswith(_FRAMEWORK)


_FRAMEWORK = ("tengen.functional", "tengen.ops", "tengen.graph", "tengen.runtime", "tengen.jit")
_LIBRARIES = frozenset(
    (
        "IPython", "builtins", "collections", "functools", "ipykernel", "ipywidgets", "itertools",
        "logging", "matplotlib", "numpy", "os", "pathlib", "random", "scipy", "sys", "threading",
        "time", "torch", "tqdm",
    )
)  # fmt: skip


def reachable(*roots: Any) -> Reachable:
    """What can be seen from the roots (functions, modules, arguments)."""
    found = Reachable()
    for root in roots:
        found.visit(root)
    return found
