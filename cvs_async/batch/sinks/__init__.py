"""Destinations of the outcomes of a batch."""

from ..._system.atomic import refusal, write_new
from ..outcome import outcome_to_dict
from .in_thread import InThread
from .json_lines import JsonLines

__all__ = ["InThread", "JsonLines", "outcome_to_dict", "refusal", "write_new"]
