"""Our operators in terms of ONNX's: one table, filled by the files of a family."""
