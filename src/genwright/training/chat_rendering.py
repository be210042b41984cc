"""Rows as the conversations that a model is trained on and asked: one rendering for both.

A row becomes messages; the chat template of the base makes text of them, the same one that the
engine uses. Where there is no template, a conversation is its contents, a paragraph each, and the
reply ends with the end token.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from genwright.engines import ChatMessage, ChatRequest, Tool, ToolCall
from genwright.engines import tools as tool_words
from genwright.errors import Refused, UsageError
from genwright.types import Json

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SUMMARIZE = "Summarise this text in one sentence.\n\n"
BREAK = "\n\n"
"""Between what was said, where a model has no chat template."""


def read_messages(row: Json) -> list[ChatMessage]:
    """The conversation of a row of any form that has a reply; the last turn is the reply.

    Tools are told in words, as the engine tells a model whose template knows none.

    Raises:
        UsageError: The row has no reply to learn.
    """
    if "messages" in row:
        return _read_conversation(row)
    if "prompt" in row and "completion" in row:
        return [_make_user_message(row["prompt"]), ChatMessage("assistant", str(row["completion"]))]
    if "document" in row:
        return [
            _make_user_message(SUMMARIZE + row["document"]),
            ChatMessage("assistant", row["summaries"][0]),
        ]
    if "question" in row:
        answers = row.get("answers") or [""]
        asked = f"{row['context']}\n\nQuestion: {row['question']}"
        return [_make_user_message(asked), ChatMessage("assistant", answers[0])]
    if "label" in row and "text" in row:
        return [_make_user_message(row["text"]), ChatMessage("assistant", str(row["label"]))]
    raise UsageError(f"Expected a row with a reply to learn, got one of {sorted(row)}.")


def read_references(row: Json) -> list[str]:
    """What the reply to a row may be, each as good."""
    if "summaries" in row:
        return [str(each) for each in row["summaries"]]
    if "answers" in row:
        return [str(each) for each in row["answers"]] or [""]
    return [read_messages(row)[-1].content]


def _make_user_message(text: Any) -> ChatMessage:
    return ChatMessage("user", str(text))


def _read_conversation(row: Json) -> list[ChatMessage]:
    messages = [_read_message(each) for each in row["messages"]]
    while messages and messages[-1].role != "assistant":
        messages.pop()  # what is said after the last reply teaches nothing
    if not messages:
        raise UsageError("Expected a conversation with a turn of the assistant, found none.")
    tools = tuple(_read_tool(each) for each in row.get("tools") or ())
    called = any(message.tool_calls or message.role == "tool" for message in messages)
    if tools or called:
        request = tool_words.constrain(ChatRequest(tuple(messages), tools=tools))
        messages = list(request.messages)
    return messages


def _read_message(each: Json) -> ChatMessage:
    calls = tuple(
        ToolCall(
            str(call.get("id") or f"call_{place}"),
            str(call["function"]["name"]),
            _format_arguments(call["function"]["arguments"]),
        )
        for place, call in enumerate(each.get("tool_calls") or ())
    )
    content = each.get("content") or ""
    return ChatMessage(each["role"], str(content), calls, each.get("tool_call_id"))


def _read_tool(each: Json) -> Tool:
    function = each.get("function", each)
    parameters = function.get("parameters") or {}
    return Tool(str(function["name"]), str(function.get("description", "")), parameters)


def _format_arguments(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


class ConversationRenderer:
    """Conversations as token ids, with the tokens that are learnt.

    Args:
        tokenizer: Of the base, with its chat template where it has one.
        max_length: Longest conversation, in tokens.
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", max_length: int) -> None:
        self.tokenizer, self.max_length = tokenizer, max_length

    def render_prompt(self, messages: Sequence[ChatMessage]) -> str:
        """The text that a reply follows."""
        return self._render_text(messages, reply=False)

    def encode(
        self, messages: Sequence[ChatMessage], last_only: bool = False
    ) -> dict[str, list[int]]:
        """``input_ids``, ``attention_mask`` and ``labels``: -100 where nothing is learnt.

        Every turn of the assistant is learnt, or the last one only, with its end token. A
        conversation that is too long loses its end, never its beginning, as a prompt in service
        would keep it.

        Raises:
            Refused: The template renders a turn differently once another follows it.
        """
        text = self._render_text(messages, reply=True)
        places = _find_replies(messages)[-1:] if last_only else _find_replies(messages)
        spans = [self._find_span(messages, place, text) for place in places]
        encoded = self.tokenizer(
            text,
            add_special_tokens=not self.tokenizer.chat_template,
            return_offsets_mapping=True,
            return_token_type_ids=False,
            truncation=True,
            max_length=self.max_length,
        )
        ids = [int(each) for each in encoded["input_ids"]]
        offsets = encoded["offset_mapping"]
        if not self.tokenizer.chat_template:
            ids, offsets = self._add_end(ids, offsets, len(text))
        labels = [
            token if any(start <= a < end and b <= end for start, end in spans) else -100
            for token, (a, b) in zip(ids, offsets, strict=True)
        ]
        return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels}

    def _add_end(
        self, ids: list[int], offsets: list[tuple[int, int]], length: int
    ) -> tuple[list[int], list[tuple[int, int]]]:
        """With the end token last, learnt as a part of the reply."""
        end = self.tokenizer.eos_token_id
        if end is None:
            return ids, offsets
        if ids and ids[-1] == end:  # the tokenizer adds it itself, with an empty span
            ids, offsets = ids[:-1], offsets[:-1]
        room = self.max_length - 1
        return [*ids[:room], int(end)], [*offsets[:room], (length - 1, length)]

    def _render_text(self, messages: Sequence[ChatMessage], reply: bool) -> str:
        if not self.tokenizer.chat_template:
            text = BREAK.join(message.content for message in messages if message.content)
            return text if reply else text + BREAK
        given = [{"role": message.role, "content": message.content} for message in messages]
        rendered = self.tokenizer.apply_chat_template(
            given, tokenize=False, add_generation_prompt=not reply
        )
        return str(rendered)

    def _find_span(self, messages: Sequence[ChatMessage], place: int, text: str) -> tuple[int, int]:
        """Characters of one reply within the text of the whole conversation."""
        before = self._render_text(messages[:place], reply=False)
        through = self._render_text(messages[: place + 1], reply=True)
        if not text.startswith(before) or not text.startswith(through):
            raise Refused(
                "The chat template of this model renders a turn differently once another follows "
                "it: train it on conversations with one reply each."
            )
        return len(before), len(through)


def _find_replies(messages: Sequence[ChatMessage]) -> list[int]:
    return [place for place, message in enumerate(messages) if message.role == "assistant"]
