"""LoRA by ``genwright tune`` against a bare script of transformers and peft, same settings.

Both train the embedded model on rows of one length (so that no order of batches is easier), for the
same steps, in turns; printed are the ratios of tokens a second and of peak memory.

    python benchmarks/lora_speed.py [--rounds 2] [--steps 12]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

DATA = Path(os.environ.get("GENWRIGHT_TEST_DATA", "../shared/data"))
FILE = DATA / "07-summarisation-instructions/glaive-toolcall-demo/glaive_toolcall_en_demo.json.gz"
BATCH, LENGTH, RANK = 4, 512, 16

BARE = """
import json, resource, sys, time
import torch
torch.set_num_threads(2)
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments
folder, rows, steps = sys.argv[1], json.load(open(sys.argv[2])), int(sys.argv[3])
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear",
                                         task_type="CAUSAL_LM"))
def collate(examples):
    width = max(len(e["input_ids"]) for e in examples)
    width += -width % 8
    fill = {"input_ids": 2, "labels": -100, "attention_mask": 0}
    return {k: torch.tensor([e[k] + [v] * (width - len(e[k])) for e in examples])
            for k, v in fill.items()}
args = TrainingArguments(output_dir=sys.argv[4], per_device_train_batch_size=4, max_steps=steps,
    learning_rate=5e-4, lr_scheduler_type="cosine", bf16=True, use_cpu=True, logging_steps=5,
    save_strategy="no", report_to="none", disable_tqdm=True, remove_unused_columns=False,
    train_sampling_strategy="group_by_length", dataloader_pin_memory=False, seed=0,
    include_num_input_tokens_seen="non_padding")
trainer = Trainer(model=model, args=args, train_dataset=rows, data_collator=collate)
began = time.monotonic()
trainer.train()
took = time.monotonic() - began
print(json.dumps({"tokens_per_second": trainer.state.num_input_tokens_seen / took,
                  "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6}))
"""

OURS = """
import json, sys
from pathlib import Path
from genwright.hardware import let_threads_rest
let_threads_rest()
import torch
from genwright.catalog import Catalog
from genwright.models.bases import find_base
from genwright.training.config import TrainConfig
from genwright.training.trainer import Job
from genwright.tuning.config import MethodConfig
from genwright.tuning.methods import methods
from genwright.tuning.objectives import Padding, objectives
folder, rows, steps = sys.argv[1], json.load(open(sys.argv[2])), int(sys.argv[3])
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
model = methods.get("lora")().apply(model, None, "generation", MethodConfig(rank=16, alpha=32))
for p in model.parameters():
    if p.requires_grad:
        p.data = p.data.float()
config = TrainConfig(max_steps=steps, batch_size=4, max_length=512, learning_rate=5e-4,
                     warmup_ratio=0, save_every=10_000, threads=2)
job = Job(model, rows, [], Padding(2), config, "lora", Path(sys.argv[4]))
fitted = job.fit()
print(json.dumps({"tokens_per_second": fitted.tokens_per_second, "peak_mb": fitted.peak_mb}))
"""


def prepare(folder: Path) -> tuple[Path, Path]:
    """The base in trainable form, and the rows as tokens."""
    from genwright.catalog import Catalog
    from genwright.datasets import read_dataset
    from genwright.models.bases import find_base
    from genwright.tuning.objectives import objectives

    models = Path(os.environ.get("GENWRIGHT_MODELS_DIR", ".models"))
    base = find_base("smollm2-135m-instruct", Catalog(models), lambda name: None)  # type: ignore
    rows = read_dataset(FILE).rows
    examples = objectives.get("generation")().encode(base.open_tokenizer(), rows, (), LENGTH)
    whole = [each for each in examples if len(each["input_ids"]) == LENGTH]
    (folder / "rows.json").write_text(json.dumps(whole))
    return base.folder, folder / "rows.json"


def main() -> None:
    """Take turns, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=12)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        folder, rows = prepare(root)
        speeds, peaks = [], []
        for number in range(chosen.rounds):
            found = {}
            for name, code in (("bare", BARE), ("genwright", OURS)):
                done = subprocess.run(
                    [sys.executable, "-W", "ignore", "-c", code, str(folder), str(rows),
                     str(chosen.steps), str(root / f"{name}-{number}")],
                    check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                )  # fmt: skip
                found[name] = json.loads(done.stdout.splitlines()[-1])
                print(f"{name:10} {found[name]['tokens_per_second']:7.1f} tokens/s, "
                      f"peak {found[name]['peak_mb']:,.0f} MB", flush=True)  # fmt: skip
            bare, ours = found["bare"], found["genwright"]
            speeds.append(ours["tokens_per_second"] / bare["tokens_per_second"])
            peaks.append(ours["peak_mb"] / bare["peak_mb"])
    print(f"tokens/s against the bare script: {statistics.median(speeds):.3f} (goal 0.97 or more)")
    print(f"peak memory against it: {statistics.median(peaks):.3f} (goal 1.05 or less)")


if __name__ == "__main__":
    main()
