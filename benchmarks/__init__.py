"""Benchmarks for the library's promises. Each runs as ``python -m benchmarks.NAME``, on this machine only."""
