"""Types that several HTTP modules name."""

from typing import Any

from litestar import Request

AnyRequest = Request[Any, Any, Any]
