"""Audit: who did what to which project, when, and from where."""

from tengen_studio.audit.service import record

__all__ = ["record"]
