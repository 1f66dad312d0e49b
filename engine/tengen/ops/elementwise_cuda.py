"""Generated CUDA kernels of elementwise operators, alone or in chains, in any one physical form.

Each row of `TEXTS` is an operator's expression: `{0}` stands for the first operand's value, a name
for an attribute. Halves are computed in float32 and rounded once, at the end.
"""

import string
from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Bound, OpDef, registry
from ..graph.types import TensorType
from ..kernels.cuda.elementwise import (
    BYTES,
    WIDTHS,
    Chain,
    Operand,
    Step,
    operand,
    value_type,
    write,
)
from . import activation, arithmetic, bitwise, comparison, elementwise, gelu_tanh, selection
from . import transcendental as functions
from .fused_elementwise import Program, fused_elementwise
from .launching_cuda import MOST_BLOCKS, THREADS, TYPES, all_known, blocks, period_over
from .shape import cast

WIDE_INDEX = 1 << 31
"""Elements from which a 32-bit index no longer holds; divisions by 64 bits cost four times."""


def _by_type(name: str) -> str:
    """The C library's function, in the form of the value's type."""
    return "(sizeof({0}) == 8 ? " + f"(A){name}((double){{0}}) : (A){name}f((float){{0}}))"


TEXTS: dict[OpDef, str] = {
    elementwise.add: "{0} + {1}",
    elementwise.accumulate: "{0} + {1}",
    elementwise.sub: "{0} - {1}",
    elementwise.mul: "{0} * {1}",
    elementwise.div: "{0} / {1}",
    elementwise.neg: "-{0}",
    elementwise.affine: "{0} * A({scale}) + A({shift})",
    arithmetic.abs: "absolute({0})",
    arithmetic.sign: "sign({0})",
    arithmetic.square: "{0} * {0}",
    arithmetic.sqrt: "square_root({0})",
    arithmetic.root: "square_root({0})",
    arithmetic.reciprocal: "A(1) / {0}",
    arithmetic.pow: "power({0}, {1})",
    arithmetic.pow_slope: "{1} == A(0) ? A(0) : {1} * power({0}, {1} - A(1))",
    arithmetic.div_or_zero: "{1} == A(0) ? A(0) : {0} / {1}",
    arithmetic.log_or_zero: "{0} == A(0) ? A(0) : logarithm({0})",
    arithmetic.floor_div: "quotient_below({0}, {1})",
    arithmetic.mod: "modulo({0}, {1})",
    arithmetic.maximum: "larger({0}, {1})",
    arithmetic.minimum: "smaller({0}, {1})",
    arithmetic.pass_at_least: "{1} >= {2} ? {0} : A(0)",
    arithmetic.pass_equal: "{1} == {2} ? {0} : A(0)",
    arithmetic.floor: _by_type("floor"),
    arithmetic.ceil: _by_type("ceil"),
    arithmetic.trunc: _by_type("trunc"),
    arithmetic.round: _by_type("rint"),
    functions.exp: "exponential({0})",
    functions.expm1: _by_type("expm1"),
    functions.log: "logarithm({0})",
    functions.log1p: "log_one_plus({0})",
    functions.sin: _by_type("sin"),
    functions.cos: _by_type("cos"),
    functions.tan: _by_type("tan"),
    functions.asin: _by_type("asin"),
    functions.acos: _by_type("acos"),
    functions.atan: _by_type("atan"),
    functions.sinh: _by_type("sinh"),
    functions.cosh: _by_type("cosh"),
    functions.tanh: "hyperbolic_tangent({0})",
    functions.asinh: _by_type("asinh"),
    functions.acosh: _by_type("acosh"),
    functions.atanh: _by_type("atanh"),
    functions.tanh_backward: "{0} * (A(1) - {1} * {1})",
    functions.atan2: "sizeof({0}) == 8 ? (A)atan2((double){0}, (double){1}) "
    ": (A)atan2f((float){0}, (float){1})",
    functions.logaddexp: "log_add_exp({0}, {1})",
    functions.erf: "error_function({0})",
    activation.relu: "relu({0})",
    activation.relu_backward: "{1} > A(0) ? {0} : A(0)",
    activation.relu6: "relu6({0})",
    activation.relu6_backward: "{1} > A(0) && {1} < A(6) ? {0} : A(0)",
    activation.sigmoid: "sigmoid({0})",
    activation.sigmoid_backward: "sigmoid_backward({0}, {1})",
    activation.silu: "silu({0})",
    activation.silu_backward: "silu_backward({0}, {1})",
    activation.gelu: "gelu({0})",
    activation.gelu_backward: "gelu_backward({0}, {1})",
    activation.softplus: "larger({0}, A(0)) + softplus_tail({0})",
    activation.logsigmoid: "smaller({0}, A(0)) - softplus_tail({0})",
    activation.hsigmoid: "hard_sigmoid({0})",
    activation.hsigmoid_backward: "{1} > A(0) && {1} < A(1) ? {0} / A(6) : A(0)",
    activation.hswish: "hard_swish({0})",
    activation.hswish_backward: "hard_swish_backward({0}, {1})",
    activation.leaky_relu: "{0} > A(0) ? {0} : {0} * A({negative_slope})",
    activation.leaky_relu_backward: "{1} > A(0) ? {0} : {0} * A({negative_slope})",
    activation.prelu: "{0} > A(0) ? {0} : {0} * {1}",
    activation.prelu_backward: "{1} > A(0) ? {0} : {0} * {2}",
    activation.negative_part_backward: "{1} <= A(0) ? {0} : A(0)",
    gelu_tanh.gelu_tanh: "gelu_tanh({0})",
    gelu_tanh.gelu_tanh_backward: "gelu_tanh_backward({0}, {1})",
    bitwise.bitwise_and: "{0} & {1}",
    bitwise.bitwise_or: "{0} | {1}",
    bitwise.bitwise_xor: "{0} ^ {1}",
    bitwise.left_shift: "shift_left({0}, {1})",
    bitwise.right_shift: "shift_right({0}, {1})",
    comparison.equal: "{0} == {1}",
    comparison.not_equal: "{0} != {1}",
    comparison.less: "{0} < {1}",
    comparison.less_equal: "{0} <= {1}",
    comparison.greater: "{0} > {1}",
    comparison.greater_equal: "{0} >= {1}",
    comparison.isnan: "{0} != {0}",
    comparison.isinf: "{0} == {0} && {0} - {0} != {0} - {0}",
    comparison.logical_and: "{0} && {1}",
    comparison.logical_or: "{0} || {1}",
    comparison.logical_xor: "{0} != {1}",
    comparison.logical_not: "!{0}",
}


def has_text(op: OpDef) -> bool:
    """Whether generated kernels may hold this operator."""
    special = (
        selection.where,
        cast,
        bitwise.bitwise_not,
        arithmetic.clip,
        arithmetic.clip_backward,
    )
    return op in TEXTS or op in special


class Writer:
    """Collects the steps of a chain and their numbers."""

    def __init__(self, operands: list[Operand], types: list[Any]):
        self.operands = operands
        self.types = types
        self.steps: list[Step] = []
        self.numbers: list[float] = []

    def number(self, value: float) -> str:
        """The name of a number of the chain."""
        self.numbers.append(float(value))
        return f"n{len(self.numbers) - 1}"

    def add(
        self, op: OpDef, attrs: dict[str, Any], given: tuple[int | None, ...], out: Any
    ) -> None:
        """One more step, of an operator that `has_text`; None among the values means zero."""
        kept = tuple(place for place in given if place is not None)
        first = self.types[kept[0]] if kept else out
        text = self._text(op, attrs, given, first, out)
        work = value_type(TYPES[first])
        self.steps.append(Step(value_type(TYPES[out]), text.replace("A(", f"{work}(").replace(
            "(A)", f"({work})"), kept))  # fmt: skip
        self.types.append(out)

    def _text(self, op: OpDef, attrs: dict[str, Any], given: Any, first: Any, out: Any) -> str:
        if op is selection.where:
            places = iter(range(3))
            x, y, mask = ("0" if place is None else f"{{{next(places)}}}" for place in given)
            kind = value_type(TYPES[out])
            return f"{mask} ? ({kind})({x}) : ({kind})({y})"
        if op is cast:
            return _cast_text(first, attrs["dtype"])
        if op is bitwise.bitwise_not:
            return "!{0}" if first == dt.bool_ else "~{0}"
        if op is arithmetic.clip:
            made = "{0}"
            if attrs["low"] is not None:
                made = f"larger({made}, A({self.number(attrs['low'])}))"
            if attrs["high"] is not None:
                made = f"smaller({made}, A({self.number(attrs['high'])}))"
            return made
        if op is arithmetic.clip_backward:
            inside = "true"
            if attrs["low"] is not None:
                inside += f" && {{1}} >= A({self.number(attrs['low'])})"
            if attrs["high"] is not None:
                inside += f" && {{1}} <= A({self.number(attrs['high'])})"
            return f"({inside}) ? {{0}} : A(0)"
        text = TEXTS[op]
        for _, field, _, _ in string.Formatter().parse(text):
            if field and not field.isdigit():
                text = text.replace("{" + field + "}", self.number(attrs[field]))
        return text

    def chain(self, out: TensorType) -> Chain:
        """The chain of all steps."""
        wide = out.nbytes // out.dtype.itemsize >= WIDE_INDEX
        return Chain(tuple(self.operands), tuple(self.steps), len(self.numbers),
                     TYPES[out.dtype], wide)  # fmt: skip


def _cast_text(source: Any, target: Any) -> str:
    if target == dt.bool_:
        return "{0} != 0"
    name = TYPES[target]
    made = f"({value_type(name)}){{0}}"
    if target in (dt.float16, dt.bfloat16):
        return f"wide(narrow<{name}>({made}))"
    return made


def lay(forms: Any, out: TensorType) -> tuple[Any, list[Operand], list[Any]] | None:
    """The layout of the result, the operands over it, and the layouts they are wanted in.

    None where an operand lies in a way that the kernels do not know.
    """
    if any(form is not None and form.dtype not in TYPES for form in (out, *forms)):
        return None
    full = [form for form in forms if form is not None and form.shape == out.shape]
    layout = next((form.layout for form in full if form.layout is not None), None)
    if layout is not None and layout.pads(out.shape):
        layout = None
    lanes = BYTES // max([WIDTHS[TYPES[t.dtype]] for t in (out, *full)])
    operands, wanted = [], []
    for form in forms:
        if form is None:
            continue
        storage = TYPES[form.dtype]
        if form.shape == out.shape:
            operands.append(Operand(storage))
            wanted.append(layout)
            continue
        small = (1,) * (out.ndim - form.ndim) + form.shape
        whole, kept = out.shape, None
        if layout is not None:
            if layout.blocks:
                return None
            small, whole = (tuple(s[axis] for axis in layout.order) for s in (small, whole))
            if sum(n != 1 for n in small) > 1:
                if form.ndim != out.ndim:
                    return None
                kept = layout
        found = period_over(small, whole)
        if found is None:
            return None
        operands.append(operand(storage, *found, lanes))
        wanted.append(kept)
    return layout, operands, wanted


def chain_of(forms: Any, values: Any, program: Program) -> Any:
    """(chain, numbers, layout, layouts wanted) of a program over operands, or None."""
    if not all(has_text(registry[name]) for name, _, _ in program):
        return None
    found = lay(forms, values)
    if found is None:
        return None
    layout, operands, wanted = found
    writer = Writer(operands, [form.dtype for form in forms])
    types = list(forms)
    for name, attrs, given in program:
        op = registry[name]
        named = op.unpack(attrs)
        logical: list[Any] = [None if g is None else types[g].logical for g in given]
        made: Any = op.infer(*logical, **named)
        types.append(made)
        if made.dtype not in TYPES:
            return None
        writer.add(op, named, given, made.dtype)
    return writer.chain(values), tuple(writer.numbers), layout, wanted


def bind(forms: Any, out: TensorType, program: Program, places: list[int]) -> Bound | None:
    """The kernel of a program; `places` are the inputs that its operands are."""
    if not all_known((out,)):
        return None
    given = [forms[place] for place in places]
    found = chain_of(given, out, program)
    if found is None:
        return None
    chain, numbers, layout, wanted = found
    kernel, sizes, count = write(chain), chain.sizes(), out.size
    grid = min(blocks(count, THREADS * chain.lanes), MOST_BLOCKS)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        arrays = [ins[place] for place in places]
        kernel("run", grid, THREADS, *arrays, *sizes, *numbers, outs[0], count)

    layouts: list[Any] = [None] * len(forms)
    over = None
    for place, want in zip(places, wanted, strict=True):
        layouts[place] = want
        form = forms[place]
        if over is None and form.shape == out.shape and form.dtype == out.dtype:
            over = (place, 0)
    return Bound(run, tuple(layouts), (out.with_layout(layout),), inplace=over)


@fused_elementwise.backend("cuda", "gpu")
def build(forms: Any, out_types: Any, *, program: Program) -> Bound | None:
    """A chain in one pass over memory."""
    return bind(forms, out_types[0], program, list(range(len(forms))))


build.physical = True  # type: ignore[attr-defined]


def _register(op: OpDef) -> None:
    def build(forms: Any, out_types: Any, **attrs: Any) -> Bound | None:
        places = [i for i, form in enumerate(forms) if form is not None]
        numbers = iter(range(len(places)))
        given = tuple(None if form is None else next(numbers) for form in forms)
        step = (op.name, op.pack(attrs), given)
        return bind(forms, out_types[0], (step,), places)

    build.physical = True  # type: ignore[attr-defined]
    op.backend("cuda", "gpu")(build)


for _op in list(registry.values()):
    if has_text(_op):
        _register(_op)
