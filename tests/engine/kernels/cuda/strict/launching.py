"""Launches: each runs now, or is kept by the graph that is captured and runs at its replay."""

import numpy as np

from . import state


def wrap(result):
    """GPU arrays for what NumPy gave: arrays and scalars, alone or in sequences."""
    from .arrays import ndarray

    if isinstance(result, (np.ndarray, np.generic)):
        return ndarray._of(result if isinstance(result, np.ndarray) else np.asarray(result))
    if isinstance(result, (tuple, list)):
        return type(result)(map(wrap, result)) if type(result) in (tuple, list) else tuple(
            map(wrap, result)
        )  # fmt: skip
    return result


def check(arrays):
    """Raise where a launch is on the wrong device or on CUDA's default stream."""
    if state.stream() is None:
        raise RuntimeError("launched on the default stream: nobody entered the GPU")
    for array in arrays:
        if array._device != state.thread.device:
            raise RuntimeError(f"an array of GPU {array._device} on GPU {state.thread.device}")


def launch(compute, *arrays, view_of=None, writes=None):
    """Run `compute` on the current stream; its results as GPU arrays. `writes`: what it changes."""
    check(arrays)
    stream = state.stream()
    stream.launches += 1
    tape = stream.capturing
    if tape is None:
        with np.errstate(all="ignore"):
            return wrap(compute())
    if writes is not None:
        stream.changed.append((writes._a, writes._a.copy()))
    with np.errstate(all="ignore"):
        made = compute()
    results = made if isinstance(made, (tuple, list)) else (made,)
    held = [np.asarray(r) for r in results if isinstance(r, (np.ndarray, np.generic))]
    views = view_of is not None and all(np.may_share_memory(h, view_of) for h in held)
    if not (held and views):

        def again():
            with np.errstate(all="ignore"):
                new = compute()
            several = new if isinstance(new, (tuple, list)) else (new,)
            for old, fresh in zip(held, several, strict=False):
                np.copyto(old, fresh)

        tape.append(again)
        stream.unrun += held
    if isinstance(made, (tuple, list)):
        return tuple(map(wrap, held))
    return wrap(held[0]) if held else made
