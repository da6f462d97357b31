"""Outcomes as tables, in CSV and XLSX for spreadsheets, and in Parquet and data frames for programs."""

from __future__ import annotations

from .columns import COLUMNS
from .csv_file import FORMULA, Csv
from .layout import Layout, Shape
from .parquet_file import DraftedParquet, Parquet
from .rows import Table, type_of
from .values import find

__all__ = ["COLUMNS", "FORMULA", "Csv", "DraftedParquet", "Layout", "Parquet", "Shape", "Table", "find", "type_of"]
