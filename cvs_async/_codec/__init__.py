"""Build requests from inputs, and decode answers into replies. Only `inputs` and `part` read files."""
