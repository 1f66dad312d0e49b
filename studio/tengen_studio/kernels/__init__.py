"""Kernels: how one that died came to its end."""
