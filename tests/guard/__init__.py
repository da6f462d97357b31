"""Guard that keeps tests, and every Python process that they start, on this machine."""
