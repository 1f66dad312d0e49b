"""One module per contender; each offers `prepare(options) -> (step, facts)`."""
