"""From records in the layouts that people use to rows of a form.

Each layout is known by its columns: alpaca, ShareGPT, OpenAI's messages, prompt and completion,
preference pairs (HH-RLHF's dialogues too), thumbs, classification, questions, summaries, text.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from genwright.datasets.base import FIELDS, FORMS, RENAMED_FORMS
from genwright.errors import UsageError
from genwright.types import Json

ROLES = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "system": "system",
    "observation": "tool",
    "tool": "tool",
    "function": "tool",
    "function_response": "tool",
    "function_call": "call",
    "tool_call": "call",
}
"""Roles as data sets write them; ``call`` is an assistant's turn that calls a tool."""

Layout = Callable[[Json], Json]


def detect_form(columns: Sequence[str]) -> str:
    """The form that columns suggest; empty where they suggest none, or several.

    Example:
        >>> detect_form(["instruction", "input", "output"])
        'prompt_completion'
    """
    there = set(columns)
    for needed, form in _SIGNS:
        if needed <= there:
            return form
    return ""


_SIGNS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"messages"}), "messages"),
    (frozenset({"conversations"}), "messages"),
    (frozenset({"chosen", "rejected"}), "preference"),
    (frozenset({"question", "context", "answers"}), "qa"),
    (frozenset({"prompt", "completion", "label"}), "thumbs"),
    (frozenset({"prompt", "completion"}), "prompt_completion"),
    (frozenset({"prompt", "response"}), "prompt_completion"),
    (frozenset({"instruction", "output"}), "prompt_completion"),
    (frozenset({"instruction", "instances"}), "prompt_completion"),
    (frozenset({"question", "answer"}), "prompt_completion"),
    (frozenset({"document", "summary"}), "summarization"),
    (frozenset({"document", "summaries"}), "summarization"),
    (frozenset({"article", "highlights"}), "summarization"),
    (frozenset({"source", "target"}), "summarization"),
    (frozenset({"text", "label"}), "classification"),
    (frozenset({"text", "category"}), "classification"),
    (frozenset({"sentence", "label"}), "classification"),
    (frozenset({"text"}), "text"),
)


def convert_records(
    records: Sequence[Json], form: str, columns: Mapping[str, str], where: str
) -> list[Json]:
    """Records as rows of a form.

    Args:
        records: As they were read.
        form: Which one; empty to tell by the columns of the first record.
        columns: Column of the file by field of the form, where the names differ.
        where: The file's name, for messages.

    Raises:
        UsageError: The form is not clear, or a record does not have it.
    """
    known = sorted({key for record in records[:50] for key in record})
    if present := RENAMED_FORMS.get(form):
        raise UsageError(f"The form {form!r} is called {present!r} now.")
    if form and form not in FORMS:
        raise UsageError(f"Expected a form of {', '.join(FORMS)}, got {form!r}.")
    renamed = {column: field for field, column in columns.items()}
    if missing := set(renamed) - set(known):
        raise UsageError(f"{where} has no column {sorted(missing)[0]!r}; it has {known}.")
    form = form or detect_form([renamed.get(key, key) for key in known])
    if not form:
        raise UsageError(
            f"What {where} is for cannot be told from its columns {known}: say --form "
            f"{'|'.join(FORMS)} and, where the names differ, --map FIELD=COLUMN (such as --map "
            "text=sentence --map label=class)."
        )
    layout = _LAYOUTS[form]
    rows = []
    for number, record in enumerate(records, 1):
        named = {renamed.get(key, key): value for key, value in record.items()}
        try:
            row = layout(named)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise UsageError(
                f"{where}, record {number} is not a row of the form {form!r} (fields "
                f"{', '.join(FIELDS[form])}): {_explain_error(error)}. "
                f"Its columns are {sorted(record)}; "
                "map them with --map FIELD=COLUMN, or fix the record."
            ) from error
        rows.append(_carry_over(named, row))
    return rows


KEPT = ("lineage", "slice", "weight", "synthetic")
"""What a row keeps of its record beside the fields of its form."""


def _carry_over(record: Json, row: Json) -> Json:
    kept = {key: record[key] for key in KEPT if key in record}
    if isinstance(lineage := kept.get("lineage"), str):  # as Parquet files hold it
        kept["lineage"] = json.loads(lineage)
    return row | kept


def _explain_error(error: Exception) -> str:
    return f"there is no {error}" if isinstance(error, KeyError) else str(error)


def _parse_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return " ".join(value)
    raise ValueError(f"expected text, got {json.dumps(value)[:60]}")


def _get_first(record: Json, *names: str) -> Any:
    for name in names:
        if name in record:
            return record[name]
    raise KeyError(names[0])


def _parse_messages(record: Json) -> Json:
    turns = record.get("messages", record.get("conversations"))
    if isinstance(turns, str):
        turns = json.loads(turns)
    if not isinstance(turns, list):
        raise KeyError("messages")
    messages: list[Json] = []
    if system := record.get("system"):
        messages.append({"role": "system", "content": _parse_text(system)})
    for turn in turns:
        messages.append(_parse_turn(turn, len(messages), messages))
    tools = record.get("tools")
    tools = json.loads(tools) if isinstance(tools, str) and tools.strip() else tools
    return {"messages": messages} | ({"tools": tools} if tools else {})


def _parse_turn(turn: Json, place: int, before: list[Json]) -> Json:
    role = ROLES.get(str(turn.get("role", turn.get("from", ""))).lower())
    if role is None:
        raise ValueError(
            f"turn {place + 1} has the unknown role {turn.get('role', turn.get('from'))!r}"
        )
    content: Any = turn.get("content", turn.get("value"))
    if role == "call":
        call = json.loads(content) if isinstance(content, str) else content
        function = {"name": call["name"], "arguments": call.get("arguments", {})}
        tool_call = {"id": f"call_{place}", "type": "function", "function": function}
        return {"role": "assistant", "content": "", "tool_calls": [tool_call]}
    message: Json = {"role": role, "content": _parse_text(content)}
    if turn.get("tool_calls"):
        message["tool_calls"] = turn["tool_calls"]
    if role == "tool":
        last = before[-1].get("tool_calls") if before else None
        message["tool_call_id"] = turn.get("tool_call_id") or (last or [{}])[0].get("id", "")
    return message


def _parse_prompt_completion(record: Json) -> Json:
    if "instances" in record:  # Self-Instruct: an instruction with examples of it
        instance = record["instances"][0]
        record = {**record, **instance}
    if "instruction" in record and "prompt" not in record:
        parts = (_parse_text(record["instruction"]), _parse_text(record.get("input")))
        prompt = "\n\n".join(part for part in parts if part.strip())
    else:
        prompt = _parse_text(_get_first(record, "prompt", "question"))
    completion = _parse_text(_get_first(record, "completion", "output", "response", "answer"))
    return {"prompt": prompt, "completion": completion}


_DIALOGUE = re.compile(r"\n\n(?:Human|Assistant): ")


def _parse_preference(record: Json) -> Json:
    chosen, rejected = record["chosen"], record["rejected"]
    if "prompt" in record:
        prompt = record["prompt"]
        return {
            "prompt": _parse_prompt(prompt),
            "chosen": _parse_reply(chosen),
            "rejected": _parse_reply(rejected),
        }
    if isinstance(chosen, str) and _DIALOGUE.match(chosen):  # HH-RLHF
        cut = _find_divergence(chosen, rejected)
        return {"prompt": chosen[:cut].strip(), "chosen": chosen[cut:].strip(),
                "rejected": rejected[cut:].strip()}  # fmt: skip
    if isinstance(chosen, list):
        return {
            "prompt": _parse_prompt(chosen[:-1]),
            "chosen": _parse_text(chosen[-1]["content"]),
            "rejected": _parse_text(rejected[-1]["content"]),
        }
    raise KeyError("prompt")


def _find_divergence(chosen: str, rejected: str) -> int:
    """Where the last turn that both dialogues share begins its reply."""
    pairs = zip(chosen, rejected, strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(chosen), len(rejected)))
    mark = "\n\nAssistant:"
    place = chosen.rfind(mark, 0, same + len(mark))
    if place < 0:
        raise ValueError("the two dialogues share no turn of the assistant")
    return place + len(mark)


def _parse_prompt(turns: Any) -> "str | list[Json]":
    """What led to the replies: one turn of a user as text, a longer conversation as its turns."""
    if isinstance(turns, str):
        return turns
    plain = [{"role": str(each["role"]), "content": _parse_text(each["content"])} for each in turns]
    if len(plain) == 1 and plain[0]["role"] == "user":
        return plain[0]["content"]
    return plain


def _parse_reply(value: Any) -> str:
    if isinstance(value, list):
        return _parse_text(value[-1]["content"])
    return _parse_text(value)


_TRUE, _FALSE = ("true", "1", "up", "yes", "good"), ("false", "0", "-1", "down", "no", "bad")


def _parse_thumbs(record: Json) -> Json:
    label = record["label"]
    word = str(label).strip().lower()
    if word not in _TRUE + _FALSE:
        raise ValueError(f"expected a label that is true or false, got {label!r}")
    completion = _parse_text(_get_first(record, "completion", "response"))
    return {
        "prompt": _parse_prompt(record["prompt"]),
        "completion": completion,
        "label": word in _TRUE,
    }


def _parse_classification(record: Json) -> Json:
    label = _get_first(record, "label", "category")
    if label is None or str(label).strip() == "":
        raise ValueError("its label is empty")
    return {"text": _parse_text(_get_first(record, "text", "sentence")), "label": str(label)}


def _parse_qa(record: Json) -> Json:
    given = record["answers"]
    if isinstance(given, dict):  # SQuAD as tables have it
        starts = given.get("answer_start") or given.get("starts") or []
        texts = given.get("text") or []
    elif given and isinstance(given[0], dict):  # SQuAD as its files have it
        texts = [each["text"] for each in given]
        starts = [each["answer_start"] for each in given]
    else:
        texts, starts = given, record.get("starts") or []
    context = _parse_text(record["context"])
    texts = [_parse_text(each) for each in texts]
    starts = [int(each) for each in starts] or [context.find(each) for each in texts]
    return {
        "question": _parse_text(record["question"]),
        "context": context,
        "answers": texts,
        "starts": starts,
    }


def _parse_summarization(record: Json) -> Json:
    document = _parse_text(_get_first(record, "document", "article", "source"))
    given = _get_first(record, "summaries", "summary", "highlights", "target")
    summaries = [given] if isinstance(given, str) else [_parse_text(each) for each in given]
    if not summaries:
        raise ValueError("it has no summary")
    return {"document": document, "summaries": summaries}


_LAYOUTS: dict[str, Layout] = {
    "messages": _parse_messages,
    "prompt_completion": _parse_prompt_completion,
    "preference": _parse_preference,
    "thumbs": _parse_thumbs,
    "text": lambda record: {"text": _parse_text(record["text"])},
    "classification": _parse_classification,
    "qa": _parse_qa,
    "summarization": _parse_summarization,
}
