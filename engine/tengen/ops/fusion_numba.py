"""Batch norm with what surrounds it in one pass over memory, decided while running eagerly.

A batch norm leaves its result unfinished. A residual addition joins it, and an activation
finishes all three in one kernel; anything else that looks finishes what is there. Backwards, the
sum of incoming gradients and the activation's mask stay unfinished until the batch norm's
gradient takes them in.
"""

from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import Bound, Deferred, OpDef
from ..graph.types import TensorType
from ..kernels.numba import batch_norm as kernels
from .activation import relu, relu6, relu6_backward, relu_backward
from .elementwise import accumulate, add
from .norm import batch_norm, batch_norm_backward
from .running import running_statistics
from .unfinished import Unfinished

SMALLEST = 1 << 15
"""Elements below which an extra pass costs less than the bookkeeping."""


def suits(x: TensorType | None) -> bool:
    """Whether the fused kernels know the physical form of x."""
    if x is None or x.ndim < 3 or x.size < SMALLEST or x.dtype not in (dt.float32, dt.float64):
        return False
    layout = x.layout
    if layout is None:
        return True
    blocks = layout.blocks
    return (
        layout.order == tuple(range(x.ndim))
        and len(blocks) == 1
        and blocks[0][0] == 1
        and blocks[0][1] in (8, 16)
    )


def flat(array: Any, blocked: bool) -> Any:
    """The physical array as (N, C, S) or (N, groups, S, lanes)."""
    n, c = array.shape[:2]
    return array.reshape(n, c, -1, array.shape[-1]) if blocked else array.reshape(n, c, -1)


def array_of(value: Any) -> Any:
    return value.force() if type(value) is Deferred else value


class Normalised(Unfinished):
    """A batch norm whose result nobody has needed yet."""

    __slots__ = ("bias", "blocked", "eps", "inverse", "known", "mean", "origin", "residual",
                 "variance", "waiting", "weight", "x")  # fmt: skip

    def __init__(self, x: Any, weight: Any, bias: Any, eps: float, channels: int, blocked: bool):
        self.x = flat(x, blocked)
        self.weight = weight.reshape(-1)
        self.bias = bias.reshape(-1)
        self.eps, self.blocked = eps, blocked
        self.mean, self.variance, self.inverse = np.empty((3, channels), x.dtype)
        self.known = False
        self.residual: Any = None
        self.origin: Normalised | None = None
        self.waiting: list[Deferred] = []

    @property
    def source(self) -> "Normalised":
        """The batch norm itself, also when this is one with a residual joined."""
        return self if self.origin is None else self.origin

    def settle(self) -> None:
        """Hand out the statistics to whoever waits, so that nobody keeps x for them."""
        self.known = True
        waiting, self.waiting = self.waiting, []
        for output in waiting:
            if output.settle is not None:
                output.settle()

    def give(self, mean: Any, variance: Any) -> None:
        """Take given statistics instead of the batch's."""
        np.copyto(self.mean, mean.reshape(-1))
        np.copyto(self.variance, variance.reshape(-1))
        np.divide(1, np.sqrt(self.variance + self.variance.dtype.type(self.eps)), self.inverse)
        self.known = True

    def statistics(self) -> None:
        """Make sure that mean, variance and inverse deviation are there."""
        if not self.known:
            kernels.bn_statistics(self.x, self.eps, self.mean, self.variance, self.inverse)
            self.settle()

    def fill(self, out: Any, activation: str = "none") -> None:
        """Write the result, with the residual and an activation."""
        source = self.source
        shaped = flat(out, source.blocked)
        residual = None if self.residual is None else flat(self.residual, source.blocked)
        if source.known:
            scale = source.inverse * source.weight
            shift = source.bias - source.mean * scale
            kernels.bn_apply(source.x, scale, shift, shaped, residual, activation)
        else:
            kernels.bn_forward(
                source.x, source.weight, source.bias, source.eps, shaped, source.mean,
                source.variance, source.inverse, residual, activation,
            )  # fmt: skip
            source.settle()

    def plus(self, residual: Any) -> "Normalised":
        """The same with a residual added."""
        made = object.__new__(Normalised)
        made.origin, made.residual, made.known = self.source, residual, False
        return made


class _Statistic:
    """One of a batch norm's statistics, written when the batch norm has them."""

    __slots__ = ("name", "source")

    def __init__(self, source: Normalised, name: str):
        self.source, self.name = source, name

    def fill(self, out: Any) -> None:
        self.source.statistics()
        np.copyto(out.reshape(-1), getattr(self.source, self.name))


class _Sum:
    """A sum of gradients that nobody has formed yet."""

    __slots__ = ("terms",)

    def __init__(self, terms: list[Any]):
        self.terms = terms

    def fill(self, out: Any) -> None:
        np.add(self.terms[0], self.terms[1], out=out)
        for term in self.terms[2:]:
            np.add(out, term, out=out)


class _Masked:
    """A (sum of) gradients behind an activation's mask, not formed yet."""

    __slots__ = ("activation", "inner", "terms", "y")

    def __init__(self, terms: list[Any], y: Any, activation: str, inner: Any):
        self.terms, self.y, self.activation, self.inner = terms, y, activation, inner

    def fill(self, out: Any) -> None:
        terms = self.terms
        if len(terms) > 1:
            _Sum(terms).fill(out)
            self.inner((out,), (out, self.y))
        else:
            self.inner((out,), (terms[0], self.y))


def _inner(op: OpDef, forms: Any, out_types: Any, attrs: dict[str, Any]) -> Any:
    """`run(outs, ins)` of the operator's next best kernel that keeps the layouts as they are."""
    same = tuple(f.layout for f in forms)
    for family in ("onednn", "numba"):
        build = op.backends.get(("cpu", family))
        if build is None:
            continue
        given = forms if getattr(build, "physical", False) else tuple(f.logical for f in forms)
        bound = build(given, out_types, **attrs)
        if bound is None or bound.run is None or bound.workspace:
            continue
        if bound.in_layouts == same and bound.out_types[0].layout is forms[0].layout:
            return bound.run
    kernel = op.kernel

    def run(outs: Any, ins: Any) -> None:
        found = kernel(np, *ins, **attrs)
        np.copyto(outs[0], found)

    def into(outs: Any, ins: Any) -> None:
        kernel(np, *ins, out=outs[0], **attrs)

    return into if op.destination else run


def _norm(forms: Any, out_types: Any, *, eps: float) -> Bound | None:
    x, weight, _ = (*forms, None, None)[:3]
    if not suits(x) or weight is None:
        return None
    blocked, channels = x.layout is not None, x.shape[1]

    def start(ins: tuple[Any, ...]) -> tuple[Deferred, ...]:
        x, weight, bias = (array_of(a) for a in ins)
        source = Normalised(x, weight, bias, eps, channels, blocked)
        mean, variance = _Statistic(source, "mean"), _Statistic(source, "variance")
        source.waiting += [Deferred(mean.fill, mean), Deferred(variance.fill, variance)]
        return Deferred(source.fill, source), *source.waiting

    outs = (out_types[0].with_layout(x.layout), *out_types[1:])
    return Bound(None, (x.layout, None, None), outs, start=start)


def _running(forms: Any, out_types: Any, **attrs: Any) -> Bound | None:
    kernel = running_statistics.kernel

    def start(ins: tuple[Any, ...]) -> tuple[Deferred, ...]:
        old = [array_of(a) for a in ins[:2]]
        waiting = [a.form for a in ins[2:] if type(a) is Deferred]
        now = not (waiting and isinstance(waiting[0], _Statistic))
        new = ins[2:]
        made: list[Any] = []

        def fill(index: int, out: Any) -> None:
            if not made:
                made.extend(kernel(np, *old, *[_value(a) for a in new], **attrs))
            np.copyto(out, made[index])

        outputs = (
            Deferred(lambda out: fill(0, out), now=now),
            Deferred(lambda out: fill(1, out), now=now),
        )
        if not now:
            waiting[0].source.waiting += outputs
        return outputs

    shape = forms[0].shape

    def _value(value: Any) -> Any:
        if type(value) is not Deferred:
            return value
        out = np.empty(shape, forms[2].dtype)
        value.compute(out)
        return out

    return Bound(None, (None,) * 4, out_types, start=start)


def _activation(op: OpDef, name: str) -> Any:
    def build(forms: Any, out_types: Any, **attrs: Any) -> Bound | None:
        (x,) = forms
        if not suits(x):
            return None
        inner = _inner(op, forms, out_types, attrs)

        def start(ins: tuple[Any, ...]) -> tuple[Deferred, ...]:
            (value,) = ins
            form = value.form if type(value) is Deferred else None
            if isinstance(form, Unfinished):
                return (Deferred(lambda out: form.fill(out, name), now=True),)
            array = array_of(value)
            return (Deferred(lambda out: inner((out,), (array,)), now=True),)

        return Bound(None, (x.layout,), (x,), start=start)

    return build


def _addition(forms: Any, out_types: Any) -> Bound | None:
    a, b = forms
    if a is not b or not suits(a):
        return None
    inner = _inner(add, forms, out_types, {})

    def start(ins: tuple[Any, ...]) -> tuple[Deferred, ...]:
        for this, other in (ins, ins[::-1]):
            form = this.form if type(this) is Deferred else None
            if isinstance(form, Unfinished) and form.residual is None and other is not this:
                joined = form.plus(array_of(other))
                return (Deferred(joined.fill, joined),)
        x, y = array_of(ins[0]), array_of(ins[1]) if ins[1] is not ins[0] else None
        pair = (x, x if y is None else y)
        return (Deferred(lambda out: inner((out,), pair), now=True),)

    return Bound(None, (a.layout, b.layout), (a,), start=start)


def _accumulation(forms: Any, out_types: Any) -> Bound | None:
    a, b = forms
    if a is not b or not suits(a):
        return None

    def start(ins: tuple[Any, ...]) -> tuple[Deferred, ...]:
        terms: list[Any] = []
        for value in ins:
            form = value.form if type(value) is Deferred else None
            if isinstance(form, _Sum) and len(form.terms) == 2 and len(terms) < 2:
                terms += form.terms
            else:
                terms.append(array_of(value))
        total = _Sum(terms)
        return (Deferred(total.fill, total),)

    return Bound(None, (a.layout, b.layout), (a,), start=start)


def _masking(op: OpDef, name: str) -> Any:
    def build(forms: Any, out_types: Any, **attrs: Any) -> Bound | None:
        dy, y = forms
        # A plain gradient, from a slice or a concatenation, follows the layout of the result.
        if dy.logical is not y.logical or not suits(y):
            return None
        inner = _inner(op, (y, y), out_types, attrs)

        def start(ins: tuple[Any, ...]) -> tuple[Deferred, ...]:
            given, y = ins
            form = given.form if type(given) is Deferred else None
            terms = form.terms if isinstance(form, _Sum) else [array_of(given)]
            masked = _Masked(terms, array_of(y), name, inner)
            return (Deferred(masked.fill, masked),)

        return Bound(None, (y.layout, y.layout), (y,), start=start)

    return build


def _norm_backward(forms: Any, out_types: Any, *, eps: float) -> Bound | None:
    x, _dy, _, _, weight = (*forms, None)[:5]
    if not suits(x) or weight is None:
        return None
    blocked, channels, dtype = x.layout is not None, x.shape[1], x.dtype
    nothing = np.zeros(channels, dtype)

    def start(ins: tuple[Any, ...]) -> tuple[Deferred, ...]:
        source, given, mean, variance, weight = ins
        form = given.form if type(given) is Deferred else None
        y = masked = None
        activation = "none"
        if isinstance(form, _Masked):
            terms, y, activation = form.terms, form.y, form.activation
            if given.shared:
                masked = given.allocate()
        elif isinstance(form, _Sum) and not given.shared:
            terms = form.terms
        else:
            terms = [array_of(given)]
        inverse = 1 / np.sqrt(array_of(variance).reshape(-1) + dtype.type(eps))
        dweight, dbias = np.empty((2, channels), dtype)
        operands = (array_of(source), array_of(mean).reshape(-1), weight.reshape(-1))

        def fill(out: Any) -> None:
            array, centre, scale = operands
            kernels.bn_backward(
                flat(array, blocked), [flat(t, blocked) for t in terms], centre, inverse, scale,
                nothing, flat(out, blocked), dweight, dbias,
                None if y is None else flat(y, blocked),
                None if masked is None else flat(masked, blocked), activation,
            )  # fmt: skip

        return (
            Deferred(fill, now=True),
            Deferred(lambda out: np.copyto(out.reshape(-1), dweight), now=True),
            Deferred(lambda out: np.copyto(out.reshape(-1), dbias), now=True),
        )

    layouts = (x.layout, x.layout, None, None, None)
    return Bound(None, layouts, (x, *out_types[1:]), start=start)


def install(op: OpDef, build: Any) -> None:
    def physical(*args: Any, **attrs: Any) -> Bound | None:
        return build(*args, **attrs)  # type: ignore[no-any-return]

    physical.physical = True  # type: ignore[attr-defined]
    op.backend("fusion")(physical)


install(batch_norm, _norm)
install(batch_norm_backward, _norm_backward)
install(running_statistics, _running)
install(add, _addition)
install(accumulate, _accumulation)
for _op, _name in ((relu, "relu"), (relu6, "relu6")):
    install(_op, _activation(_op, _name))
for _op, _name in ((relu_backward, "relu"), (relu6_backward, "relu6")):
    install(_op, _masking(_op, _name))
