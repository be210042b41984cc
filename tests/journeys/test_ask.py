"""Questions on the real command line, answered by the real embedded models without a network."""

import json
from pathlib import Path

import pytest
from tests.fixtures.command_line import CommandLine
from tests.fixtures.openai_servers import openai_server

ANSWER = {
    "answer", "refused", "sentences", "hits", "model", "prompt_version", "answerable", "trace_id",
    "usage", "timings",
}  # fmt: skip
CITATION = {"document", "source", "page", "section", "start", "end", "quote"}
HIT = {
    "document", "source", "passage", "text", "start", "end", "page", "section", "score", "scores",
}  # fmt: skip
OIL = "How often should the oil of the Velda pump be changed?"
UNKNOWN = "Who won the battle of Zama?"


@pytest.fixture
def filled(genwright: CommandLine, documents: Path) -> CommandLine:
    genwright("add", documents)
    return genwright


def test_an_answer_as_json_has_the_promised_shape_and_true_quotes(filled):
    filled.environment["GENWRIGHT_ANSWER__WORDING"] = "model"
    answer = filled.json("ask", OIL)
    assert set(answer) == ANSWER
    assert answer["refused"] is False and 0.5 <= answer["answerable"] <= 1
    assert answer["model"] == "smollm2-135m-instruct"
    assert answer["prompt_version"].startswith("answer@")
    assert set(answer["usage"]) == {"prompt_tokens", "completion_tokens"}
    assert min(answer["usage"].values()) > 0
    assert all(seconds >= 0 for seconds in answer["timings"].values())
    assert {"search", "evidence", "generate", "check", "total"} <= set(answer["timings"])
    assert {frozenset(hit) for hit in answer["hits"]} == {frozenset(HIT)}
    first, *rest = answer["sentences"]
    parts = [first["text"], *(each["before"] + each["text"] for each in rest)]
    assert answer["answer"] == "".join(parts)
    quotes = []
    for sentence in answer["sentences"]:
        assert set(sentence) == {"text", "support", "citations", "remark", "before"}
        assert 0 <= sentence["support"] <= 1 and sentence["citations"] and not sentence["remark"]
        for citation in sentence["citations"]:
            assert set(citation) == CITATION
            text = filled("show", citation["document"], "--text").stdout
            assert text[citation["start"] : citation["end"]] == citation["quote"]
            quotes.append(citation["quote"])
    assert any("400 hours" in quote for quote in quotes)


def test_an_answer_is_printed_with_numbered_sources(filled):
    done = filled("ask", OIL)
    sentences, sources = done.stdout.split("\nSources\n")
    assert all(part.endswith("]") for part in sentences.strip().split("\n\n"))
    assert "400 hours" in sentences
    assert "[1] " in sources and "pump.md" in sources and "word for word" in sources
    assert "genwright trace" in done.stderr


def test_quoting_needs_no_chat_model(filled, models_dir: Path, tmp_path: Path):
    only = tmp_path / "models"
    only.mkdir()
    (only / "multilingual-e5-small").symlink_to(models_dir / "multilingual-e5-small")
    filled.environment["GENWRIGHT_MODELS_DIR"] = str(only)
    answer = filled.json("ask", OIL, "--extractive")
    assert (answer["model"], answer["prompt_version"]) == ("extractive", "")
    assert answer["usage"] == {"prompt_tokens": 0, "completion_tokens": 0}
    assert "400 hours" in answer["answer"]
    for sentence in answer["sentences"]:
        [citation] = sentence["citations"]
        assert " ".join(citation["quote"].split()) in " ".join(sentence["text"].split())


def test_a_short_answer_is_a_few_words_of_the_source(filled):
    answer = filled.json("ask", "At how many bar does the safety valve open?", "--short")
    [sentence] = answer["sentences"]
    assert "6" in sentence["text"] and len(sentence["text"].split()) <= 8
    assert sentence["text"] in " ".join(sentence["citations"][0]["quote"].split())
    assert answer["prompt_version"].startswith("short_answer@")


def test_a_question_may_be_kept_to_a_collection_or_a_kind_of_document(filled, tmp_path: Path):
    other = tmp_path / "other.txt"
    other.write_text("The oil of the crane is changed every 90 hours.")
    filled("add", other, "--collection", "cranes")
    for narrow in (("--collection", "cranes"), ("--filter", f"source={other}")):
        answer = filled.json("ask", "How often is the oil changed?", "--extractive", *narrow)
        assert {Path(hit["source"]).name for hit in answer["hits"]} == {"other.txt"}
        assert "90 hours" in answer["answer"]
    assert "nowhere" in filled("ask", OIL, "--collection", "nowhere", status=3).stderr
    assert len(filled.json("ask", OIL, "--extractive", "-k", 2)["hits"]) == 2


def test_what_the_documents_do_not_tell_is_refused_with_the_nearest_passages(filled):
    refusal = filled.json("ask", UNKNOWN)
    assert refusal["refused"] and refusal["sentences"] == [] and refusal["hits"]
    assert refusal["answerable"] < 0.5 and refusal["usage"]["prompt_tokens"] == 0
    printed = filled("ask", UNKNOWN).stdout
    assert printed.startswith(refusal["answer"])
    assert any(name in printed for name in ("pump.md", "boiler.txt", "staff.csv"))
    assert "Sources" not in printed


def test_an_empty_workspace_has_no_answer(plain):
    assert plain("ask", OIL).stdout.startswith("There is nothing in the documents")


def test_a_model_that_is_not_here_is_told_how_to_pull(filled):
    assert (
        "genwright models pull qwen3-4b"
        in filled("ask", OIL, "--model", "qwen3-4b", status=3).stderr
    )
    assert "genwright models list" in filled("ask", OIL, "--model", "no-such", status=3).stderr
    assert "servers.far" in filled("ask", OIL, "--model", "far/model", status=3).stderr


def test_a_conversation_is_held_listed_and_continued(filled):
    questions = (
        "What is the oil of the Velda pump changed after?\n\nAnd which grade should be used?\n"
    )
    done = filled("chat", "--json", stdin=questions.encode())
    first, second = map(json.loads, done.stdout.splitlines())
    assert set(first) == set(second) == {*ANSWER, "conversation"}
    assert first["conversation"] == second["conversation"]
    assert "400 hours" in first["answer"]
    assert "46" in second["answer"]

    number = first["conversation"]
    assert f"--continue {number}" in done.stderr
    [row] = filled.json("chat", "--list")
    assert row["id"] == number and row["title"].startswith("What is the oil")
    assert "What is the oil" in filled("chat", "--list").stdout

    again = filled("chat", "--continue", number, stdin=b"How often is it changed?\n").stdout
    assert "Sources" in again and "400 hours" in again
    assert len(filled.json("chat", "--list")) == 1
    assert "chat --list" in filled("chat", "--continue", 99, status=3).stderr


def test_the_trace_of_an_answer_is_a_tree(filled):
    filled.environment["GENWRIGHT_ANSWER__WORDING"] = "model"
    answer = filled.json("ask", OIL)
    printed = filled("trace", "last").stdout
    assert printed.startswith(f"trace {answer['trace_id']}")
    for step in (
        "ask smollm2-135m-instruct",
        "retrieval",
        "evidence",
        "tables",
        "chat smollm2-135m-instruct",
    ):
        assert step in printed
    tree = filled.json("trace", answer["trace_id"][:12])
    assert [step["name"] for step in tree["steps"]] == [
        "retrieval",
        "evidence",
        "tables",
        "chat smollm2-135m-instruct",
    ]
    assert tree["steps"][-1]["attributes"]["gen_ai.usage.output_tokens"] > 0


def test_a_prompt_of_the_workspace_is_used(plain, documents: Path):
    plain("add", documents)
    plain.environment["GENWRIGHT_ANSWER__MIN_ANSWERABLE"] = "0"
    before = plain.json("ask", OIL)["prompt_version"]
    own = plain.workspace / "prompts" / "answer.md"
    own.parent.mkdir(exist_ok=True)
    own.write_text(
        "---\ndescription: Ours.\nsystem: Be brief.\n---\n{{ passages }} {{ question }}\n"
    )
    after = plain.json("ask", OIL)["prompt_version"]
    assert before.startswith("answer@") and after.startswith("answer@") and before != after
    own.write_text("---\ndescription: Ours.\nsystem: Be brief.\n---\n{{ passagges }}\n")
    assert "passagges" in plain("ask", OIL, status=2).stderr


def test_a_server_words_the_answer(filled, models_dir: Path):
    [model] = (models_dir / "smollm2-135m-instruct").glob("*.gguf")
    with openai_server(model, key="secret") as url:
        filled.environment |= {
            "GENWRIGHT_SERVERS": json.dumps({"near": {"base_url": url, "key": "NEAR_KEY"}}),
            "NEAR_KEY": "secret",
            "GENWRIGHT_ANSWER__WORDING": "model",
            "HTTP_PROXY": "",
        }
        answer = filled.json("ask", OIL, "--model", "near/smollm2")
    assert answer["model"] == "near/smollm2" and not answer["refused"]
    assert answer["usage"]["completion_tokens"] > 0
    assert any(each["citations"] for each in answer["sentences"])
