"""NumPy plumbing that names no op."""
