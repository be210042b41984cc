"""Zip files, measured before any parser sees them.

Sizes in a zip's directory are claims. Here every member is inflated and its real bytes are
counted; nothing is kept.
"""

import struct
import zipfile
import zlib
from io import BytesIO

from genwright.errors import UnreadableDocument
from genwright.settings import MIB, DocumentSettings

_MAX_MEMBERS = 20_000
_MAX_RATIO = 200  # XML of an office file shrinks 5- to 50-fold
_RATIO_FROM = 8 * MIB  # small members may be as repetitive as they like
_STEP = 1 * MIB


def check_zip(data: bytes, limits: DocumentSettings) -> list[str]:
    """Refuse a zip that is broken, encrypted, overlapping, or inflates beyond the limit.

    Args:
        data: The archive.
        limits: ``max_characters`` bounds how many bytes inflating adds to the size of the file.

    Returns:
        Names of its members.

    Raises:
        UnreadableDocument: With the reason.
    """
    try:
        members = zipfile.ZipFile(BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, struct.error) as error:
        raise UnreadableDocument(
            f"Expected a whole zip archive, got a broken one ({error}): fetch or save it again."
        ) from error
    if len(members) > _MAX_MEMBERS:
        raise _make_bomb_error(f"{len(members):,} members")
    left = limits.max_characters + len(data)
    reached = 0
    for member in sorted(members, key=lambda each: each.header_offset):
        if member.header_offset < reached:
            raise _make_bomb_error("members that overlap")
        start = _find_content_start(data, member)
        reached = start + member.compress_size
        left -= _measure_inflated(data[start:reached], member, left)
    return [member.filename for member in members]


def _find_content_start(data: bytes, member: zipfile.ZipInfo) -> int:
    header = data[member.header_offset : member.header_offset + 30]
    if member.flag_bits & 1:
        raise UnreadableDocument(
            "Expected an open archive, got an encrypted one: remove its password first."
        )
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        raise UnreadableDocument(
            "Expected a whole zip archive, got a broken one: fetch or save it again."
        )
    name, extra = struct.unpack("<HH", header[26:30])
    return member.header_offset + 30 + int(name) + int(extra)


def _measure_inflated(raw: bytes, member: zipfile.ZipInfo, left: int) -> int:
    """Real size of a member, in bytes."""
    if member.compress_type == zipfile.ZIP_STORED:
        size = len(raw)
    elif member.compress_type == zipfile.ZIP_DEFLATED:
        size = _measure_deflated(raw, left)
    else:
        raise _make_bomb_error("a compression that office files do not use")
    if size > left:
        raise _make_bomb_error("more bytes than the limit when inflated")
    if size != member.file_size:
        raise _make_bomb_error("a member whose real size is not the one it claims")
    return size


def _measure_deflated(raw: bytes, left: int) -> int:
    """Inflate in steps that fit into memory; stops as soon as it is too much."""
    inflater, size, rest = zlib.decompressobj(-15), 0, raw
    try:
        while not inflater.eof:
            step = len(inflater.decompress(rest, _STEP))
            size, rest = size + step, inflater.unconsumed_tail
            if size > left or (size > _RATIO_FROM and size > _MAX_RATIO * len(raw)):
                raise _make_bomb_error("more bytes than the limit when inflated")
            if not step and not rest:
                break
    except zlib.error as error:
        raise UnreadableDocument(
            f"Expected a whole zip archive, got a damaged member ({error}): save it again."
        ) from error
    return size


def _make_bomb_error(what: str) -> UnreadableDocument:
    return UnreadableDocument(
        f"Expected an ordinary office file or e-book, got an archive with {what}: "
        "it is not opened; check where it comes from, or raise documents.max_characters."
    )
