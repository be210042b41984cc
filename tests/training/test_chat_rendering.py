"""What is trained on is what is asked: templates, labels, tools."""

import pytest
from tests.fixtures.tiny_families import TEMPLATE, build

pytest.importorskip("torch", reason="needs the train extra")

from hypothesis import given, settings
from hypothesis import strategies as st

from genwright.catalog import Catalog
from genwright.engines import ChatMessage
from genwright.engines.llamacpp.engine import LlamaCppEngine
from genwright.errors import Refused, UsageError
from genwright.models.bases import find_base, load_tokenizer
from genwright.settings import EngineSettings
from genwright.training.chat_rendering import ConversationRenderer, read_messages, read_references

TURNS = (
    ChatMessage("user", "Hi there in 2024, say 12345!"),
    ChatMessage("assistant", "Hello.\n\nIt is  fine."),
    ChatMessage("user", "  Und was ist mit Größe & 日本語 🙂?"),
)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return load_tokenizer(build("llama2", tmp_path_factory.mktemp("m") / "m", template=TEMPLATE))


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    return load_tokenizer(build("llama2", tmp_path_factory.mktemp("m") / "m"))


def learnt(tokenizer, example) -> str:
    return tokenizer.decode([label for label in example["labels"] if label != -100])


def test_a_catalogued_model_is_prompted_alike_in_training_and_in_service(models_dir):
    catalog = Catalog(models_dir)
    chats = [each for each in catalog.list_models() if each.pulled and each.kind == "chat"]
    if not chats:
        pytest.skip(f"no chat model in {models_dir}: run `make models`")
    for each in chats:
        base = find_base(each.name, catalog, pytest.fail)
        rendering = ConversationRenderer(base.open_tokenizer(), 4096)
        with LlamaCppEngine(catalog.find_path(each.name), EngineSettings(context=512)) as engine:
            for turns in (TURNS[:1], TURNS, (ChatMessage("system", "Be brief."), *TURNS)):
                served = engine.render_prompt(turns)
                assert rendering.render_prompt(turns) == served
                ids = engine._post(
                    "/tokenize", {"content": served, "add_special": True, "parse_special": True}
                )["tokens"]
                ours = rendering.tokenizer(served, add_special_tokens=False)["input_ids"]
                assert list(ours) == ids, "token by token"


def test_only_the_replies_are_learnt_each_with_its_end(tokenizer):
    said = [("user", "open"), ("assistant", "yes"), ("user", "and"), ("assistant", "no")]
    turns = [ChatMessage(role, text) for role, text in said]
    example = ConversationRenderer(tokenizer, 200).encode(turns)
    assert learnt(tokenizer, example) == "yes<|endoftext|>no<|endoftext|>"
    assert len(example["input_ids"]) == len(example["labels"]) == len(example["attention_mask"])


def test_without_a_template_the_reply_follows_the_prompt_and_ends(bare):
    example = ConversationRenderer(bare, 200).encode(
        [ChatMessage("user", "open"), ChatMessage("assistant", "yes")]
    )
    assert bare.decode(example["input_ids"]) == "open\n\nyes<|endoftext|>"
    assert learnt(bare, example) == "yes<|endoftext|>"


def test_a_long_conversation_loses_its_end_and_never_its_beginning(tokenizer):
    turns = [ChatMessage("user", "open the valve slowly"), ChatMessage("assistant", "yes " * 50)]
    whole = ConversationRenderer(tokenizer, 500).encode(turns)
    cut = ConversationRenderer(tokenizer, 24).encode(turns)
    assert cut["input_ids"] == whole["input_ids"][:24]


def test_a_template_that_rewrites_earlier_turns_is_refused(tokenizer, tmp_path):
    other = load_tokenizer(build("llama2", tmp_path / "m", template=(
        "{% for m in messages %}{% if loop.last %}>{% endif %}{{ m['content'] }}{% endfor %}"
    )))  # fmt: skip
    turns = [ChatMessage("user", "a"), ChatMessage("assistant", "b"), ChatMessage("user", "c"),
             ChatMessage("assistant", "d")]  # fmt: skip
    with pytest.raises(Refused, match="one reply each"):
        ConversationRenderer(other, 100).encode(turns)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=5))
def test_any_text_is_learnt_whole(tokenizer, said):
    turns = [
        ChatMessage("user" if place % 2 == 0 else "assistant", text)
        for place, text in enumerate(said[: len(said) // 2 * 2])
    ]
    replies = [turn.content for turn in turns if turn.role == "assistant"]
    example = ConversationRenderer(tokenizer, 4000).encode(turns)
    assert learnt(tokenizer, example) == "".join(f"{text}<|endoftext|>" for text in replies)


def test_tools_are_told_as_the_engine_tells_them():
    tool = {"name": "add", "description": "Adds.", "parameters": {"type": "object"}}
    call = {"function": {"name": "add", "arguments": {"a": 1}}}
    row = {"messages": [
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "2"},
        {"role": "assistant", "content": "2."},
    ], "tools": [tool]}  # fmt: skip
    roles = [(message.role, message.content[:30]) for message in read_messages(row)]
    assert roles[0][0] == "system" and "add: Adds." in read_messages(row)[0].content
    assert roles[2] == ("assistant", '{"name": "add", "arguments": {')
    assert roles[3] == ("user", "Result of the tool call: 2")


@pytest.mark.parametrize(
    ("row", "prompt", "references"),
    [
        ({"prompt": "a", "completion": "b"}, "a", ["b"]),
        ({"text": "a", "label": "b"}, "a", ["b"]),
        ({"document": "x", "summaries": ["s", "t"]}, "Summarise this text in one sentence.\n\nx",
         ["s", "t"]),
        ({"question": "q?", "context": "c", "answers": ["a", "b"], "starts": [0, 0]},
         "c\n\nQuestion: q?", ["a", "b"]),
    ],
)  # fmt: skip
def test_rows_of_every_form_become_a_question_and_replies(row, prompt, references):
    assert read_messages(row)[-2].content == prompt
    assert read_references(row) == references


def test_a_row_without_a_reply_is_an_error():
    with pytest.raises(UsageError, match="turn of the assistant"):
        read_messages({"messages": [{"role": "user", "content": "a"}]})
    with pytest.raises(UsageError, match="reply to learn"):
        read_messages({"text": "a"})
