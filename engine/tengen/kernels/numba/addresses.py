"""Arrays from addresses, for kernels that take many arrays at once. Imported by generated code."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic(prefer_literal=False)
def pointer(typing_context, address):
    """The address, an int64, as a pointer that `numba.carray` takes."""
    if not isinstance(address, types.Integer):
        return None

    def generate(context, builder, sig, args):
        whole = builder.sext(args[0], ir.IntType(64)) if args[0].type.width < 64 else args[0]
        return builder.inttoptr(whole, cgutils.voidptr_t)

    return types.voidptr(address), generate
