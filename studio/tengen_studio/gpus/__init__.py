"""GPUs: how much of each is used, by which kernel, and making room on them."""
