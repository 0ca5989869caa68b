"""A tenant's catalogue in the words of the person who looks."""

from dataclasses import dataclass

from backend.catalog.profiles import profile
from backend.catalog.schemas import CarrierProfile, LocalisedText
from tenants.scope import Scope


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One carrier's profile, read in one language."""

    profile: CarrierProfile
    language: str

    def text(self, text: LocalisedText) -> str:
        return text.get(self.language) or text.get("en", "")

    def name(self, kind: str, code: str) -> str:
        """The name of a plan, option, barring or split profile; the code itself where it is unknown. Other kinds: ""."""
        look_up = {
            "plan": self.profile.plan,
            "option": self.profile.option,
            "barring": self.profile.barring,
            "split_profile": self.profile.split_profile,
        }.get(kind)
        if look_up is None:
            return ""
        found = look_up(code)
        return self.text(found.name) if found else code


async def catalogue_of(scope: Scope) -> Catalogue:
    """The catalogue of the scope's tenant, in its actor's language."""
    carrier = scope.actor.carrier or await scope.fetch_value(str, "SELECT carrier FROM tenant") or ""
    return Catalogue(profile(carrier), scope.actor.language)
