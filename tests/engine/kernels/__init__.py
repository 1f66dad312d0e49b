"""Tests of the kernel libraries."""
