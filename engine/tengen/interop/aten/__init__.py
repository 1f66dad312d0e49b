"""PyTorch's ATen operators in terms of our functions: one table, filled by the files of a family.

Each function takes the operator's own arguments, tensors being ours.
"""
