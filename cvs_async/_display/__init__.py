"""Show results as tables in terminals and notebooks."""
