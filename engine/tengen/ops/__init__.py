"""The operators: one block each, in one file per family. Importing this package registers all."""

from . import elementwise, reduce, shape

__all__ = ["elementwise", "reduce", "shape"]
