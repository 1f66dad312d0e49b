"""ONNX's operators in terms of our functions: one table, filled by the files of a family.

A function takes the node's inputs (None: left out) and its attributes as keywords.
"""
