"""Sums, means, products and extremes over axes, which are kept with length 1."""

from .library import load
from .memory import Desc, md_of
from .primitive import DST, SRC, Plan, attributes, cached, create

KINDS = {"max": 0x2FFF2, "min": 0x2FFF3, "sum": 0x2FFF4, "mul": 0x2FFF5, "mean": 0x2FFF6}


@cached
def reduction(kind: str, x: Desc, axes: tuple[int, ...], dst: Desc | str | None = None) -> Plan:
    """A plan (src, dst): `kind` (max, min, sum, mul, mean) over `axes`."""
    folded = {axis % x.ndim for axis in axes}
    shape = tuple(1 if axis in folded else dim for axis, dim in enumerate(x.shape))
    out = dst if isinstance(dst, Desc) else Desc.of(shape, x.dtype, dst)
    pd = create(
        f"{kind} of {x.shape} over {axes}",
        "reduction",
        load().engine,
        KINDS[kind],
        md_of(x),
        md_of(out),
        0.0,
        0.0,
        attributes(),
    )
    return Plan(kind, pd, [("src", SRC), ("dst", DST)])
