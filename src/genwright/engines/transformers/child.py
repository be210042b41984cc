"""The child process of a transformers model: ``python -m genwright.engines.transformers.child``.

It reads one line of JSON (a ``TransformersServerConfig``) from its standard input,
loads the weights, and answers requests over HTTP on a Unix socket until that input ends:
``/generate`` streams lines of JSON, the other paths answer once. Requests that wait
while a batch is written form the next one.
"""

import hmac
import json
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

from genwright.engines.transformers.operations import OPERATIONS
from genwright.engines.transformers.server import Server, TransformersServerConfig
from genwright.hardware import let_threads_rest


def build_app(server: Server) -> Any:
    """The HTTP interface of a loaded model."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
    from starlette.routing import Route

    def is_allowed(request: Request) -> bool:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given, server.config.key)

    async def report_health(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def generate(request: Request) -> Response:
        if not is_allowed(request):
            return JSONResponse({"error": "no key"}, 401)
        pieces = server.generate(await request.json())
        return StreamingResponse(_encode_lines(pieces), media_type="application/x-ndjson")

    async def run_operation(request: Request) -> Response:
        if not is_allowed(request):
            return JSONResponse({"error": "no key"}, 401)
        from starlette.concurrency import run_in_threadpool

        body = await request.json()
        operation = OPERATIONS[request.path_params["operation"]]
        try:
            return JSONResponse(await run_in_threadpool(operation, server, body))
        except (ValueError, KeyError, IndexError) as error:
            return JSONResponse({"error": f"{error}"}, 400)

    return Starlette(
        routes=[
            Route("/health", report_health),
            Route("/generate", generate, methods=["POST"]),
            Route("/{operation}", run_operation, methods=["POST"]),
        ]
    )


def _encode_lines(pieces: "Iterator[dict[str, Any]]") -> Iterator[str]:
    try:
        for piece in pieces:
            yield json.dumps(piece) + "\n"
    except ValueError as error:
        yield json.dumps({"error": str(error), "usage": True}) + "\n"


def main() -> None:
    """Serve until the parent is gone."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    let_threads_rest()
    from genwright.engines.llamacpp.child import die_with

    config = TransformersServerConfig(**json.loads(sys.stdin.buffer.readline()))
    die_with(config.parent)
    import uvicorn

    server = Server(config)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    uvicorn.run(build_app(server), uds=config.listen, log_level="error", lifespan="off")


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # returns when the parent closes the pipe or dies
    os._exit(0)


if __name__ == "__main__":
    main()
