"""Optimizer updates: one operator call gives a parameter's next value and its next state.

The scalars of an update (learning rate, decay, ...) come in one float64 vector `hyper`, so that
a static graph reads them at every step instead of freezing them. Every operator takes
(param, grad, *states, hyper) and gives (param, *states).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import DTypeError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, OpDef, Sample
from ..graph.types import TensorType
from .sampling import draw, strided

STEP = "step"


class Update(OpDef):
    """`states` names the state inputs ("step", a 0-d count, comes last), `hyper` the scalars, each
    with the value its samples use. `scalars` works on them in float64; `rule` computes in
    `dt.accumulator(param.dtype)`, which is what the states are best kept in."""

    dtypes = dt.FLOATS
    single = False
    differentiable = False
    why_no_grad = "an optimizer's update ends the step; differentiate the loss instead"
    states: tuple[str, ...] = ()
    hyper: dict[str, float] = {}

    @property
    def in_place(self) -> tuple[tuple[int, int], ...]:
        """(input, output) pairs that may share memory: the parameter and its states."""
        return ((0, 0), *((i + 2, i + 1) for i in range(len(self.states))))

    def infer(self, param: TensorType, grad: TensorType, *rest: Any, **attrs: Any) -> Any:
        require_dtypes(self.name, self.dtypes, param, grad)
        if grad.shape != param.shape:
            raise ShapeError(
                f"[{self.name}] the gradient has the parameter's shape {param.shape};"
                f" got {grad.shape}"
            )
        *states, hyper = rest
        for name, state in zip(self.states, states, strict=True):
            shape = () if name == STEP else param.shape
            if state.shape != shape:
                raise ShapeError(f"[{self.name}] {name} has shape {shape}; got {state.shape}")
            if state.dtype not in (dt.float32, dt.float64):
                raise DTypeError(
                    f"[{self.name}] {name} is float32 or float64; got {state.dtype.name}"
                )
        if hyper.shape != (len(self.hyper),) or hyper.dtype != dt.float64:
            names = ", ".join(self.hyper)
            raise ShapeError(f"[{self.name}] hyper is a float64 vector ({names}); got {hyper}")
        return (param, *states)

    def kernel(self, xp: Any, param: Any, grad: Any, *rest: Any, **attrs: Any) -> Any:
        work = dt.accumulator(param.dtype)
        *states, hyper = rest
        after = [states.pop() + 1] if STEP in self.states else []
        scalars = self.scalars(*[x.astype(dt.float64) for x in after], *hyper, **attrs)
        numbers = [xp.asarray(x).astype(work) for x in scalars]
        arrays = [x.astype(work, copy=False) for x in (param, grad, *states)]
        new, *made = self.rule(xp, *arrays, *numbers, **attrs)
        made = [xp.asarray(x).astype(s.dtype) for x, s in zip(made, states, strict=True)]
        return (xp.asarray(new).astype(param.dtype), *made, *after)

    def scalars(self, *hyper: Any, **attrs: Any) -> tuple[Any, ...]:
        """What `rule` takes, from (the step after this one, where there is one, and) `hyper`."""
        return hyper

    def rule(self, xp: Any, p: Any, g: Any, *rest: Any, **attrs: Any) -> tuple[Any, ...]:
        """The new parameter and states (without the step) from the old ones and the scalars."""
        raise NotImplementedError

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield self.sample(rng, (3, 4), dtype)
        yield self.sample(rng, (0, 4))
        yield self.sample(rng, ())
        yield self.sample(rng, (4, 6), layout=strided)
        for key, values in self.choices.items():
            for value in values:
                yield self.sample(rng, (5,), **{key: value})

    def sample(
        self, rng: Any, shape: Any, dtype: Any = dt.float32, layout: Any = None, **attrs: Any
    ) -> Sample:
        """One call after a few steps: states in their natural ranges."""
        work = dt.accumulator(dt.as_dtype(dtype))
        arrays = [draw(rng, shape, dtype), draw(rng, shape, dtype)]
        for name in self.states:
            count = np.asarray(3, work)
            arrays.append(count if name == STEP else draw(rng, shape, work, 0.1, 0.9))
        if layout is not None:
            arrays = [layout(a) for a in arrays]
        return Sample((*arrays, np.array(list(self.hyper.values()))), attrs)

    def bad_samples(self) -> Iterator[BadSample]:
        good = list(self.sample(np.random.default_rng(1), (3,)).inputs)
        yield BadSample((good[0], good[1][:2], *good[2:]), "gradient has the parameter's shape")
        yield BadSample((*good[:-1], good[-1][:0]), "float64 vector")


class Sgd(Update):
    """Plain stochastic gradient descent with weight decay."""

    hyper = {"lr": 0.1, "weight_decay": 0.01}

    def rule(self, xp: Any, p: Any, g: Any, lr: Any, decay: Any) -> tuple[Any, ...]:  # type: ignore[override]
        return (p - lr * (g + decay * p),)


class SgdMomentum(Update):
    """SGD whose velocity is `momentum * velocity + grad`; nesterov looks one step ahead."""

    attrs = {"nesterov": False}
    choices = {"nesterov": (False, True)}
    states = ("momentum_buffer",)
    hyper = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}

    def rule(  # type: ignore[override]
        self, xp: Any, p: Any, g: Any, v: Any, lr: Any, momentum: Any, decay: Any, *, nesterov: bool
    ) -> tuple[Any, ...]:
        g = g + decay * p
        v = momentum * v + g
        return p - lr * (g + momentum * v if nesterov else v), v


class Adam(Update):
    """Adam (Kingma and Ba, 2015); `decoupled` is AdamW (Loshchilov and Hutter, 2019)."""

    attrs = {"decoupled": False}
    choices = {"decoupled": (False, True)}
    states = ("exp_avg", "exp_avg_sq", STEP)
    hyper = {"lr": 0.1, "beta0": 0.9, "beta1": 0.99, "eps": 1e-8, "weight_decay": 0.01}

    def scalars(  # type: ignore[override]
        self, step: Any, lr: Any, beta0: Any, beta1: Any, eps: Any, decay: Any, **_: Any
    ) -> tuple[Any, ...]:
        return lr, decay, *_moment_scalars(step, beta0, beta1, eps, True)

    def rule(  # type: ignore[override]
        self, xp: Any, p: Any, g: Any, m: Any, v: Any, lr: Any, decay: Any, *scalars: Any,
        decoupled: bool,
    ) -> tuple[Any, ...]:  # fmt: skip
        if not decoupled:
            g = g + decay * p
        m, v, delta = _moments(xp, g, m, v, *scalars)
        if decoupled:
            delta = delta + decay * p
        return p - lr * delta, m, v


class Adagrad(Update):
    """Adagrad (Duchi et al., 2011) with a learning rate that decays with the step."""

    states = ("square_avg", STEP)
    hyper = {"lr": 0.1, "lr_decay": 0.05, "eps": 1e-10, "weight_decay": 0.01}

    def scalars(  # type: ignore[override]
        self, step: Any, lr: Any, lr_decay: Any, eps: Any, decay: Any
    ) -> tuple[Any, ...]:
        return lr / (1 + (step - 1) * lr_decay), eps, decay

    def rule(  # type: ignore[override]
        self, xp: Any, p: Any, g: Any, total: Any, rate: Any, eps: Any, decay: Any
    ) -> tuple[Any, ...]:
        g = g + decay * p
        total = total + g * g
        return p - rate * (g / xp.sqrt(total + eps)), total


class Adadelta(Update):
    """Adadelta (Zeiler, 2012)."""

    states = ("square_avg", "acc_delta", STEP)
    hyper = {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0.01}

    def scalars(  # type: ignore[override]
        self, step: Any, lr: Any, rho: Any, eps: Any, decay: Any
    ) -> tuple[Any, ...]:
        return lr, rho, 1 - rho, eps, decay

    def rule(  # type: ignore[override]
        self, xp: Any, p: Any, g: Any, total: Any, moved: Any,
        lr: Any, rho: Any, rest: Any, eps: Any, decay: Any,
    ) -> tuple[Any, ...]:  # fmt: skip
        g = g + decay * p
        total = rho * total + rest * (g * g)
        delta = xp.sqrt(moved + eps) / xp.sqrt(total + eps) * g
        return p - lr * delta, total, rho * moved + rest * (delta * delta)


class Lamb(Update):
    """LAMB (You et al., 2020): Adam's direction scaled by |param| / |direction|.

    The ratio is taken where there is weight decay, or always with `always_adapt`. The gradient
    may be narrower than the parameter (float16 training with a float32 copy).
    """

    attrs = {"bias_correction": True, "always_adapt": False}
    choices = {"bias_correction": (True, False), "always_adapt": (True, False)}
    states = ("exp_avg", "exp_avg_sq", STEP)
    hyper = {"lr": 0.1, "beta0": 0.9, "beta1": 0.99, "eps": 1e-6, "weight_decay": 0.01}

    def scalars(  # type: ignore[override]
        self, step: Any, lr: Any, beta0: Any, beta1: Any, eps: Any, decay: Any,
        *, bias_correction: bool, **_: Any,
    ) -> tuple[Any, ...]:  # fmt: skip
        return lr, decay, *_moment_scalars(step, beta0, beta1, eps, bias_correction)

    def rule(  # type: ignore[override]
        self, xp: Any, p: Any, g: Any, m: Any, v: Any, lr: Any, decay: Any, *scalars: Any,
        always_adapt: bool, **_: Any,
    ) -> tuple[Any, ...]:  # fmt: skip
        m, v, delta = _moments(xp, g, m, v, *scalars)
        delta = delta + decay * p
        length, moved = xp.sqrt(xp.sum(p * p)), xp.sqrt(xp.sum(delta * delta))
        adapts = (length > 0) & (moved > 0) & (always_adapt | (decay > 0))
        ratio = xp.where(adapts, length / xp.where(moved > 0, moved, 1), 1).astype(p.dtype)
        return p - lr * ratio * delta, m, v


def _moment_scalars(step: Any, beta0: Any, beta1: Any, eps: Any, correct: bool) -> tuple[Any, ...]:
    """The scalars of `_moments`; the bias of the young averages is taken out if `correct`."""
    scale0 = 1 / (1 - beta0**step) if correct else 1.0
    scale1 = 1 / (1 - beta1**step) if correct else 1.0
    return beta0, 1 - beta0, beta1, 1 - beta1, eps, scale0, scale1


def _moments(
    xp: Any, g: Any, m: Any, v: Any,
    beta0: Any, rest0: Any, beta1: Any, rest1: Any, eps: Any, scale0: Any, scale1: Any,
) -> tuple[Any, ...]:  # fmt: skip
    """The running moments of the gradient, and the direction they give."""
    m = beta0 * m + rest0 * g
    v = beta1 * v + rest1 * (g * g)
    return m, v, (m * scale0) / (xp.sqrt(v * scale1) + eps)


sgd_update = Sgd("sgd_update")
sgd_momentum_update = SgdMomentum("sgd_momentum_update")
adam_update = Adam("adam_update")
adagrad_update = Adagrad("adagrad_update")
adadelta_update = Adadelta("adadelta_update")
lamb_update = Lamb("lamb_update")
