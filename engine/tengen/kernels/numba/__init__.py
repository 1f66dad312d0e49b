"""Fused CPU kernels, compiled by Numba in the background and kept on disk; NumPy until then.

No operator is named here and nothing is allocated for the caller: functions take C-contiguous NumPy
arrays of float32 or float64 and write into arrays that are given. Each works at once, in NumPy, and
runs compiled code as soon as that is there.

- `batch_norm`: `bn_forward`, `bn_backward` (statistics, normalisation, residual, activation, and a
  sum of gradients in one launch), `bn_statistics`, `bn_apply`. Arrays are (M, C) channels last,
  (N, C, S) plain or (N, groups, S, b) blocked.
- `optimizer`: `sgd`, `adam`, `adamw`, `adagrad`, `adadelta`, `lamb`, in place.
- `many`: the same steps, and those of running statistics, for many small arrays in one launch.
- `depthwise`: convolution of normalised and activated data, and the gradients of both.
- `norm`: `clip_by_norm`, `square_sum`.
- `elementwise`: `Expression` (steps in single-assignment form) and `evaluate`: any chain of
  elementwise operations in one pass over memory.
- `reduction`: sums and maxima of an `Expression` that is never written to memory.
- `rows`: softmax, log-softmax, layer normalisation, cross entropy over the last axis, both ways.
- `embedding`: `gather_rows`, `add_rows`. `random`: words, uniforms, normals, dropout by counter.

    from tengen.kernels.numba.elementwise import Expression, Extent, evaluate
    scaled_relu = Expression((Extent.FULL,), 1, (("multiply", (0, 1)), ("relu", (2,))), (3,))
    evaluate(scaled_relu, [x], [0.5], [out])

`service.set_mode("now")` compiles at the first wish, "never" stays with NumPy, "background" is the
default; `service.wait()` waits for what was asked for. `library` says whether Numba is there
(`available`, `why_not`), and sets threads and the cache directory.

How a kernel is made: a `*_source` module writes Python text, `passes` its vector loops; `service`
stores the text under a name made of its hash, so that every process finds the same machine code.
`simd` gives that text explicit vectors, `mathematics` transcendental functions, `launch` threads.
"""
