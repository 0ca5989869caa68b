"""The product. Whichever part of it is imported, the log keeps to `core/logs.py` from then on."""

from backend.core.logs import configure_logs

configure_logs()
