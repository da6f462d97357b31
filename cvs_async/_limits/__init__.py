"""Limits on requests: the quota gate, the rate, concurrency, and the decision to send again."""
