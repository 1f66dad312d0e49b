"""A program of its own: shape inference of the ONNX model on standard input, within limits.

`python onnx_shapes_process.py numbers|shapes BYTES` writes the model with what was found to
standard output. `numbers`: values that give shapes are followed, which needs a bound on memory;
where the system has none it exits with 1. BYTES of memory may be taken for it.
"""

import importlib
import os
import sys


def main(numbers: bool, limit: int) -> None:
    """Read, infer, write."""
    inference = importlib.import_module("onnx.shape_inference")
    content = sys.stdin.buffer.read()
    if not _bounded(limit) and numbers:
        raise SystemExit(1)
    made = inference.infer_shapes(content, data_prop=numbers)
    sys.stdout.buffer.write(made.SerializeToString())


def _bounded(limit: int) -> bool:
    """Whether this process can take no more than `limit` bytes from now on."""
    try:
        resource = importlib.import_module("resource")
        with open("/proc/self/statm") as file:
            held = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (held + limit, held + limit))
    except (ImportError, OSError, ValueError):
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1] == "numbers", int(sys.argv[2]))
