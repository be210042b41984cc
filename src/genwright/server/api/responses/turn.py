"""One response being written: its items, and the typed events that tell of them in order.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

import time
from collections.abc import Sequence

from genwright.engines import TokenScore, TokenUsage
from genwright.engines.base import ToolDelta
from genwright.server.api.responses.schema import RESULTS, ResponseBody
from genwright.server.api.shared.assistant_calls import FinalAnswer
from genwright.server.api.shared.citations import make_text_annotations, name_file
from genwright.server.api.shared.sse import dumps, format_scores
from genwright.types import Json


class ResponseTurn:
    """Collects a response; each method gives the events that tell of its step.

    Args:
        body: The request.
        trace: Id of its trace.
    """

    def __init__(self, body: ResponseBody, trace: str) -> None:
        self.body, self.id = body, f"resp_{trace}"
        self.created, self._short = int(time.time()), trace[:16]
        self.items: list[Json] = []
        self.status, self.usage = "in_progress", TokenUsage()
        self.about: Json | None = None
        self.error: Json | None = None
        self._number = 0
        self._texts: list[str] = []
        self._scores: list[TokenScore] = []
        self._message: int | None = None
        self._calls: dict[int, int] = {}

    def make_event(self, kind: str, **fields: object) -> str:
        """One event with the next number."""
        data = dumps({"type": kind, **fields, "sequence_number": self._number})
        self._number += 1
        return f"event: {kind}\ndata: {data}\n\n"

    def write_start(self) -> str:
        """It is at work."""
        return self.make_event("response.created", response=self.json()) + self.make_event(
            "response.in_progress", response=self.json()
        )

    def write_search_start(self, query: str | None) -> str:
        """A search was begun; nothing where there is none."""
        if query is None:
            return ""
        item = {"type": "file_search_call", "status": "in_progress", "queries": [query]}
        self._search = {"id": f"fs_{self._short}", **item, "results": None}
        self.items.append(self._search)
        told = self.make_event("response.output_item.added", output_index=0, item=self._search)
        return told + self._make_search_event("in_progress") + self._make_search_event("searching")

    def write_search_end(self, last: FinalAnswer | None) -> str:
        """The search is over: with the first sentence, or the whole answer, which has the hits."""
        search = self._search
        if search is None:
            return ""
        if last is not None and self.body.has_include(RESULTS):
            search["results"] = _format_results(last)
        if search["status"] == "completed":
            return ""
        search["status"] = "completed"
        return self._make_search_event("completed") + self.make_event(
            "response.output_item.done", output_index=0, item=search
        )

    _search: Json | None = None

    def _make_search_event(self, step: str) -> str:
        kind = f"response.file_search_call.{step}"
        return self.make_event(kind, output_index=0, item_id=f"fs_{self._short}")

    def write_text(self, text: str, scores: Sequence[TokenScore] = ()) -> str:
        """A piece of the message's text; the first one opens it."""
        opening = "" if self._message is not None else self._open_message()
        self._texts.append(text)
        self._scores += scores
        return opening + self.make_event(
            "response.output_text.delta",
            **self._locate_text(),
            delta=text,
            logprobs=format_scores(scores),
        )

    def _open_message(self) -> str:
        self._message = len(self.items)
        item: Json = {
            "id": f"msg_{self._short}{self._message}",
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }
        self.items.append(item)
        part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        return self.make_event(
            "response.output_item.added", output_index=self._message, item=item
        ) + self.make_event("response.content_part.added", **self._locate_text(), part=part)

    def _locate_text(self) -> Json:
        place = self._message or 0
        item = self.items[place]["id"]
        return {"item_id": item, "output_index": place, "content_index": 0}

    def write_citations(self, last: FinalAnswer) -> str:
        """What the message rests on."""
        self._annotations = make_text_annotations(last.answer.sentences, last.files)
        return "".join(
            self.make_event(
                "response.output_text.annotation.added",
                **self._locate_text(),
                annotation_index=number,
                annotation=each,
            )
            for number, each in enumerate(self._annotations)
        )

    _annotations: Sequence[Json] = ()

    def write_call(self, call: ToolDelta) -> str:
        """A piece of a call."""
        told = ""
        if call.index not in self._calls:
            told = self._close_message()
            self._calls[call.index] = len(self.items)
            self.items.append(
                {
                    "id": f"fc_{self._short}{len(self.items)}",
                    "type": "function_call",
                    "status": "in_progress",
                    "call_id": call.id,
                    "name": call.name,
                    "arguments": "",
                }
            )
            place = len(self.items) - 1
            told += self.make_event(
                "response.output_item.added", output_index=place, item=self.items[place]
            )
        place = self._calls[call.index]
        item = self.items[place]
        item["arguments"] += call.arguments
        if call.arguments:
            told += self.make_event(
                "response.function_call_arguments.delta",
                item_id=item["id"],
                output_index=place,
                delta=call.arguments,
            )
        return told

    def write_end(self, finish: str, usage: TokenUsage) -> str:
        """Close every item; the response's own last event is ``last``."""
        self.usage = usage
        self.status = {"length": "incomplete", "cancelled": "cancelled"}.get(finish, "completed")
        told = self._close_message()
        for place in self._calls.values():
            told += self._close_call(place)
        return told

    def write_last(self) -> str:
        """How it ended."""
        # A cancelled one has no event of its own.
        kind = "incomplete" if self.status == "cancelled" else self.status
        return self.make_event(f"response.{kind}", response=self.json())

    def write_failure(self, error: Json) -> str:
        """It broke off."""
        self.status = "failed"
        self.error = {"code": "server_error", "message": error["message"]}
        known = {key: error[key] for key in ("code", "message", "param")}
        return self.make_event("response.failed", response=self.json()) + self.make_event(
            "error", **known
        )

    def _close_message(self) -> str:
        place = self._message
        if place is None or self.items[place]["status"] != "in_progress":
            return ""
        scores = format_scores(self._scores) if self.body.logprobs is not None else []
        text, where = "".join(self._texts), self._locate_text()
        part = {
            "type": "output_text",
            "text": text,
            "annotations": list(self._annotations),
            "logprobs": scores,
        }
        self.items[place] |= {"status": self._choose_item_status(), "content": [part]}
        return (
            self.make_event("response.output_text.done", **where, text=text, logprobs=scores)
            + self.make_event("response.content_part.done", **where, part=part)
            + self.make_event(
                "response.output_item.done", output_index=place, item=self.items[place]
            )
        )

    def _close_call(self, place: int) -> str:
        item = self.items[place]
        item["status"] = self._choose_item_status()
        return self.make_event(
            "response.function_call_arguments.done",
            item_id=item["id"],
            output_index=place,
            name=item["name"],
            arguments=item["arguments"],
        ) + self.make_event("response.output_item.done", output_index=place, item=item)

    def _choose_item_status(self) -> str:
        return "completed" if self.status in ("in_progress", "completed") else "incomplete"

    def json(self) -> Json:
        """The response as far as it has come."""
        body, ended = self.body, self.status != "in_progress"
        reason = {"incomplete": {"reason": "max_output_tokens"}}.get(self.status)
        text = body.text.model_dump(by_alias=True, exclude_none=True) if body.text else {}
        made: Json = {
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": self.status,
            "background": False,
            "error": self.error,
            "incomplete_details": reason,
            "instructions": body.instructions,
            "max_output_tokens": body.max_output_tokens,
            "model": body.model,
            "output": [dict(item) for item in self.items],
            "parallel_tool_calls": body.parallel_tool_calls is not False,
            "previous_response_id": body.previous_response_id,
            "reasoning": {"effort": None, "summary": None},
            "service_tier": "default",
            "store": body.store is not False,
            "temperature": 1.0 if body.temperature is None else body.temperature,
            "text": {"format": {"type": "text"}, **text},
            "tool_choice": _format_choice(body),
            "tools": [tool.model_dump(exclude_none=True) for tool in body.tools or ()],
            "top_logprobs": body.top_logprobs or 0,
            "top_p": 1.0 if body.top_p is None else body.top_p,
            "truncation": "disabled",
            "usage": _format_usage(self.usage) if ended else None,
            "user": body.user,
            "metadata": body.metadata or {},
        }
        return made if self.about is None else {**made, "x_genwright": self.about}


def _format_choice(body: ResponseBody) -> object:
    choice = body.tool_choice or "auto"
    return choice if isinstance(choice, str) else choice.model_dump()


def _format_usage(usage: TokenUsage) -> Json:
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def _format_results(last: FinalAnswer) -> list[Json]:
    found = []
    for hit in last.answer.hits:
        file, name = name_file(hit.document, hit.source, last.files)
        known = {"file_id": file, "filename": name, "score": hit.score, "text": hit.text}
        found.append({**known, "attributes": {}})
    return found
