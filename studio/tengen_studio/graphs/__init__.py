"""Graphs of model files in the user's folder, read by another process and never run."""
