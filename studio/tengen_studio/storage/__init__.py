"""The studio's own files: content-addressed blobs, project histories, and safe writing."""

from tengen_studio.storage.store import Storage

__all__ = ["Storage"]
