"""Assistants and models as ``/v1/models`` lists them."""

from datetime import datetime

from genwright.access import Identity
from genwright.errors import NotFound
from genwright.registry import Served
from genwright.server.api.shared.targets import Kind, Plain, plain_models, target_of, unknown
from genwright.server.service import Service
from genwright.types import Json


def list_models(service: Service, identity: Identity) -> list[Json]:
    """All that somebody may ask: assistants first, the default one before the others."""
    principal = identity.principal
    served = [
        service.assistants.resolve(principal, known.name)
        for known in service.assistants.known(principal)
        if identity.may_ask(known.name)
    ]
    plain = sorted(plain_models(service).items())
    return [
        *(_assistant(each, each.name) for each in served),
        *(_plain(name, kind) for name, kind in plain if identity.may_ask(name)),
    ]


def one_model(service: Service, identity: Identity, named: str) -> Json:
    """One of them.

    Raises:
        NotFound: There is none of that name that they may ask.
    """
    try:
        target = target_of(service, identity, named)
    except NotFound:
        if not isinstance(target_of(service, identity, named, "embed"), Plain):
            raise unknown(named) from None
        return _plain(named, "embed")
    return _plain(named, "chat") if isinstance(target, Plain) else _assistant(target, named)


def _assistant(served: Served, named: str) -> Json:
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


def _plain(name: str, kind: Kind) -> Json:
    server, slash, _ = name.partition("/")
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": server if slash else "genwright",
        "x_genwright": {"kind": kind},
    }
