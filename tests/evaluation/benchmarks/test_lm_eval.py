"""Language modelling and public benchmarks, by a tiny real model."""

import json
import math
import os
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from tests.fixtures.tiny_families import build  # noqa: E402

from genwright.engines.llamacpp.engine import LlamaCppEngine  # noqa: E402
from genwright.errors import NotFound, UnknownName, UsageError  # noqa: E402
from genwright.evaluation.benchmarks.lm_eval import BENCHES, run_bench  # noqa: E402
from genwright.evaluation.lm import evaluate_lm  # noqa: E402
from genwright.export import write_model  # noqa: E402
from genwright.settings import EngineSettings  # noqa: E402

DATA = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data")) / "13-benchmarks"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    root = tmp_path_factory.mktemp("m")
    from tests.fixtures import tiny_families as tiny

    folder = build("llama2", root / "m")
    described = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(described | {"max_position_embeddings": 4096}))
    write_model(folder, root / "m.gguf", "f32")
    with LlamaCppEngine(root / "m.gguf", EngineSettings(threads=1, context=4096)) as made:
        yield made
    assert tiny.FAMILIES


def test_perplexity_is_that_of_one_window_where_the_text_fits(engine):
    text = "the red pump is on the left and the blue pump is on the right"
    ids = engine.tokenize(text)
    losses = [-each.logprob for each in engine.score_tokens(ids)]
    report = evaluate_lm(engine, text, window=len(ids), stride=len(ids))
    assert report.perplexity.value == pytest.approx(math.exp(sum(losses) / len(losses)), rel=1e-3)
    bits = sum(losses) / math.log(2) / report.bytes
    assert report.bits_per_byte.value == pytest.approx(bits, rel=1e-3)
    assert report.tokens == len(ids) - 1
    windowed = evaluate_lm(engine, text * 4, window=16, stride=4)
    assert windowed.tokens == len(engine.tokenize(text * 4)) - 1
    with pytest.raises(UsageError, match="at least two tokens"):
        evaluate_lm(engine, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("arc_easy", "arc/arc_easy.jsonl.gz"),
        ("openbookqa", "openbookqa"),
        ("winogrande", "winogrande"),
        ("mmlu", "mmlu/test.tar.gz"),
        ("gsm8k", "gsm8k"),
    ],
)
def test_the_harness_asks_local_files(engine, name, path):
    if not (DATA / path).exists():
        pytest.skip(f"no {DATA / path}: set GENWRIGHT_TEST_DATA")
    result = run_bench(engine, name, DATA / path, limit=4, shots=0)
    assert result["rows"] == 4 and 0 <= result["value"] <= 1
    assert result["low"] <= result["value"] <= result["high"]
    if name == "arc_easy":
        rows = BENCHES[name].read(DATA / path)[:4]
        right = 0
        for row in rows:
            prompt = f"{row['query']}\nAnswer:"
            scores = [sum(t.logprob for t in engine.score(prompt, f" {c}")) for c in row["choices"]]
            right += scores.index(max(scores)) == row["gold"]
        assert result["value"] == right / 4


def test_other_forms_of_the_files_are_read(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"ctx": "a", "endings": ["b", "c"], "label": "1"}))
    assert BENCHES["hellaswag"].read(path) == [{"query": "a", "choices": ["b", "c"], "gold": 1}]
    path.write_text(json.dumps({"question": "q", "answerKey": "B", "choices": {
        "label": ["A", "B"], "text": ["x", "y"]}}))  # fmt: skip
    assert BENCHES["arc_easy"].read(path)[0]["gold"] == 1
    path.write_text(json.dumps({"question": "q", "mc1_targets": {"yes": 0, "no": 1}}))
    assert BENCHES["truthfulqa"].read(path)[0]["gold"] == 1
    path.write_text(json.dumps({"other": 1}))
    with pytest.raises(UsageError, match="expected query, choices, gold"):
        BENCHES["arc_easy"].read(path)


def test_an_unknown_benchmark_and_a_missing_file_are_said(engine, tmp_path):
    with pytest.raises(UnknownName, match="arc_easy"):
        run_bench(engine, "arcade", tmp_path)
    with pytest.raises(NotFound, match="There is no file of mmlu"):
        run_bench(engine, "mmlu", tmp_path)
