"""Optimizer updates on the GPU, of one parameter or of a whole model, in a few launches."""

from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Bound, registry
from ..kernels.cuda import tables
from ..kernels.cuda.program import Program, program
from .fused_update import fused_update
from .launching_cuda import THREADS, TYPES, blocks
from .optimizer import (
    STEP,
    Update,
    adadelta_update,
    adagrad_update,
    adam_update,
    sgd_momentum_update,
    sgd_update,
)

PIECE = 4096
"""Elements of a block, as optimizer.cu has them."""

RULES: dict[tuple[str, tuple[Any, ...]], str] = {
    ("sgd_update", ()): "SGD",
    ("sgd_momentum_update", (False,)): "MOMENTUM",
    ("sgd_momentum_update", (True,)): "NESTEROV",
    ("adam_update", (False,)): "ADAM",
    ("adam_update", (True,)): "ADAMW",
    ("adagrad_update", ()): "ADAGRAD",
    ("adadelta_update", ()): "ADADELTA",
}


class Steps:
    """Runs a rule on `count` parameters whose operands stand one after another."""

    def __init__(self, kernel: Program, op: Update, sizes: list[int], most: int):
        self.kernel, self.sizes, self.most = kernel, sizes, most
        self.counted = STEP in op.states
        self.states = len(op.states) - self.counted
        self.taken, self.given = 2 + len(op.states), 1 + len(op.states)

    def item(self, number: int, outs: list[int], ins: list[int]) -> list[int]:
        """The words of an Item: see optimizer.cu."""
        taken = ins[number * self.taken : (number + 1) * self.taken]
        given = outs[number * self.given : (number + 1) * self.given]
        step = [taken[-1], given[-1]] if self.counted else [0, 0]
        old = [*taken[2 : 2 + self.states], 0]
        new = [*given[1 : 1 + self.states], 0]
        return [taken[0], taken[1], given[0], *step, *old, *new, self.sizes[number]]

    def run(self, outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        """One step of all of them."""
        address = tables.address()
        to, source = [address(a) for a in outs], [address(a) for a in ins[:-1]]
        for numbers in tables.chunks(len(self.sizes), self.most):
            items = [self.item(number, to, source) for number in numbers]
            sizes = [self.sizes[number] for number in numbers]
            table, grid = tables.pack(items, sizes, PIECE, self.most, False)
            self.kernel("run", grid, THREADS, table, ins[-1], None)
            if self.counted:
                self.kernel("advance", blocks(len(items), 64), 64, table)


def _bind(op: Update, attributes: tuple[Any, ...], in_types: Any, out_types: Any, count: int):
    rule = RULES.get((op.name, attributes))
    param = in_types[0]
    work = dt.accumulator(param.dtype)
    taken = 2 + len(op.states)
    for number in range(count):
        first, second, *states = in_types[number * taken : (number + 1) * taken]
        if first.dtype != param.dtype or second.dtype != param.dtype:
            return None
        if any(state.dtype != work for state in states):
            return None
    if rule is None or param.dtype not in dt.FLOATS:
        return None
    states = len(op.states) - (STEP in op.states)
    most = min(tables.capacity(6 + 2 * (states + 1)), max(count, 1))
    kernel = program("optimizer", TYPE=TYPES[param.dtype], RULE=rule, STATES=states, MOST=most)
    sizes = [in_types[number * taken].size for number in range(count)]
    steps = Steps(kernel, op, sizes, most)
    return Bound(steps.run, (None,) * len(in_types), out_types, inplace=(0, 0))


@fused_update.backend("cuda", "gpu")
def build(
    in_types: Any, out_types: Any, *, update: str, attributes: tuple[Any, ...], count: int
) -> Bound | None:
    """All parameters of a model, up to 60 a launch."""
    op = registry[update]
    return _bind(op, attributes, in_types, out_types, count) if isinstance(op, Update) else None


def _register(op: Update) -> None:
    def build(in_types: Any, out_types: Any, **attrs: Any) -> Bound | None:
        return _bind(op, op.pack(attrs), in_types, out_types, 1)

    op.backend("cuda", "gpu")(build)


for _op in (sgd_update, sgd_momentum_update, adam_update, adagrad_update, adadelta_update):
    _register(_op)
