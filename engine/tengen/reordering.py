"""Layout conversions of buffers by oneDNN; importing this installs them in the runtime."""

from typing import Any

from .graph.types import TensorType
from .kernels.onednn import library
from .kernels.onednn import reorder as onednn
from .kernels.onednn.errors import Unsupported
from .kernels.onednn.memory import DATA_TYPES, Desc
from .runtime.buffer import Buffer
from .runtime.plan import install_reorder

_plans: dict[tuple[TensorType, TensorType], Any] = {}


def reorder(source: Buffer, target: Buffer) -> bool:
    """Copy a value into a buffer of another layout; False where oneDNN cannot."""
    array = source.array
    if source.type.layout is None and not array.flags.c_contiguous:
        return _strided(source, target)
    key = (source.type, target.type)
    try:
        plan = _plans[key]
    except KeyError:
        plan = _plans[key] = _plan(_desc(source.type), target.type)
    if plan is None:
        return False
    plan(array, target.array)
    return True


def _strided(source: Buffer, target: Buffer) -> bool:
    if not source.type.size:
        return False
    try:
        desc = Desc.like(source.array)
    except Unsupported:
        return False
    plan = _plan(desc, target.type)
    if plan is None:
        return False
    plan(source.array, target.array)
    return True


def _desc(type_: TensorType) -> Desc:
    return Desc.laid(type_.shape, type_.dtype, type_.layout)


def _plan(source: Desc, target: TensorType) -> Any:
    """The plan of a conversion, or None: oneDNN takes 1 to 12 axes and not every data type."""
    usable = target.dtype in DATA_TYPES and target.size and 1 <= target.ndim <= 12
    if not usable or not library.available():
        return None
    try:
        return onednn.reorder(source, _desc(target))
    except Unsupported:
        return None


install_reorder(reorder)
