"""Concatenation and channel shuffle, on blocked arrays too."""

from .library import load
from .memory import Desc, md_of
from .primitive import DST, FORWARD, MULTIPLE_SRC, SRC, Plan, attributes, cached, create


@cached
def concat(parts: tuple[Desc, ...], axis: int, dst: Desc | str = "any") -> Plan:
    """A plan (src_0, src_1, ..., dst): the parts one behind another along `axis`."""
    library = load()
    axis %= parts[0].ndim
    shape = list(parts[0].shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    out = dst if isinstance(dst, Desc) else Desc.of(shape, parts[0].dtype, dst)
    pd = create(
        f"concat of {[part.shape for part in parts]} along {axis}",
        "concat",
        library.engine,
        md_of(out),
        len(parts),
        axis,
        library.ffi.new("md_t[]", [md_of(part) for part in parts]),
        attributes(),
    )
    names = [(f"src_{place}", MULTIPLE_SRC + place) for place in range(len(parts))]
    return Plan("concat", pd, [*names, ("dst", DST)])


@cached
def shuffle(x: Desc, groups: int, axis: int = 1) -> Plan:
    """A plan (src, dst): the axis as (groups, n) transposed to (n, groups), as in ShuffleNet.

    The gradient is the shuffle with n groups.
    """
    pd = create(
        f"shuffle of {x.shape} in {groups} groups",
        "shuffle_forward",
        load().engine,
        FORWARD,
        md_of(x),
        md_of(x),
        axis % x.ndim,
        x.shape[axis] // groups,
        attributes(),
    )
    return Plan("shuffle", pd, [("src", SRC), ("dst", DST)])
