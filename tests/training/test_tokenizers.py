"""Tokenizers: trained the same each time, any text back, what they make of it."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genwright.errors import NotFound, UsageError
from genwright.training.tokenizers import inspect_text, load, train_tokenizer

DATA = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data")) / "04-lm-text"
TEXT = "the red pump is on the left. The blue pump isn't! größer 42 日本 " * 30


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("t")
    (root / "text.txt").write_text(TEXT, encoding="utf-8")
    sizes = {"bpe": 300, "bytes": 300, "wordpiece": 120, "unigram": 320}
    return {
        kind: load(train_tokenizer([root / "text.txt"], root / kind, kind=kind, vocabulary=size))
        for kind, size in sizes.items()
    }


@settings(deadline=None, max_examples=60)
@given(st.text(min_size=1, max_size=60))
def test_any_text_comes_back_from_bytes(made, text):
    text = text.encode("utf-8", "replace").decode()
    for kind in ("bpe", "bytes"):
        found = inspect_text(made[kind], text)
        assert found.round_trip, found.difference
        assert found.unknown == 0


def test_training_twice_gives_equal_files(tmp_path):
    (tmp_path / "text.txt").write_text(TEXT)
    for kind in ("bpe", "wordpiece"):
        files = []
        for name in ("a", "b"):
            train_tokenizer([tmp_path / "text.txt"], tmp_path / name, kind=kind, vocabulary=300)
            files.append((tmp_path / name / "tokenizer.json").read_bytes())
        assert files[0] == files[1]


def test_what_a_tokenizer_makes_of_a_text(made):
    found = inspect_text(made["bpe"], "the pump the pump")
    assert found.fertility == found.tokens / 4
    assert found.bytes_per_token == pytest.approx(17 / found.tokens, abs=1e-3)
    assert "".join(found.pieces).replace("Ġ", " ") == "the pump the pump"
    assert inspect_text(made["bytes"], "abc").tokens == 3
    lossy = inspect_text(made["wordpiece"], "The pump 本!")
    assert not lossy.round_trip and "came back as" in lossy.difference
    assert inspect_text(made["wordpiece"], "Ω Ω the").unknown == pytest.approx(2 / 3, abs=1e-3)
    assert found.special == ("<|endoftext|>", "<|pad|>")


@pytest.mark.parametrize("kind", ["bpe", "wordpiece", "unigram", "bytes"])
def test_transformers_reads_what_was_written(kind, made, tmp_path):
    transformers = pytest.importorskip("transformers", reason="needs the train extra")
    (tmp_path / "text.txt").write_text(TEXT)
    size = 120 if kind == "wordpiece" else 320
    train_tokenizer([tmp_path / "text.txt"], tmp_path / "t", kind=kind, vocabulary=size)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "t")
    ids = tokenizer("the pump", add_special_tokens=False)["input_ids"]
    assert ids == load(tmp_path / "t").encode("the pump", add_special_tokens=False).ids
    assert tokenizer.pad_token_id is not None


def test_mistakes_are_said(tmp_path):
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "text.txt").write_text(TEXT)
    (tmp_path / "latin.txt").write_bytes("größe".encode("latin-1"))
    for arguments, said in [
        (([tmp_path / "empty.txt"], {}), "nothing to learn"),
        (([tmp_path / "text.txt"], {"kind": "bpee"}), "Expected a kind"),
        (([tmp_path / "text.txt"], {"vocabulary": 100}), "smaller than the 256 bytes"),
        (([tmp_path / "latin.txt"], {}), "not UTF-8"),
    ]:
        files, options = arguments
        with pytest.raises(UsageError, match=said):
            train_tokenizer(files, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
    with pytest.raises(NotFound):
        train_tokenizer([tmp_path / "none.txt"], tmp_path / "out")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UsageError, match="not a readable tokenizer"):
        load(tmp_path)


def test_byte_level_bpe_learns_what_the_reference_does(tmp_path):
    folder = DATA / "bpe-reference"
    names = {path.name for path in folder.glob("*")} if folder.exists() else set()
    if not names:
        pytest.skip(f"no {folder}: set GENWRIGHT_TEST_DATA")
    corpus = next((folder / n for n in names if n.startswith("corpus") and n.endswith(".en")), None)
    merges = next((folder / n for n in names if "merges" in n and "reference" in n), None)
    if corpus is None or merges is None:
        pytest.skip(f"{folder} holds {sorted(names)}")
    train_tokenizer([corpus], tmp_path / "t", vocabulary=500, min_frequency=1)
    model = json.loads((tmp_path / "t" / "tokenizer.json").read_text())["model"]
    mine = [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in model["merges"]]
    theirs = [tuple(line.split(" ")) for line in merges.read_text().splitlines() if line.strip()]
    shared = set(mine) & set(theirs[: len(mine)])
    assert len(shared) / len(mine) > 0.95, "ties are broken differently, nothing else"
