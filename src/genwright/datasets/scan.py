"""What is looked for in each row by itself.

Cheap signs come first: most rows hold nothing that an identifier or a secret must have. (A second
process was tried: handing rows and signatures over costs more than it saves.)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from genwright.datasets.near_duplicates import compute_signatures
from genwright.datasets.secrets import find_secret
from genwright.privacy.identifiers import find_identifiers

_BROKEN = re.compile(
    "\ufffd|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\u00c2\u00c3\u00e2][\u0080-\u00bf\u20ac\u2122\u0153]"
)
"""Replacement and control characters, and UTF-8 that was read as Latin-1 or Windows-1252."""
_MAY_IDENTIFY = re.compile(r"@|\d[\d ().:/-]{5,}\d|::|[A-Z]{2}\d{2} ?[A-Z0-9]{4}")
"""What every identifier has; texts without it are not looked at closer."""


@dataclass
class ScanResult:
    """What was found in the rows of a set, by their places from 0."""

    signatures: list[list[int]] = field(default_factory=list)
    secrets: list[int] = field(default_factory=list)
    identifiers: dict[str, list[int]] = field(default_factory=dict)
    broken: list[int] = field(default_factory=list)


def scan_texts(texts: Sequence[str], near: bool = True) -> ScanResult:
    """Look at the texts of rows.

    Args:
        texts: What each row says.
        near: Make signatures for near duplicates.
    """
    found = ScanResult(compute_signatures(texts) if near else [])
    for place, text in enumerate(texts):
        if find_secret(text):
            found.secrets.append(place)
        if _MAY_IDENTIFY.search(text):
            for kind in {each.kind for each in find_identifiers(text)}:
                found.identifiers.setdefault(kind, []).append(place)
        if not text.isascii() or not text.isprintable():
            if _BROKEN.search(text):
                found.broken.append(place)
    return found


def repair_text(text: str) -> str:
    """A text whose encoding was mistaken, read as it was meant; control characters removed.

    Example:
        >>> repair_text("caf\u00c3\u00a9")
        'café'
    """
    try:
        better = b"".join(_encode_byte(character) for character in text).decode("utf-8")
        if not _BROKEN.search(better):
            return better
    except UnicodeError:
        pass
    return re.sub("[\ufffd\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text)


def _encode_byte(character: str) -> bytes:
    """The byte that Windows-1252 shows as a character; its five gaps are those of Latin-1."""
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")
