"""Functions of a tensor, each with something that it sees and that is changed afterwards.

Each entry makes a fresh function and its change: `name -> () -> (function, change)`.
"""

import collections
import enum
import functools
import os
import types
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

import tengen.module as M

Made = tuple[Callable[..., Any], Callable[[], Any]]
SEEN: dict[str, Callable[[], Made]] = {}
SCALE = 2.0
SETTINGS = types.ModuleType("settings")


def seen(make: Callable[[], Made]) -> Callable[[], Made]:
    SEEN[make.__name__] = make
    return make


def item(owner: Any, key: Any, value: Any = 3.0) -> Callable[[], Any]:
    return lambda: owner.__setitem__(key, value)


def attribute(owner: Any, name: str, value: Any = 3.0) -> Callable[[], Any]:
    return lambda: setattr(owner, name, value)


def scaled(x):
    return x * SCALE


@seen
def a_global() -> Made:
    globals()["SCALE"] = 2.0
    return lambda x: x * SCALE, item(globals(), "SCALE")


@seen
def a_global_of_a_helper() -> Made:
    globals()["SCALE"] = 2.0
    return lambda x: scaled(x) + 1, item(globals(), "SCALE")


@seen
def a_global_of_a_part() -> Made:
    class Part(M.Module):
        @property
        def gain(self):
            return SCALE

        @staticmethod
        def shifted(x):
            return x + SCALE

        def forward(self, x):
            return self.shifted(x) * self.gain

    class Whole(M.Module):
        def __init__(self):
            super().__init__()
            self.parts = [Part()]

        def forward(self, x):
            return self.parts[0](x)

    globals()["SCALE"] = 2.0
    return Whole(), item(globals(), "SCALE")


@seen
def a_class_of_settings() -> Made:
    class Settings:
        scale = 2.0

    return lambda x: x * Settings.scale, attribute(Settings, "scale")


@seen
def an_attribute_of_a_base_class() -> Made:
    class Base(M.Module):
        slope = 2.0

    class Net(Base):
        def forward(self, x):
            return x * self.slope

    return Net(), attribute(Base, "slope")


@seen
def an_attribute_that_is_new() -> Made:
    class Net(M.Module):
        def forward(self, x):
            return x * getattr(self, "gain", 2.0)

    net = Net()
    return net, attribute(net, "gain")


@seen
def a_method() -> Made:
    class Net(M.Module):
        def forward(self, x):
            return self.changed(x)

        def changed(self, x):
            return x * 2

    return Net(), attribute(Net, "changed", lambda self, x: x * 3)


@seen
def a_module_of_settings() -> Made:
    SETTINGS.scale = 2.0
    return lambda x: x * SETTINGS.scale, attribute(SETTINGS, "scale")


@seen
def a_slot() -> Made:
    class Held:
        __slots__ = ("scale",)

    held = Held()
    held.scale = 2.0
    return lambda x: x * held.scale, attribute(held, "scale")


@seen
def a_slot_that_was_empty() -> Made:
    class Held:
        __slots__ = ("scale",)

    held = Held()
    return lambda x: x * getattr(held, "scale", 2.0), attribute(held, "scale")


@seen
def what_stands_behind_a_weak_proxy() -> Made:
    class Held:
        scale = 2.0

    held = Held()
    proxy = weakref.proxy(held)
    return lambda x: x * proxy.scale, attribute(held, "scale")


@seen
def an_attribute_beside_what_cannot_be_looked_at() -> Made:
    held = types.SimpleNamespace(parts=unreadable(), scale=2.0)
    return lambda x: x * held.scale, attribute(held, "scale")


def unreadable() -> list[Any]:
    """Objects that raise whatever they are asked."""

    class Unbound:
        __slots__ = ("context",)

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(f"{name}: no context")

    class Nameless(Unbound):
        @property
        def __class__(self) -> Any:
            raise LookupError("of no class")

    class Gone:
        pass

    return [Unbound(), Nameless(), weakref.proxy(Gone())]


@seen
def an_attribute_of_a_function() -> Made:
    def f(x):
        return x * f.scale

    f.scale = 2.0
    return f, attribute(f, "scale")


@seen
def a_default() -> Made:
    def f(x, scale=2.0):
        return x * scale

    return f, attribute(f, "__defaults__", (3.0,))


@seen
def an_argument_of_a_partial_call() -> Made:
    held = {"scale": 2.0}
    return functools.partial(lambda held, x: x * held["scale"], held), item(held, "scale")


@seen
def a_deque() -> Made:
    held = collections.deque([2.0], maxlen=1)
    return lambda x: x * held[0], lambda: held.append(3.0)


@seen
def a_set() -> Made:
    held = {1, 2}
    return lambda x: x * sum(held), lambda: held.symmetric_difference_update({2, 5})


@seen
def the_length_of_a_list() -> Made:
    held = [1.0]
    return lambda x: sum((x * k for k in held), x), lambda: held.append(3.0)


@seen
def a_number_of_an_array() -> Made:
    held = np.ones(9, np.float32)
    return lambda x: x * float(held[4]), item(held, 4)


@seen
def a_choice() -> Made:
    kind = enum.Enum("kind", "plain doubled")
    held = types.SimpleNamespace(kind=kind.plain)
    return lambda x: x * (4 if held.kind is kind.doubled else 2), attribute(
        held, "kind", kind.doubled
    )


@seen
def an_item_ten_levels_down() -> Made:
    held: dict[str, Any] = {"scale": 2.0}
    top: dict[str, Any] = held
    for _ in range(10):
        top = {"next": top}

    def f(x):
        at = top
        while "next" in at:
            at = at["next"]
        return x * at["scale"]

    return f, item(held, "scale")


@seen
def a_variable_of_the_environment() -> Made:
    os.environ["TENGEN_TEST_SCALE"] = "2"
    return (
        lambda x: x * float(os.environ["TENGEN_TEST_SCALE"]),
        lambda: os.environ.update(TENGEN_TEST_SCALE="3"),
    )
