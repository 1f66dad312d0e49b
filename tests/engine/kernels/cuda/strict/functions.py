"""CuPy's functions: its names and arguments, computed by NumPy."""

import functools

import cupy
import ml_dtypes
import numpy as np

from . import signatures, state
from .launching import launch, wrap

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
WAITS = {"nonzero", "flatnonzero", "argwhere", "unique", "array_equal", "allclose", "extract"}
VIEWS = {
    "broadcast_to", "transpose", "swapaxes", "moveaxis", "reshape", "expand_dims", "squeeze",
    "ravel", "flip", "rollaxis", "atleast_1d", "atleast_2d", "broadcast_arrays", "split",
    "array_split", "diagonal", "asarray", "ascontiguousarray", "real", "imag", "rot90",
    "as_strided", "sliding_window_view", "flipud", "fliplr", "unstack", "matrix_transpose",
    "permute_dims", "hsplit", "vsplit",
}  # fmt: skip
SUMMING = {"sum", "mean", "prod", "var", "std", "cumsum", "nansum"}


def arguments(args, kwargs):
    """Positional and named arguments as NumPy takes them, and the GPU arrays among them."""
    arrays = []

    def plain(value):
        from .arrays import ndarray

        if isinstance(value, ndarray):
            arrays.append(value)
            return value._a
        if isinstance(value, np.ndarray):
            raise TypeError("a host array beside GPU arrays")
        if type(value) in (list, tuple):
            return type(value)([plain(v) for v in value])
        return value

    return [plain(a) for a in args], {k: plain(v) for k, v in kwargs.items()}, arrays


def result_type(array, named):
    """The type in which a bfloat16 array's sums come back; None for another array."""
    return np.dtype(named.get("dtype") or BFLOAT16) if array.dtype == BFLOAT16 else None


class Function:
    """One of CuPy's functions by its path."""

    def __init__(self, path):
        found, plain = cupy, np
        for part in path.split("."):
            found, plain = getattr(found, part), getattr(plain, part, None)
        if plain is None:
            raise AttributeError(f"NumPy has no {path} to stand in for CuPy's")
        self.path, self.plain = path, plain
        self.__name__ = path.rpartition(".")[2]
        self.signature = signatures.of_function(path)

    def __call__(self, *args, **kwargs):
        name = self.__name__
        signatures.check(self.path, self.signature, args, kwargs)
        if name in WAITS:
            state.waited(name)
        if name in ("argsort", "sort") and kwargs.get("kind") not in (None, "stable"):
            raise ValueError("kind can only be None or 'stable'")
        plain, named, arrays = arguments(args, kwargs)
        if name in (
            "linspace",
            "arange",
            "full",
            "eye",
            "zeros",
            "ones",
            "empty",
            "tri",
            "identity",
        ):
            pass
        elif not arrays:
            raise TypeError(f"cupy.{self.path} takes GPU arrays; got {[type(a) for a in args]}")
        named.pop("blocking", None)
        out = named.pop("out", None)
        back = None
        if name in SUMMING and plain:
            back = result_type(plain[0], named)

        def compute():
            if back is None:
                made = self.plain(*plain, **named)
            else:
                wide = plain[0].astype(np.float32)
                made = np.asarray(self.plain(wide, *plain[1:], **named)).astype(back)
            if out is not None:
                np.copyto(out, made, casting="same_kind")
                return None
            return made

        view_of = plain[0] if name in VIEWS and isinstance(plain[0], np.ndarray) else None
        made = launch(compute, *arrays, view_of=view_of, writes=kwargs.get("out"))
        return kwargs["out"] if out is not None else made


def array(obj, dtype=None, copy=True, order="K", subok=False, ndmin=0, *, blocking=False):
    """A GPU array of a host array, numbers or GPU arrays."""
    from .arrays import ndarray

    if isinstance(obj, ndarray):
        return obj.astype(obj.dtype if dtype is None else dtype, copy=bool(copy))
    if isinstance(obj, (list, tuple)) and any(isinstance(o, ndarray) for o in obj):
        made = functions("stack")(list(obj))
        return made if dtype is None else made.astype(dtype)
    host = np.array(obj, dtype=dtype, ndmin=ndmin)
    if host.ndim:
        state.uploaded(host.nbytes)  # a 0-d value is filled in by a kernel
    return launch(lambda: host.copy())


def asarray(a, dtype=None, order=None, *, blocking=False):
    """As `array`, without a copy where none is needed."""
    return array(a, dtype=dtype, copy=False, blocking=blocking)


def asnumpy(a, stream=None, order="C", out=None, *, blocking=True):
    """The host array of a GPU array."""
    return a.get()


def may_share_memory(a, b, max_work=None):
    """Whether two arrays may overlap."""
    return np.may_share_memory(a._a, b._a)


def shares_memory(a, b, max_work=None):
    """Whether two arrays overlap."""
    return np.shares_memory(a._a, b._a)


def empty(shape, dtype=float, order="C"):
    """An array of rubbish."""
    from .arrays import ndarray

    return ndarray(shape, dtype, order=order)


def broadcast(*arrays):
    """What the arrays broadcast to, as far as its shape."""
    return np.broadcast(*[a._a for a in arrays])


OWN = {
    f.__name__: f
    for f in (array, asarray, asnumpy, broadcast, may_share_memory, shares_memory, empty)
}


@functools.cache
def functions(path):
    """The stand-in for `cupy.<path>`."""
    return OWN.get(path) or Function(path)


__all__ = ["functions", "wrap"]
