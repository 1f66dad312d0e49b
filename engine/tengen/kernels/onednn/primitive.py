"""Plan: one oneDNN primitive built for one signature, and the shortest way to run it.

A plan may be called from several threads at once: each call takes its own set of memory objects
and stream, and cffi lets go of the GIL while oneDNN computes.
"""

import enum
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .algorithms import BINARY, Activation, eltwise
from .errors import OneDnnError, Unsupported, check
from .library import load, when_replaced, when_stale
from .memory import Desc, desc_of, md_of

SRC, SRC_1, DST, WEIGHTS, BIAS = 1, 2, 17, 33, 41
MEAN, VARIANCE, SCALE, SHIFT, WORKSPACE, SCRATCHPAD = 49, 50, 51, 52, 64, 80
DIFF_SRC, DIFF_DST, DIFF_WEIGHTS, DIFF_BIAS = 129, 145, 161, 169
DIFF_SCALE, DIFF_SHIFT, MULTIPLE_SRC, POST_OP = 255, 256, 1024, 32768
FORWARD, INFERENCE, BACKWARD, BACKWARD_DATA = 64, 96, 128, 160

_QUERY_IMPLEMENTATION, _QUERY_SCRATCHPAD, _QUERY_ARGUMENT = 8, 136, 255

KEPT_PLANS = 2048

Array = np.ndarray[Any, Any]


@enum.unique
class Speed(enum.IntEnum):
    """What kind of kernel a plan got."""

    REFERENCE = 0
    GEMM = 1
    GENERATED = 2


class Plan:
    """A primitive and the form of each array it takes.

    `names` are the arguments in the order of a call and `descs` their forms; each is an attribute
    too (`plan.src`, `plan.dst` ...). Call it with arrays in exactly those forms (blocked ones as
    their physical array); the outputs among them are overwritten. When `scratchpad_bytes` is not
    0 one more array, of at least that size and any type, may follow; without it the call
    allocates one. Nothing is checked on this path: `checked` is the slow twin.
    """

    src: Desc
    src_1: Desc
    weights: Desc
    bias: Desc
    dst: Desc
    diff_src: Desc
    diff_weights: Desc
    diff_bias: Desc
    diff_dst: Desc
    workspace: Desc
    mean: Desc
    variance: Desc
    scale: Desc
    shift: Desc
    residual: Desc

    def __init__(
        self,
        kind: str,
        pd: Any,
        arguments: Sequence[tuple[str, int]],
        exchanged: Mapping[str, tuple[int, int]] | None = None,
        repeated: Mapping[int, str] | None = None,
    ):
        """Take over `pd`, whose `arguments` are (name, oneDNN's code); absent ones are left out.

        `exchanged` names arguments whose two given axes oneDNN numbers the other way round;
        `repeated` gives a code the array of a named argument once more.
        """
        library = load()
        ffi, c = library.ffi, library.c
        self.kind = kind
        self._ffi, self._library = ffi, library
        self._pd = ffi.gc(pd, c.dnnl_primitive_desc_destroy)
        self.implementation = _implementation(self._pd)
        made = ffi.new("primitive_t *")
        check(c.dnnl_primitive_create(made, self._pd), f"{kind}: building the primitive")
        self._primitive = ffi.gc(made[0], c.dnnl_primitive_destroy)

        present = []
        for name, code in arguments:
            md = c.dnnl_primitive_desc_query_md(self._pd, _QUERY_ARGUMENT, code)
            desc = desc_of(md)
            if desc is not None:
                if exchanged and name in exchanged:
                    desc = desc.swapped(*exchanged[name])
                present.append((name, code, md, desc))
                setattr(self, name, desc)
        self.names = tuple(name for name, _, _, _ in present)
        self.descs = tuple(desc for _, _, _, desc in present)
        scratchpad = c.dnnl_primitive_desc_query_md(self._pd, _QUERY_SCRATCHPAD, 0)
        self.scratchpad_bytes = int(c.dnnl_memory_desc_get_size(scratchpad))
        self._mds = [(code, md) for _, code, md, _ in present]
        if self.scratchpad_bytes:
            self._mds.append((SCRATCHPAD, scratchpad))
        self._needed = len(self._mds)
        self._repeated = [(code, self.names.index(name)) for code, name in (repeated or {}).items()]
        self._set, self._run, self._view = (
            c.dnnl_memory_set_data_handle,
            c.dnnl_primitive_execute,
            ffi.from_buffer,
        )
        self._free = [self._make_slot()]

    def __repr__(self) -> str:
        forms = ", ".join(
            f"{name}: {desc.dtype}{list(desc.shape)} {desc.form or 'plain'}"
            for name, desc in zip(self.names, self.descs, strict=True)
        )
        return f"<{self.kind} ({forms}) by {self.implementation}>"

    @property
    def speed(self) -> Speed:
        """Generated code, a matrix product around copies, or reference loops."""
        if self.implementation.startswith(("ref", "simple")):
            return Speed.REFERENCE
        return Speed.GEMM if "gemm" in self.implementation else Speed.GENERATED

    def _make_slot(self) -> tuple[Any, ...]:
        """Memory objects, their argument list and a stream: what one running call needs."""
        ffi, c = self._ffi, self._library.c
        count = len(self._mds) + len(self._repeated)
        arguments = ffi.new("exec_arg_t[]", count)
        memories = []
        for place, (code, md) in enumerate(self._mds):
            made = ffi.new("memory_t *")
            check(
                c.dnnl_memory_create(made, md, self._library.engine, ffi.NULL),
                f"{self.kind}: memory object",
            )
            memories.append(ffi.gc(made[0], c.dnnl_memory_destroy))
            arguments[place].arg = code
            arguments[place].memory = made[0]
        for place, (code, source) in enumerate(self._repeated, len(self._mds)):
            arguments[place].arg = code
            arguments[place].memory = memories[source]
        stream = ffi.new("stream_t *")
        check(c.dnnl_stream_create(stream, self._library.engine, 1), f"{self.kind}: stream")
        return ffi.gc(stream[0], c.dnnl_stream_destroy), count, arguments, memories

    def _point(self, memory: Any, array: Array) -> Any:
        """Point a memory object at a strided array, whose buffer cffi does not take."""
        ffi = self._ffi
        if array.flags.c_contiguous:  # a type unknown to the buffer protocol, such as bfloat16
            handle = ffi.from_buffer(array.view(np.uint8) if array.ndim else array[None])
        else:
            handle = ffi.cast("char *", array.__array_interface__["data"][0])
        self._set(memory, handle)
        return handle

    def __call__(self, *arrays: Array) -> None:
        """Run on arrays in the order of `names`."""
        if len(arrays) != self._needed:
            arrays = self._with_scratchpad(arrays)
        try:
            slot = self._free.pop()  # atomic: a call in another thread gets another slot
        except IndexError:
            slot = self._make_slot()
        stream, count, arguments, memories = slot
        set_handle, view = self._set, self._view
        for memory, array in zip(memories, arrays, strict=True):
            try:
                set_handle(memory, view(array))
            except (ValueError, TypeError, BufferError):
                self._point(memory, array)
        status = self._run(self._primitive, stream, count, arguments)
        self._free.append(slot)
        if status:
            check(status, f"{self.kind}: running {self.implementation}")

    def bind(self, *arrays: Array) -> Callable[[], None]:
        """A call without arguments that always works on these arrays (they are kept alive)."""
        if len(arrays) != self._needed:
            arrays = self._with_scratchpad(arrays)
        stream, count, arguments, memories = slot = self._make_slot()
        handles = [
            self._point(memory, array) for memory, array in zip(memories, arrays, strict=True)
        ]
        run, primitive, kind = self._run, self._primitive, self.kind
        held = (self, slot, arrays, handles)

        def bound() -> None:
            status = run(primitive, stream, count, arguments)
            if status:
                check(status, f"{kind}: running for {len(held)} bound arrays")

        return bound

    def checked(self, *arrays: Array) -> None:
        """Run after comparing every array with the form it should have.

        Raises OneDnnError naming the argument, what was expected and what came.
        """
        for name, desc, array in zip(self.names, self.descs, arrays, strict=False):
            steps = tuple(step // max(array.itemsize, 1) for step in array.strides)
            fits = (
                array.nbytes >= desc.nbytes
                if desc.opaque_bytes
                else (array.shape == desc.physical_shape and array.dtype == desc.dtype)
            )
            if fits and desc.strides is not None:
                fits = Desc.plain(array.shape, array.dtype, steps).strides == desc.strides
            elif fits:
                fits = array.flags.c_contiguous
            if not fits:
                raise OneDnnError(
                    f"[{self.kind}] {name} must be {desc.dtype}{list(desc.physical_shape)} "
                    f"{desc.form or 'C-contiguous'}; got {array.dtype}{list(array.shape)} with "
                    f"strides {steps}"
                )
        self(*arrays)

    def _with_scratchpad(self, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        if self.scratchpad_bytes and len(arrays) == self._needed - 1:
            return (*arrays, np.empty(self.scratchpad_bytes, np.uint8))
        if not self.scratchpad_bytes and len(arrays) == self._needed + 1:
            return arrays[:-1]
        raise OneDnnError(f"[{self.kind}] takes {', '.join(self.names)}; got {len(arrays)} arrays")


def _implementation(pd: Any) -> str:
    library = load()
    text = library.ffi.new("char **")
    library.c.dnnl_primitive_desc_query(pd, _QUERY_IMPLEMENTATION, 0, text)
    return library.ffi.string(text[0]).decode()  # type: ignore[no-any-return]


@functools.lru_cache(maxsize=256)
def attributes(*post: tuple[Any, ...]) -> Any:
    """Primitive attributes: scratchpad from the caller, then operations on the result in order.

    Each is ("sum",) (adds what dst held), ("eltwise", activation) or ("binary", name, Desc).
    """
    library = load()
    ffi, c = library.ffi, library.c
    made = ffi.new("attr_t *")
    check(c.dnnl_primitive_attr_create(made), "onednn: attributes")
    attr = ffi.gc(made[0], c.dnnl_primitive_attr_destroy)
    check(c.dnnl_primitive_attr_set_scratchpad_mode(attr, 1), "onednn: scratchpad mode")
    if post:
        held = ffi.new("post_ops_t *")
        check(c.dnnl_post_ops_create(held), "onednn: post-operations")
        operations = ffi.gc(held[0], c.dnnl_post_ops_destroy)
        for kind, *values in post:
            if kind == "sum":
                status = c.dnnl_post_ops_append_sum(operations, 1.0, 0, 0)
            elif kind == "eltwise":
                function = eltwise(values[0])
                status = c.dnnl_post_ops_append_eltwise(
                    operations, function.code, function.alpha, function.beta
                )
            else:
                status = c.dnnl_post_ops_append_binary(
                    operations, BINARY[values[0]], md_of(values[1])
                )
            check(status, f"onednn: post-operation {kind}")
        check(c.dnnl_primitive_attr_set_post_ops(attr, operations), "onednn: post-operations")
    return attr


when_replaced(attributes.cache_clear)


def activation_post(activation: Activation) -> tuple[tuple[Any, ...], ...]:
    """The post-operation of an activation; nothing for None."""
    return () if activation is None else (("eltwise", activation),)


def create(kind: str, constructor: str, *values: Any, reference: bool = True) -> Any:
    """A primitive descriptor from oneDNN's constructor of that name.

    `kind` names the call in errors. Raises Unsupported when there is no implementation, or, where
    `reference` is False, only oneDNN's plain loops, thousands of times slower than the others.
    """
    library = load()
    made = library.ffi.new("pd_t *")
    function = getattr(library.c, f"dnnl_{constructor}_primitive_desc_create")
    check(function(made, *values), kind)
    if not reference and _implementation(made[0]).startswith("ref"):
        library.c.dnnl_primitive_desc_destroy(made[0])
        raise Unsupported(f"[{kind}] oneDNN has only reference loops for these forms")
    return made[0]


def null() -> Any:
    """The NULL pointer, for an argument that is left out."""
    return load().ffi.NULL


def optional_md(desc: Desc | None) -> Any:
    """The descriptor of `desc`, NULL for None."""
    return null() if desc is None else md_of(desc)


def cached(builder: Callable[..., Plan]) -> Callable[..., Plan]:
    """Keep the plans (and refusals) a builder gave, by arguments, until they go stale.

    Of more than `KEPT_PLANS` the oldest goes: shapes that never repeat must not fill the memory.
    """
    kept: dict[Any, Plan | Unsupported] = {}
    when_stale(kept.clear)

    @functools.wraps(builder)
    def lookup(*values: Any, **options: Any) -> Plan:
        key = (values, tuple(sorted(options.items()))) if options else values
        found = kept.get(key)
        if found is None:
            try:
                found = builder(*values, **options)
            except Unsupported as refusal:
                found = refusal
            if len(kept) >= KEPT_PLANS:
                kept.pop(next(iter(kept)), None)
            kept[key] = found
        if isinstance(found, Unsupported):
            raise found
        return found

    return lookup
