"""History: versions of projects, what changed between them, and ways back."""
