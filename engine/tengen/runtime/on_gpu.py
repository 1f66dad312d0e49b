"""Calls on a GPU: an operator's own text on CuPy arrays, copies between devices, and errors.

A launch returns before its work is done. What was launched is noted, so that an error that shows
later is told with the calls that may have caused it; with `config.synchronous` each call waits
for its own.
"""

import logging
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import config as settings
from ..base.device import Device
from ..base.errors import DeviceError, OutOfMemoryError
from ..graph.opdef import OpDef
from ..graph.types import TensorType
from ..kernels.cuda.flight import NAMED, Launch
from ..kernels.cuda.gpu import Gpu
from ..kernels.cuda.transpose import reorder
from .buffer import Buffer, Tag, adopt, empty, view
from .failure import source_of
from .gpu_memory import explain as explain_memory
from .gpu_memory import give_way, gpu_of

Run = Callable[[tuple[Any, ...], Any], Any]

_log = logging.getLogger("tengen.gpu")
_said: set[str] = set()


def say_fallback(op: OpDef) -> None:
    """Say once for an operator that it runs by its own text."""
    if op.name not in _said:
        _said.add(op.name)
        _log.info("%s has no GPU kernel of its own for these types; it runs through CuPy", op.name)


def guarded(run: Run, op: OpDef, device: Device) -> Run:
    """`run` on the GPU's stream, its launches noted, its errors told with their origin."""
    place = gpu_of(device)
    place.explain = explain
    name = op.name
    synchronous = settings.config.synchronous

    def launch(ins: tuple[Any, ...], tag: Any) -> Any:
        place.enter()
        try:
            try:
                made = run(ins, tag)
            except place.exhausted:
                give_way(device)
                made = run(ins, tag)
        except place.errors as error:
            raise explain(place, error, Launch(name, tag)) from error
        except place.exhausted as error:
            what = f"[{name}] its scratch memory does not fit ({error})"
            # CuPy names the size in its text alone; that it is not known does not stop the card.
            text, where = explain_memory(device, what), device.physical
            raise OutOfMemoryError(text, asked=asked_of(error), device=where) from error
        place.launched(name, tag)
        if synchronous:
            place.synchronize()
        return made

    return launch


def asked_of(error: BaseException) -> int:
    """Bytes that CuPy says it could not get, 0 where it does not say."""
    found = re.search(r"allocating ([\d,]+) bytes", str(error))
    return int(found[1].replace(",", "")) if found else 0


def explain(place: Gpu, error: BaseException, at: Launch | None = None) -> DeviceError:
    """The error of a call that was launched earlier, or of the call `at` itself."""
    flying = [*place.flight.launches(), *([at] if at is not None else ())]
    lines = [f"[gpu{place.index}] the GPU stopped: {error}."]
    if len(flying) == 1:
        lines.append(f"It came from {_line(flying[0])}")
    elif flying:
        lines.append(f"It came from one of {len(flying)} calls in flight; the earliest:")
        lines += [f"  {_line(launch)}" for launch in flying[:NAMED]]
        lines.append("tengen.config.synchronous = True makes the error show at its call.")
    lines += getattr(error, "__notes__", [])
    lines.append("This process cannot use the GPU any more: start a new one.")
    return DeviceError("\n".join(lines))


def _line(launch: Launch) -> str:
    where = source_of(launch.tag)
    return f"{launch.op} at {where}" if where else launch.op


def text_run(op: OpDef, attrs: tuple[Any, ...], out_types: tuple[TensorType, ...]) -> Run:
    """The operator's own text on CuPy arrays."""
    say_fallback(op)
    place = gpu_of(out_types[0].device)
    named, kernel, single = op.unpack(attrs), op.kernel, op.single

    def run(ins: tuple[Any, ...], tag: Any) -> Any:
        found = kernel(place.xp, *[None if b is None else logical(b) for b in ins], **named)
        if single:
            return _result(out_types[0], found, op, ins, tag, place)
        return tuple(
            [_result(t, a, op, ins, tag, place) for t, a in zip(out_types, found, strict=True)]
        )

    return run


def _result(
    type_: TensorType, array: Any, op: OpDef, ins: tuple[Any, ...], tag: Tag | None, place: Gpu
) -> Buffer:
    """A buffer for an array that a text returned."""
    if type(array) is not place.xp.ndarray:
        raise TypeError(f"[{op.name}] its text gave {type(array).__name__} on {type_.device}")
    if array.dtype != type_.dtype:
        array = array.astype(type_.dtype)
    if not type_.known:
        type_ = TensorType.of(array.shape, type_.dtype, type_.device)
    if array.base is not None:
        for source in ins:
            if source is not None and place.share(array, source.array):
                return view(type_, array, source) if op.alias else adopt(type_, array.copy(), tag)
    return adopt(type_, array, tag)


def counted(made: Buffer, scratch: Any) -> Buffer:
    """The rows that count of a result whose kernel left their number in its workspace."""
    type_, array = made.type, first_rows(made.type, made.array, scratch)
    return view(TensorType.of(array.shape, type_.dtype, type_.device), array, made)


def first_rows(type_: TensorType, array: Any, scratch: Any) -> Any:
    """As many rows of an array as the first 8 bytes of a workspace say; waits for them."""
    return array[: int(gpu_of(type_.device).download(scratch[:8].view("int64"))[0])]


def transfer_run(op: OpDef, target: TensorType) -> Run:
    """A copy of the one input on another device."""

    def run(ins: tuple[Any, ...], tag: Any) -> Buffer:
        return transfer(ins[0], target.device, tag)

    return run


def transfer(source: Buffer, device: Device, tag: Tag | None) -> Buffer:
    """The value of a buffer in plain memory on another device."""
    type_ = TensorType.of(source.type.shape, source.type.dtype, device)
    made = empty(type_, tag)
    origin = source.type.device
    if origin.host:
        gpu_of(device).fill(made.array, host_array(source))
    elif device.host:
        np.copyto(made.array, host_array(source))
    else:
        place = gpu_of(origin)
        place.enter()
        gpu_of(device).take_over(place, place.xp.ascontiguousarray(logical(source)), made.array)
    return made


def logical(buffer: Buffer) -> Any:
    """The array of a GPU buffer in the logical order of its axes, a view of its memory."""
    layout, array = buffer.type.layout, buffer.array
    if layout is None:
        return array
    if layout.blocks:
        raise DeviceError(f"[gpu] the layout {layout.name} is the CPU's")
    return array.transpose([layout.order.index(axis) for axis in range(layout.ndim)])


def copy_there(source: Buffer, target: Buffer) -> None:
    """Fill a GPU buffer with the value of another on the same GPU, whatever the layout of each."""
    gpu_of(target.type.device).enter()
    layouts = source.type.layout, target.type.layout
    if layouts[0] is layouts[1]:
        target.array[...] = source.array
    elif not (
        source.array.flags.c_contiguous
        and reorder(source.array, layouts[0], target.array, layouts[1])
    ):
        logical(target)[...] = logical(source)


def host_array(buffer: Buffer) -> np.ndarray[Any, Any]:
    """The logical values of a buffer as a host array, which may be the buffer's own memory."""
    array, layout = buffer.array, buffer.type.layout
    if not buffer.type.device.host:
        array = gpu_of(buffer.type.device).download(array)
    return array if layout is None else layout.unpack(array, buffer.type.shape)  # type: ignore[no-any-return]
