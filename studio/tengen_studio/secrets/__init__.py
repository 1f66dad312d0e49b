"""Secrets: found before they leave, kept where a notebook can use them without showing them.

In a notebook, `tengen_studio.secrets.get("HF_TOKEN")` gives a value from the studio's store.
"""

from tengen_studio.secrets.client import SecretError, get

__all__ = ["SecretError", "get"]
