"""Optimizer updates in one pass over memory, on plain and blocked layouts alike.

An update is elementwise and takes zero to zero, so that the padding of a blocked layout stays
zero; LAMB's lengths do not see it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..kernels.numba import optimizer as kernels
from .optimizer import (
    STEP,
    Update,
    adadelta_update,
    adagrad_update,
    adam_update,
    lamb_update,
    sgd_momentum_update,
    sgd_update,
)

Step = Callable[..., None]


def _register(op: Update, make: Callable[..., Step]) -> None:
    """Offer `make(**attrs)(param, grad, states, step, hyper)`, which updates in place."""
    counted = STEP in op.states

    def build(in_types: Any, out_types: Any, **attrs: Any) -> Bound | None:
        param, grad, *states = in_types[:-1]
        kinds = {t.dtype for t in (param, grad, *states[: len(states) - counted])}
        if kinds != {dt.float32} and kinds != {dt.float64}:
            return None
        layout = param.layout
        layouts = [None if t.ndim == 0 else layout for t in in_types[:-1]]
        step = make(**attrs)

        def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
            if outs[0] is not ins[0]:
                for out, source in zip(outs, (ins[0], *ins[2:-1]), strict=True):
                    np.copyto(out, source)
            number = 0
            if counted:
                outs[-1][...] += 1
                number = int(outs[-1])
            arrays = outs[1 : len(outs) - counted]
            step(outs[0], ins[1], arrays, number, ins[-1].tolist())

        return Bound(
            run,
            (*layouts, None),
            tuple(t.with_layout(x) for t, x in zip(out_types, [layouts[0], *layouts[2:]],
                                                   strict=True)),
            inplace=(0, 0),
        )  # fmt: skip

    build.physical = True  # type: ignore[attr-defined]
    op.backend("numba")(build)


def _sgd() -> Step:
    def step(param: Any, grad: Any, states: Any, number: int, hyper: list[float]) -> None:
        lr, decay = hyper
        kernels.sgd(param, grad, lr=lr, weight_decay=decay)

    return step


def _sgd_momentum(nesterov: bool) -> Step:
    def step(param: Any, grad: Any, states: Any, number: int, hyper: list[float]) -> None:
        lr, momentum, decay = hyper
        if momentum == 0.0:
            states[0][...] = grad + decay * param  # the kernel leaves an unused velocity alone
        kernels.sgd(
            param, grad, *states, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=decay
        )

    return step


def _adam(decoupled: bool) -> Step:
    kernel = kernels.adamw if decoupled else kernels.adam

    def step(param: Any, grad: Any, states: Any, number: int, hyper: list[float]) -> None:
        lr, beta0, beta1, eps, decay = hyper
        kernel(
            param, grad, *states, step=number, lr=lr, betas=(beta0, beta1), eps=eps,
            weight_decay=decay,
        )  # fmt: skip

    return step


def _adagrad() -> Step:
    def step(param: Any, grad: Any, states: Any, number: int, hyper: list[float]) -> None:
        lr, lr_decay, eps, decay = hyper
        kernels.adagrad(
            param, grad, *states, step=number, lr=lr, lr_decay=lr_decay, eps=eps,
            weight_decay=decay,
        )  # fmt: skip

    return step


def _adadelta() -> Step:
    def step(param: Any, grad: Any, states: Any, number: int, hyper: list[float]) -> None:
        lr, rho, eps, decay = hyper
        kernels.adadelta(param, grad, *states, lr=lr, rho=rho, eps=eps, weight_decay=decay)

    return step


def _lamb(bias_correction: bool, always_adapt: bool) -> Step:
    def step(param: Any, grad: Any, states: Any, number: int, hyper: list[float]) -> None:
        lr, beta0, beta1, eps, decay = hyper
        kernels.lamb(
            param, grad, *states, step=number, lr=lr, betas=(beta0, beta1), eps=eps,
            bias_correction=bias_correction, weight_decay=decay, always_adapt=always_adapt,
        )  # fmt: skip

    return step


_register(sgd_update, _sgd)
_register(sgd_momentum_update, _sgd_momentum)
_register(adam_update, _adam)
_register(adagrad_update, _adagrad)
_register(adadelta_update, _adadelta)
_register(lamb_update, _lamb)
