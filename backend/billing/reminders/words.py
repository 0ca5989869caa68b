"""The words of reminders: ours, and in their place those that the operator gives (`FLEETLINE_REMINDER_TEXTS`)."""

from pathlib import Path

from backend.core.i18n import FileTexts
from backend.runtime import clients

TEXTS = Path(__file__).with_name("texts.toml")


class ReminderTexts(FileTexts):
    """The texts of one language, each the operator's own where there is one."""

    def __init__(self, language: str) -> None:
        super().__init__(TEXTS, language)
        self._own = clients().settings.reminder_texts.get(self.language, {})

    def text(self, key: str, **values: object) -> str:
        """The text of a key, with its placeholders filled. Raises KeyError for a key that is not there."""
        own = self._own.get(key)
        return super().text(key, **values) if own is None else own.format(**values)
