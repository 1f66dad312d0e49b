"""Templates: folders with a notebook that a user starts from, copied and never edited in place."""
