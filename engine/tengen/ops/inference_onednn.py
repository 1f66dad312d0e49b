"""Convolution, batch norm with given statistics, residual and activation as one oneDNN call.

While nothing is recorded, a convolution waits for what follows it. Batch norm goes into its
weight and bias, which are kept as long as the parameters stay what they are; the residual and
the activation are done where the convolution writes. During a recording nothing waits.
"""

import operator
from sys import getrefcount
from typing import Any, cast

import numpy as np

from ..graph.opdef import Bound, Deferred
from ..graph.state import state
from ..graph.types import TensorType
from ..kernels.numba import batch_norm as kernels
from ..kernels.onednn import convolution as onednn
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from .convolution import convolution
from .convolution_onednn import forward, usable
from .fusion_numba import SMALLEST, Normalised, array_of, flat, install, suits
from .running import batch_norm_inference, scale_and_shift
from .unfinished import Unfinished

_ACTIVATIONS = {"none": None, "relu": "relu", "relu6": ("clip", 0.0, 6.0)}
MOST_FOLDED = 256 << 20
"""Bytes of folded weights that are kept; of more the oldest go."""

_holding: dict[tuple[int, int], tuple[tuple[Any, ...], float, tuple[Any, Any]]] = {}
"""What was folded, by site and weight: what it came from, batch norm's epsilon, weight and bias.

The arrays that a folded weight came from are held, which keeps anybody from writing into them; all
are let go when a recording runs its first convolution.
"""


class _Site:
    """One convolution signature, and its plans."""

    __slots__ = ("attrs", "dst", "grouped", "plans", "src", "weight")

    def __init__(self, x: Any, weight: TensorType, y: TensorType, attrs: dict[str, Any]):
        self.src, self.dst = (Desc.laid(t.shape, t.dtype, t.layout) for t in (x, y))
        self.weight = weight
        self.grouped = weight.ndim == y.ndim + 1
        self.attrs = attrs
        self.plans: dict[tuple[bool, bool, str], Any] = {}

    def plan(self, bias: bool, residual: bool, activation: str) -> Any:
        """The oneDNN plan, or None where there is none."""
        key = (bias, residual, activation)
        if key not in self.plans:
            try:
                self.plans[key] = onednn.forward(
                    self.src,
                    Desc.any(self.weight.shape, self.weight.dtype),
                    self.dst,
                    bias=bias,
                    residual="add" if residual else "",
                    activation=_ACTIVATIONS[activation],
                    **self.attrs,
                )
            except Unsupported:
                self.plans[key] = None
        return self.plans[key]

    def prepared(self, plan: Any, parts: tuple[Any, ...], eps: float) -> tuple[Any, Any]:
        """Weight and bias as the plan wants them, batch norm folded in if `parts` has one.

        `parts` is weight, bias, then mean, variance and the affine part of a batch norm.
        """
        wanted = plan.weights.layout
        key, came_from = (id(self), id(parts[0])), (*parts, wanted, self)
        found = _holding.get(key)
        if found is not None:
            held, given, folded = found
            same = len(held) == len(came_from) and all(map(operator.is_, held, came_from))
            if same and given == eps:
                return folded
        weight, bias, *norm = parts
        layout = self.weight.layout
        if layout is not None:
            weight = layout.unpack(weight, self.weight.shape)
        if norm:
            mean, variance, gamma, beta = norm
            scale, shift = scale_and_shift(np, weight.dtype, mean, variance, gamma, beta, eps)
            scale, shift = scale.reshape(-1), shift.reshape(-1)
            shape = weight.shape[:2] if self.grouped else weight.shape[:1]
            weight = weight * scale.reshape(*shape, *[1] * (weight.ndim - len(shape)))
            flat_bias = 0 if bias is None else bias.reshape(-1) * scale
            bias = np.ascontiguousarray((shift + flat_bias).astype(weight.dtype))
        if wanted is None:
            weight = np.ascontiguousarray(weight)
        else:
            weight = wanted.pack(np.ascontiguousarray(weight))
        folded = (weight, bias)
        _holding.pop(key, None)
        _make_room(weight.nbytes)
        _holding[key] = came_from, eps, folded
        return folded


def _make_room(nbytes: int) -> None:
    """Drop what was folded of weights that are gone, then the oldest."""
    entries = list(_holding.items())
    for key, entry in entries:
        if getrefcount(entry[0][0]) <= GONE:
            _holding.pop(key, None)
    total = nbytes + sum(entry[2][0].nbytes for entry in _holding.copy().values())
    for key, entry in entries:
        if total <= MOST_FOLDED:
            break
        if _holding.pop(key, None) is not None:
            total -= entry[2][0].nbytes


GONE = 2
"""What `getrefcount` says of an array that only an entry holds: the entry, and the call itself."""


class Convolved(Unfinished):
    """A convolution that nobody has needed yet."""

    __slots__ = ("eps", "norm", "parts", "residual", "site", "x")

    def __init__(self, site: _Site, x: Any, parts: tuple[Any, ...]):
        self.site, self.x, self.parts = site, x, parts
        self.norm: tuple[Any, ...] = ()
        self.eps = 0.0
        self.residual: Any = None

    def normed(self, norm: tuple[Any, ...], eps: float) -> "Convolved":
        """The same with a batch norm behind it."""
        made = Convolved(self.site, self.x, self.parts)
        made.norm, made.eps = norm, eps
        return made

    def plus(self, residual: Any) -> "Convolved":
        made = self.normed(self.norm, self.eps)
        made.residual = residual
        return made

    def fill(self, out: Any, activation: str = "none") -> None:
        bias = bool(self.norm) or self.parts[1] is not None
        joined = self.residual is not None
        plan = self.site.plan(bias, joined, activation)
        if plan is None:
            self._apart(out, activation)
            return
        weight, shift = self.site.prepared(plan, (*self.parts, *self.norm), self.eps)
        given = [self.x, weight]
        given += [shift] if bias else []
        given += [self.residual] if joined else []
        plan(*given, out)

    def _apart(self, out: Any, activation: str) -> None:
        """The convolution first, the rest in a second pass."""
        bias = bool(self.norm) or self.parts[1] is not None
        plan = self.site.plan(bias, False, "none")
        weight, shift = self.site.prepared(plan, (*self.parts, *self.norm), self.eps)
        plan(*([self.x, weight, shift] if bias else [self.x, weight]), out)
        blocked = self.site.dst.layout is not None
        channels = self.site.dst.shape[1]
        shaped = flat(out, blocked)
        residual = None if self.residual is None else flat(self.residual, blocked)
        one = np.ones(channels, out.dtype)
        kernels.bn_apply(shaped, one, np.zeros_like(one), shaped, residual, activation)


def _convolution(forms: Any, out_types: Any, **attrs: Any) -> Bound | None:
    x, weight = forms[:2]
    (y,) = out_types
    if y.size < SMALLEST or x.ndim < 4 or not usable(*[f.logical for f in forms], y):
        return None
    base = forward(forms, out_types, **attrs)
    if base is None or base.run is None or not suits(base.out_types[0]):
        return None
    site = _Site(x.with_layout(base.in_layouts[0]), weight, base.out_types[0], attrs)
    if site.plan(False, False, "none") is None:
        return None
    ready = weight.layout is base.in_layouts[1]
    run = base.run

    def start(ins: tuple[Any, ...]) -> tuple[Deferred, ...]:
        source, kernel = array_of(ins[0]), array_of(ins[1])
        shift = array_of(ins[2]) if len(ins) > 2 else None
        if not state.recorders:
            waiting = Convolved(site, source, (kernel, shift))
            return (Deferred(waiting.fill, waiting),)
        if not ready:
            plan = site.plan(False, False, "none")
            kernel, _ = site.prepared(plan, (kernel, None), 0.0)
        _holding.clear()
        given = (source, kernel) if shift is None else (source, kernel, shift)
        return (Deferred(lambda out: run((out,), given), now=True),)

    layouts = (base.in_layouts[0], weight.layout, *base.in_layouts[2:])
    return Bound(None, layouts, base.out_types, start=start)


def _inference(forms: Any, out_types: Any, *, eps: float) -> Bound | None:
    x = forms[0]
    if not suits(x) or len(forms) != 5 or any(f.dtype != x.dtype for f in forms):
        return None
    blocked, channels = x.layout is not None, x.shape[1]

    def start(ins: tuple[Any, ...]) -> tuple[Deferred, ...]:
        value = ins[0]
        norm = tuple(array_of(a) for a in ins[1:])
        form = value.form if type(value) is Deferred else None
        bare = isinstance(form, Convolved) and not form.norm and form.residual is None
        if bare and not state.recorders:
            joined = cast(Convolved, form).normed(norm, eps)
            return (Deferred(joined.fill, joined),)
        mean, variance, weight, bias = norm
        given = Normalised(array_of(value), weight, bias, eps, channels, blocked)
        given.give(mean, variance)
        return (Deferred(given.fill, given),)

    layouts = (x.layout, None, None, None, None)
    return Bound(None, layouts, (out_types[0].with_layout(x.layout),), start=start)


install(convolution, _convolution)
install(batch_norm_inference, _inference)
