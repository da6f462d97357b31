"""Limits on requests: quota gate, rate limit, concurrency limit, retries."""
