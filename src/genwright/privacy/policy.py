"""What happens to identifiers in documents, prompts and logs, as the settings say."""

from collections import Counter

from genwright.errors import Refused, SettingsError
from genwright.privacy.identifiers import KINDS, find_identifiers, mask, redact
from genwright.settings import PrivacySettings


class Privacy:
    """The policy of a workspace.

    Args:
        settings: What happens where, which kinds are looked for, in which countries.

    Raises:
        SettingsError: There is no such kind.
    """

    def __init__(self, settings: PrivacySettings) -> None:
        if unknown := set(settings.kinds) - set(KINDS):
            raise SettingsError(
                f"privacy.kinds: {', '.join(sorted(unknown))} is unknown. "
                f"Known: {', '.join(KINDS)}."
            )
        self._settings = settings

    def screen_document(self, text: str) -> str:
        """The text of a document as it may be stored: of the same length, offsets count in it.

        Raises:
            Refused: It holds identifiers, and such documents are not taken.
        """
        if self._settings.ingest == "redact":
            return mask(text, self._settings.kinds, self._settings.regions)
        return self._apply(text, self._settings.ingest, "This document")

    def screen_prompt(self, text: str) -> str:
        """A question or message as a model may read it.

        Raises:
            Refused: It holds identifiers, and such messages are not answered.
        """
        return self._apply(text, self._settings.prompts, "This message")

    def screen_log(self, text: str) -> str:
        """A text as a trace or log may hold it."""
        return self._apply(text, self._settings.logs, "")

    def _apply(self, text: str, action: str, what: str) -> str:
        kinds, regions = self._settings.kinds, self._settings.regions
        if action == "keep" or not kinds:
            return text
        if action == "redact":
            return redact(text, kinds, regions)
        counts = Counter(each.kind for each in find_identifiers(text, kinds, regions))
        if counts:
            told = ", ".join(f"{number} {kind}" for kind, number in counts.items())
            raise Refused(
                f"{what} holds identifiers of persons ({told}), which the settings of this "
                "workspace (privacy) do not allow. Take them out and try again."
            )
        return text
