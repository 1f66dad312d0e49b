"""NVIDIA GPUs: CuPy and the driver behind one door, devices with their streams, our own kernels."""
