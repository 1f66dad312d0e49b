"""Graph documents of any size: networks of nested blocks, flat lists, and one with passes."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]


class Writer:
    """Collects nodes; each call returns the id of its result."""

    def __init__(self, name: str) -> None:
        self.document: Document = {
            "version": 1, "name": name, "form": "static", "device": "cpu",
            "nodes": [], "inputs": [], "outputs": [], "state": [], "groups": [],
        }  # fmt: skip
        self._kinds: set[str] = set()

    def input(self, name: str, shape: list[int]) -> str:
        """Add an input of the graph."""
        self.document["inputs"].append(
            {"id": name, "name": name, "shape": shape, "dtype": "float32", "bytes": _bytes(shape)}
        )
        return name

    def weight(self, name: str, shape: list[int]) -> str:
        """Add a parameter."""
        self.document["state"].append(
            {"id": name, "name": name, "kind": "parameter", "shape": shape, "dtype": "float32",
             "bytes": _bytes(shape)}
        )  # fmt: skip
        return name

    def group(self, path: str, kind: str) -> None:
        """Name the class of a module."""
        if path not in self._kinds:
            self._kinds.add(path)
            self.document["groups"].append({"path": path, "kind": kind})

    def node(
        self, op: str, group: str, inputs: list[str], shape: list[int], flops: int = 0, **attrs: Any
    ) -> str:
        """Add a call and return its result."""
        number = len(self.document["nodes"])
        result = f"t{number}"
        size = _bytes(shape)
        self.document["nodes"].append(
            {"id": f"n{number}", "op": op, "group": group, "inputs": inputs,
             "outputs": [{"id": result, "shape": shape, "dtype": "float32", "bytes": size}],
             "attrs": attrs, "flops": flops or size // 4, "bytes": size,
             "ms": round((flops or size) / 4e8 + 0.004, 4),
             "source": {"file": "/home/ana/train.py", "line": 12 + number % 40}}
        )  # fmt: skip
        return result

    def done(self, *outputs: str) -> Document:
        """Name the outputs and return the document."""
        self.document["outputs"] = list(outputs)
        return self.document


def _bytes(shape: list[int]) -> int:
    size = 4
    for dim in shape:
        size *= dim
    return size


def transformer(layers: int, parts: int = 1, width: int = 384) -> Document:
    """A stack of attention blocks of 21 operators each, in `parts` stages."""
    w = Writer(f"transformer of {layers} blocks")
    shape, wide = [8, 128, width], [8, 128, 4 * width]
    x = w.node(
        "embedding", "tokens", [w.input("ids", [8, 128]), w.weight("wte", [50257, width])], shape
    )
    for layer in range(layers):
        stage = f"stages.{layer * parts // layers}." if parts > 1 else ""
        path = f"{stage}blocks.{layer}"
        w.group(path, "Block")
        w.group(f"{path}.attention", "SelfAttention")
        w.group(f"{path}.mlp", "MLP")
        x = _attention(w, f"{path}", x, shape, width)
        a = w.node("layer_norm", f"{path}.norm2", [x], shape)
        product = 2 * 8 * 128 * width * 4 * width
        up = w.weight(f"{path}.mlp.up", [width, 4 * width])
        h = w.node("matmul", f"{path}.mlp.up", [a, up], wide, product)
        h = w.node("add", f"{path}.mlp.up", [h], wide)
        h = w.node("gelu", f"{path}.mlp", [h], wide)
        down = w.weight(f"{path}.mlp.down", [4 * width, width])
        h = w.node("matmul", f"{path}.mlp.down", [h, down], shape, product)
        h = w.node("add", f"{path}.mlp.down", [h], shape)
        h = w.node("dropout", f"{path}.mlp", [h], shape)
        x = w.node("add", path, [x, h], shape)
    x = w.node("layer_norm", "norm", [x], shape)
    return w.done(w.node("matmul", "head", [x], [8, 128, 50257], 2 * 8 * 128 * width * 50257))


def _attention(w: Writer, path: str, x: str, shape: list[int], width: int) -> str:
    inner = f"{path}.attention"
    a = w.node("layer_norm", f"{path}.norm1", [x], shape)
    heads = [8, 6, 128, width // 6]
    parts = []
    for name in ("query", "key", "value"):
        weight = w.weight(f"{inner}.{name}", [width, width])
        p = w.node("matmul", f"{inner}.{name}", [a, weight], shape, 2 * 8 * 128 * width * width)
        p = w.node("add", f"{inner}.{name}", [p], shape)
        parts.append(w.node("reshape", inner, [p], heads))
    score = w.node("matmul", inner, parts[:2], [8, 6, 128, 128], 2 * 8 * 6 * 128 * 128 * 64)
    score = w.node("softmax", inner, [score], [8, 6, 128, 128])
    mixed = w.node("matmul", inner, [score, parts[2]], heads, 2 * 8 * 6 * 128 * 128 * 64)
    mixed = w.node("reshape", inner, [mixed], shape)
    out = w.node("matmul", f"{inner}.out", [mixed, w.weight(f"{inner}.out", [width, width])], shape,
                 2 * 8 * 128 * width * width)  # fmt: skip
    return w.node("add", path, [x, out], shape)


def resnet(depths: tuple[int, ...] = (3, 4, 6, 3)) -> Document:
    """A ResNet of bottleneck blocks; with the default depths, ResNet-50's 175 operators."""
    w = Writer("resnet50")
    size, width = 56, 64
    x = _conv(w, "conv1", w.input("image", [8, 3, 224, 224]), 3, 64, 7, 112)
    x = w.node("relu", "relu", [x], [8, 64, 112, 112])
    x = w.node("max_pool2d", "maxpool", [x], [8, 64, 56, 56], kernel_size=3, stride=2)
    channels = 64
    for stage, depth in enumerate(depths):
        w.group(f"layer{stage + 1}", "Sequential")
        for block in range(depth):
            path = f"layer{stage + 1}.{block}"
            w.group(path, "Bottleneck")
            if stage and not block:
                size //= 2
            y = _conv(w, f"{path}.conv1", x, channels, width, 1, size)
            y = w.node("relu", f"{path}.relu", [y], [8, width, size, size])
            y = _conv(w, f"{path}.conv2", y, width, width, 3, size)
            y = w.node("relu", f"{path}.relu", [y], [8, width, size, size])
            y = _conv(w, f"{path}.conv3", y, width, 4 * width, 1, size)
            if not block:
                w.group(f"{path}.downsample", "Sequential")
                x = _conv(w, f"{path}.downsample.0", x, channels, 4 * width, 1, size)
            x = w.node("add", path, [y, x], [8, 4 * width, size, size])
            x = w.node("relu", f"{path}.relu", [x], [8, 4 * width, size, size])
            channels = 4 * width
        width *= 2
    x = w.node("mean", "avgpool", [x], [8, channels])
    x = w.node(
        "matmul", "fc", [x, w.weight("fc.weight", [1000, channels])], [8, 1000], 2 * 8000 * channels
    )
    x = w.node("add", "fc", [x, w.weight("fc.bias", [1000])], [8, 1000])
    document = w.done(x)
    document["totals"] = {"parameters": 25_557_032, "parameter_bytes": 102_228_128}
    return document


def _conv(w: Writer, path: str, x: str, given: int, made: int, kernel: int, size: int) -> str:
    shape = [8, made, size, size]
    flops = 2 * 8 * size * size * made * given * kernel * kernel
    weight = w.weight(f"{path}.weight", [made, given, kernel, kernel])
    x = w.node(
        "conv2d", path, [x, weight], shape, flops, kernel_size=[kernel, kernel], padding=kernel // 2
    )
    norm = path.replace("conv", "bn") if "conv" in path else path[:-1] + "1"
    return w.node("batch_norm", norm, [x], shape, training=True, momentum=0.9)


def flat(count: int) -> Document:
    """One long list of different operators without any module path, as exported files have."""
    w = Writer(f"{count} operators without groups")
    x = previous = w.input("x", [16, 64])
    names = ("mul", "add", "tanh", "sigmoid", "sub", "exp", "div")
    for i in range(count):
        fork = (i * 7919) % 97 == 0
        shape = [16, 64 + (i * i) % 5]
        made = w.node(names[(i * i + i // 3) % 7], "", [x, previous] if fork else [x], shape)
        previous, x = (x, made) if (i * 31) % 11 == 0 else (previous, made)
    return w.done(x)


def updates(count: int) -> Document:
    """The update of `count // 3` parameters, three operators each, that have no edges between."""
    w = Writer(f"{count} operators side by side")
    for i in range(count // 3):
        path = f"blocks.{i // 24}"
        shape = [16 + i % 7, 64]
        decayed = w.node("mul", path, [w.weight(f"{path}.{i}", shape)], shape)
        moved = w.node("add", path, [decayed], shape)
        w.node("assign", path, [moved], shape)
    return w.done()
