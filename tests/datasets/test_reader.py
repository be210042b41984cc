"""Every layout from every format; clear errors where there is none."""

import csv
import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genwright.datasets import Dataset, read_dataset, read_splits, write_dataset
from genwright.errors import NotFound, UsageError

DATA = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data"))
FUNCTION = {"name": "f", "arguments": {"a": 1}}
CALL = {"role": "assistant", "content": "", "tool_calls": [
    {"id": "call_1", "type": "function", "function": FUNCTION}]}  # fmt: skip

LAYOUTS = [
    ({"instruction": "Do", "input": "x", "output": "y"}, "prompt_completion",
     {"prompt": "Do\n\nx", "completion": "y"}),
    ({"prompt": "a", "completion": "b"}, "prompt_completion", {"prompt": "a", "completion": "b"}),
    ({"prompt": "a", "response": "b"}, "prompt_completion", {"prompt": "a", "completion": "b"}),
    ({"question": "a", "answer": "b"}, "prompt_completion", {"prompt": "a", "completion": "b"}),
    ({"messages": [{"role": "user", "content": "a"}]}, "messages",
     {"messages": [{"role": "user", "content": "a"}]}),
    ({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}],
      "system": "s"}, "messages",
     {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"},
                   {"role": "assistant", "content": "b"}]}),
    ({"conversations": [
        {"from": "human", "value": "a"},
        {"from": "function_call", "value": '{"name": "f", "arguments": {"a": 1}}'},
        {"from": "observation", "value": "2"}], "tools": '[{"name": "f"}]'}, "messages",
     {"messages": [{"role": "user", "content": "a"}, CALL,
                   {"role": "tool", "content": "2", "tool_call_id": "call_1"}],
      "tools": [{"name": "f"}]}),
    ({"prompt": "p", "chosen": "c", "rejected": "r"}, "preference",
     {"prompt": "p", "chosen": "c", "rejected": "r"}),
    ({"chosen": "\n\nHuman: q\n\nAssistant: good", "rejected": "\n\nHuman: q\n\nAssistant: bad"},
     "preference", {"prompt": "Human: q\n\nAssistant:", "chosen": "good", "rejected": "bad"}),
    ({"chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "g"}],
      "rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "b"}]},
     "preference", {"prompt": "q", "chosen": "g", "rejected": "b"}),
    ({"prompt": "p", "completion": "c", "label": "up"}, "thumbs",
     {"prompt": "p", "completion": "c", "label": True}),
    ({"text": "t", "label": 3}, "classification", {"text": "t", "label": "3"}),
    ({"text": "t", "category": "x"}, "classification", {"text": "t", "label": "x"}),
    ({"question": "q", "context": "a b", "answers": {"text": ["b"], "answer_start": [2]}}, "qa",
     {"question": "q", "context": "a b", "answers": ["b"], "starts": [2]}),
    ({"question": "q", "context": "a b", "answers": ["b"]}, "qa",
     {"question": "q", "context": "a b", "answers": ["b"], "starts": [2]}),
    ({"document": "d", "summary": "s"}, "summarization", {"document": "d", "summaries": ["s"]}),
    ({"source": ["d.", "e."], "target": ["s", "t"]}, "summarization",
     {"document": "d. e.", "summaries": ["s", "t"]}),
    ({"text": "t"}, "text", {"text": "t"}),
]  # fmt: skip


def bare(row: dict) -> dict:
    return {key: value for key, value in row.items() if key != "lineage"}


@pytest.mark.parametrize(("record", "form", "row"), LAYOUTS)
@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".jsonl.gz", ".parquet"])
def test_each_layout_is_known_by_its_columns(record, form, row, suffix, tmp_path):
    path = tmp_path / f"rows{suffix}"
    if suffix == ".parquet":
        arrow = pytest.importorskip("pyarrow", reason="needs the train extra")
        import pyarrow.parquet

        pyarrow.parquet.write_table(arrow.Table.from_pylist([record] * 2), path)
    else:
        text = json.dumps([record] * 2) if suffix == ".json" else f"{json.dumps(record)}\n" * 2
        path.write_bytes(gzip.compress(text.encode()) if suffix.endswith("gz") else text.encode())

    dataset = read_dataset(path)

    assert (dataset.form, len(dataset), dataset.name) == (form, 2, "rows")
    assert bare(dataset.rows[0]) == row
    assert dataset.rows[1]["lineage"]["row"] == 2
    assert dataset.rows[1]["lineage"]["file"] == path.name


@pytest.mark.parametrize(("suffix", "between"), [(".csv", ","), (".tsv", "\t")])
def test_tables_are_read_with_their_quotes(suffix, between, tmp_path):
    path = tmp_path / f"t{suffix}"
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=between).writerows(
            [["text", "label"], ['say "hi",\n\tall', "up"], ["b", "down"]]
        )
    assert [bare(row) for row in read_dataset(path).rows] == [
        {"text": 'say "hi",\n\tall', "label": "up"},
        {"text": "b", "label": "down"},
    ]


def test_columns_of_other_names_are_mapped(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("words,class\nhi,up\n")
    with pytest.raises(UsageError, match=r"\['class', 'words'\].*--map text=sentence"):
        read_dataset(path)
    dataset = read_dataset(path, columns={"text": "words", "label": "class"})
    assert bare(dataset.rows[0]) == {"text": "hi", "label": "up"}
    with pytest.raises(UsageError, match="has no column 'wrods'"):
        read_dataset(path, columns={"text": "wrods"})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.jsonl",
            b'{"prompt": "a", "completion": "b"}\n{"prompt": 1}\n',
            "record 2 is not a row",
        ),
        ("a.jsonl", b'{"text": "a"}\nnonsense\n', "line 2 is no JSON"),
        ("a.jsonl", b'{"text": "a"}\n[1]\n', "object as record 2"),
        ("a.json", b'{"a": [1,', "is no JSON"),
        ("a.csv", b"text,label\na,b,c\n", "record 2 has another number of fields"),
        ("a.csv", b"text,label\na,b\nc,\xff\n", "not UTF-8 .line 3"),
        ("a.jsonl", b"", "holds no records"),
        ("a.xyz", b"x", "no known data format"),
        ("a.parquet", b"rubbish", "not a valid Parquet"),
        ("a.jsonl.gz", b"rubbish", "cannot be read"),
        ("a.jsonl", b'{"messages": [{"role": "boss", "content": "x"}]}\n', "unknown role 'boss'"),
        ("a.jsonl", b'{"prompt": "p", "completion": "c", "label": "maybe"}\n', "true or false"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(name, content, said, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read_dataset(tmp_path / name)


def test_a_file_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(NotFound, match="There is no file"):
        read_dataset(tmp_path / "none.jsonl")
    with pytest.raises(NotFound, match="has no train file"):
        read_splits(tmp_path)


def test_a_folder_gives_its_parts_and_what_it_lacks_is_split_off(tmp_path):
    for part, count in (("train", 40), ("dev", 3)):
        lines = [json.dumps({"text": f"{part} number {i}"}) for i in range(count)]
        (tmp_path / f"{part}.jsonl").write_text("\n".join(lines))
    parts = read_splits(tmp_path, test=0.25)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (30, 3, 10)


WORDS = st.text(min_size=1, max_size=30).filter(
    lambda text: text.strip() == text and "\r" not in text and "\x00" not in text
)
PLAIN = st.lists(
    st.fixed_dictionaries({"prompt": WORDS, "completion": WORDS}), min_size=1, max_size=5
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=PLAIN, suffix=st.sampled_from([".jsonl", ".json", ".csv"]),
       layout=st.sampled_from(["", "alpaca", "sharegpt", "openai"]))  # fmt: skip
def test_what_was_written_is_read_back(rows, suffix, layout, tmp_path):
    if suffix == ".csv" and layout in ("sharegpt", "openai"):
        return
    path = tmp_path / f"rows{suffix}"
    dataset = Dataset("rows", "prompt_completion", tuple(rows))
    write_dataset(dataset, path, layout)
    back = read_dataset(path)
    if layout in ("", "alpaca"):
        assert back.sha256 == dataset.sha256
    else:
        pairs = [[m["content"] for m in row["messages"]] for row in back.rows]
        assert pairs == [[row["prompt"], row["completion"]] for row in rows]


def test_lineage_goes_with_the_rows(tmp_path):
    row = {"text": "a", "label": "b", "lineage": {"trace": "ab", "person": "ann"}}
    write_dataset(Dataset("d", "classification", (row,)), tmp_path / "d.jsonl")
    assert read_dataset(tmp_path / "d.jsonl").rows[0]["lineage"] == row["lineage"]


def test_rows_that_do_not_fit_a_layout_are_an_error(tmp_path):
    dataset = Dataset("d", "text", ({"text": "a"},))
    with pytest.raises(UsageError, match="do not fit the layout"):
        write_dataset(dataset, tmp_path / "a.jsonl", "alpaca")
    with pytest.raises(UsageError, match="ends with"):
        write_dataset(dataset, tmp_path / "a.txt")
    chat = Dataset("d", "messages", ({"messages": [{"role": "user", "content": "a"}]},))
    with pytest.raises(UsageError, match="CSV holds text only"):
        write_dataset(chat, tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("path", "form", "count"),
    [
        ("06-classification/banking77/train.csv", "classification", 10_003),
        ("07-summarisation-instructions/glaive-toolcall-demo/glaive_toolcall_en_demo.json.gz",
         "messages", 300),
        ("07-summarisation-instructions/self-instruct/seed_tasks.jsonl", "prompt_completion", 175),
        ("07-summarisation-instructions/scitldr-a/train.jsonl.gz", "summarization", 1_992),
        ("08-preference/hh-rlhf-harmless/harmless-base-test.jsonl.gz", "preference", 2_312),
    ],
)  # fmt: skip
def test_public_sets_are_read_as_they_are(path, form, count):
    if not (DATA / path).exists():
        pytest.skip(f"no {DATA / path}: set GENWRIGHT_TEST_DATA")
    dataset = read_dataset(DATA / path)
    assert (dataset.form, len(dataset)) == (form, count)


def test_one_object_is_one_row_and_a_damaged_gzip_is_said(tmp_path):
    import gzip

    one = tmp_path / "one.json"
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
    one.write_text(json.dumps({"messages": turns}))
    assert len(read_dataset(one)) == 1
    bad = tmp_path / "bad.jsonl.gz"
    whole = gzip.compress(b'{"text": "some words that are long enough"}\n' * 200)
    bad.write_bytes(whole[:20] + bytes(30) + whole[50:])
    with pytest.raises(UsageError, match=r"cannot be read|not UTF-8|no JSON"):
        read_dataset(bad)


def test_an_empty_set_is_checked(tmp_path):
    from genwright.datasets import Dataset, check_dataset

    for form in ("classification", "thumbs", "text"):
        assert check_dataset(Dataset("none", form, ())).rows == 0
