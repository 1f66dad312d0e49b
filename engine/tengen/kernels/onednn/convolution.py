"""Convolution in one to three spatial dimensions: forward, gradient of data, gradient of weights.

Shapes: x (N, C, ...), weights (O, I, ...) or, for groups, (G, O/G, I/G, ...), bias (O,).
A transposed convolution is `backward_data`, its gradients `forward` and `backward_weights`.
"""

from collections.abc import Callable
from typing import Any

from .algorithms import Activation
from .errors import Unsupported
from .library import load
from .memory import Desc, md_of
from .primitive import (
    BIAS,
    DIFF_BIAS,
    DIFF_DST,
    DIFF_SRC,
    DIFF_WEIGHTS,
    DST,
    FORWARD,
    POST_OP,
    SRC,
    SRC_1,
    WEIGHTS,
    Plan,
    Speed,
    activation_post,
    attributes,
    cached,
    create,
    optional_md,
)
from .windows import Padding, PerAxis, Window

DIRECT = 1


def _geometry(
    x: Desc, weights: Desc, stride: PerAxis, padding: Padding, dilation: PerAxis
) -> tuple[Window, tuple[int, ...]]:
    """The window, and the output's shape without the batch."""
    spatial = x.ndim - 2
    groups = weights.shape[0] if weights.ndim == x.ndim + 1 else 1
    lead = weights.shape[weights.ndim - x.ndim :]
    if spatial < 1 or weights.ndim not in (x.ndim, x.ndim + 1) or lead[1] * groups != x.shape[1]:
        raise ValueError(f"[convolution] weights {weights.shape} do not fit x {x.shape}")
    window = Window.of(lead[2:], stride, padding, dilation)
    return window, (lead[0] * groups, *window.output(x.shape[2:]))


def _forward_pd(x: Desc, w: Desc, bias: Desc | None, dst: Desc, values: Any, post: Any) -> Any:
    return create(
        f"convolution forward of {x.shape} by {w.shape}",
        "convolution_forward",
        load().engine,
        FORWARD,
        DIRECT,
        md_of(x),
        md_of(w),
        optional_md(bias),
        md_of(dst),
        *values,
        attributes(*post),
        reference=False,
    )


@cached
def forward(
    x: Desc,
    weights: Desc,
    dst: Desc | str = "any",
    *,
    bias: bool = False,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    scale: bool = False,
    residual: str = "",
    activation: Activation = None,
) -> Plan:
    """A plan (src, weights[, bias][, scale, shift][, residual], dst): dst = activation(x * w +
    bias + residual), or with `scale` (x * w + bias) * scale + shift, each of shape (1, O, 1...).

    `dst` is "any", a form, or a Desc (of another dtype, say). `residual` "sum" adds what dst
    holds before the call; "add" takes one more array in dst's form.
    Raises Unsupported where oneDNN has no implementation.
    """
    window, made = _geometry(x, weights, stride, padding, dilation)
    out = dst if isinstance(dst, Desc) else Desc.of((x.shape[0], *made), x.dtype, dst)
    b = Desc.plain(made[:1], x.dtype) if bias else None
    post = activation_post(activation)
    arguments = [("src", SRC), ("weights", WEIGHTS), ("bias", BIAS)]
    before: tuple[Any, ...] = ()
    if scale:
        channels = Desc.plain((1, made[0], *[1] * (x.ndim - 2)), x.dtype)
        before = (("binary", "mul", channels), ("binary", "add", channels))
        arguments += [("scale", POST_OP | SRC_1), ("shift", 2 * POST_OP | SRC_1)]
    if residual == "add":
        place = POST_OP * (len(before) + 1)
        before = (*before, ("binary", "add", out))
        arguments.append(("residual", place | SRC_1))
    elif residual:
        before = (*before, ("sum",))
    pd = _forward_pd(x, weights, b, out, window.arguments(), (*before, *post))
    return Plan("convolution forward", pd, [*arguments, ("dst", DST)])


def _hint(x: Desc, w: Desc, dy: Desc, window: Window) -> Any:
    """The forward descriptor that a backward one asks for; every form is left open."""
    library = load()
    pd = _forward_pd(x.relaxed(), w.relaxed(), None, dy.relaxed(), window.arguments(), ())
    return library.ffi.gc(pd, library.c.dnnl_primitive_desc_destroy)


@cached
def backward_data(
    dy: Desc,
    weights: Desc,
    dx: Desc,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
) -> Plan:
    """A plan (diff_dst, weights, diff_src): the gradient of the input, of dx's shape.

    With `dx` of the wanted output shape this is also the transposed convolution.
    """
    window, _ = _geometry(dx, weights, stride, padding, dilation)
    pd = create(
        f"convolution backward_data of {dy.shape} by {weights.shape}",
        "convolution_backward_data",
        load().engine,
        DIRECT,
        md_of(dx),
        md_of(weights),
        md_of(dy),
        *window.arguments(),
        _hint(dx, weights, dy, window),
        attributes(),
        reference=False,
    )
    arguments = [("diff_dst", DIFF_DST), ("weights", WEIGHTS), ("diff_src", DIFF_SRC)]
    return Plan("convolution backward_data", pd, arguments)


@cached
def backward_weights(
    x: Desc,
    dy: Desc,
    dw: Desc,
    *,
    bias: bool = False,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
) -> Plan:
    """A plan (src, diff_dst, diff_weights[, diff_bias]): the gradients of weights and bias."""
    window, made = _geometry(x, dw, stride, padding, dilation)
    b = Desc.plain(made[:1], dw.dtype) if bias else None
    pd = create(
        f"convolution backward_weights of {x.shape} to {dw.shape}",
        "convolution_backward_weights",
        load().engine,
        DIRECT,
        md_of(x),
        md_of(dw),
        optional_md(b),
        md_of(dy),
        *window.arguments(),
        _hint(x, dw, dy, window),
        attributes(),
        reference=False,
    )
    arguments = [
        ("src", SRC),
        ("diff_dst", DIFF_DST),
        ("diff_weights", DIFF_WEIGHTS),
        ("diff_bias", DIFF_BIAS),
    ]
    return Plan("convolution backward_weights", pd, arguments)


_ACTIVATIONS: dict[Callable[..., Plan], tuple[int, ...]] = {
    forward: (0,),
    backward_data: (0, 2),
    backward_weights: (0, 1),
}


def fastest(builder: Callable[..., Plan], *operands: Desc, **options: Any) -> Plan:
    """The plan of `forward`, `backward_data` or `backward_weights` with the best kind of kernel.

    Tried in turn, until one has generated code: the operands in the forms given, in forms of
    oneDNN's choice, all images channels-last, all plain. The caller reorders what the plan wants
    otherwise. Raises Unsupported when none works.
    """
    places = _ACTIVATIONS[builder]

    def formed(image: Callable[[Desc], Desc]) -> list[Desc]:
        return [
            image(desc) if place in places else desc.relaxed()
            for place, desc in enumerate(operands)
        ]

    attempts = [
        list(operands),
        formed(Desc.relaxed),
        formed(lambda desc: Desc.channels_last(desc.shape, desc.dtype)),
        formed(lambda desc: Desc.plain(desc.shape, desc.dtype)),
    ]
    best: Plan | None = None
    refusal: Unsupported | None = None
    for attempt in attempts:
        try:
            plan = builder(*attempt, **options)
        except Unsupported as error:
            refusal = error
            continue
        if best is None or plan.speed > best.speed:
            best = plan
        if best.speed is Speed.GENERATED:
            break
    if best is None:
        raise refusal or Unsupported("[convolution] nothing to try")
    return best
