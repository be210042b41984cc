"""Which loader reads a file: by its content where that is plain, else by its suffix."""

from functools import cache
from pathlib import PurePath

from genwright.documents.base import loaders
from genwright.documents.encoding import looks_binary
from genwright.errors import UnreadableDocument

HEAD_BYTES = 4096
"""How much of the beginning of a file is looked at."""

PDF = "application/pdf"
RTF = "application/rtf"
OLE = "application/x-ole-storage"
ZIP = "application/zip"
HTML = "text/html"
_MAGIC = (
    (b"{\\rtf", RTF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
)
_MEMBERS = (
    ("word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("META-INF/container.xml", "application/epub+zip"),
)
_ODT = "application/vnd.oasis.opendocument.text"
_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument."


def list_supported() -> dict[str, tuple[str, ...]]:
    """Loaders by name, each with the suffixes it reads."""
    return {name: tuple(loaders.get(name).suffixes) for name in loaders.names()}


def detect_media_type(head: bytes) -> str:
    """What the first bytes of a file say it is; nothing for text."""
    if b"%PDF-" in head[:1024]:  # readers accept rubbish before it
        return PDF
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "")


def recognize_format(head: bytes, name: str, members: list[str] | None = None) -> str:
    """Name of the loader for a file.

    Args:
        head: Its first ``HEAD_BYTES``.
        name: Its name.
        members: Names in it, for a zip that was opened; None to judge a zip by its suffix.

    Raises:
        UnreadableDocument: No loader reads such files; the message says what was seen.
    """
    suffix = PurePath(name).suffix.lower()
    by_suffix = _map_suffixes().get(suffix, "")
    media_type = detect_media_type(head)
    if media_type == ZIP and members is not None:
        media_type = _recognize_members(members, head) or _refuse(name, "an archive of other files")
    if media_type in (ZIP, OLE):
        fits = by_suffix and _may_read(by_suffix, media_type)
        return by_suffix if fits else _refuse(name, "an archive of something else")
    if media_type:
        return _map_media_types().get(media_type) or _refuse(name, media_type)
    return _recognize_text(head, name, by_suffix)


def _recognize_text(head: bytes, name: str, by_suffix: str) -> str:
    if not head.strip():
        raise UnreadableDocument(f"Expected text in {name}, got an empty file: leave it out.")
    if looks_binary(head):
        return _refuse(name, "binary data")
    if by_suffix and not _reads_text(by_suffix):
        return _refuse(name, "a text file with the suffix of another format")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    if by_suffix in ("", "text") and start.startswith((b"<!doctype html", b"<html")):
        return _map_media_types().get(HTML, "text")
    return by_suffix or "text"


def _recognize_members(members: list[str], head: bytes) -> str:
    if _OPEN_DOCUMENT in head:
        return _ODT
    found = (kind for start, kind in _MEMBERS if any(m.startswith(start) for m in members))
    return next(found, "")


def _may_read(loader: str, container: str) -> bool:
    """Whether a loader reads a format that comes in such a container."""
    inside = {kind for _, kind in _MEMBERS} | {_ODT} if container == ZIP else {OLE}
    return not inside.isdisjoint(loaders.get(loader).media_types)


def _reads_text(loader: str) -> bool:
    return any(kind.startswith("text/") for kind in loaders.get(loader).media_types)


@cache
def _map_suffixes() -> dict[str, str]:
    return {suffix: name for name in loaders.names() for suffix in loaders.get(name).suffixes}


@cache
def _map_media_types() -> dict[str, str]:
    return {kind: name for name in loaders.names() for kind in loaders.get(name).media_types}


def _refuse(name: str, what: str) -> str:
    raise UnreadableDocument(
        f"Expected a document of a supported format, got {what}: convert {name} to one of the "
        "formats in docs/documents.md, or leave it out."
    )
