"""Restore models from dictionaries, and describe them to pydantic."""
