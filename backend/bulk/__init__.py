"""Many requests as one file. Importing any part of it registers the source of rows with orders."""

import backend.bulk.order_rows  # noqa: F401 - registers itself
