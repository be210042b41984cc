"""Calendars (RFC 5545): each event is a block under its title."""

import re
from collections.abc import Iterator

from genwright.documents.base import Extract, loaders
from genwright.documents.draft import Draft
from genwright.documents.encoding import decode
from genwright.settings import DocumentSettings

_FOLD = re.compile(r"\n[ \t]")
_EVENT = re.compile(r"^BEGIN:VEVENT\n(.*?)^END:VEVENT", re.DOTALL | re.MULTILINE)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d))?")
_ESCAPED = re.compile(r"\\(.)")


@loaders.register("calendar")
class CalendarLoader:
    """Title, time, place and description of each event."""

    suffixes = (".ics",)
    media_types = ("text/calendar",)

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read a calendar."""
        text, _ = decode(data, name)
        draft = Draft(limits)
        for event in _EVENT.findall(_FOLD.sub("", text)):
            fields = dict(_read_fields(event))
            draft.add("heading", fields.get("SUMMARY", "Event"), level=2)
            lines = [_format_time(fields.get("DTSTART", "")), fields.get("LOCATION", "")]
            draft.add("paragraph", ", ".join(filter(None, lines)))
            draft.add("paragraph", fields.get("DESCRIPTION", ""))
        return draft.build_extract(name, "calendar")


def _read_fields(event: str) -> Iterator[tuple[str, str]]:
    """Names without their parameters, and values without their escapes."""
    for line in event.splitlines():
        key, _, value = line.partition(":")
        plain = _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
        yield key.partition(";")[0], plain


def _format_time(value: str) -> str:
    """``20260301T0900`` as ``2026-03-01 09:00``."""
    found = _TIME.match(value)
    if not found:
        return value
    day = "-".join(found.groups()[:3])
    return f"{day} {found[4]}:{found[5]}" if found[4] else day
