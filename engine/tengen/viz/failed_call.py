"""The call that an error of memory ended: which step or model, and on inputs of which shapes."""

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType, FunctionType, TracebackType
from typing import Any

from ..base.errors import ArgumentError
from ..jit.samples import batch_of, with_batch
from ..jit.static import unwrapped
from ..jit.structure import flatten
from ..module import Module
from ..tensor import Tensor
from .targets import user_names

PLAIN = (bool, int, float, complex, str, type(None))


@dataclass(frozen=True)
class FailedCall:
    """A call that can be looked at again without its data.

    `samples` are its arguments with tensors of the same shapes that take no memory, `names` the
    user's names of the arguments, "" where there is none. `given` are the arguments' buffers,
    as far as somebody still holds them.
    """

    name: str
    target: Callable[..., Any]
    samples: tuple[Any, ...]
    names: tuple[str, ...]
    batch: int | None
    given: list["weakref.ref[Any]"] = field(default_factory=list)

    def at(self, batch: int | None) -> tuple[Any, ...]:
        """The samples with another batch."""
        return self.samples if batch is None else tuple(with_batch(self.samples, batch))

    @property
    def given_bytes(self) -> int:
        """Bytes that the arguments still hold."""
        buffers = {id(b): b.nbytes for b in (ref() for ref in self.given) if b is not None}
        return sum(buffers.values())


def failed_call(trace: TracebackType) -> FailedCall | None:
    """The outermost call with tensors that a traceback passes through, None if there is none."""
    for frame in _frames(trace):
        found = _call(frame)
        if found is not None:
            return found
    return None


def _frames(trace: TracebackType | None) -> Iterator[FrameType]:
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _call(frame: FrameType) -> FailedCall | None:
    target = _target(frame)
    if target is None:
        return None
    name, function = target
    arguments = _arguments(frame)
    leaves: list[Tensor] = []
    try:
        flatten(arguments, leaves)
        batch: int | None = batch_of(arguments)
    except ArgumentError:
        batch = None
    plain = all(isinstance(a, (*PLAIN, Tensor, tuple, list, dict)) for a in arguments)
    if not leaves or not plain:
        return None
    known = user_names()
    names = tuple([_name_of(a, known) for a in arguments])
    kept = [weakref.ref(t._buffer.root) for t in leaves if t._buffer is not None]
    # Without a batch in common the shapes stay; the tensors themselves are let go of all the same.
    samples = _hollow(arguments) if batch is None else with_batch(arguments, batch)
    return FailedCall(name, function, tuple(samples), names, batch, kept)


def _target(frame: FrameType) -> tuple[str, Callable[..., Any]] | None:
    """What a frame runs, if it is a function of the user's, or a model being called."""
    code, held = frame.f_code, frame.f_locals
    module = frame.f_globals.get("__name__", "")
    owner = held.get("self")
    if isinstance(owner, Module):
        return (_name_of(owner, user_names()) or type(owner).__name__, owner)
    if module.partition(".")[0] in ("tengen", "IPython", "ipykernel", "threading", "asyncio"):
        if owner is not None and code.co_name == "__call__" and hasattr(owner, "__wrapped__"):
            wrapped = owner.__wrapped__
            return getattr(wrapped, "__name__", "step"), wrapped
        return None
    found = unwrapped(frame.f_globals.get(code.co_name))
    found = getattr(found, "__wrapped__", found)
    if isinstance(found, FunctionType) and found.__code__ is code:
        return code.co_name, found
    bound: Any = getattr(owner, code.co_name, None)
    if getattr(getattr(bound, "__func__", None), "__code__", None) is code:
        return f"{_name_of(owner, user_names()) or type(owner).__name__}.{code.co_name}", bound
    return None


def _arguments(frame: FrameType) -> tuple[Any, ...]:
    code, held = frame.f_code, frame.f_locals
    names = [n for n in code.co_varnames[: code.co_argcount] if n != "self"]
    values = [held[n] for n in names if n in held]
    if code.co_flags & 0x04:  # *args
        values += held.get(code.co_varnames[code.co_argcount + code.co_kwonlyargcount], ())
    return tuple(values)


def _hollow(samples: tuple[Any, ...]) -> tuple[Any, ...]:
    """The samples with tensors of their own shapes that take no memory."""
    made = []
    for value in samples:
        alone = isinstance(value, Tensor) and value.ndim
        made.append(with_batch((value,), value.shape[0])[0] if alone else value)
    return tuple(made)


def _name_of(value: Any, names: dict[str, Any]) -> str:
    for name, held in list(names.items()):
        if held is value and not name.startswith("_"):
            return name
    return ""
