"""Backend plumbing that names no operator: one folder per library."""
