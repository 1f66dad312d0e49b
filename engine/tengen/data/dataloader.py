"""`DataLoader`: mini-batches of a data set, made here or in worker processes."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base.errors import ArgumentError
from .collator import Collator
from .dataset.meta_dataset import Dataset, StreamDataset
from .memory_limit import memory_limit, resident_bytes
from .randomness import draw_seed
from .sampler import Infinite, Sampler, SequentialSampler, StreamSampler
from .serial import SerialIterator
from .transform.meta_transform import PseudoTransform, Transform
from .worker_info import get_worker_info

__all__ = ["DataLoader", "get_worker_info"]

logger = logging.getLogger(__name__)

WORKER_BYTES = 120 * 2**20  # a worker process with Python, NumPy and OpenCV, measured


class DataLoader:
    """Iterates over a data set in mini-batches of NumPy arrays.

    The sampler chooses indices, the data set gives the samples, the transform changes them, the
    collator merges them. With workers all but the first happens in processes of their own, which
    are started for the first epoch and kept for the next; big arrays come back through shared
    memory without a copy. Batches come in the sampler's order and are the same with any number of
    workers.

    Args:
        dataset: a `Dataset`, a `StreamDataset`, or anything with `__getitem__` and `__len__`.
        sampler: a `MapSampler` or, for a stream, a `StreamSampler`; one sample after the other
            by default.
        transform: applied to the samples of a batch; none by default.
        collator: merges the samples of a batch; `Collator()` by default.
        num_workers: worker processes; 0 loads in this one.
        timeout: seconds to wait for a batch before LoaderTimeoutError is raised; 0 waits for ever.
        preload: give tensors instead of arrays, each batch made one step ahead.
        parallel_stream: let every worker iterate over the stream itself; it finds its share by
            `get_worker_info()`. Otherwise this process reads the stream and workers transform.
        seed: of the transforms' random numbers; together with the epoch and the batch's number
            it decides them. By default one is drawn at the beginning of each epoch, after
            `tengen.random.seed` or else from NumPy's global generator.

    Raises ArgumentError for arguments that do not fit. Iterating raises WorkerDiedError when a
    worker is killed, and what user code raised in a worker, with the worker's traceback.
    """

    def __init__(
        self,
        dataset: Dataset,
        sampler: Sampler | None = None,
        transform: Transform | None = None,
        collator: Collator | None = None,
        num_workers: int = 0,
        timeout: int = 0,
        preload: bool = False,
        parallel_stream: bool = False,
        seed: int | None = None,
    ) -> None:
        self._pool: Any = None
        if not isinstance(num_workers, int) or num_workers < 0:
            raise ArgumentError(f"[DataLoader] num_workers must be 0 or more; got {num_workers!r}")
        if timeout < 0:
            raise ArgumentError(f"[DataLoader] timeout must not be negative; got {timeout!r}")
        self._stream = isinstance(dataset, StreamDataset)
        self.datakind = "stream" if self._stream else "map"
        self.dataset = dataset
        self.sampler = sampler if sampler is not None else self._default_sampler()
        self._check_kinds()
        self.transform = PseudoTransform() if transform is None else transform
        self.collator = Collator() if collator is None else collator
        self.num_workers = num_workers
        self.timeout = timeout
        self.preload = preload
        self.parallel_stream = parallel_stream
        self.seed = seed
        self._epochs = 0
        if self._stream and num_workers > 1 and not parallel_stream:
            logger.warning(
                "[DataLoader] one process reads the stream for all %d workers; with "
                "parallel_stream=True each worker reads its own share",
                num_workers,
            )

    def __iter__(self) -> Iterator[Any]:
        batches: Iterator[Any]
        if self.num_workers == 0:
            batches = SerialIterator(self, self._stream)
        else:
            # multiprocessing and cloudpickle are loaded for those who use workers only
            from .parallel import ParallelIterator

            batches = ParallelIterator(self, self._stream)
        if not self.preload:
            return batches
        from .preload import Preloader

        return Preloader(batches)

    def __len__(self) -> int:
        """Batches in an epoch; a stream has no length."""
        return len(self.sampler)  # type: ignore[arg-type]

    def check_memory_rationality(self) -> None:
        """Log a warning if the workers would need more memory than the system allows.

        Arrays of the data set are shared by all workers; lists, dicts and strings exist once in
        every worker. Called by itself before workers start.
        """
        if self.num_workers:
            self._warn_about_memory(self._payload(with_dataset=self._in_workers).nbytes)

    def close(self) -> None:
        """End the worker processes now rather than with the loader; it can be used again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def __del__(self) -> None:
        # Nothing may be raised here, whatever is left of the modules at interpreter exit.
        with contextlib.suppress(Exception):
            self.close()

    @property
    def _in_workers(self) -> bool:
        return not self._stream or self.parallel_stream

    def _default_sampler(self) -> Sampler:
        return StreamSampler() if self._stream else SequentialSampler(self.dataset)

    def _check_kinds(self) -> None:
        inner = self.sampler
        while isinstance(inner, Infinite):
            inner = inner.sampler
        if isinstance(inner, StreamSampler) != self._stream:
            wanted = "StreamSampler" if self._stream else "MapSampler"
            raise ArgumentError(
                f"[DataLoader] types of dataset and sampler do not match: a "
                f"{type(self.dataset).__name__} takes a {wanted}; got {type(inner).__name__}"
            )
        if not self._stream and not hasattr(self.dataset, "__getitem__"):
            raise ArgumentError(
                f"[DataLoader] dataset must be a Dataset with __getitem__ and __len__, or a "
                f"StreamDataset; got {type(self.dataset).__name__}"
            )

    def _next_seed(self) -> int:
        """The seed of the epoch that begins now."""
        self._epochs += 1
        if self.seed is None:
            return draw_seed()
        sequence = np.random.SeedSequence((self.seed, self._epochs))
        return int(sequence.generate_state(1)[0])

    def _payload(self, with_dataset: bool) -> Any:
        from .payload import Payload

        dataset = self.dataset if with_dataset else None
        parts = {"dataset": dataset, "transform": self.transform, "collator": self.collator}
        return Payload(parts)

    def _take_pool(self, payload: Any) -> Any:
        """Workers that no other iterator uses: the ones at rest, or new ones."""
        pool, self._pool = self._pool, None
        if pool is not None:
            if pool.healthy and len(pool.workers) == self.num_workers:
                return pool
            pool.close()
        from .pool import WorkerPool

        self._warn_about_memory(payload.nbytes)
        return WorkerPool(self.num_workers)

    def _return_pool(self, pool: Any) -> None:
        if self._pool is None:
            self._pool = pool
        else:
            pool.close()

    def _warn_about_memory(self, private: int) -> None:
        limit = memory_limit()
        # Python objects take several times the bytes of their pickle.
        needed = resident_bytes() + self.num_workers * (WORKER_BYTES + 4 * private)
        if limit is not None and needed > limit:
            logger.warning(
                "[DataLoader] %d workers would need about %.1f GB with the %.1f GB that this "
                "process holds; the system allows %.1f GB. Use fewer workers, or keep lists and "
                "dicts of the data set in NumPy arrays, which all workers share",
                self.num_workers,
                needed / 1e9,
                resident_bytes() / 1e9,
                limit / 1e9,
            )
