"""The engine in one short file: how Tengen works, from a call to a trained network.

Five layers, each a few dozen lines, in the order in which the real ones stand:

    kernels    arrays in, arrays out                          engine/tengen/kernels, ops
    graph      operators, nodes, and the one door             engine/tengen/graph
    compiler   the gradient of a call as a traced program     engine/tengen/graph/gradient.py
    runtime    run a call now, or walk the tape backwards     engine/tengen/runtime
    interface  the Tensor that people write with              engine/tengen/tensor.py

Run it: `python docs/engine_from_scratch.py` trains a small network on two spirals.
"""

import itertools

import numpy as np

# ---------------------------------------------------------------- graph: operators and the door


class Op:
    """An operator in one block: shape rule, kernel, gradient (written in operators)."""

    def __init__(self, name, infer, kernel, grad):
        self.name, self.infer, self.kernel, self.grad = name, infer, kernel, grad

    def __call__(self, *inputs, **attrs):
        return emit(self, inputs, attrs)


class Node:
    """One recorded call. `order` rises with every call, so it sorts a graph."""

    counter = itertools.count()

    def __init__(self, op, attrs, inputs):
        self.op, self.attrs, self.inputs = op, attrs, inputs
        self.order = next(Node.counter)


mode = None  # None: run calls now. A list: append them to it (tracing).


def emit(op, inputs, attrs):
    """The one door. Eager and traced calls differ only here."""
    inputs = tuple(x if isinstance(x, Tensor) else Tensor(x) for x in inputs)
    shape = op.infer(*[x.shape for x in inputs], **attrs)
    if mode is not None:
        node = Node(op, attrs, inputs)
        mode.append(node)
        node.output = Tensor(None, shape, node)
        return node.output
    return run(op, inputs, attrs, shape)


# ---------------------------------------------------------------- interface: what people hold


class Tensor:
    """A value, and the call that made it if somebody may ask for a gradient."""

    def __init__(self, data, shape=None, node=None, watched=False):
        self.data = None if data is None else np.asarray(data, np.float64)
        self.shape = self.data.shape if shape is None else shape
        self.node, self.watched, self.grad = node, watched, None

    def __add__(self, other):
        return add(self, other)

    def __mul__(self, other):
        return mul(self, other)

    def __matmul__(self, other):
        return matmul(self, other)


# ---------------------------------------------------------------- kernels: the operators


def broadcast(a, b):
    return np.broadcast_shapes(a, b)


def fit(grad, shape):
    """Sum a gradient over what broadcasting had stretched."""
    return grad if grad.shape == shape else sum_to(grad, shape=shape)


def sum_to_kernel(x, shape):
    axes = tuple(range(x.ndim - len(shape)))
    x = x.sum(axis=axes)
    stretched = tuple(i for i, d in enumerate(shape) if d == 1 and x.shape[i] != 1)
    return x.sum(axis=stretched, keepdims=True)


add = Op("add", broadcast, np.add, lambda dy, y, a, b: (fit(dy, a.shape), fit(dy, b.shape)))
mul = Op(
    "mul", broadcast, np.multiply,
    lambda dy, y, a, b: (fit(dy * b, a.shape), fit(dy * a, b.shape)),
)  # fmt: skip
sum_to = Op(
    "sum_to", lambda x, shape: shape, sum_to_kernel,
    lambda dy, y, x, shape: (spread(dy, shape=x.shape),),
)  # fmt: skip
spread = Op(
    "spread", lambda x, shape: shape, lambda x, shape: np.broadcast_to(x, shape).copy(),
    lambda dy, y, x, shape: (fit(dy, x.shape),),
)  # fmt: skip
transpose = Op("transpose", lambda x: x[::-1], np.transpose, lambda dy, y, x: (transpose(dy),))
matmul = Op(
    "matmul", lambda a, b: (a[0], b[1]), np.matmul,
    lambda dy, y, a, b: (dy @ transpose(b), transpose(a) @ dy),
)  # fmt: skip
tanh = Op("tanh", lambda x: x, np.tanh, lambda dy, y, x: (dy * (Tensor(1.0) + y * y * -1.0),))

# ---------------------------------------------------------------- compiler: a gradient, traced


def trace_gradient(op, attrs, shapes, out_shape):
    """Run the rule of an operator on symbols: a list of calls, and what they read.

    The real engine does this once per signature and saves on the tape only what is read.
    """
    global mode
    inputs = [Tensor(None, s) for s in shapes]
    output, dy = Tensor(None, out_shape), Tensor(None, out_shape)
    mode, before = [], mode
    try:
        results = op.grad(dy, output, *inputs, **attrs)
        steps = mode
    finally:
        mode = before
    read = {id(x) for node in steps for x in node.inputs} | {id(r) for r in results}
    return steps, inputs, output, dy, results, read


# ---------------------------------------------------------------- runtime: now, and backwards


def run(op, inputs, attrs, shape):
    """Compute a call, and put it on the tape if any input leads to a watched tensor."""
    made = Tensor(op.kernel(*[x.data for x in inputs], **attrs), shape)
    if any(x.watched or x.node for x in inputs):
        made.node = Node(op, attrs, inputs)
        program = trace_gradient(op, attrs, [x.shape for x in inputs], shape)
        _, symbols, output, _, _, read = program
        made.node.program = program
        made.node.saved = {id(s): x for s, x in zip(symbols, inputs, strict=False) if id(s) in read}
        if id(output) in read:
            made.node.saved[id(output)] = Tensor(made.data)
    return made


def backward(loss):
    """Walk the tape from the newest call to the oldest and add to `.grad` of watched tensors."""
    grads = {id(loss.node): Tensor(np.ones(loss.shape))}
    waiting = {loss.node.order: loss.node}
    while waiting:
        node = waiting.pop(max(waiting))
        steps, _, _, dy, results, _ = node.program
        env = {**node.saved, id(dy): grads.pop(id(node))}
        for step in steps:
            operands = [env.get(id(x), x) for x in step.inputs]
            data = step.op.kernel(*[x.data for x in operands], **step.attrs)
            env[id(step.output)] = Tensor(data)
        node.saved = None  # nobody needs it any more: the memory goes now
        for x, result in zip(node.inputs, results, strict=False):
            grad = env[id(result)]
            if x.watched:
                x.grad = grad.data if x.grad is None else x.grad + grad.data
            if x.node:
                before = grads.get(id(x.node))
                grads[id(x.node)] = grad if before is None else Tensor(before.data + grad.data)
                waiting[x.node.order] = x.node


# ---------------------------------------------------------------- and it learns


def spirals(count, rng):
    """Points on two spirals, and +1 or -1 for which one."""
    angle = np.sqrt(rng.uniform(0.1, 1, count)) * 6
    side = rng.integers(0, 2, count) * 2 - 1
    x = np.stack([np.cos(angle), np.sin(angle)], 1) * angle[:, None] / 6 * side[:, None]
    return x + rng.normal(0, 0.02, x.shape), side[:, None].astype(float)


def train(steps=1500, seed=0):
    """Fit the spirals; returns the first and last loss and the accuracy."""
    rng = np.random.default_rng(seed)
    x, y = spirals(256, rng)
    sizes = [2, 32, 32, 1]
    params = []
    for i, o in itertools.pairwise(sizes):
        params.append(Tensor(rng.normal(0, np.sqrt(2 / i), (i, o)), watched=True))
        params.append(Tensor(np.zeros(o), watched=True))
    speed = [np.zeros(p.shape) for p in params]
    losses = []
    for _ in range(steps):
        h = Tensor(x)
        for w, b in zip(params[::2], params[1::2], strict=False):
            h = tanh(h @ w + b)
        error = h + Tensor(-y)
        loss = sum_to(error * error, shape=()) * (1 / len(x))
        backward(loss)
        losses.append(float(loss.data))
        for p, v in zip(params, speed, strict=False):
            v *= 0.9
            v -= 0.05 * p.grad
            p.data = p.data + v
            p.grad = None
    return losses[0], losses[-1], float(np.mean(np.sign(h.data) == y))


if __name__ == "__main__":
    first, last, accuracy = train()
    print(f"loss {first:.3f} -> {last:.3f}, accuracy {accuracy:.1%}")
