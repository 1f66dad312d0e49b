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

| module | builders, and the arrays their plans take |
|---|---|
| convolution | forward (src, weights[, bias][, residual], dst); backward_data (diff_dst, weights, |
| | diff_src); backward_weights (src, diff_dst, diff_weights[, diff_bias]); fastest(builder, ...) |
| deconvolution | the same three, weights (I, O, ...); no residual |
| pooling | forward (src, dst[, workspace]); backward (diff_dst[, workspace], diff_src) |
| batch_norm | forward (src, mean, variance[, scale, shift], dst[, workspace]); backward (src, |
| | mean, variance, diff_dst[, scale][, workspace], diff_src[, diff_scale, diff_shift]) |
| layer_norm | forward (src[, mean, variance][, scale, shift], dst); backward (src, mean, |
| | variance, diff_dst[, scale], diff_src[, diff_scale, diff_shift]) |
| softmax | forward (src, dst); backward (dst, diff_dst, diff_src) |
| eltwise | forward (src, dst); backward (src or dst, diff_dst, diff_src) |
| matmul | matmul (src, weights[, bias][, residual], dst) |
| binary | binary (src, src_1, dst); weighted_sum (src_0, src_1, ..., dst) |
| reduction | reduction (src, dst) |
| resampling | forward (src, dst); backward (diff_dst, diff_src) |
| rearrange | concat (src_0, src_1, ..., dst); shuffle (src, dst) |
| reorder | reorder (src, dst) |

A training step keeps a convolution's parameters in the layout of its forward plan: the gradient of
the weights comes out in it at no cost; the gradient of the data wants another, so reorder them once
a step (1 to 5% of that one product), as in

    back = convolution.backward_data(conv.dst, w, conv.src, padding=1)
    turn = reorder.reorder(conv.weights, back.weights)

A Desc for `any` asks for the fastest form, a concrete one insists: `convolution.forward(
Desc.blocked(shape, dtype, layout), ...)` continues a chain without a reorder, and a concrete
weights Desc keeps a parameter in one layout. Mixed forms (a plain image, a blocked gradient) often
have no kernel; `convolution.fastest` looks for forms that have one. `Plan.speed` and
`Plan.implementation` say what was found. What oneDNN cannot do, or does only by its reference
loops, raises `Unsupported` (remembered, so asking again is cheap).

- Plans may run from several threads at once; oneDNN computes with the GIL released. A plan keeps
  the number of threads that was set when it was built (`library.set_threads` drops them).
- The padding of blocked arrays must hold zeros: every primitive keeps it so, a function of one's
  own over the physical array must too (f(0) = 0, or restore the zeros).
- A strided array that is not C-contiguous costs a microsecond more in a call: pass the dense array
  below it, (N, H, W, C) for channels-last, where there is one.
- Arrays start anywhere; 64-byte alignment is fastest. bfloat16 is ml_dtypes' type.
- Never fork after a primitive has run: the child hangs in OpenMP. Spawn.
"""
