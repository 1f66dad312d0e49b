"""Gallery: the public projects, searched and starred."""
