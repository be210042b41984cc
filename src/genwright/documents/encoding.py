"""Bytes to clean text: any encoding in, one kind of newline out."""

import codecs
import re

from genwright.errors import UnreadableDocument

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNWANTED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\ufeff\ufffe\uffff]")
_DETECT_BYTES = 256 * 1024


def clean(text: str) -> str:
    r"""Newlines as ``\n``; no control characters, lone surrogates or byte-order marks.

    Example:
        >>> clean("a\r\nb\x00\x0cc")
        'a\nb\nc'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n")
    return _UNWANTED.sub("", text)


def decode(data: bytes, name: str, declared: str = "") -> tuple[str, str]:
    """Decode text of any encoding and clean it.

    A byte-order mark decides; then what the file declares; then UTF-8, which random bytes hardly
    ever are; then UTF-16 and -32 by where their zeros stand; then statistics.

    Returns:
        The text, and the name of its encoding.

    Raises:
        UnreadableDocument: The bytes are no text in any encoding.
    """
    for candidate in (_detect_by_bom(data), declared, "utf-8", _detect_by_zeros(data)):
        try:
            if candidate:
                return clean(data.decode(candidate)), codecs.lookup(candidate).name.removesuffix(
                    "-sig"
                )
        except (UnicodeError, LookupError):
            continue
    encoding = _detect_by_statistics(data)
    if encoding is None:
        raise UnreadableDocument(
            f"Expected text in {name}, got bytes of no known encoding: "
            "convert it to UTF-8, or leave it out if it is not text."
        )
    return clean(data.decode(encoding, errors="replace")), encoding


def looks_binary(head: bytes) -> bool:
    """Whether the first bytes of a file cannot be text: control codes, or zeros out of step."""
    if _detect_by_bom(head) or _detect_by_zeros(head):
        return False
    control = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in head)
    return b"\0" in head or control * 50 > len(head)


def _detect_by_bom(data: bytes) -> str:
    return next((name for mark, name in _BOMS if data.startswith(mark)), "")


def _detect_by_zeros(data: bytes) -> str:
    """UTF-16 or UTF-32 without a mark: most text has zeros in always the same bytes."""
    head = data[: 4096 - 4096 % 4]
    if len(head) < 4 or b"\0" not in head:
        return ""
    zeros = [head[i::4].count(0) / max(1, len(head[i::4])) for i in range(4)]
    odd, even = min(zeros[1], zeros[3]), min(zeros[0], zeros[2])
    if min(zeros[1:]) > 0.6 and zeros[0] < 0.1:
        return "utf-32-le"
    if min(zeros[:3]) > 0.6 and zeros[3] < 0.1:
        return "utf-32-be"
    if odd > 0.4 and max(zeros[0], zeros[2]) < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and max(zeros[1], zeros[3]) < 0.1 else ""


def _detect_by_statistics(data: bytes) -> str | None:
    if looks_binary(data[:4096]):
        return None
    from charset_normalizer import from_bytes

    matches = from_bytes(data[:_DETECT_BYTES])
    best = matches.best()
    if best is None:
        return None
    likely = {each.encoding for each in matches if each.chaos <= best.chaos + 0.02}
    # Short Western text fits several code pages; the most widespread one is the best guess.
    return "cp1252" if best.encoding == "cp1250" and "cp1252" in likely else best.encoding
