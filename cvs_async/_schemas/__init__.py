"""Models from dictionaries, and in pydantic."""
