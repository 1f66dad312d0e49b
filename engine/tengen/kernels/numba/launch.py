"""Runs one compiled function on several threads of the process's OpenMP pool.

Numba's own parallel loops double a kernel's compile time and cost two microseconds a call. This
calls the OpenMP runtime directly: the arguments go into a record on the stack, and every thread
calls the function with its number. Imported by generated kernels only.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_POINTER = ir.IntType(8).as_pointer()
_I32 = ir.IntType(32)


@intrinsic(prefer_literal=False)
def launch(typing_context, function, parts, arguments):
    """Calls `function(part, parts, *arguments)` for every part, each on a thread of its own."""
    whole = types.int64
    function_types = (whole, whole, *arguments.types)

    def generate(context, builder, sig, args):
        function.get_call_type(typing_context, function_types, {})
        compiled = function.dispatcher.overloads[function_types]
        context.active_code_library.add_linking_library(compiled.library)
        values = [args[1], *cgutils.unpack_tuple(builder, args[2])]
        record_type = ir.LiteralStructType([value.type for value in values])
        record = cgutils.alloca_once(builder, record_type)
        for place, value in enumerate(values):
            builder.store(value, cgutils.gep_inbounds(builder, record, 0, place))
        name = f"{builder.function.name}.part"
        body = ir.Function(builder.module, ir.FunctionType(ir.VoidType(), [_POINTER]), name)
        body.linkage = "internal"
        _write_body(context, body, record_type, compiled)
        start_type = ir.FunctionType(ir.VoidType(), [body.type, _POINTER, _I32, _I32])
        start = cgutils.get_or_insert_function(builder.module, start_type, "GOMP_parallel")
        data = builder.bitcast(record, _POINTER)
        count = builder.trunc(args[1], _I32)
        builder.call(start, [body, data, count, ir.Constant(_I32, 0)])
        return context.get_dummy_value()

    return types.void(function, whole, arguments), generate


def _write_body(context, body, record_type, compiled) -> None:
    """The code of one thread; a pool smaller than the parts makes a thread take several."""
    builder = ir.IRBuilder(body.append_basic_block("entry"))
    record = builder.bitcast(body.args[0], record_type.as_pointer())
    whole = ir.IntType(64)
    values = [
        builder.load(cgutils.gep_inbounds(builder, record, 0, place))
        for place in range(len(record_type.elements))
    ]
    number_type = ir.FunctionType(_I32, [])

    def ask(name):
        function = cgutils.get_or_insert_function(builder.module, number_type, name)
        return builder.zext(builder.call(function, []), whole)

    own, threads = ask("omp_get_thread_num"), ask("omp_get_num_threads")
    with cgutils.for_range_slice(builder, own, values[0], threads, intp=whole) as (part, _):
        context.call_internal_no_propagate(
            builder, compiled.fndesc, compiled.signature, [part, *values]
        )
    builder.ret_void()
