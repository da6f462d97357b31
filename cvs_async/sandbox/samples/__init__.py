"""Sample documents: drawn papers whose true content is stored in the files' own metadata."""

from .writing import Sample, is_name_of_sample, write_samples

__all__ = ["Sample", "is_name_of_sample", "write_samples"]
