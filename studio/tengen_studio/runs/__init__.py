"""Runs of cells: what each has put out is known here, whether a page looks on or not."""
