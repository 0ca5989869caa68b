"""The product. Whichever part of it is imported, tracebacks in the log show no variables from then on.

structlog shows them where `rich` is installed, and Litestar installs it: passwords, tokens, PUKs and keys.
"""

from structlog.dev import ConsoleRenderer, plain_traceback

ConsoleRenderer.get_active().exception_formatter = plain_traceback
