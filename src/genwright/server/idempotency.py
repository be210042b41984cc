"""``Idempotency-Key``: a write that is sent twice is done once, and answered twice.

After https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header: the same key with
another request is 422, with one that is still at work 409. Replies are kept for a day, by who
asked; one that was at work when a server was killed may be tried again after a while.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genwright.server.errors import make_reply
from genwright.server.service import Service
from genwright.storage import Database, IdempotentReply
from genwright.types import OWNER

METHODS = ("POST", "PUT", "PATCH", "DELETE")
LONGEST_KEY = 255
KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=15)
"""Age at which a request that has no reply is taken for one that died with its server."""
LARGEST_REPLY = 4 * 1024 * 1024
"""Bytes; a larger reply is not kept."""


@dataclass(frozen=True)
class RecordedReply:
    """A reply that was given before."""

    status: int
    body: bytes


class Idempotency:
    """The layer around the routes, inside the gate.

    Args:
        app: What is behind it.
        service: Where replies are kept.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, or keep what is answered."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        key = headers.get("idempotency-key", "")
        if not key or scope["method"] not in METHODS or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        if len(key) > LONGEST_KEY:
            told = f"Expected an Idempotency-Key of at most {LONGEST_KEY} characters."
            await make_reply(400, told)(scope, receive, send)
            return
        body = await _read_body(receive)
        if body is None:
            return
        who = scope["state"]["identity"].subject
        digest = _hash_parts(who, key)
        fingerprint = _hash_parts(scope["method"], scope["path"], str(scope["query_string"]), body)
        database = self.service.workspace.database
        found = await self.service.call(lambda: _begin_request(database, digest, fingerprint))
        if isinstance(found, RecordedReply):
            await _replay_reply(found, send)
        elif found:
            status = 409 if found == "busy" else 422
            await make_reply(status, _REASONS[found], code="idempotency")(scope, receive, send)
        else:
            await self._record_reply(scope, _ReplayedBody(body, receive), send, digest)

    async def _record_reply(self, scope: Scope, receive: Receive, send: Send, digest: str) -> None:
        copy = _ReplyRecorder(send)
        try:
            await self.app(scope, receive, copy)
        finally:
            database, kept = self.service.workspace.database, copy.get_reply()
            await self.service.call(lambda: _end_request(database, digest, kept))


_REASONS = {
    "busy": "A request with this Idempotency-Key is still being processed; retry later.",
    "other": "This Idempotency-Key was used with another request: take a new one.",
}


class _ReplayedBody:
    """``receive`` that gives a body that was read already, and then what follows."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _ReplyRecorder:
    """``send`` that remembers what it sent, if it is of a size and kind to be kept."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._status, self._keeps, self._done = 0, False, False
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            kind = Headers(raw=message["headers"]).get("content-type", "")
            # A stream is not kept, and what failed may go well the next time.
            self._keeps = kind.startswith("application/json") and self._status < 500
            self._keeps = self._keeps and self._status not in (401, 408, 409, 429)
        elif self._keeps:
            self._body += message.get("body", b"")
            self._keeps = len(self._body) <= LARGEST_REPLY
            self._done = not message.get("more_body", False)
        await self._send(message)

    def get_reply(self) -> RecordedReply | None:
        """What is to be kept; None for nothing."""
        return (
            RecordedReply(self._status, bytes(self._body)) if self._keeps and self._done else None
        )


async def _read_body(receive: Receive) -> bytes | None:
    """The body; None where the client hung up."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


async def _replay_reply(kept: RecordedReply, send: Send) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(kept.body)).encode()),
        (b"idempotent-replayed", b"true"),
    ]
    await send({"type": "http.response.start", "status": kept.status, "headers": headers})
    await send({"type": "http.response.body", "body": kept.body})


def _begin_request(database: Database, digest: str, fingerprint: str) -> RecordedReply | str:
    """What was answered before, why this cannot be answered, or nothing: then it is ours to do."""
    now = datetime.now(UTC)
    with database.write(OWNER) as session:
        session.execute(delete(IdempotentReply).where(IdempotentReply.created_at < now - KEPT))
        row = session.get(IdempotentReply, digest)
        if row is not None and row.fingerprint != fingerprint:
            return "other"
        if row is not None and row.status:
            return RecordedReply(row.status, row.body)
        if row is not None and row.created_at.replace(tzinfo=UTC) > now - ABANDONED:
            return "busy"
        if row is None:
            row = IdempotentReply(digest=digest, fingerprint=fingerprint, status=0, body=b"")
            session.add(row)
        row.created_at = now
        return ""


def _end_request(database: Database, digest: str, kept: RecordedReply | None) -> None:
    with database.write(OWNER) as session:
        row = session.get(IdempotentReply, digest)
        if row is not None and kept is None:
            session.delete(row)
        elif row is not None and kept is not None:
            row.status, row.body = kept.status, kept.body


def _hash_parts(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode(errors="surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
