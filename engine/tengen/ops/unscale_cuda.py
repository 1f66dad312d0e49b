"""Taking a loss scale out of the gradients of a model on the GPU, in a launch or a few."""

from typing import Any

from ..graph.opdef import Bound
from ..kernels.cuda import many
from .launching_cuda import TYPES
from .unscale import unscale


@unscale.backend("cuda", "gpu")
def build(in_types: Any, out_types: Any) -> Bound | None:
    """All gradients, each as it lies in memory, in its own memory where it may be."""
    gradients = in_types[:-1]
    kind = TYPES[gradients[0].dtype]

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        many.unscale(ins[:-1], outs[:-1], kind, ins[-1], outs[-1])

    layouts = tuple([g.layout for g in gradients])
    pairs = unscale.reuses((), len(in_types))
    made = (*gradients, out_types[-1])
    return Bound(run, (*layouts, None), made, inplace=pairs[0], further=pairs[1:])


build.physical = True  # type: ignore[attr-defined]
