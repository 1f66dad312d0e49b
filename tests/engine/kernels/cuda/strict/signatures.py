"""What CuPy's functions and methods take, by inspection of the installed package."""

import functools
import inspect
import re

import cupy

ALWAYS = {"__array_interface__"}


@functools.cache
def _of_text(text: str) -> inspect.Signature | None:
    """The signature in the first line of an extension method's text."""
    first = (text or "").strip().split("\n")[0]
    match = re.match(r"^[\w.]+\((.*)\)", first)
    if not match:
        return None
    source = re.sub(r"\b(int|bool|Py_ssize_t|size_t|dtype_t|str)\s+(?=\w)", "", match.group(1))
    space: dict = {}
    try:
        exec(f"def found({source}): pass", space)
    except SyntaxError:
        return None
    return inspect.signature(space["found"])


@functools.cache
def of_function(path: str) -> inspect.Signature | None:
    """The signature of `cupy.<path>`, None where it cannot be told."""
    found = cupy
    for part in path.split("."):
        found = getattr(found, part)
    try:
        return inspect.signature(found)
    except (TypeError, ValueError):
        return _of_text(found.__doc__)


@functools.cache
def of_method(name: str) -> inspect.Signature | None:
    """The signature of `cupy.ndarray.<name>`. Raises AttributeError where there is no such one."""
    found = getattr(cupy.ndarray, name, None)
    if found is None:
        raise AttributeError(f"cupy.ndarray has no attribute {name!r}")
    return _of_text(found.__doc__) if callable(found) else None


def check(what: str, signature: inspect.Signature | None, args, kwargs) -> None:
    """Raise TypeError where a call does not fit a signature."""
    if signature is None:
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"cupy: {what}{signature} does not take this call: {error}") from None
