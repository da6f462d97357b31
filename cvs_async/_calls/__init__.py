"""A call: prepared once, sent in one attempt or more, settled, and observed."""
