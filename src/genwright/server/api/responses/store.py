"""Responses that are kept: to be read again, gone on from, and removed, by their owner only."""

import copy
from collections.abc import Collection

from sqlalchemy import select

from genwright.answers.conversations import WITHHELD, select_readable_ids
from genwright.errors import NotFound
from genwright.runtime import Runtime
from genwright.storage import StoredResponse, StoreSession
from genwright.types import Json

LONGEST_CHAIN = 256
"""Responses that one goes on from at most, one after the other."""


def store_response(runtime: Runtime, body: Json, items: list[Json]) -> None:
    """Store a response with what was said to it."""
    row = StoredResponse(
        id=body["id"],
        owner=runtime.principal.name,
        previous_id=body["previous_response_id"],
        items=items,
        body=body,
    )
    with runtime.database.write(runtime.principal) as session:
        session.add(row)


def read_response(runtime: Runtime, id_: str) -> tuple[Json, list[Json]]:
    """A response as its owner may see it now, and what was said to it.

    Raises:
        NotFound: They have none of that id.
    """
    with runtime.database.read(runtime.principal) as session:
        row = _find_response(session, id_)
        return _hide_unreadable(session, row.body), list(row.items)


def remove_response(runtime: Runtime, id_: str) -> None:
    """Remove a response; those that go on from it stay, and begin with themselves.

    Raises:
        NotFound: They have none of that id.
    """
    with runtime.database.write(runtime.principal) as session:
        session.delete(_find_response(session, id_))


def read_chain(runtime: Runtime, id_: str) -> list[Json]:
    """All items up to a response and with it, oldest first.

    Raises:
        NotFound: They have none of that id.
    """
    turns: list[list[Json]] = []
    next_: str | None = id_
    with runtime.database.read(runtime.principal) as session:
        while next_ is not None and len(turns) < LONGEST_CHAIN:
            try:
                row = _find_response(session, next_)
            except NotFound:
                if not turns:
                    raise
                break  # an earlier one was removed since
            turns.append([*row.items, *_hide_unreadable(session, row.body)["output"]])
            next_ = row.previous_id
    return [item for turn in reversed(turns) for item in turn]


def _find_response(session: StoreSession, id_: str) -> StoredResponse:
    owned = StoredResponse.owner == session.principal.name
    row = session.scalar(select(StoredResponse).where(StoredResponse.id == id_, owned))
    if row is None:
        raise NotFound(f"You have no response {id_[:60]!r}.")
    return row


def _hide_unreadable(session: StoreSession, body: Json) -> Json:
    """A response without what rests on documents that its owner may no longer read."""
    about = body.get("x_genwright")
    if not about:
        return body
    cited = {each["document"] for part in about["sentences"] for each in part["citations"]}
    cited |= {hit["document"] for hit in about["passages"]}
    known = select_readable_ids(session, cited)
    return body if cited <= known else _withhold_results(copy.deepcopy(body), known)


def _withhold_results(body: Json, known: Collection[int]) -> Json:
    about = body["x_genwright"]
    sentences, gone = about["sentences"], 0
    for part in sentences:
        if any(each["document"] not in known for each in part["citations"]):
            part |= {"text": WITHHELD, "support": 0.0, "citations": []}
            gone += 1
    about["passages"] = [hit for hit in about["passages"] if hit["document"] in known]
    for item in body["output"]:
        if item["type"] == "file_search_call":
            item["results"] = None
        elif item["type"] == "message" and gone:
            text = "".join(
                part.get("before", " ") * bool(place) + part["text"]
                for place, part in enumerate(sentences)
            )
            item["content"] = [{**item["content"][0], "text": text, "annotations": []}]
    return body
