"""deploy: static models as files that run without the source they came from."""

from .dump import dump
from .model import StaticModel, load_static

__all__ = ["StaticModel", "dump", "load_static"]
