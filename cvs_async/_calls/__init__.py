"""Calls of operations: checks, attempts, cancellation, statistics, observers."""
