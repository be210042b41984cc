"""E-mail with its attachments."""

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage

from genwright.documents.base import Extract, loaders
from genwright.documents.draft import Draft
from genwright.documents.encoding import clean, decode
from genwright.documents.loaders.text import split_paragraphs
from genwright.documents.sandbox.parse import parse
from genwright.errors import UnreadableDocument
from genwright.settings import DocumentSettings

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_DEPTH = 3
"""Messages inside messages that are followed."""


@loaders.register("email")
class EmailLoader:
    """Headers, the body (plain text before HTML), and each attachment under its name."""

    suffixes = (".eml",)
    media_types = ("message/rfc822", "text/rfc822-headers")

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read a message."""
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            data = decode(data, name)[0].encode()
        message = email.message_from_bytes(data, policy=email.policy.default)
        if not message.keys():
            raise UnreadableDocument(
                f"Expected an e-mail in {name}, got a file without headers: save it again as .eml."
            )
        draft = Draft(limits)
        _add_message(draft, message, 0)
        draft.metadata = {key.lower(): value for key, value in _read_headers(message)}
        return draft.build_extract(name, "email", title=draft.metadata.get("subject", ""))


def _add_message(draft: Draft, message: EmailMessage, depth: int) -> None:
    draft.add("paragraph", "\n".join(f"{key}: {value}" for key, value in _read_headers(message)))
    body = message.get_body(("plain", "html"))
    if isinstance(body, EmailMessage):
        _add_body(draft, body)
    for part in _iter_attachments(message):
        if part.get_content_type() == "message/rfc822":
            _add_nested(draft, part, depth + 1)
        elif part is not body:
            _add_attachment(draft, part)


def _iter_attachments(message: EmailMessage) -> Iterator[EmailMessage]:
    if message.is_multipart():
        for part in message.iter_attachments():
            if isinstance(part, EmailMessage):
                yield part


def _add_body(draft: Draft, body: EmailMessage) -> None:
    data = _decode_payload(body)
    if not data.strip():
        return
    if body.get_content_type() == "text/html":
        page = parse(data, "body.html", draft.limits)
        draft.add_text(page.text, page.blocks)
        return
    charset = str(body.get_content_charset() or "")
    text = decode(data, "the message", charset)[0].strip("\n")
    draft.add_text(text, split_paragraphs(text))


def _add_nested(draft: Draft, part: EmailMessage, depth: int) -> None:
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    if depth > _DEPTH:
        draft.warnings.append(f"Messages more than {_DEPTH} deep in others were left out.")
    elif isinstance(inner, EmailMessage):
        draft.add("heading", f"Message: {inner.get('Subject', '')}", level=2)
        _add_message(draft, inner, depth)


def _add_attachment(draft: Draft, part: EmailMessage) -> None:
    """Add what an attachment says under its name; one that cannot be read becomes a warning."""
    name = clean(part.get_filename() or "") or "attachment"
    try:
        found = parse(_decode_payload(part), name, draft.limits)
    except UnreadableDocument as error:
        draft.warnings.append(f"Attachment {name} was left out: {error}")
        return
    draft.add("heading", f"Attachment: {name}", level=2)
    draft.add_text(found.text, found.blocks)
    draft.warnings += found.warnings


def _decode_payload(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _read_headers(message: EmailMessage) -> list[tuple[str, str]]:
    """The headers a reader sees, decoded; those that cannot be parsed are left out."""
    found = []
    for key in _HEADERS:
        try:
            value = " ".join(clean(str(message.get(key) or "")).split())
        except (ValueError, TypeError, LookupError, AttributeError, IndexError):
            continue
        if value:
            found.append((key, value))
    return found
