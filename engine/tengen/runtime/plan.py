"""Plan: a call prepared for one signature (operator, attributes, physical input types).

Making one chooses the kernel; running one allocates the outputs and calls it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import config as settings
from ..base.errors import DeviceError
from ..graph.infer import infer
from ..graph.opdef import Bound, Deferred, OpDef
from ..graph.types import TensorType
from .buffer import TAGGED, Buffer, DeferredBuffer, Tag, adopt, empty, view
from .choice import choose
from .gpu_memory import gpu_of
from .memory import POOLED, require
from .on_gpu import copy_there, counted, guarded, host_array, text_run, transfer_run

Run = Callable[[tuple[Any, ...], Any], Any]

MOST_PLANS = 20_000
"""Signatures kept; a program that makes more (every index of a long loop) starts over."""

LARGE = 64 << 20
"""Bytes of results from which a NumPy kernel, which allocates by itself, asks for room first."""

plans: dict[tuple[Any, ...], "Plan"] = {}


class Plan:
    """`run(buffers, tag)` gives one Buffer, or a tuple of them for several outputs."""

    __slots__ = (
        "attrs", "big", "dynamic", "in_types", "kernel", "op", "out_types", "programs", "run",
        "tag",
    )  # fmt: skip

    def __init__(
        self,
        op: OpDef,
        attrs: tuple[Any, ...],
        forms: tuple[TensorType | None, ...],
        deferring: bool = True,
    ):
        logical = tuple([None if f is None else f.logical for f in forms])
        _same_device(op, logical)
        self.op = op
        self.attrs = attrs
        self.in_types = logical
        self.out_types = infer(op, attrs, logical)  # type: ignore[arg-type]
        self.big = any(not t.known or t.nbytes >= TAGGED for t in self.out_types)
        self.dynamic = not all(t.known for t in self.out_types)
        self.tag = Tag(op.name, None, None, 0)
        self.programs: dict[Any, Any] = {}
        self.kernel, self.run = self._prepared(forms, deferring)

    def _prepared(self, forms: tuple[TensorType | None, ...], deferring: bool) -> tuple[str, Run]:
        """The name of the chosen kernel, and what runs it."""
        op, attrs, outs = self.op, self.attrs, self.out_types
        device = outs[0].device
        source = next((f.device for f in forms if f is not None), device)
        if source is not device:
            on = source if device.host else device
            return "transfer", guarded(transfer_run(op, outs[0]), op, on)
        bound = choose(op, attrs, forms, self.in_types, outs, deferring=deferring)
        if bound is None:
            if not device.host:
                return "cupy", guarded(text_run(op, attrs, outs), op, device)
            return "numpy", _with_room(_numpy_run(op, attrs, forms, outs), op, outs)
        prepare = _bound_run if bound.start is None else _deferring_run
        run = prepare(op, bound, forms)
        return bound.name, run if device.host else guarded(run, op, device)


def plan_for(op: OpDef, attrs: tuple[Any, ...], forms: tuple[TensorType | None, ...]) -> Plan:
    """The plan of a signature, made on its first use."""
    key = (op, attrs, *forms)
    plan = plans.get(key)
    if plan is None:
        if len(plans) >= MOST_PLANS:
            plans.clear()
        plan = plans[key] = Plan(op, attrs, forms)
    return plan


@settings.on_change
def _forget(name: str) -> None:
    plans.clear()


def _same_device(op: OpDef, types: tuple[TensorType | None, ...]) -> None:
    devices = {t.device for t in types if t is not None}
    if len(devices) > 1:
        names = ", ".join(sorted(d.physical for d in devices))
        raise DeviceError(f"[{op.name}] inputs are on different devices: {names}; use Tensor.to()")


def to_plain(buffer: Buffer) -> Any:
    """The logical array of a buffer on the host, unpacked from a blocked layout if it has one."""
    if not buffer.type.device.host:
        return host_array(buffer)
    array = buffer.array
    layout = buffer.type.layout
    return array if layout is None else layout.unpack(array, buffer.type.shape)


def convert(buffer: Buffer, layout: Any, tag: Tag | None) -> Buffer:
    """The same value in another physical layout (None: plain, C-contiguous)."""
    if buffer.type.layout is layout and (layout is not None or buffer.array.flags.c_contiguous):
        return buffer
    made = empty(buffer.type.with_layout(layout), tag)
    copy_between(buffer, made)
    return made


def convert_array(array: Any, form: TensorType, layout: Any) -> Any:
    """A physical array of `form` in another layout, outside the accounts."""
    if form.layout is layout:
        return array
    type_ = form.with_layout(layout)
    shape = type_.shape if layout is None else layout.physical_shape(type_.shape)
    xp = np if type_.device.host else gpu_of(type_.device).xp
    target = Buffer(type_, xp.empty(shape, type_.dtype))
    copy_between(Buffer(form, array), target)
    return target.array


def copy_between(source: Buffer, target: Buffer) -> None:
    """Fill a buffer with the value of another one, whatever the layout of each."""
    if not target.type.device.host:
        copy_there(source, target)
        return
    reorder = _reorder[0]
    if reorder is None or not reorder(source, target):
        plain, layout = to_plain(source), target.type.layout
        np.copyto(target.array, plain if layout is None else layout.pack(plain))


_reorder: list[Any] = [None]


def install_reorder(run: Any) -> None:
    """Set a fast `run(source, target) -> bool` for layout conversions."""
    _reorder[0] = run


def _result(type_: TensorType, array: Any, op: OpDef, ins: tuple[Any, ...], tag: Any) -> Buffer:
    """A buffer for an array that a NumPy kernel returned."""
    if type(array) is not np.ndarray:
        array = np.asarray(array)
    if array.dtype != type_.dtype:
        array = array.astype(type_.dtype)
    if not type_.known:
        type_ = TensorType.of(array.shape, type_.dtype, type_.device)
    if array.base is not None and op.alias:
        for source in ins:
            if source is not None and np.may_share_memory(array, source.array):
                return view(type_, array, source)
    return adopt(type_, array, tag)


def _with_room(run: Run, op: OpDef, out_types: tuple[TensorType, ...]) -> Run:
    """`run`, which takes memory before it is booked, asked for first where it is much."""
    nbytes = sum(t.nbytes for t in out_types if t.known)
    if op.alias or nbytes < LARGE:
        return run

    def asked(ins: tuple[Any, ...], tag: Any) -> Any:
        require(nbytes)
        return run(ins, tag)

    return asked


def _numpy_run(
    op: OpDef,
    attrs: tuple[Any, ...],
    forms: tuple[TensorType | None, ...],
    out_types: tuple[TensorType, ...],
) -> Run:
    named = op.unpack(attrs)
    kernel = op.kernel
    plain = all(f is None or f.layout is None for f in forms)
    if op.single and plain and None not in forms and not op.alias:
        out = out_types[0]
        if op.destination and out.known and out.nbytes >= POOLED:

            def into(ins: tuple[Any, ...], tag: Any) -> Buffer:
                made = empty(out, tag)
                kernel(np, *[b.array for b in ins], out=made.array, **named)
                return made

            return into
        if out.known:

            def direct(ins: tuple[Any, ...], tag: Any) -> Buffer:
                array = kernel(np, *[b.array for b in ins], **named)
                if type(array) is np.ndarray and array.base is None and array.dtype is out.dtype:
                    return adopt(out, array, tag)
                return _result(out, array, op, ins, tag)

            return direct

    if op.single and plain and op.alias and len(forms) == 1 and out_types[0].known:
        shown = out_types[0]

        def seen(ins: tuple[Any, ...], tag: Any) -> Buffer:
            source = ins[0]
            own = source.array
            array = kernel(np, own, **named)
            base = array.base
            # NumPy names the owner of a view's memory: the same owner, or the source itself.
            if base is not None and (base is own or base is own.base) and array.dtype is own.dtype:
                return view(shown, array, source)
            return _result(shown, array, op, ins, tag)

        return seen

    def run(ins: tuple[Any, ...], tag: Any) -> Any:
        arrays = [None if b is None else to_plain(b) for b in ins]
        found = kernel(np, *arrays, **named)
        if op.single:
            return _result(out_types[0], found, op, ins, tag)
        return tuple([_result(t, a, op, ins, tag) for t, a in zip(out_types, found, strict=True)])

    return run


def _bound_run(op: OpDef, bound: Bound, forms: tuple[TensorType | None, ...]) -> Run:
    execute, layouts, out_types = bound.run, bound.in_layouts, bound.out_types
    assert execute is not None
    workspace = bound.workspace
    scratch_type = TensorType.of((workspace,), "uint8", out_types[0].device)
    single = op.single
    ready = all(
        form is None or form.layout is layout for form, layout in zip(forms, layouts, strict=True)
    )
    check = bound.contiguous

    def run(ins: tuple[Any, ...], tag: Any) -> Any:
        arrays: list[Any] = []
        held = []  # arrays do not keep the arena's memory; converted buffers must live until run
        for buffer, layout in zip(ins, layouts, strict=True):
            if buffer is None:
                arrays.append(None)
                continue
            if not ready or (check and layout is None and not buffer.array.flags.c_contiguous):
                buffer = convert(buffer, layout, tag)
                held.append(buffer)
            arrays.append(buffer.array)
        outs = [empty(t, tag) for t in out_types]
        if workspace:
            scratch = empty(scratch_type, tag)
            execute((*[o.array for o in outs], scratch.array), tuple(arrays))
            if bound.counted:
                return counted(outs[0], scratch.array)
        else:
            execute(tuple([o.array for o in outs]), tuple(arrays))
        return outs[0] if single else tuple(outs)

    return run


def _deferring_run(op: OpDef, bound: Bound, forms: tuple[TensorType | None, ...]) -> Run:
    """Run a kernel that takes unfinished inputs and may leave its outputs unfinished."""
    start, layouts, out_types = bound.start, bound.in_layouts, bound.out_types
    assert start is not None
    single = op.single

    def run(ins: tuple[Any, ...], tag: Any) -> Any:
        operands: list[Any] = []
        sources: list[Buffer] = []
        for buffer, layout in zip(ins, layouts, strict=True):
            if buffer is None:
                operands.append(None)
                continue
            pending = buffer.pending
            if pending is not None and buffer.type.layout is layout:
                pending.shared = buffer.uses > 0
                pending.allocate = buffer.allocate
                operands.append(pending)
                sources += buffer.sources
                sources.append(buffer)
                continue
            array = buffer.array
            if buffer.type.layout is not layout or (
                layout is None and not array.flags.c_contiguous
            ):
                buffer = convert(buffer, layout, tag)
                array = buffer.array
            sources.append(buffer)
            operands.append(array)
        outputs = start(tuple(operands))
        made = []
        for type_, output in zip(out_types, outputs, strict=True):
            if output.now:
                buffer = empty(type_, tag)
                output.compute(buffer._array)
            else:
                buffer = DeferredBuffer(type_, output, sources, tag)
            made.append(buffer)
        for operand in operands:
            if type(operand) is Deferred:
                operand.allocate = None
        return made[0] if single else tuple(made)

    return run
