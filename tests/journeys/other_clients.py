"""What other programs do with the server; run by their own Python, which has them installed.

``python other_clients.py PROGRAM BASE_URL FOLDER`` prints one JSON object.
"""

import json
import sys
from pathlib import Path

CHAT = "smollm2-135m-instruct"
QUESTION = "How often is the oil of the Velda pump changed?"


def langchain(url: str, folder: Path) -> dict:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings
    from pydantic import BaseModel

    class Colour(BaseModel):
        """A colour."""

        name: str
        warm: bool

    @tool
    def weather(city: str) -> str:
        """The weather in a city."""
        return f"rain in {city}"

    model = ChatOpenAI(
        model=CHAT, base_url=url, api_key="none", temperature=0, max_tokens=80, max_retries=0
    )
    said = model.invoke([SystemMessage("Be brief."), HumanMessage("Name a colour.")])
    streamed = "".join(chunk.text for chunk in model.stream("Name a colour."))
    called = model.bind_tools([weather], tool_choice="weather").invoke("Weather in Rome?")
    colour = model.with_structured_output(Colour, method="json_schema").invoke("Name a colour.")
    assistant = ChatOpenAI(model="assistant", base_url=url, api_key="none", max_retries=0)
    turns = [SystemMessage("Be brief."), HumanMessage("Hello there, pump?"), AIMessage("Yes?")]
    answer = assistant.invoke([*turns, HumanMessage(QUESTION)])
    by_responses = ChatOpenAI(
        model="assistant", base_url=url, api_key="none", use_responses_api=True, max_retries=0
    ).invoke(QUESTION)
    embeddings = OpenAIEmbeddings(
        model="multilingual-e5-small",
        base_url=url,
        api_key="none",
        check_embedding_ctx_length=False,  # it would send the tokens of another vocabulary
    )
    return {
        "said": said.text,
        "usage": said.usage_metadata,
        "streamed": streamed,
        "calls": called.tool_calls,
        "colour": colour.model_dump(),
        "answer": answer.text,
        "by_responses": by_responses.text,
        "dim": len(embeddings.embed_query("a pump")),
    }


def llama_index(url: str, folder: Path) -> dict:
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

    def like(model: str, **more) -> OpenAILike:
        return OpenAILike(
            model=model, api_base=url, api_key="none", context_window=1024, max_tokens=40, **more
        )

    chat = like(CHAT, is_chat_model=True, temperature=0)
    said = chat.chat([ChatMessage(role="user", content="Name a colour.")])
    streamed = [each.delta for each in chat.stream_chat([ChatMessage(role="user", content="Hi.")])]
    completed = like(CHAT, is_chat_model=False, temperature=0).complete("One, two, three,")
    assistant = like("assistant", is_chat_model=True)
    answer = assistant.chat([ChatMessage(role="user", content=QUESTION)])
    return {
        "said": said.message.content,
        "streamed": "".join(each or "" for each in streamed),
        "completed": completed.text,
        "answer": answer.message.content,
    }


TASK = """\
task: capitals
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: multiple_choice
doc_to_text: "The capital of {{{{country}}}} is"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{answer}}}}"
target_delimiter: " "
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
"""
WRITING = """\
task: counting
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: generate_until
doc_to_text: "The capital of {{{{country}}}} is"
doc_to_target: " {{{{choices[answer]}}}}"
generation_kwargs:
  until: ["."]
  max_gen_toks: 4
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
"""
CAPITALS = (
    ("France", ["Paris", "Oslo"], 0),
    ("Italy", ["Lima", "Rome"], 1),
    ("Japan", ["Tokyo", "Bonn"], 0),
)


def lm_eval(url: str, folder: Path) -> dict:
    import lm_eval
    from lm_eval.tasks import TaskManager

    data = folder / "capitals.jsonl"
    rows = ({"country": each, "choices": choices, "answer": n} for each, choices, n in CAPITALS)
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    tasks = folder / "tasks"
    tasks.mkdir()
    (tasks / "capitals.yaml").write_text(TASK.format(data=data), encoding="utf-8")
    (tasks / "counting.yaml").write_text(WRITING.format(data=data), encoding="utf-8")
    results = lm_eval.simple_evaluate(
        model="local-completions",
        model_args={
            "model": CHAT,
            "base_url": f"{url}/completions",
            "tokenizer_backend": "remote",
            "tokenized_requests": True,
            "num_concurrent": 1,
            "batch_size": 2,
            "max_length": 512,
        },
        tasks=["capitals", "counting"],
        task_manager=TaskManager(include_path=str(tasks), include_defaults=False),
        log_samples=True,
        bootstrap_iters=0,
    )
    samples = results["samples"]
    return {
        "accuracy": results["results"]["capitals"]["acc,none"],
        "loglikelihoods": [each["filtered_resps"] for each in samples["capitals"]],
        "generated": [each["filtered_resps"][0] for each in samples["counting"]],
    }


if __name__ == "__main__":
    program, url, folder = sys.argv[1:]
    print(json.dumps(globals()[program](url, Path(folder)), default=str))
