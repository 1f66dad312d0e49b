"""From graphs to better graphs, and from an operator to the program of its gradient."""
