"""Operations of two arrays element by element, and weighted sums of several."""

from .algorithms import BINARY, Activation
from .library import load
from .memory import Desc, md_of
from .primitive import (
    DST,
    MULTIPLE_SRC,
    SRC,
    SRC_1,
    Plan,
    activation_post,
    attributes,
    cached,
    create,
)


@cached
def binary(
    name: str,
    left: Desc,
    right: Desc,
    dst: Desc | str | None = None,
    *,
    activation: Activation = None,
) -> Plan:
    """A plan (src, src_1, dst): add, sub, mul, div, max or min, then an activation.

    Axes of length 1 broadcast. Without `dst` the result takes left's form; it may be left itself.
    """
    pairs = zip(left.shape, right.shape, strict=True)
    shape = tuple(b if a == 1 else a for a, b in pairs)
    if dst is None and shape == left.shape:
        out = left
    else:
        out = dst if isinstance(dst, Desc) else Desc.of(shape, left.dtype, dst)
    pd = create(
        f"{name} of {left.shape} and {right.shape}",
        "binary",
        load().engine,
        BINARY[name],
        md_of(left),
        md_of(right),
        md_of(out),
        attributes(*activation_post(activation)),
    )
    return Plan(name, pd, [("src", SRC), ("src_1", SRC_1), ("dst", DST)])


@cached
def weighted_sum(terms: tuple[Desc, ...], weights: tuple[float, ...] = ()) -> Plan:
    """A plan (src_0, src_1, ..., dst): the sum of arrays of one shape, each times its weight.

    Weights are 1 where not given. The result takes the first array's form and may be that array.
    """
    library = load()
    ffi = library.ffi
    scales = [*weights, *[1.0] * (len(terms) - len(weights))]
    pd = create(
        f"weighted_sum of {len(terms)} arrays of {terms[0].shape}",
        "sum",
        library.engine,
        md_of(terms[0]),
        len(terms),
        ffi.new("float[]", scales),
        ffi.new("md_t[]", [md_of(term) for term in terms]),
        attributes(),
    )
    names = [(f"src_{place}", MULTIPLE_SRC + place) for place in range(len(terms))]
    return Plan("weighted_sum", pd, [*names, ("dst", DST)])
