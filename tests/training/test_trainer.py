"""The trainer: resumed is unbroken, stops early, keeps the best, tells of nan, ends in time."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from torch import nn  # noqa: E402

from genwright.errors import Refused  # noqa: E402
from genwright.training.config import TrainConfig  # noqa: E402
from genwright.training.job import TrainingJob, find_last_checkpoint  # noqa: E402
from genwright.training.losses import find_inner_model, lean_loss  # noqa: E402
from genwright.training.probe import probe  # noqa: E402
from genwright.training.trainer import fit  # noqa: E402


class Copy(nn.Module):
    """Says the number it was shown; returns its loss."""

    def __init__(self, size: int = 12, dropout: float = 0.0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table, self.out = nn.Embedding(size, 8), nn.Linear(8, size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, input_ids, attention_mask=None, labels=None):
        logits = self.out(self.dropout(self.table(input_ids)))
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        return type("Out", (dict,), {"loss": loss})(loss=loss, logits=logits)


def rows(count: int, size: int = 12) -> list[dict]:
    return [{"input_ids": [i % size, (i * 5) % size], "labels": [i % size, (i * 5) % size],
             "attention_mask": [1, 1]} for i in range(count)]  # fmt: skip


def collate(examples):
    return {key: torch.tensor([each[key] for each in examples]) for key in examples[0]}


def job(folder, model=None, record=None, **changes) -> TrainingJob:
    usual = {"batch_size": 4, "epochs": 4, "learning_rate": 0.05, "precision": "float32",
             "threads": 1, "log_every": 1, "evaluate_every": 5}  # fmt: skip
    made = TrainingJob(model or Copy(), rows(24), rows(8), collate, TrainConfig(**usual | changes),
               "full", folder)  # fmt: skip
    if record is not None:
        made.record = lambda step, values: record.append((step, dict(values)))
    return made


def test_the_loss_falls_and_is_recorded(tmp_path):
    seen = []
    fitted = fit(job(tmp_path, record=seen))
    losses = [values["loss"] for _, values in seen if "loss" in values]
    assert losses[-1] < losses[0] / 2
    assert fitted.status == "done" and fitted.steps == 24
    assert fitted.tokens == 24 * 4 * 2
    assert fitted.peak_mb > 0


def test_stopped_and_resumed_is_the_training_that_never_stopped(tmp_path):
    unbroken, broken = [], []
    whole = Copy(dropout=0.3)
    fit(job(tmp_path / "a", whole, unbroken))

    first = job(tmp_path / "b", Copy(dropout=0.3), broken)
    record = first.record

    def stop_at_nine(step, values):
        record(step, values)
        if step == 9:
            first.stop.set()

    first.record = stop_at_nine
    assert fit(first).status == "stopped"
    model = Copy(dropout=0.3)
    again = job(tmp_path / "b", model, broken)
    assert fit(again).status == "done"

    def losses(seen):
        return {step: values["loss"] for step, values in seen if "loss" in values}

    assert losses(broken) == losses(unbroken)
    for mine, theirs in zip(model.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


def test_a_training_that_ended_is_not_done_again(tmp_path):
    model = Copy()
    first = fit(job(tmp_path, model))
    other = Copy()
    other.out.weight.data.zero_()
    assert fit(job(tmp_path, other)) == first
    torch.testing.assert_close(other.out.weight, model.out.weight)


def test_it_stops_early_and_keeps_the_best_weights(tmp_path):
    seen = []
    made = job(tmp_path, record=seen, epochs=60, learning_rate=3.0, patience=2,
               lr_schedule="constant", max_grad_norm=0, evaluate_every=2)  # fmt: skip
    fitted = fit(made)
    losses = {step: v["validation_loss"] for step, v in seen if "validation_loss" in v}
    assert fitted.steps < 360 and "no better" in fitted.reason
    assert fitted.best_step == min(losses, key=losses.get)
    with torch.inference_mode():
        loss = float(made.model(**{k: v for k, v in collate(rows(8)).items()}).loss)
    assert loss == pytest.approx(losses[fitted.best_step], rel=1e-4)


def test_a_loss_that_is_no_number_is_an_error_and_keeps_the_checkpoint(tmp_path):
    class Breaks(Copy):
        steps = 0

        def forward(self, input_ids, attention_mask=None, labels=None):
            out = super().forward(input_ids, attention_mask, labels)
            Breaks.steps += self.training
            if Breaks.steps > 14:
                out.loss = out.loss * float("nan")
                out["loss"] = out.loss
            return out

    with pytest.raises(Refused, match=r"became nan at step .*checkpoint-.* is kept.*learning_rate"):
        fit(job(tmp_path, Breaks(), save_every=5))
    assert find_last_checkpoint(tmp_path) is not None


def test_it_ends_within_its_minutes(tmp_path):
    class Slow(Copy):
        def forward(self, input_ids, attention_mask=None, labels=None):
            time.sleep(0.02)
            return super().forward(input_ids, attention_mask, labels)

    made = job(tmp_path, Slow(), epochs=10_000, time_limit_minutes=0.05, patience=0)
    began = time.monotonic()
    fitted = fit(made)
    assert fitted.steps < 60_000 / 20
    assert time.monotonic() - began < 15


def test_a_part_written_checkpoint_is_not_taken(tmp_path):
    for step, text in ((5, json.dumps({"global_step": 5})), (10, "{"), (15, "")):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(text)
    (tmp_path / "checkpoint-20").mkdir()
    assert find_last_checkpoint(tmp_path).name == "checkpoint-5"


def test_a_probe_changes_no_weights_and_no_generator(tmp_path):
    made = job(tmp_path, Copy(dropout=0.5))
    before = [p.clone() for p in made.model.parameters()]
    torch.manual_seed(5)
    state = torch.get_rng_state()
    assert probe(made).seconds_per_step > 0
    assert torch.equal(torch.get_rng_state(), state)
    for a, b in zip(made.model.parameters(), before, strict=True):
        assert torch.equal(a, b) and a.grad is None


@pytest.mark.slow
def test_killed_ten_times_it_ends_where_the_unbroken_one_does(tmp_path):
    code = textwrap.dedent("""
        import sys, json, time, torch
        sys.path.insert(0, sys.argv[2])
        from pathlib import Path
        from tests.training.test_trainer import Copy, fit, job
        made = job(Path(sys.argv[1]), Copy(dropout=0.2), epochs=40, patience=0, evaluate_every=10,
                   save_every=3)
        inner = made.record
        made.record = lambda step, values: time.sleep(0.01)
        print("ready", flush=True)
        print(json.dumps(fit(made).__dict__))
    """)
    command = [sys.executable, "-c", code, str(tmp_path / "killed"), os.getcwd()]
    for number in range(10):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.4 + 0.1 * number)  # each dies at another moment of its work
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    killed = json.loads(done.stdout.splitlines()[-1])
    unbroken = fit(job(
        tmp_path / "whole", Copy(dropout=0.2), epochs=40, patience=0, evaluate_every=10,
        save_every=3,
    ))  # fmt: skip
    assert killed["loss"] == pytest.approx(unbroken.loss, rel=0.01)
    assert killed["steps"] == unbroken.steps


@pytest.mark.parametrize("family", ["llama2", "gpt2", "qwen"])
@pytest.mark.parametrize("adapted", [False, True])
def test_the_lean_loss_is_the_loss(family, adapted, tmp_path):
    from tests.fixtures.tiny_families import build
    from transformers import AutoModelForCausalLM

    from genwright.tuning.config import MethodConfig
    from genwright.tuning.methods import methods

    model = AutoModelForCausalLM.from_pretrained(build(family, tmp_path / "m")).eval()
    if adapted:
        model = methods.get("lora")().apply(model, None, "generation", MethodConfig(rank=2))
    ids = torch.randint(5, 100, (3, 12))
    labels = ids.clone()
    labels[:, :5] = -100
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}
    lean = lean_loss(model, batch, None)
    lean.backward()
    lean = lean.detach()
    mine = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    usual = model(**batch).loss
    usual.backward()
    usual = usual.detach()
    torch.testing.assert_close(lean, usual)
    for name, gradient in mine.items():
        torch.testing.assert_close(gradient, dict(model.named_parameters())[name].grad)
    assert lean_loss(model, batch, 7).item() == pytest.approx(float(usual) * 21 / 7, rel=1e-5)


def test_other_models_keep_their_own_loss(tmp_path):
    assert find_inner_model(Copy()) is None
