"""Data types, devices, settings, errors and physical layouts: what every other layer stands on."""
