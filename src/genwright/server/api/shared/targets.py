"""What the ``model`` of a request names: an assistant, or a base model.

Whatever is not there, or not the asker's to use, is not found, in the same words.
"""

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import httpx

from genwright.access import Identity
from genwright.answers.base import EXTRACTIVE
from genwright.engines.keyring import find_key
from genwright.errors import GenwrightError, NotFound
from genwright.registry import ServedAssistant
from genwright.server.service import Service
from genwright.settings import OpenAISettings

Kind = Literal["chat", "embed"]

OTHERS_SECONDS = 60.0
"""How long the list of another server's models is taken to hold."""
ASK_SECONDS = 3.0
"""Longest wait for such a list."""
MOST_LISTED = 1000
"""Models of one server that are looked at."""


@dataclass(frozen=True)
class BareModel:
    """A base model, by the name that ``Models.engine`` takes."""

    name: str


Target = BareModel | ServedAssistant


@lru_cache(maxsize=256)
def _fetch_model_ids(server: OpenAISettings, period: int) -> tuple[str, ...]:
    """Ids that ``GET /models`` gives; none where the server does not answer well.

    Args:
        server: Who is asked.
        period: Which ``OTHERS_SECONDS`` it is: in the next one it is asked again.
    """
    try:
        key = find_key(server.key) if server.key else "none"
        reply = httpx.get(
            f"{server.base_url.rstrip('/')}/models",
            headers={"Authorization": f"Bearer {key}"},
            timeout=ASK_SECONDS,
        )
        rows = reply.raise_for_status().json()["data"][:MOST_LISTED]
        return tuple(str(row["id"])[:200] for row in rows)
    except (httpx.HTTPError, GenwrightError, ValueError, KeyError, TypeError):
        return ()


def _list_server_models(service: Service, name: str) -> list[str]:
    """``SERVER/MODEL`` of every model that a server of the settings lists."""
    server = service.settings.servers.get(name)
    if server is None:
        return []
    period = int(time.monotonic() // OTHERS_SECONDS)
    return [f"{name}/{each}" for each in _fetch_model_ids(server, period)]


def list_bare_models(service: Service) -> dict[str, Kind]:
    """Every model that may be asked as it is: pulled, named by settings, or of a server."""
    settings, models = service.settings, service.runtime.models
    others = (each for name in settings.servers for each in _list_server_models(service, name))
    found: dict[str, Kind] = dict.fromkeys(others, "chat")
    for each in models.catalog.list_models():
        if each.pulled and each.kind != "rerank":
            found[each.name] = "embed" if each.kind == "embed" else "chat"
    found[settings.embedding.model] = "embed"
    for name in _list_answering_models(service):
        found[name] = "chat"
    for known in models.versions.list_models(service.runtime.principal):
        live = models.versions.resolve(service.runtime.principal, known.name)
        if live.facts.objective != "reward":  # it scores for trainings, and answers nobody
            found[live.serving_name.rpartition("@")[0]] = "chat"
    return found


def _list_answering_models(service: Service) -> set[str]:
    """Models by which assistants answer, as far as they are there."""
    named = {known.model for known in service.assistants.list_assistants(service.runtime.principal)}
    named = {each for each in (*named, service.settings.answer.model) if each != EXTRACTIVE}
    return {each for each in named if _is_present(service, each)}


def _is_present(service: Service, name: str) -> bool:
    try:
        service.runtime.models.check(name)
    except NotFound:
        return False
    return True


def resolve_target(service: Service, identity: Identity, named: str, kind: Kind = "chat") -> Target:
    """What a name stands for. It blocks.

    Args:
        service: The server's runtime.
        identity: Who asks.
        named: ``NAME``, ``NAME@VERSION`` or ``NAME@ALIAS`` of an assistant, or a model.
        kind: What it must be able to do; assistants only chat.

    Raises:
        NotFound: There is nothing of that name that they may ask.
    """
    if not identity.may_ask(named):
        raise make_not_found(named)
    if _is_at_hand(service, named, kind):
        return BareModel(named)
    if kind == "chat":
        try:
            return service.assistants.resolve(identity.principal, named)
        except NotFound:
            pass
    if _is_elsewhere(service, named, kind):
        return BareModel(named)
    raise make_not_found(named)


def _is_at_hand(service: Service, named: str, kind: Kind) -> bool:
    """Whether a name is that of a pulled model, or of one that the settings name.

    Looked at first because it costs next to nothing; so a model's name hides an assistant's.
    """
    settings = service.settings
    set_ = settings.embedding.model if kind == "embed" else settings.answer.model
    if named == set_ and named != EXTRACTIVE:
        return kind == "embed" or _is_present(service, named)
    if "/" in named:
        return False
    held = service.runtime.models.catalog.read_manifest(named)
    if held is not None:
        return held.kind == kind
    return kind == "chat" and _is_trained(service, named)


def _is_trained(service: Service, named: str) -> bool:
    """Whether a name is that of a version in the registry."""
    try:
        return service.runtime.models.find_trained(named) is not None
    except GenwrightError:
        return False


def _is_elsewhere(service: Service, named: str, kind: Kind) -> bool:
    """Whether a name is that of a model that assistants answer by, or of another server's."""
    server, slash, _ = named.partition("/")
    if slash and server not in service.settings.servers:
        return False
    if kind == "chat" and named in _list_answering_models(service):
        return True
    return bool(slash) and named in _list_server_models(service, server)


def make_not_found(named: str) -> NotFound:
    """The error for a model that is not there, or not the asker's."""
    shown = named if len(named) <= 80 else f"{named[:80]}…"
    return NotFound(
        f"Model {shown!r} does not exist or you do not have access to it: GET /v1/models lists "
        "those you may use."
    )
