"""Text: JSON, escapes for terminals, messages about unknown names, and whether reprs contain values."""
