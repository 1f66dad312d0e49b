"""A stand-in for CuPy that computes with NumPy and refuses what CuPy refuses.

It offers only the names, arguments and data types of the CuPy that is installed; its arrays never
turn into NumPy ones by themselves, nor mix with them; transfers and waits are counted; streams,
events, pinned memory and graph capture behave as far as an order of execution can show.
"""
