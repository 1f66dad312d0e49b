"""Explicit vector registers for Numba kernels.

Numba neither packs scalar code into vectors nor proves that arrays do not overlap, so a kernel that
relies on the loop vectoriser runs at a fraction of the cache's bandwidth. Here `Vec(dtype, lanes)`
is a Numba type that lowers to an LLVM vector: loads, stores, arithmetic, comparisons and reductions
become single instructions on any machine that LLVM knows. Imported by generated kernels only.
"""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import (
    intrinsic,
    lower_builtin,
    models,
    register_model,
    type_callable,
)

_FLAGS = ("contract",)
_I32 = ir.IntType(32)


class Vec(types.Type):
    """A vector of `lanes` floats of one dtype, held in registers."""

    def __init__(self, dtype: types.Float, lanes: int):
        self.dtype, self.lanes = dtype, lanes
        super().__init__(f"Vec({dtype}, {lanes})")


class Mask(types.Type):
    """A vector of truth values, the result of comparing two `Vec`s."""

    def __init__(self, lanes: int):
        self.lanes = lanes
        super().__init__(f"Mask({lanes})")


def _scalar_ir(dtype: types.Float) -> ir.Type:
    return ir.FloatType() if dtype is types.float32 else ir.DoubleType()


def _integer_ir(dtype: types.Float) -> ir.Type:
    return ir.IntType(dtype.bitwidth)


def _vector_ir(vec: Vec) -> ir.Type:
    return ir.VectorType(_scalar_ir(vec.dtype), vec.lanes)


@register_model(Vec)
class _VecModel(models.PrimitiveModel):
    def __init__(self, manager, vec):
        super().__init__(manager, vec, _vector_ir(vec))


@register_model(Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager, mask):
        super().__init__(manager, mask, ir.VectorType(ir.IntType(1), mask.lanes))


def _broadcast(builder, value, lanes: int):
    """A vector whose lanes all hold `value`."""
    undefined = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(_I32, 0))
    zeros = ir.Constant(ir.VectorType(_I32, lanes), [0] * lanes)
    return builder.shuffle_vector(first, undefined, zeros)


def _as_vector(context, builder, value, given, vec: Vec | None):
    """`value` as a vector of type `vec`: scalars are cast and broadcast."""
    if isinstance(given, Vec):
        return value
    assert vec is not None
    return _broadcast(builder, context.cast(builder, value, given, vec.dtype), vec.lanes)


def _constant(vec: Vec, number: float):
    return ir.Constant(_vector_ir(vec), [number] * vec.lanes)


def _call(builder, name: str, result, args):
    function_type = ir.FunctionType(result, [a.type for a in args])
    function = cgutils.get_or_insert_function(builder.module, function_type, name)
    return builder.call(function, args, fastmath=())


def _suffix(vec: Vec) -> str:
    return f"v{vec.lanes}f{vec.dtype.bitwidth}"


def _pair(a, b) -> Vec | None:
    """The vector type of a binary operation on `a` and `b`, or None when it is not ours."""
    vec = a if isinstance(a, Vec) else b
    if not isinstance(vec, Vec):
        return None
    other = b if vec is a else a
    return vec if other == vec or isinstance(other, types.Number) else None


def _register_binary(function, result_of, emit) -> None:
    @type_callable(function)
    def typer(context):
        def infer(a, b):
            vec = _pair(a, b)
            return None if vec is None else result_of(vec)

        return infer

    def lower(context, builder, sig, args):
        vec = _pair(*sig.args)
        x, y = (
            _as_vector(context, builder, v, t, vec) for v, t in zip(args, sig.args, strict=True)
        )
        return emit(builder, x, y)

    for left, right in ((Vec, Vec), (Vec, types.Number), (types.Number, Vec)):
        lower_builtin(function, left, right)(lower)


for _function, _name in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _register_binary(
        _function, lambda vec: vec, lambda b, x, y, n=_name: getattr(b, n)(x, y, flags=_FLAGS)
    )
for _function, _sign in (
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
):
    _register_binary(
        _function,
        lambda vec: Mask(vec.lanes),
        lambda b, x, y, s=_sign: b.fcmp_ordered(s, x, y),
    )
_register_binary(
    operator.ne, lambda vec: Mask(vec.lanes), lambda b, x, y: b.fcmp_unordered("!=", x, y)
)


@type_callable(operator.neg)
def _type_neg(context):
    return lambda a: a if isinstance(a, Vec) else None


@lower_builtin(operator.neg, Vec)
def _lower_neg(context, builder, sig, args):
    return builder.fneg(args[0])


def _register_mask_operator(function, method: str) -> None:
    @type_callable(function)
    def typer(context):
        return lambda a, b: a if isinstance(a, Mask) and a == b else None

    @lower_builtin(function, Mask, Mask)
    def lower(context, builder, sig, args):
        return getattr(builder, method)(*args)


_register_mask_operator(operator.and_, "and_")
_register_mask_operator(operator.or_, "or_")


@type_callable(operator.invert)
def _type_invert(context):
    return lambda a: a if isinstance(a, Mask) else None


@lower_builtin(operator.invert, Mask)
def _lower_invert(context, builder, sig, args):
    return builder.not_(args[0])


def _pointer(context, builder, array_type, array, index, lanes: int, dtype=None):
    dtype = dtype or array_type.dtype
    data = context.make_array(array_type)(context, builder, array).data
    address = builder.gep(data, [index])
    return builder.bitcast(address, ir.VectorType(_scalar_ir(dtype), lanes).as_pointer())


def _first_lanes(builder, count, lanes: int):
    """A mask that is true in the first `count` lanes."""
    numbers = ir.Constant(ir.VectorType(count.type, lanes), list(range(lanes)))
    return builder.icmp_signed("<", numbers, _broadcast(builder, count, lanes))


@intrinsic(prefer_literal=True)
def load(typing_context, array, index, lanes):
    """The `lanes` elements of a flat array from `index` on."""
    vec = Vec(array.dtype, lanes.literal_value)

    def generate(context, builder, sig, args):
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1], vec.lanes)
        return builder.load(pointer, align=vec.dtype.bitwidth // 8)

    return vec(array, types.intp, lanes), generate


@intrinsic(prefer_literal=True)
def load_part(typing_context, array, index, lanes, count):
    """The first `count` elements from `index` on, then zeros; nothing else is read."""
    vec = Vec(array.dtype, lanes.literal_value)

    def generate(context, builder, sig, args):
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1], vec.lanes)
        mask = _first_lanes(builder, args[3], vec.lanes)
        alignment = ir.Constant(_I32, vec.dtype.bitwidth // 8)
        name = f"llvm.masked.load.{_suffix(vec)}.p0"
        return _call(
            builder, name, _vector_ir(vec), [pointer, alignment, mask, _constant(vec, 0.0)]
        )

    return vec(array, types.intp, lanes, types.intp), generate


@intrinsic(prefer_literal=True)
def store(typing_context, array, index, value):
    """Writes a vector at `index`."""
    if not isinstance(value, Vec):
        return None

    def generate(context, builder, sig, args):
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1], value.lanes)
        builder.store(args[2], pointer, align=value.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), generate


@intrinsic(prefer_literal=True)
def store_part(typing_context, array, index, value, count):
    """Writes the first `count` lanes of a vector at `index`; nothing else is touched."""

    def generate(context, builder, sig, args):
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1], value.lanes)
        mask = _first_lanes(builder, args[3], value.lanes)
        alignment = ir.Constant(_I32, value.dtype.bitwidth // 8)
        name = f"llvm.masked.store.{_suffix(value)}.p0"
        _call(builder, name, ir.VoidType(), [args[2], pointer, alignment, mask])
        return context.get_dummy_value()

    return types.void(array, types.intp, value, types.intp), generate


@intrinsic(prefer_literal=True)
def keep(typing_context, value, count):
    """The vector with every lane from `count` on set to zero."""

    def generate(context, builder, sig, args):
        mask = _first_lanes(builder, args[1], value.lanes)
        return builder.select(mask, args[0], _constant(value, 0.0))

    return value(value, types.intp), generate


@intrinsic(prefer_literal=True)
def fill(typing_context, value, count, number):
    """The vector with every lane from `count` on set to `number`."""

    def generate(context, builder, sig, args):
        mask = _first_lanes(builder, args[1], value.lanes)
        rest = _as_vector(context, builder, args[2], sig.args[2], value)
        return builder.select(mask, args[0], rest)

    return value(value, types.intp, number), generate


@intrinsic(prefer_literal=True)
def splat(typing_context, number, lanes):
    """A vector whose lanes all hold `number`."""
    vec = Vec(number, lanes.literal_value)

    def generate(context, builder, sig, args):
        return _broadcast(builder, args[0], vec.lanes)

    return vec(number, lanes), generate


@intrinsic(prefer_literal=True)
def accumulate(typing_context, array, index, value):
    """Adds a vector, widened to float64, onto a float64 array at `index`."""

    def generate(context, builder, sig, args):
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1], value.lanes)
        wide = args[2]
        if value.dtype is not types.float64:
            wide = builder.fpext(wide, ir.VectorType(ir.DoubleType(), value.lanes))
        total = builder.fadd(builder.load(pointer, align=8), wide)
        builder.store(total, pointer, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), generate


@intrinsic(prefer_literal=True)
def select(typing_context, condition, yes, no):
    """`yes` where the condition holds, else `no`; scalars are broadcast."""
    if not isinstance(condition, Mask):
        return None
    vec = yes if isinstance(yes, Vec) else no
    if not isinstance(vec, Vec):
        return None

    def generate(context, builder, sig, args):
        x = _as_vector(context, builder, args[1], sig.args[1], vec)
        y = _as_vector(context, builder, args[2], sig.args[2], vec)
        return builder.select(args[0], x, y)

    return vec(condition, yes, no), generate


def _unary(name: str, doc: str):
    @intrinsic(prefer_literal=True)
    def function(typing_context, value):
        def generate(context, builder, sig, args):
            return _call(builder, f"llvm.{name}.{_suffix(value)}", args[0].type, args)

        return value(value), generate

    function.__doc__ = doc
    return function


square_root = _unary("sqrt", "The square root of every lane.")
absolute = _unary("fabs", "The absolute value of every lane.")
nearest = _unary("rint", "Every lane rounded to the nearest integer, ties to even.")
round_down = _unary("floor", "The largest integer not above every lane.")
round_up = _unary("ceil", "The smallest integer not below every lane.")


@intrinsic(prefer_literal=True)
def with_sign(typing_context, magnitude, sign):
    """The magnitude of one vector with the signs of another."""

    def generate(context, builder, sig, args):
        name = f"llvm.copysign.{_suffix(magnitude)}"
        return _call(builder, name, args[0].type, args)

    return magnitude(magnitude, sign), generate


@intrinsic(prefer_literal=True)
def power_of_two(typing_context, exponent):
    """2 ** exponent for float32 lanes that hold integers from -126 to 127."""

    def generate(context, builder, sig, args):
        integers = ir.VectorType(_I32, exponent.lanes)
        whole = builder.fptosi(args[0], integers)
        biased = builder.add(whole, ir.Constant(integers, [127] * exponent.lanes))
        bits = builder.shl(biased, ir.Constant(integers, [23] * exponent.lanes))
        return builder.bitcast(bits, args[0].type)

    return exponent(exponent), generate


def _bits(builder, value, vec: Vec):
    integers = ir.VectorType(_I32, vec.lanes)
    return builder.bitcast(value, integers), lambda number: ir.Constant(
        integers, [number] * vec.lanes
    )


@intrinsic(prefer_literal=True)
def exponent_of(typing_context, value):
    """The unbiased exponent of positive normal float32 lanes, as floats."""

    def generate(context, builder, sig, args):
        bits, constant = _bits(builder, args[0], value)
        exponent = builder.sub(builder.lshr(bits, constant(23)), constant(127))
        return builder.sitofp(exponent, args[0].type)

    return value(value), generate


@intrinsic(prefer_literal=True)
def mantissa_of(typing_context, value):
    """The mantissa, in [1, 2), of positive normal float32 lanes."""

    def generate(context, builder, sig, args):
        bits, constant = _bits(builder, args[0], value)
        fraction = builder.and_(bits, constant(0x007FFFFF))
        return builder.bitcast(builder.or_(fraction, constant(0x3F800000)), args[0].type)

    return value(value), generate


@intrinsic(prefer_literal=True)
def each_lane(typing_context, name, value):
    """A function of the C mathematics library, called for every float64 lane."""
    function_name = name.literal_value

    def generate(context, builder, sig, args):
        result = args[1]
        for lane in range(value.lanes):
            place = ir.Constant(_I32, lane)
            number = builder.extract_element(args[1], place)
            result = builder.insert_element(
                result, _call(builder, function_name, ir.DoubleType(), [number]), place
            )
        return result

    return value(name, value), generate


def _larger(builder, x, y):
    """x where it is greater or NaN, else y: a NaN in y is kept too, since no x is greater."""
    greater = builder.fcmp_ordered(">", x, y)
    missing = builder.fcmp_unordered("!=", x, x)
    return builder.select(builder.or_(greater, missing), x, y)


def _reduce(builder, value, combine):
    """Folds a vector to its first lane, halving it at every step."""
    lanes = value.type.count
    while lanes > 1:
        half = lanes // 2
        mask = ir.VectorType(_I32, half)
        low = builder.shuffle_vector(value, value, ir.Constant(mask, list(range(half))))
        high = builder.shuffle_vector(value, value, ir.Constant(mask, list(range(half, lanes))))
        value, lanes = combine(builder, low, high), half
    return builder.extract_element(value, ir.Constant(_I32, 0))


@intrinsic(prefer_literal=True)
def sum_lanes(typing_context, value):
    """The sum of the lanes."""

    def generate(context, builder, sig, args):
        return _reduce(builder, args[0], lambda b, x, y: b.fadd(x, y))

    return value.dtype(value), generate


@intrinsic(prefer_literal=True)
def max_lanes(typing_context, value):
    """The largest lane; NaN when any lane is NaN."""

    def generate(context, builder, sig, args):
        return _reduce(builder, args[0], _larger)

    return value.dtype(value), generate


@intrinsic(prefer_literal=True)
def larger(typing_context, value, other):
    """The larger of two vectors, lane by lane; NaN where either is NaN."""

    def generate(context, builder, sig, args):
        x, y = (
            _as_vector(context, builder, v, t, vec) for v, t in zip(args, sig.args, strict=True)
        )
        return _larger(builder, x, y)

    vec = _pair(value, other)
    return None if vec is None else (vec(value, other), generate)


@intrinsic(prefer_literal=True)
def smaller(typing_context, value, other):
    """The smaller of two vectors, lane by lane; NaN where either is NaN."""

    def generate(context, builder, sig, args):
        x, y = (
            _as_vector(context, builder, v, t, vec) for v, t in zip(args, sig.args, strict=True)
        )
        less = builder.fcmp_ordered("<", x, y)
        missing = builder.fcmp_unordered("!=", x, x)
        return builder.select(builder.or_(less, missing), x, y)

    vec = _pair(value, other)
    return None if vec is None else (vec(value, other), generate)
