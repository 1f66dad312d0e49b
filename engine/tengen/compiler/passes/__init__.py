"""The passes: one file each, named by what it looks for. Their order stands in `pipeline`."""
