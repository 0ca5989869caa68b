"""The product's cookies: HttpOnly, for our own pages, and bound to this very host on HTTPS."""

from dataclasses import dataclass

from litestar.datastructures import Cookie


@dataclass(frozen=True, slots=True)
class CookieNames:
    """Names with the `__Host-` prefix where people reach us over HTTPS (RFC 6265bis)."""

    secure: bool

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    @property
    def session(self) -> str:
        """The portal's session."""
        return self._name("fleetline_session")

    @property
    def issuer(self) -> str:
        """The built-in issuer's session."""
        return self._name("fleetline_id")

    @property
    def device(self) -> str:
        """A browser that has signed in before, sealed."""
        return self._name("fleetline_device")

    @property
    def flow(self) -> str:
        """Sign-ins under way, sealed."""
        return self._name("fleetline_flow")

    @property
    def choice(self) -> str:
        """Who has signed in and still has to choose a company, sealed."""
        return self._name("fleetline_choice")

    def make(self, name: str, value: str, *, seconds: int | None = None) -> Cookie:
        """A cookie to set; without a lifetime it ends with the browser."""
        return Cookie(name, value=value, max_age=seconds, secure=self.secure, httponly=True, samesite="lax")

    def drop(self, name: str) -> Cookie:
        """A cookie to forget."""
        return self.make(name, "", seconds=0)


def read_cookie(header: str, name: str) -> str:
    """One cookie of a Cookie header, or an empty text. For ASGI layers without a framework."""
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return ""
