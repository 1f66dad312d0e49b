"""Runs a version again in an environment of its own, and says what agreed and what did not."""
