"""oneDNN's primitives on NumPy arrays, through cffi.

A *plan* is one primitive built for one signature. Builders keep the plans they made, by
arguments, and take `Desc`s (shape, dtype, physical form):

    x = Desc.any((8, 64, 56, 56), np.float32)          # oneDNN may choose the form
    w = Desc.any((128, 64, 3, 3), np.float32)
    conv = convolution.forward(x, w, bias=True, padding=1, activation="relu")
    conv.src, conv.weights, conv.dst                   # the Descs to bring arrays into
    conv.names                                         # ("src", "weights", "bias", "dst")
    to_src = reorder.reorder(Desc.like(image), conv.src)
    src, dst = conv.src.empty(), conv.dst.empty()      # physical arrays: (8, 4, 56, 56, 16) ...
    to_src(image, src)
    conv(src, weights, bias, dst, np.empty(conv.scratchpad_bytes, np.uint8))
    step = conv.bind(src, weights, bias, dst)          # the same with fixed arrays: step()

A Desc for `any` asks for the fastest form, a concrete one insists: `convolution.forward(
Desc.blocked(shape, dtype, layout), ...)` continues a chain without a reorder, and a concrete
weights Desc keeps a parameter in one layout. `Plan.implementation` names oneDNN's kernel; "ref"
and "gemm" in it are the slow ones. What oneDNN cannot do raises `Unsupported` (remembered, so
asking again is cheap).

- Plans may run from several threads at once; oneDNN computes with the GIL released. A plan keeps
  the number of threads that was set when it was built (`library.set_threads` drops them).
- The padding of blocked arrays must hold zeros: every primitive keeps it so, a function of one's
  own over the physical array must too (f(0) = 0, or restore the zeros).
- Arrays start anywhere; 64-byte alignment is fastest. bfloat16 is ml_dtypes' type.
- Never fork after a primitive has run: the child hangs in OpenMP. Spawn.
"""
