"""Reorder: copying an array from one physical form, or data type, into another."""

from .library import load
from .memory import Desc, md_of
from .primitive import DST, SRC, Plan, attributes, cached, create


@cached
def reorder(src: Desc, dst: Desc) -> Plan:
    """A plan (src, dst). Padding of blocked forms is written as zeros.

    Raises ValueError when the shapes differ, Unsupported for pairs oneDNN cannot convert.
    """
    if src.shape != dst.shape:
        raise ValueError(f"[reorder] shapes must agree; got {src.shape} and {dst.shape}")
    engine = load().engine
    pd = create(
        f"reorder of {src.shape} from {src.form} to {dst.form}",
        "reorder",
        md_of(src),
        engine,
        md_of(dst),
        engine,
        attributes(),
    )
    return Plan("reorder", pd, [("src", SRC), ("dst", DST)])
