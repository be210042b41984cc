"""Pre-training: every kind of model from scratch, packed data, resumed, measured, served."""

import json
from typing import get_args

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from genwright.engines import Sampling  # noqa: E402
from genwright.errors import UsageError  # noqa: E402
from genwright.training.pretrain import begin_pretraining, build_pretrain_config, pretrain  # noqa: E402
from genwright.training.pretrain_request import read_pretrain_config  # noqa: E402
from genwright.training.pretraining.architectures import (  # noqa: E402
    Architecture,
    Family,
    build,
    build_configuration,
)
from genwright.training.pretraining.corruption import (  # noqa: E402
    SpanCorruptor,
    TokenMasker,
    collate_next_tokens,
)
from genwright.training.pretraining.texts import (  # noqa: E402
    CropDataset,
    cut_blocks,
    split_held_out,
    write_tokens,
)
from genwright.types import OWNER  # noqa: E402

TEXT = "".join(f"line {i} of the story tells that {i} and {i + 1} make {2 * i + 1}.\n"
               for i in range(600))  # fmt: skip
SMALL = {"layers": "1", "width": "32", "heads": "2", "context": "32", "batch_size": "8",
         "max_steps": "12", "evaluate_every": "6", "threads": "1", "log_every": "1",
         "precision": "float32", "vocabulary": "400", "quantization": "f32"}  # fmt: skip


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "story.txt"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize("family", ["llama", "gpt2", "qwen2", "bert", "t5"])
def test_a_model_of_each_kind_learns_and_is_registered(family, runtime, text):
    config = build_pretrain_config(
        {"texts": [text], "name": "story", "architecture": {"family": family}}, SMALL
    )
    run = begin_pretraining(runtime, config)
    result = pretrain(runtime, run)
    assert result["status"] == "done" and result["version"] == "story@1"
    losses = [value for _, value in runtime.runs.read_values(run)["loss"]]
    assert losses[-1] < losses[0]
    metrics = result["metrics"]
    assert metrics["perplexity"] == pytest.approx(np.exp(metrics["loss_per_token"]), rel=1e-3)
    version = runtime.versions.resolve(OWNER, "story")
    decoder = family not in ("bert", "t5")
    assert version.facts.engine == ("llamacpp" if decoder else "transformers")
    if decoder:
        nats = metrics["nats_per_character"] * len(split_held_out([text], 0.1)[1])
        assert nats == pytest.approx(
            metrics["loss_per_token"] * metrics["held_out_tokens"], rel=1e-3
        )
        assert result["samples"] and isinstance(result["samples"][0]["text"], str)
    engine = runtime.models.get_engine("story@1")
    if decoder:
        assert "".join(d.text for d in engine.complete("line", Sampling(max_tokens=4))) is not None
        served = [-s.logprob for s in engine.score_tokens(engine.tokenize(TEXT[:80])[:30])]
        assert np.mean(served) < np.log(400) + 1


def test_stopped_and_resumed_is_the_one_that_never_stopped(runtime, text):
    config = build_pretrain_config({"texts": [text], "name": "story"}, SMALL)
    whole = begin_pretraining(runtime, config)
    pretrain(runtime, whole)
    broken, inner = begin_pretraining(runtime, config), runtime.progress

    def stop(done, total, what):
        if what.startswith("step 7"):
            runtime.stop.set()

    runtime.progress = stop
    assert pretrain(runtime, broken)["status"] == "stopped"
    runtime.stop.clear()
    runtime.progress = inner
    assert pretrain(runtime, broken)["status"] == "done"
    a, b = (dict(runtime.runs.read_values(run)["loss"]) for run in (whole, broken))
    assert a == b


def test_a_bug_in_a_step_ends_the_run_as_failed_and_what_was_done_stays(runtime, text):
    config = build_pretrain_config({"texts": [text], "name": "story"}, SMALL)
    run = begin_pretraining(runtime, config)

    def break_off(done, total, what):
        if what == "publication":
            raise TypeError("a number was expected")

    with pytest.raises(TypeError):
        pretrain(runtime.act_for(OWNER, progress=break_off), run)
    row = runtime.runs.get(run)
    assert (row.status, row.message) == ("failed", "TypeError: a number was expected")
    assert set(row.results["state"]) == {"training", "measures"}
    result = pretrain(runtime, run)
    assert result["metrics"] == row.results["state"]["measures"]["metrics"]
    again = pretrain(runtime, run)
    assert again["version"] == result["version"] == "story@1"
    assert len(runtime.versions.list_versions(OWNER, "story")) == 1
    assert runtime.runs.get(run).results["version"] == "story@1"


def test_crops_depend_on_place_and_seed_alone():
    tokens = np.arange(1000, dtype=np.uint32)
    one, two = CropDataset(tokens, 16, 50, 3), CropDataset(tokens, 16, 50, 3)
    assert all((one[i]["input_ids"] == two[i]["input_ids"]).all() for i in range(50))
    assert any((one[i]["input_ids"] != CropDataset(tokens, 16, 50, 4)[i]["input_ids"]).any()
               for i in range(50))  # fmt: skip
    with pytest.raises(UsageError, match="a block takes 16"):
        CropDataset(tokens[:10], 16, 5, 0)
    blocks = cut_blocks(tokens, 100)
    assert len(blocks) == 9 and blocks[1]["input_ids"][0] == 100


def test_tokens_are_written_once_and_are_the_texts(tmp_path):
    class Letters:
        def __call__(self, text, add_special_tokens):
            return {"input_ids": [ord(c) for c in text]}

    first = write_tokens(["ab\n" * 50_000], Letters(), None, tmp_path / "t.tokens")
    assert first.count == first.characters == first.bytes == 150_000
    assert "".join(map(chr, first.open_array()[:6])) == "ab\nab\n"
    again = write_tokens(["other"], Letters(), None, tmp_path / "t.tokens")
    assert again == first


def test_masks_hide_fifteen_percent_and_spare_special_tokens():
    masking = TokenMasker(4, 100, [0, 1], 0)
    ids = np.tile(np.arange(100), 40)
    batch = masking([{"input_ids": ids}])
    hidden = batch["labels"][0] != -100
    assert 0.12 < hidden.float().mean() < 0.18
    assert (batch["labels"][0][hidden].numpy() == ids[hidden.numpy()]).all()
    assert not np.isin(ids[hidden.numpy()], [0, 1]).any()
    assert 0.7 < (batch["input_ids"][0][hidden] == 4).float().mean() < 0.9
    same = masking([{"input_ids": ids}])
    assert torch.equal(same["input_ids"], batch["input_ids"])


def test_spans_and_what_is_left_make_the_text_again():
    sentinels = list(range(900, 1000))
    spans = SpanCorruptor(sentinels, 2, 0, 0)
    ids = np.arange(10, 210)
    source, target = spans.corrupt(ids)
    assert target[-1] == 2
    pieces: dict[int, list[int]] = {}
    for token in target[:-1]:
        if token in sentinels:
            pieces[token] = []
        else:
            pieces[list(pieces)[-1]].append(token)
    back = [t for token in source for t in (pieces[token] if token in pieces else [token])]
    assert back == ids.tolist()
    taken = sum(map(len, pieces.values()))
    assert taken == 30 and len(pieces) == 10
    batch = spans([{"input_ids": ids}, {"input_ids": ids[:50]}])
    assert (batch["labels"][1] == -100).any()
    assert collate_next_tokens([{"input_ids": ids}])["labels"].shape == (1, 200)


@pytest.mark.parametrize("family", get_args(Family))
def test_every_family_can_be_built(family):
    shape = Architecture(family=family, layers=2, width=32, heads=4, context=32)
    config = build_configuration(shape, 100, {"bos": 1, "eos": 2, "pad": 0})
    model = build(shape, config)
    ids = torch.randint(3, 100, (2, 32))
    assert torch.isfinite(model(input_ids=ids, labels=ids).loss)


def test_a_file_of_settings_and_options_over_it(tmp_path, text):
    (tmp_path / "c.toml").write_text(
        f'texts = ["{text}"]\n[architecture]\nlayers = 3\n[train]\nlearning_rate = 0.01\n'
    )
    made = read_pretrain_config(
        tmp_path / "c.toml", [], "n", "gpt2", "bytes", 0, ["width=64", "heads=4"]
    )
    assert (made.architecture.layers, made.architecture.width, made.architecture.family) == (
        3, 64, "gpt2")  # fmt: skip
    assert made.train.learning_rate == 0.01 and made.train.patience == 0
    with pytest.raises(UsageError, match="multiple of heads"):
        read_pretrain_config(None, [text], "", "", "", 0, ["width=30", "heads=4"])
    with pytest.raises(UsageError, match="texts to train on"):
        read_pretrain_config(None, [], "", "", "", 0, [])
    assert json.dumps(made.model_dump(mode="json"))
