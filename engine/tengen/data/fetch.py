"""From indices or stream items to a collated batch; the same in this process and in workers."""

from collections.abc import Iterator, Sequence
from typing import Any


def fetch(dataset: Any, indices: Sequence[Any], transform: Any, collator: Any) -> Any:
    """The batch of the samples at `indices`."""
    return finish([dataset[index] for index in indices], transform, collator)


def finish(samples: list[Any], transform: Any, collator: Any) -> Any:
    """The batch made of raw `samples`."""
    return collator.apply(transform.apply_batch(samples))


def take(stream: Iterator[Any], count: int) -> list[Any]:
    """The next `count` items of `stream`; fewer, or none, at its end."""
    items: list[Any] = []
    while len(items) < count:
        try:
            items.append(next(stream))
        except StopIteration:
            break
        except RuntimeError as error:
            # A generator that lets StopIteration out means its end; Python makes it this error.
            if not isinstance(error.__cause__, StopIteration):
                raise
            break
    return items
