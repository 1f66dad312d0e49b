"""Pages: what a shared project looks like to someone without a studio."""
