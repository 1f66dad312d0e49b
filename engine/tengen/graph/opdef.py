"""OpDef: one operator, complete in one block.

A subclass states, in this order: its name and attributes, `infer` (the only place its shape and
dtype rules stand), `kernel` (NumPy text over `xp`, the judge of every other kernel), `grad`
(written in operators), `samples` and `bad_samples` (what the generic tests run). Making an
instance registers it; library kernels are added beside it with `op.backend(name)`.
"""

import dataclasses
import inspect
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..base.errors import ArgumentError, GradientError
from . import emit as door
from .types import TensorType

registry: dict[str, "OpDef"] = {}


@dataclasses.dataclass(frozen=True)
class Sample:
    """One call for the generic tests: NumPy arrays, attributes, and how to judge it.

    `wrt` names the inputs whose gradient is checked (None: every differentiable one);
    `tolerance` widens the comparison of other backends with NumPy (relative, float32).
    """

    inputs: tuple[Any, ...]
    attrs: dict[str, Any] = dataclasses.field(default_factory=dict)
    wrt: tuple[int, ...] | None = None
    tolerance: float = 1e-5
    note: str = ""


@dataclasses.dataclass(frozen=True)
class BadSample:
    """A call that must be refused, with a part of the expected message."""

    inputs: tuple[Any, ...]
    message: str
    attrs: dict[str, Any] = dataclasses.field(default_factory=dict)


class Deferred:
    """An output that is not computed yet: `compute(out)` fills its array.

    `form` tells a consumer that knows it how to take the unfinished value in, so that a chain
    such as normalise, add, activate becomes one pass over memory. `now=True` asks the runtime
    to compute at once. As an input of such a consumer, `shared` says that others will read the
    value too, and `allocate()` gives the array to fill for them on the way. `settle()` computes
    an output that is still waited for, if there is one.
    """

    __slots__ = ("allocate", "compute", "form", "now", "settle", "shared")

    def __init__(self, compute: Callable[[Any], None], form: Any = None, now: bool = False):
        self.compute = compute
        self.form = form
        self.now = now
        self.shared = False
        self.allocate: Callable[[], Any] | None = None
        self.settle: Callable[[], Any] | None = None

    def force(self) -> Any:
        """The finished array of a Deferred that came as an input."""
        assert self.allocate is not None
        out = self.allocate()
        self.compute(out)
        return out


@dataclasses.dataclass
class Bound:
    """A kernel chosen and prepared for one signature.

    `run(outs, ins)` fills the output arrays from the input arrays. `ins[i]` comes in the
    layout `in_layouts[i]` (None: plain strided; also C-contiguous when `contiguous`), outputs
    are given in the physical types `out_types`. With `inplace=(i, j)` the runtime may hand in
    the memory of input i as output j; `further` pairs are tried after it. With `start` the kernel
    takes inputs that may be Deferred and gives one Deferred for each output instead. `counted`: the
    one output is made as long as it may get, and after the run the first 8 bytes of the workspace
    tell how many of its rows count. `prepare(outs, ins)` gives a call without arguments that always
    works on these arrays, where that costs less than `run` again and again.
    """

    run: Callable[[tuple[Any, ...], tuple[Any, ...]], None] | None
    in_layouts: tuple[Any, ...]
    out_types: tuple[TensorType, ...]
    contiguous: bool = True
    workspace: int = 0
    inplace: tuple[int, int] | None = None
    further: tuple[tuple[int, int], ...] = ()
    start: Callable[[tuple[Any, ...]], tuple[Deferred, ...]] | None = None
    name: str = ""
    reproducible: bool = True
    counted: bool = False
    prepare: Callable[[tuple[Any, ...], tuple[Any, ...]], Callable[[], None]] | None = None


class Call:
    """What a gradient rule sees of the call it differentiates.

    `inputs` and `outputs` are values; `attrs` has the attributes as fields; `needs(i)` tells
    whether anybody wants the gradient of input i.
    """

    __slots__ = ("attrs", "inputs", "outputs", "wanted")

    def __init__(self, op: "OpDef", attrs: tuple[Any, ...], inputs: Any, outputs: Any, wanted: Any):
        self.attrs = types.SimpleNamespace(**op.unpack(attrs))
        self.inputs = inputs
        self.outputs = outputs
        self.wanted = wanted

    def needs(self, index: int) -> bool:
        """True if the gradient of input `index` is wanted."""
        return bool(self.wanted[index])


class OpDef:
    """An operator. See the module's text for what a subclass states.

    `dtypes`: the data types of the first input that it takes, each of which its samples show.
    `single`: one output, not a tuple. `alias`: an output may be a view of an input's memory.
    `destination`: the kernel takes `out=` and fills it. `in_place`: (input, output) pairs that may
    share memory. `choices`: the values of an enumerated attribute. `without`: edge cases that do
    not exist for it ("0-size", "0-d", "broadcast", "non-contiguous"), each with the reason.
    `travels`: a GPU's value goes to the host's memory ("out") or comes from there ("back").
    """

    name: str = ""
    attrs: dict[str, Any] = {}
    dtypes: tuple[Any, ...] = ()
    single: bool = True
    alias: bool = False
    destination: bool = False
    differentiable: bool = True
    deterministic: bool = True
    elementwise: bool = False
    travels: str = ""
    choices: dict[str, tuple[Any, ...]] = {}
    in_place: tuple[tuple[int, int], ...] = ()
    without: dict[str, str] = {}
    why_no_grad: str = "it is piecewise constant or not defined over the reals"

    def __init__(self, name: str | None = None, **fields: Any):
        for key, value in fields.items():
            setattr(self, key, value)
        self.name = name or self.name or type(self).__name__.lower()
        self.names = tuple(self.attrs)
        self.defaults = tuple(self.attrs.values())
        self.backends: dict[tuple[str, str], Callable[..., Bound | None]] = {}
        if self.name in registry:
            raise ArgumentError(f"[{self.name}] an operator of this name is registered already")
        registry[self.name] = self

    def __call__(self, *inputs: Any, **attrs: Any) -> Any:
        return door.emit(self, self.pack(attrs) if attrs else self.defaults, inputs)

    def pack(self, given: dict[str, Any]) -> tuple[Any, ...]:
        """The attribute tuple, in declared order, for keyword attributes."""
        if tuple(given) == self.names:
            return tuple(given.values())
        unknown = given.keys() - self.attrs.keys()
        if unknown:
            known = ", ".join(self.attrs) or "none"
            names = ", ".join(sorted(unknown))
            raise ArgumentError(f"[{self.name}] unknown attribute {names}; attributes: {known}")
        return tuple([given.get(key, default) for key, default in self.attrs.items()])

    def unpack(self, attrs: tuple[Any, ...]) -> dict[str, Any]:
        """The attributes by name."""
        return dict(zip(self.attrs, attrs, strict=True))

    def takes(self, count: int) -> bool:
        """Whether the kernel can be called on so many inputs."""
        places = inspect.signature(self.kernel).parameters.values()
        if any(place.kind is place.VAR_POSITIONAL for place in places):
            return True
        named = [p for p in places if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "xp"]
        return sum(p.default is p.empty for p in named) <= count <= len(named)

    def overwrites(self, attrs: tuple[Any, ...]) -> tuple[tuple[int, int], ...]:
        """The (input, output) pairs of a call with these attributes that may share memory."""
        return self.in_place

    def reuses(self, attrs: tuple[Any, ...], count: int) -> tuple[tuple[int, int], ...]:
        """The (input, output) pairs of a call on `count` inputs that its kernels can work in place
        on where nobody reads the input any more; those to try first come first."""
        return ((0, 0),) if self.elementwise else self.overwrites(attrs)

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType | tuple[TensorType, ...]:
        """Output type or types. Raises a TengenError that names what was expected and came."""
        raise NotImplementedError(f"[{self.name}] infer")

    def kernel(self, xp: Any, *arrays: Any, **attrs: Any) -> Any:
        """The outputs, as arrays of the module `xp` (numpy or cupy)."""
        raise NotImplementedError(f"[{self.name}] kernel")

    def grad(self, call: Call, *dys: Any) -> tuple[Any, ...]:
        """Gradients of the inputs (None where there is none), written in operators."""
        raise GradientError(f"[{self.name}] has no gradient: {self.why_no_grad}")

    def samples(self, rng: Any) -> Iterable[Sample]:
        """Calls that the generic tests run; `rng` is a numpy Generator."""
        raise NotImplementedError(f"[{self.name}] samples")

    def bad_samples(self) -> Iterator[BadSample]:
        """Calls that must be refused with a clear message."""
        return iter(())

    def backend(self, family: str, kind: str = "cpu") -> Callable[[Any], Any]:
        """Register a builder `build(in_types, out_types, **attrs) -> Bound | None`.

        None means: not for this signature; the next family is asked, NumPy's text at last.
        `in_types` are logical; with `build.physical = True` they carry the layouts that come in.
        On the host that is blocks alone, unless `build.ordered = True` says that it also knows
        layouts that are an order of axes.
        """

        def register(build: Callable[..., Bound | None]) -> Callable[..., Bound | None]:
            self.backends[kind, family] = build
            return build

        return register

    def __repr__(self) -> str:
        return f"<operator {self.name}>"
