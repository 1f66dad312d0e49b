"""The exceptions of the data package.

TengenError
`-- DataError
    |-- DatasetNotFoundError (FileNotFoundError, ValueError)   files that a data set needs
    |-- DownloadError (RuntimeError)           a transfer that failed, or a wrong checksum
    |-- UnsupportedOrderError (NotImplementedError)   an `order` entry nobody can handle
    |-- NotPicklableError (TypeError)          an object that cannot reach the worker processes
    |-- LoaderTimeoutError (RuntimeError, TimeoutError)   no batch within `timeout` seconds
    |-- WorkerDiedError (RuntimeError)         a worker process that ended by itself
    `-- WorkerError (RuntimeError)             an exception that user code raised in a worker
"""

from typing import Any

from ..base.errors import TengenError


class DataError(TengenError):
    """The root of the exceptions of `tengen.data`."""


class DatasetNotFoundError(DataError, FileNotFoundError, ValueError):
    """Files of a data set are not where they were looked for."""


class DownloadError(DataError, RuntimeError):
    """A download failed, or what arrived has another checksum than expected."""


class UnsupportedOrderError(DataError, NotImplementedError):
    """An entry of `order` that the data set or transform does not know."""


class NotPicklableError(DataError, TypeError):
    """A data set, transform or collator that cannot be sent to worker processes."""


class LoaderTimeoutError(DataError, RuntimeError, TimeoutError):
    """No batch arrived within the loader's `timeout`."""


class WorkerDiedError(DataError, RuntimeError):
    """A worker process ended without being asked to."""


class WorkerError(DataError, RuntimeError):
    """User code raised in a worker; the text holds the worker's traceback."""


def from_worker(original: BaseException | None, text: str) -> WorkerError:
    """A `WorkerError` that is also of the original exception's class, with `text` as its message.

    A program that catches its own exception class works with any number of workers, and one that
    catches RuntimeError, which is what MegEngine raises, works too. Where the two classes cannot
    or need not be joined a plain `WorkerError` is returned. The original is the `__cause__`.
    """
    error: WorkerError = WorkerError(text)
    if original is not None:
        kind = type(original)

        def message(_: Any) -> str:
            return text

        try:
            joined: Any = type(kind.__name__, (kind, WorkerError), {"__str__": message})
            error = kind.__new__(joined, *original.args)
            error.args = original.args
            error.__dict__.update(original.__dict__)
        except TypeError:
            error = WorkerError(text)
    error.__cause__ = original
    return error
