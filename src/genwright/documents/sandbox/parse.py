"""Bytes to an extract, in this process: only for what already runs in the sandbox."""

from genwright.documents.archives import check_zip
from genwright.documents.base import Extract, loaders
from genwright.documents.conversion import make_refusal
from genwright.documents.formats import HEAD_BYTES, OLE, ZIP, detect_media_type, recognize_format
from genwright.errors import UnreadableDocument
from genwright.settings import DocumentSettings

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def parse(data: bytes, name: str, limits: DocumentSettings) -> Extract:
    """Recognise a file and let its loader read it.

    Zips are measured before a loader sees them.

    Raises:
        UnreadableDocument: Whatever went wrong, in one line.
    """
    head = data[:HEAD_BYTES]
    media_type = detect_media_type(head)
    if media_type == OLE and _ENCRYPTED in data:
        raise make_refusal(ValueError("encrypted"), name)
    members = check_zip(data, limits) if media_type == ZIP else None
    loader = loaders.get(recognize_format(head, name, members))()
    try:
        extract = loader.load(data, name, limits)
    except UnreadableDocument:
        raise
    except RecursionError as error:
        raise make_refusal(ValueError("it nests too deeply"), name) from error
    except MemoryError:
        raise
    except Exception as error:  # a parser may raise anything over a hostile file
        raise make_refusal(error, name) from error
    if not extract.text.strip():
        raise UnreadableDocument(
            f"Expected text in {name}, got none: it is empty or holds only pictures; leave it out."
        )
    return extract
