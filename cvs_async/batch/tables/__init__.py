"""Outcomes as tables: CSV and XLSX for spreadsheets, Parquet and data frames for programs."""

from __future__ import annotations

from .choosing import check_lines
from .columns import COLUMNS
from .csv_file import FORMULA, Csv
from .layout import Layout, Shape
from .parquet_file import Parquet
from .rows import Table, type_of
from .values import find
from .xlsx_file import Xlsx

__all__ = ["COLUMNS", "FORMULA", "Csv", "Layout", "Parquet", "Shape", "Table", "Xlsx", "check_lines", "find", "type_of"]
