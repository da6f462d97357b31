"""Measurements of what the library promises. Each runs as ``python -m benchmarks.NAME``, on this machine alone."""
