"""Text: JSON, escapes for terminals, messages about unknown names, paths, and the switch for values in reprs."""
