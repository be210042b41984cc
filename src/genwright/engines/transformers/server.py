"""A loaded transformers model and the requests for it, inside its child process.

Requests that wait while a batch is written form the next one.
"""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from genwright.engines.transformers.loading import Weights, load


@dataclass(frozen=True)
class TransformersServerConfig:
    """What the child is told."""

    weights: dict[str, Any]
    listen: str
    key: str
    parent: int
    threads: int
    context: int
    slots: int

    def encode_line(self) -> bytes:
        """The line of JSON that the child reads."""
        return json.dumps(asdict(self)).encode() + b"\n"


class Server:
    """A loaded model and the requests for it. One thread computes; the others wait for it."""

    def __init__(self, config: TransformersServerConfig) -> None:
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
        from genwright.engines.transformers.generation import GenerationJob

        ids = self.encode_prompt(body)
        room = self.config.context - len(ids)
        if room < 1:
            raise ValueError(f"the prompt has {len(ids)} tokens, the context {self.config.context}")
        sampling = dict(body.get("sampling", {}))
        asked = sampling.get("max_tokens")
        sampling["max_tokens"] = min(int(asked), room) if asked else room
        job = GenerationJob(ids, sampling, body.get("logprobs"))
        self.waiting.put(job)
        try:
            while (piece := job.pieces.get()) is not None:
                yield piece
            written = len(job.written)
            yield {"finish": job.finish or "length", "prompt": len(ids), "written": written}
        finally:
            job.cancelled.set()

    def encode_prompt(self, body: dict[str, Any]) -> list[int]:
        """Tokens of the prompt: given, of a text, or of messages by the chat template."""
        if "ids" in body:
            return [int(each) for each in body["ids"]]
        if "messages" in body:
            return encode_chat(self.tokenizer, body["messages"], body.get("tools"))
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


def encode_chat(tokenizer: Any, messages: list[dict[str, Any]], tools: Any = None) -> list[int]:
    """A conversation as tokens, ready for the reply.

    Without a chat template it is what people have said, a paragraph each.
    """
    if tokenizer.chat_template:
        ids = tokenizer.apply_chat_template(
            messages, tools=tools, add_generation_prompt=True, return_dict=False
        )
        return [int(each) for each in ids]
    return list(tokenizer(join_messages(messages))["input_ids"])


def join_messages(messages: list[dict[str, Any]]) -> str:
    """The prompt of a conversation for a model without a chat template."""
    return "\n\n".join(str(each["content"]) for each in messages if each.get("content"))


def _settle(task: Callable[[], Any], done: "queue.Queue[Any]") -> None:
    try:
        done.put((task(), None))
    except Exception as error:
        done.put((None, error))
