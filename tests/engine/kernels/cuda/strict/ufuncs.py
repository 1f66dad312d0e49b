"""CuPy's universal functions: its own loops, computed by NumPy."""

import functools

import cupy
import ml_dtypes
import numpy as np
from numpy.exceptions import DTypePromotionError

from . import state
from .launching import launch

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def _dtype(char):
    return BFLOAT16 if char == "E" else np.dtype(char)


class Ufunc:
    """One of CuPy's ufuncs by name."""

    def __init__(self, name):
        found = getattr(cupy, name)
        self.name, self.nin, self.nout = name, found.nin, found.nout
        self.__name__ = name
        self.loops = []
        for text in found.types:
            ins, _, outs = text.partition("->")
            self.loops.append(([_dtype(c) for c in ins], [_dtype(c) for c in outs]))
        self.types = found.types
        self.plain = getattr(np, name, None) or _missing(name)

    def _loop(self, inputs, dtype):
        from .arrays import ndarray

        if dtype is not None:
            for loop in self.loops:
                if all(o == dtype for o in loop[1]):
                    return loop
        for loop in self.loops:
            for value, kind in zip(inputs, loop[0], strict=True):
                if isinstance(value, (ndarray, np.generic)):
                    if not np.can_cast(value.dtype, kind):
                        break
                else:
                    try:
                        if np.result_type(type(value)(0), kind) != kind:
                            break
                    except (TypeError, DTypePromotionError):
                        break
            else:
                return loop
        kinds = [getattr(v, "dtype", type(v).__name__) for v in inputs]
        raise TypeError(f"cupy.{self.name} has no loop for {kinds}")

    def __call__(self, *args, out=None, dtype=None, casting=None, where=None, order=None):
        from .arrays import SCALARS, ndarray

        args, given = args[: self.nin], args[self.nin :]
        out = given[0] if given else out
        out = out[0] if isinstance(out, tuple) else out
        for value in args:
            if not isinstance(value, (ndarray, *SCALARS)):
                raise TypeError(f"Unsupported type {type(value)}")
        if out is not None and not isinstance(out, ndarray):
            raise TypeError(f"output arguments are GPU arrays; got {type(out)}")
        ins, outs = self._loop(args, None if dtype is None else np.dtype(dtype))
        plain = [
            v._a if isinstance(v, ndarray) else np.asarray(v, kind)
            for v, kind in zip(args, ins, strict=True)
        ]
        mask = True if where is None else (where._a if isinstance(where, ndarray) else where)
        arrays = [v for v in (*args, out, where) if isinstance(v, ndarray)]
        if out is not None and not np.can_cast(outs[0], out.dtype, "same_kind"):
            raise TypeError(f"cupy.{self.name}: {outs[0]} cannot be cast to {out.dtype}")

        def compute():
            wide = [np.float32 if k == BFLOAT16 else k for k in ins]
            cast = [
                np.asarray(p).astype(k).astype(w) for p, k, w in zip(plain, ins, wide, strict=True)
            ]
            extra = {} if mask is True else {"where": mask}
            made = self.plain(*cast, **extra)
            several = made if isinstance(made, tuple) else (made,)
            fixed = tuple(np.asarray(m).astype(o) for m, o in zip(several, outs, strict=True))
            if out is not None:
                np.copyto(out._a, fixed[0], casting="same_kind", where=mask)
                return None
            return fixed if len(fixed) > 1 else fixed[0]

        made = launch(compute, *arrays, writes=out)
        return out if out is not None else made

    def _method(self, name, array, args, kwargs):
        from .functions import arguments

        if getattr(getattr(cupy, self.name), name, None) is None:
            raise AttributeError(f"cupy.{self.name}.{name}")
        plain, named, arrays = arguments(args, kwargs)
        return launch(lambda: getattr(self.plain, name)(array._a, *plain, **named), array, *arrays)

    def at(self, array, indices, b=None):
        """In the order of the indices here; CuPy's order is not certain."""
        from .arrays import checked, ndarray

        known = {
            "add": "ilefdILQq", "subtract": "iIlL", "maximum": "ilfdILQq", "minimum": "ilfdILQq",
        }  # fmt: skip
        if array.dtype.char not in known.get(self.name, ""):
            raise TypeError(f"cupy.{self.name}.at does not support {array.dtype}")
        key = checked(indices)
        value = b._a if isinstance(b, ndarray) else b
        launch(lambda: self.plain.at(array._a, key, value), array, writes=array)

    def reduce(self, array, *args, **kwargs):
        """The ufunc's reduction; CuPy has it for add and multiply."""
        if self.name not in ("add", "multiply"):
            raise NotImplementedError(f"cupy.{self.name}.reduce")
        return self._method("reduce", array, args, kwargs)

    def accumulate(self, array, *args, **kwargs):
        """The ufunc's running values; CuPy has it for add and multiply."""
        if self.name not in ("add", "multiply"):
            raise NotImplementedError(f"cupy.{self.name}.accumulate")
        return self._method("accumulate", array, args, kwargs)

    def reduceat(self, array, indices, axis=0, dtype=None, out=None):
        """The ufunc's reductions of pieces; CuPy has it for add."""
        if self.name != "add":
            raise NotImplementedError(f"cupy.{self.name}.reduceat")
        return self._method("reduceat", array, (indices,), {"axis": axis, "dtype": dtype})


def _missing(name):
    raise AttributeError(f"NumPy has no {name} to stand in for CuPy's")


@functools.cache
def ufuncs(name):
    """The stand-in for `cupy.<name>`."""
    if not isinstance(getattr(cupy, name, None), cupy.ufunc):
        raise AttributeError(f"cupy.{name} is no ufunc")
    return Ufunc(name)


__all__ = ["Ufunc", "state", "ufuncs"]
