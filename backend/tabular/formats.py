"""The two formats of a table file."""

from typing import Literal

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {"csv": CSV, "xlsx": XLSX}
# The sheet of templates and results; a workbook that has it is read there
SHEET = "Fleetline"

FileFormat = Literal["csv", "xlsx"]
