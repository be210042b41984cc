"""The child process of a transformers model: ``python -m genwright.engines.transformers.child``.

It reads one line of JSON (a ``ServeConfig``) from its standard input, loads the weights, and
answers requests over HTTP on a Unix socket until that input ends: ``/generate`` streams lines of
JSON, the other paths answer once. Requests that wait while a batch is written form the next one.
"""

import hmac
import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from genwright.engines.transformers.loading import Weights, load
from genwright.hardware import let_threads_rest


@dataclass(frozen=True)
class ServeConfig:
    """What the child is told."""

    weights: dict[str, Any]
    listen: str
    key: str
    parent: int
    threads: int
    context: int
    slots: int

    def line(self) -> bytes:
        """The line of JSON that the child reads."""
        return json.dumps(asdict(self)).encode() + b"\n"


class Server:
    """A loaded model and the requests for it. One thread computes; the others wait for it."""

    def __init__(self, config: ServeConfig) -> None:
        import torch

        torch.set_num_threads(config.threads)
        torch.set_grad_enabled(False)
        self.config = config
        given = {**config.weights, "labels": tuple(config.weights.get("labels", ()))}
        self.weights = Weights(**given)
        self.model, self.tokenizer = load(self.weights)
        if torch.cuda.is_available():
            self.model.to("cuda")
        self.waiting: queue.Queue[Any] = queue.Queue()
        threading.Thread(target=self._work, daemon=True).start()

    def run(self, task: Callable[[], Any]) -> Any:
        """Compute something between two batches, and wait for it."""
        done: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue()
        self.waiting.put((task, done))
        value, error = done.get()
        if error is not None:
            raise error
        return value

    def generate(self, body: dict[str, Any]) -> "Iterator[dict[str, Any]]":
        """Pieces of a reply."""
        from genwright.engines.transformers.generation import Job

        ids = self.prompt_ids(body)
        room = self.config.context - len(ids)
        if room < 1:
            raise ValueError(f"the prompt has {len(ids)} tokens, the context {self.config.context}")
        sampling = dict(body.get("sampling", {}))
        asked = sampling.get("max_tokens")
        sampling["max_tokens"] = min(int(asked), room) if asked else room
        job = Job(ids, sampling, body.get("logprobs"))
        self.waiting.put(job)
        try:
            while (piece := job.pieces.get()) is not None:
                yield piece
            written = len(job.written)
            yield {"finish": job.finish or "length", "prompt": len(ids), "written": written}
        finally:
            job.cancelled.set()

    def prompt_ids(self, body: dict[str, Any]) -> list[int]:
        """Tokens of the prompt: given, of a text, or of messages by the chat template."""
        if "ids" in body:
            return [int(each) for each in body["ids"]]
        if "messages" in body:
            return chat_ids(self.tokenizer, body["messages"], body.get("tools"))
        return list(self.tokenizer(body["text"])["input_ids"])

    def _work(self) -> None:
        """Take what waits: a task alone, or as many requests as there are slots."""
        held: Any = None
        while True:
            first = held if held is not None else self.waiting.get()
            held = None
            if isinstance(first, tuple):
                _settle(*first)
                continue
            batch = [first]
            while len(batch) < self.config.slots and not self.waiting.empty():
                following = self.waiting.get()
                if isinstance(following, tuple):
                    held = following
                    break
                batch.append(following)
            self._write(batch)

    def _write(self, batch: list[Any]) -> None:
        from genwright.engines.transformers.generation import generate

        try:
            generate(self.model, self.tokenizer, batch)
        except Exception as error:
            for job in batch:
                job.pieces.put({"error": f"{type(error).__name__}: {error}"})
        finally:
            for job in batch:
                job.pieces.put(None)


def chat_ids(tokenizer: Any, messages: list[dict[str, Any]], tools: Any = None) -> list[int]:
    """A conversation as tokens, ready for the reply.

    Without a chat template it is what people have said, a paragraph each.
    """
    if tokenizer.chat_template:
        ids = tokenizer.apply_chat_template(
            messages, tools=tools, add_generation_prompt=True, return_dict=False
        )
        return [int(each) for each in ids]
    return list(tokenizer(plain_prompt(messages))["input_ids"])


def plain_prompt(messages: list[dict[str, Any]]) -> str:
    """The prompt of a conversation for a model without a chat template."""
    return "\n\n".join(str(each["content"]) for each in messages if each.get("content"))


def _settle(task: Callable[[], Any], done: "queue.Queue[Any]") -> None:
    try:
        done.put((task(), None))
    except Exception as error:
        done.put((None, error))


def app_of(server: Server) -> Any:
    """The HTTP interface of a loaded model."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
    from starlette.routing import Route

    from genwright.engines.transformers.operations import OPERATIONS

    def allowed(request: Request) -> bool:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given, server.config.key)

    async def health(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def generate(request: Request) -> Response:
        if not allowed(request):
            return JSONResponse({"error": "no key"}, 401)
        pieces = server.generate(await request.json())
        return StreamingResponse(_lines(pieces), media_type="application/x-ndjson")

    async def once(request: Request) -> Response:
        if not allowed(request):
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
            Route("/health", health),
            Route("/generate", generate, methods=["POST"]),
            Route("/{operation}", once, methods=["POST"]),
        ]
    )


def _lines(pieces: "Iterator[dict[str, Any]]") -> Iterator[str]:
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

    config = ServeConfig(**json.loads(sys.stdin.buffer.readline()))
    die_with(config.parent)
    import uvicorn

    server = Server(config)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    uvicorn.run(app_of(server), uds=config.listen, log_level="error", lifespan="off")


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # returns when the parent closes the pipe or dies
    os._exit(0)


if __name__ == "__main__":
    main()
