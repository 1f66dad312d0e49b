"""Tools around models, under the names users know: statistics and hook handles."""
