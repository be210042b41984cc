"""Assistants and models as ``/v1/models`` lists them."""

from datetime import datetime

from genwright.access import Identity
from genwright.errors import NotFound
from genwright.registry import ServedAssistant
from genwright.server.api.shared.targets import (
    BareModel,
    Kind,
    list_bare_models,
    make_not_found,
    resolve_target,
)
from genwright.server.service import Service
from genwright.types import Json


def list_models(service: Service, identity: Identity) -> list[Json]:
    """All that somebody may ask: assistants first, the default one before the others."""
    principal = identity.principal
    served = [
        service.assistants.resolve(principal, known.name)
        for known in service.assistants.list_assistants(principal)
        if identity.may_ask(known.name)
    ]
    plain = sorted(list_bare_models(service).items())
    return [
        *(_format_assistant(each, each.name) for each in served),
        *(_format_model(name, kind) for name, kind in plain if identity.may_ask(name)),
    ]


def find_model(service: Service, identity: Identity, named: str) -> Json:
    """One of them.

    Raises:
        NotFound: There is none of that name that they may ask.
    """
    try:
        target = resolve_target(service, identity, named)
    except NotFound:
        if not isinstance(resolve_target(service, identity, named, "embed"), BareModel):
            raise make_not_found(named) from None
        return _format_model(named, "embed")
    return (
        _format_model(named, "chat")
        if isinstance(target, BareModel)
        else _format_assistant(target, named)
    )


def _format_assistant(served: ServedAssistant, named: str) -> Json:
    config, version = served.version.config, served.version
    return {
        "id": named,
        "object": "model",
        "created": int(datetime.fromisoformat(version.created_at).timestamp()),
        "owned_by": "genwright",
        "x_genwright": {
            "kind": "assistant",
            "version": version.number,
            "label": served.label,
            "description": config.description,
            "model": "extractive" if config.answer.extractive else config.answer.model,
        },
    }


def _format_model(name: str, kind: Kind) -> Json:
    server, slash, _ = name.partition("/")
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": server if slash else "genwright",
        "x_genwright": {"kind": kind},
    }
