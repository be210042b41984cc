"""Bytes to clean text."""

import codecs
import re
import unicodedata

from genwright.errors import UnreadableDocument

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufeff\ud800-\udfff]")
_NEWLINES = re.compile("\r\n?|[\x0c\x85\u2028\u2029]")

DETECTION_BYTES = 262_144
"""How much of a file the encoding is judged by."""


def decode(data: bytes, declared: str | None = None) -> str:
    """Text of any encoding: by byte-order mark, as declared, as UTF-8, or by what it looks like.

    Args:
        data: The bytes.
        declared: The encoding that the file or its envelope names, if any.

    Raises:
        UnreadableDocument: It is no text.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _strictly(data, name) or data.decode(name, errors="replace")
    for candidate in (declared, _wide(data), "utf-8"):
        if candidate and (text := _strictly(data, candidate)) is not None:
            return text
    return _detected(data)


def clean(text: str) -> str:
    """Newlines as ``\\n``, no control characters, byte-order marks or lone surrogates; NFC.

    Example:
        >>> clean("a\\r\\nb\\x00")
        'a\\nb'
    """
    return unicodedata.normalize("NFC", _CONTROLS.sub("", _NEWLINES.sub("\n", text)))


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: ASCII in it leaves every second byte or more empty."""
    sample = data[:4096]
    if not sample.count(0) > len(sample) // 4:
        return None
    if sample.count(0) > len(sample) // 2:
        return "utf-32-be" if sample[:1] == b"\0" else "utf-32-le"
    return "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"


def _detected(data: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:DETECTION_BYTES]).best()
    if best is None or b"\0" in data[:DETECTION_BYTES]:
        raise UnreadableDocument(
            "expected text, got bytes in no known encoding: convert it to UTF-8 and add it again"
        )
    return data.decode(best.encoding, errors="replace")
