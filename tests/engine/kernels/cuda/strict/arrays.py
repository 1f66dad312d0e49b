"""The stand-in's `ndarray`: NumPy's memory behind CuPy's rules."""

import ctypes

import ml_dtypes
import numpy as np

from . import signatures, state
from .devices import Device
from .launching import launch, wrap
from .ufuncs import ufuncs

SCALARS = (bool, int, float, complex, np.generic)


class MemoryPointer:
    """A place in device memory; keeps what owns it."""

    def __init__(self, owner, ptr):
        self.mem, self.ptr = owner, ptr

    def __add__(self, offset):
        return MemoryPointer(self.mem, self.ptr + offset)

    def copy_from_device_async(self, source, size, stream=None):
        def move():
            ctypes.memmove(self.ptr, source.ptr, size)

        (stream or state.stream()).submit(move)

    def copy_to_host_async(self, mem, size, stream=None):
        address = mem if isinstance(mem, int) else mem.value
        state.counts["downloads"] += 1
        # As late as may be: what forgets to wait reads rubbish.
        (stream or state.stream()).defer(lambda: ctypes.memmove(address, self.ptr, size))

    def copy_from_host_async(self, mem, size, stream=None):
        address = mem if isinstance(mem, int) else mem.value
        state.uploaded(size)
        stream = stream or state.stream()

        def move():
            ctypes.memmove(self.ptr, address, size)

        # A stream that does not compute copies late: what forgets to wait for it reads rubbish.
        stream.defer(move) if stream is not state.stream() else move()


def _bytes_at(pointer, count):
    memory = (ctypes.c_ubyte * max(count, 1)).from_address(pointer.ptr)
    memory.owner = pointer.mem
    return memory


class Flags:
    """The three flags that CuPy's arrays have."""

    def __init__(self, array):
        self.c_contiguous = array.flags.c_contiguous
        self.f_contiguous = array.flags.f_contiguous
        self.owndata = array.base is None


def checked(index):
    """An index as NumPy takes it: arrays unwrapped, host arrays counted as uploads."""
    parts = index if isinstance(index, tuple) else (index,)
    made = []
    for part in parts:
        if isinstance(part, ndarray):
            if part.dtype == bool:
                state.waited("a boolean index")
            made.append(part._a)
        elif isinstance(part, (np.ndarray, list)):
            state.uploaded(np.asarray(part).nbytes)
            made.append(np.asarray(part))
        else:
            made.append(part)
    return tuple(made) if isinstance(index, tuple) else made[0]


class ndarray:
    """See the module's text."""

    __array_priority__ = 100

    def __init__(self, shape, dtype=float, memptr=None, strides=None, order="C"):
        kind = np.dtype(dtype)
        if memptr is None:
            self._a = np.empty(shape, kind, order=order)
            self._a.reshape(-1).view("uint8").fill(0xA5)
        else:
            count = int(np.prod(shape, dtype=np.int64))
            span = count * kind.itemsize
            if strides is not None and count:
                span = kind.itemsize + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
            self._a = np.ndarray(shape, kind, _bytes_at(memptr, span), 0, strides)
        self._device = state.thread.device

    @classmethod
    def _of(cls, array):
        made = cls.__new__(cls)
        made._a = array
        made._device = state.thread.device
        return made

    device = property(lambda self: Device(self._device))
    shape = property(lambda self: self._a.shape)
    dtype = property(lambda self: self._a.dtype)
    ndim = property(lambda self: self._a.ndim)
    size = property(lambda self: self._a.size)
    nbytes = property(lambda self: self._a.nbytes)
    itemsize = property(lambda self: self._a.itemsize)
    strides = property(lambda self: self._a.strides)
    flags = property(lambda self: Flags(self._a))
    T = property(lambda self: wrap(self._a.T))
    real = property(lambda self: wrap(self._a.real), lambda self, v: self.real.__setitem__(..., v))
    imag = property(lambda self: wrap(self._a.imag), lambda self, v: self.imag.__setitem__(..., v))
    base = property(lambda self: None if self._a.base is None else self)

    @property
    def data(self):
        return MemoryPointer(self._a, self._a.ctypes.data)

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __array_function__(self, function, types, args, kwargs):
        raise TypeError(f"numpy.{function.__name__} on a GPU array; take it from xp")

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        scalar = any(isinstance(x, np.generic) for x in inputs)
        if method != "__call__" or not scalar:
            raise TypeError(f"numpy.{ufunc.__name__} on a GPU array; take it from xp")
        return ufuncs(ufunc.__name__)(*inputs, **kwargs)

    def _host(self, what):
        state.waited(what)
        return self._a

    def __bool__(self):
        return bool(self._host("bool()"))

    def __int__(self):
        return int(self._host("int()"))

    def __float__(self):
        return float(self._host("float()"))

    def __complex__(self):
        return complex(self._host("complex()"))

    def __index__(self):
        return self._host("an index").__index__()

    def item(self, *args):
        return self._host("item()").item(*args)

    def tolist(self):
        return self._host("tolist()").tolist()

    def get(self, stream=None, order="C", out=None, blocking=True):
        state.counts["downloads"] += 1
        return np.array(self._host("get()"), order=order)

    def set(self, arr, stream=None):
        if not isinstance(arr, np.ndarray) or arr.dtype != self.dtype or arr.shape != self.shape:
            raise TypeError("set() takes a host array of the same data type and shape")
        if not self._a.flags.c_contiguous:
            raise RuntimeError("Cannot set to non-contiguous array")
        state.uploaded(arr.nbytes)
        np.copyto(self._a, arr)

    def fill(self, value):
        if isinstance(value, np.ndarray) and value.ndim:
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        value = value._a if isinstance(value, ndarray) else value
        launch(lambda: self._a.fill(value), self, writes=self)

    def __len__(self):
        return len(self._a)

    def __iter__(self):
        return iter([self[i] for i in range(len(self))])

    def __getitem__(self, index):
        key = checked(index)
        return launch(lambda: self._a[key], self, view_of=self._a)

    def __setitem__(self, index, value):
        key = checked(index)
        if isinstance(value, np.ndarray):
            raise TypeError("a host array cannot be assigned to a GPU array")
        new = value._a if isinstance(value, ndarray) else value

        def assign():
            many = key if isinstance(key, tuple) else (key,)
            if any(isinstance(k, np.ndarray) and k.dtype != bool for k in many):
                # The last of equal indices need not win on a GPU: here the first does.
                places = np.arange(self._a.size).reshape(self._a.shape)[key]
                values = np.broadcast_to(np.asarray(new).astype(self._a.dtype), places.shape)
                self._a.flat[places.reshape(-1)[::-1]] = values.reshape(-1)[::-1]
            else:
                self._a[key] = new

        launch(assign, self, *([value] if isinstance(value, ndarray) else []), writes=self)

    def astype(self, dtype, order="K", casting=None, subok=None, copy=True):
        kind = np.dtype(dtype)
        if not copy and kind == self.dtype:
            return self
        return launch(lambda: self._a.astype(kind, order=order), self)

    def view(self, dtype=None, type=None):
        return wrap(self._a.view() if dtype is None else self._a.view(dtype))

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        signature = signatures.of_method(name)
        return _Method(self, name, signature)

    def __repr__(self):
        return f"<gpu array {self.dtype}{self.shape}>"

    __hash__ = None


class _Method:
    """A method that NumPy and CuPy share."""

    def __init__(self, array, name, signature):
        self.array, self.name, self.signature = array, name, signature

    def __call__(self, *args, **kwargs):
        name = self.name
        signatures.check(f"ndarray.{name}", self.signature, (self.array, *args), kwargs)
        from .functions import SUMMING, arguments, result_type

        if name in ("nonzero",):
            state.waited(name)
        plain, named, arrays = arguments(args, kwargs)
        source = self.array._a
        back = result_type(source, named) if name in SUMMING else None

        def compute():
            if back is None:
                return getattr(source, name)(*plain, **named)
            wide = source.astype(np.float32)
            return np.asarray(getattr(wide, name)(*plain, **named)).astype(back)

        return launch(compute, self.array, *arrays, view_of=self.array._a)


def _operator(name, reverse=False):
    def run(self, other):
        if not isinstance(other, (ndarray, *SCALARS)):
            raise TypeError(f"Unsupported type {type(other)}")
        pair = (other, self) if reverse else (self, other)
        return ufuncs(name)(*pair)

    return run


def _unary(name):
    return lambda self: ufuncs(name)(self)


def _inplace(name):
    def run(self, other):
        if not isinstance(other, (ndarray, *SCALARS)):
            raise TypeError(f"Unsupported type {type(other)}")
        return ufuncs(name)(self, other, out=self)

    return run


for _name, _function in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide",
    "floordiv": "floor_divide", "mod": "remainder", "pow": "power", "and": "bitwise_and",
    "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "left_shift", "rshift": "right_shift",
}.items():  # fmt: skip
    setattr(ndarray, f"__{_name}__", _operator(_function))
    setattr(ndarray, f"__r{_name}__", _operator(_function, reverse=True))
    setattr(ndarray, f"__i{_name}__", _inplace(_function))
for _name, _function in {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal",
    "ne": "not_equal",
}.items():  # fmt: skip
    setattr(ndarray, f"__{_name}__", _operator(_function))
ndarray.__neg__ = _unary("negative")
ndarray.__pos__ = _unary("positive")
ndarray.__abs__ = _unary("absolute")
ndarray.__invert__ = _unary("invert")
ndarray.__hash__ = None
bfloat16 = np.dtype(ml_dtypes.bfloat16)


def _matmul(self, other):
    from .functions import functions

    return functions("matmul")(self, other)


ndarray.__matmul__ = _matmul
