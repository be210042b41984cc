"""What the child process of a transformers model answers at once, by the path of the request."""

from collections.abc import Callable
from typing import Any

from genwright.engines.transformers.server import Server

Body = dict[str, Any]


def _classify(server: Server, body: Body) -> Any:
    from genwright.engines.transformers.heads import classify

    labels, length = list(server.weights.labels), server.config.context
    return server.run(
        lambda: classify(server.model, server.tokenizer, body["texts"], labels, length)
    )


def _answer(server: Server, body: Body) -> Any:
    from genwright.engines.transformers.heads import answer

    length = server.config.context
    text, score = server.run(
        lambda: answer(server.model, server.tokenizer, body["question"], body["context"], length)
    )
    return {"text": text, "logprob": score}


def _embed(server: Server, body: Body) -> Any:
    from genwright.engines.transformers.heads import embed

    length = server.config.context
    return server.run(lambda: embed(server.model, server.tokenizer, body["texts"], length))


def _fill(server: Server, body: Body) -> Any:
    from genwright.engines.transformers.heads import fill

    length = server.config.context
    return {"text": server.run(lambda: fill(server.model, server.tokenizer, body["text"], length))}


def _score(server: Server, body: Body) -> Any:
    from genwright.engines.transformers.generation import score_ids

    ids = [int(each) for each in body["ids"]]
    if len(ids) > server.config.context:
        raise ValueError(f"there are {len(ids)} tokens, the context has {server.config.context}")
    found = server.run(lambda: score_ids(server.model, ids, int(body.get("top", 0))))
    decode = server.tokenizer.decode
    return [
        {
            "token": decode([each["token"]]),
            "logprob": each["logprob"],
            "top": [[decode([token]), value] for token, value in each["top"]],
        }
        for each in found
    ]


def _tokenize(server: Server, body: Body) -> Any:
    special = bool(body.get("special", True))
    encoded = server.tokenizer(body["texts"], add_special_tokens=special)
    return [list(each) for each in encoded["input_ids"]]


def _detokenize(server: Server, body: Body) -> Any:
    return {"text": server.tokenizer.decode(body["ids"])}


def _render(server: Server, body: Body) -> Any:
    return {"ids": server.encode_prompt(body)}


def _describe(server: Server, _body: Body) -> Any:
    config = server.model.config
    return {
        "family": config.model_type,
        "encoder_decoder": bool(getattr(config, "is_encoder_decoder", False)),
        "template": bool(server.tokenizer.chat_template),
    }


OPERATIONS: dict[str, Callable[[Server, Body], Any]] = {
    "answer": _answer,
    "classify": _classify,
    "describe": _describe,
    "detokenize": _detokenize,
    "embed": _embed,
    "fill": _fill,
    "render": _render,
    "score": _score,
    "tokenize": _tokenize,
}
"""By path."""
