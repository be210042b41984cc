"""Pre-training from scratch: a text in, a model in the registry out.

Radford et al. 2019 for decoders, Devlin et al. 2018 for encoders, Raffel et al. 2020 for
encoder-decoders; schedules with warm-up and cosine or WSD (Hu et al. 2024, arXiv:2404.06395).
"""

import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, ValidationError

from genwright.errors import Refused, RunStopped, UsageError
from genwright.export.saving import export_kinds
from genwright.models.bases import BaseModel, load_tokenizer
from genwright.registry import DataFacts, VersionFacts
from genwright.registry.version_files import WHOLE
from genwright.runs.mlflow import mirror
from genwright.runs.steps import StepWalk, format_resume
from genwright.runtime import Runtime
from genwright.settings import STORED, Section, explain_first_error, merge_tables
from genwright.training.config import RESUME, TrainConfig
from genwright.training.job import FitResult, TrainingJob
from genwright.training.losses import sum_losses
from genwright.training.pretraining.architectures import (
    CORRUPTED,
    MASKED,
    Architecture,
    build,
    build_configuration,
)
from genwright.training.pretraining.texts import (
    CropDataset,
    TokenFile,
    cut_blocks,
    split_held_out,
    write_tokens,
)
from genwright.training.tokenizers import KINDS, train_tokenizer
from genwright.training.trainer import fit
from genwright.types import Json

KIND = "pretrain"
VALIDATED = 64
"""Blocks that the loss is measured on while training; in the end it is all of the held-out part."""
SAMPLE = 120
"""Tokens of a sample."""


class PretrainConfig(Section):
    """One pre-training."""

    renamed: ClassVar[Mapping[str, str]] = {
        "quantise": "quantization",
        "licence": "license",
    }

    texts: tuple[Path, ...] = Field(min_length=1)
    """UTF-8 files; their last part is held out."""
    name: str = ""
    """Of the model in the registry."""
    tokenizer: str = "bpe"
    """A folder, or a kind that is trained on the texts: bpe, wordpiece, unigram, bytes."""
    vocabulary: int = Field(default=4000, ge=2)
    """Tokens, where one is trained."""
    held_out: float = Field(default=0.1, gt=0, lt=0.9)
    """Share of the characters, at the end, that is not trained on."""
    sample: str = "\n"
    """How samples begin that are written while training."""
    architecture: Architecture = Architecture()
    train: TrainConfig = TrainConfig(
        epochs=1, batch_size=16, learning_rate=1e-3, weight_decay=0.1, betas=(0.9, 0.95), patience=0
    )
    quantization: tuple[str, ...] = ("f16", "q8_0")
    """GGUF files that are made, where llama.cpp runs the family."""
    license: str = "not stated"
    """Of the weights."""


def build_pretrain_config(values: Json, sets: Mapping[str, str] | None = None) -> PretrainConfig:
    """A configuration of a file's values and what ``--param`` says.

    Keys of ``architecture`` and ``train`` may stand without their section.

    Raises:
        UsageError: A key is unknown or a value out of range.
    """
    placed: Json = {}
    for key, value in (sets or {}).items():
        if Architecture.has_key(key):
            placed.setdefault("architecture", {})[key] = value
        elif TrainConfig.has_key(key):
            placed.setdefault("train", {})[key] = value.split(",") if key == "betas" else value
        else:
            placed[key] = value.split(",") if key == "quantization" else value
    usual = PretrainConfig.model_fields["train"].default.model_dump(exclude_unset=True)
    try:
        return PretrainConfig.model_validate(
            merge_tables(merge_tables({"train": usual}, values), placed)
        )
    except ValidationError as error:
        raise UsageError(f"{explain_first_error(error)}. See docs/pretraining.md.") from error


def begin_pretraining(runtime: Runtime, config: PretrainConfig) -> int:
    """Keep a run that is asked for, and return its id."""
    for path in config.texts:
        if not path.is_file():
            raise UsageError(f"There is no file {path}: name UTF-8 texts.")
    name = config.name or f"{config.texts[0].stem.lower()[:30]}-{config.architecture.family}"
    asked = config.model_copy(
        update={"name": name, "texts": tuple(map(Path.resolve, config.texts))}
    )
    return runtime.runs.begin(KIND, name, asked.model_dump(mode="json"), {})


def pretrain(runtime: Runtime, run: int) -> Json:
    """Train a model that was begun, or go on with one that was interrupted; publish it.

    Returns:
        ``{"run", "version", "metrics", "seconds", "tokens", "cpu_seconds", …}``.

    Raises:
        UsageError: The texts are too short, or the tokenizer does not fit.
    """
    return _PretrainRun(runtime, run).execute()


class _PretrainRun:
    """One run."""

    def __init__(self, runtime: Runtime, run: int) -> None:
        self.runtime, self.run = runtime, run
        self.config = PretrainConfig.model_validate(runtime.runs.get(run).config, context=STORED)
        self.folder = runtime.workspace.runs_dir / str(run)
        self.shape = self.config.architecture
        self.samples: list[Json] = []
        self.walk = StepWalk(
            runtime.runs, run, format_resume(RESUME, run),
            stop=runtime.stop, progress=runtime.progress, saving="lower batch_size or context",
        )  # fmt: skip

    def execute(self) -> Json:
        """Everything; an error is kept in the run and raised on."""
        from genwright.training.quiet import silence_libraries

        self.folder.mkdir(parents=True, exist_ok=True)
        used = time.process_time()
        try:
            with self.walk.running(), silence_libraries():
                if "publication" not in self.walk.state:
                    self._execute_steps()
                result = self._read_result("done", used)
                self.walk.finish(result["version"], result)
        except RunStopped:
            return self._read_result("stopped", used)
        mirror(self.runtime.runs, self.run, self.runtime.progress)
        return result

    def _read_result(self, status: str, used: float) -> Json:
        """What the steps came to so far."""
        steps = ("training", "measures", "publication")
        done = {
            key: value for step in steps for key, value in self.walk.state.get(step, {}).items()
        }
        seconds = round(time.process_time() - used, 1)
        return {"run": self.run, "status": status, **done, "cpu_seconds": seconds}

    def _execute_steps(self) -> None:
        import torch

        torch.manual_seed(self.config.train.seed)
        self.walk.begin("tokenizer")
        self.tokenizer = self._make_tokenizer()
        train, validation, facts = self._make_token_files()
        special = {
            name: getattr(self.tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")
        }
        config = build_configuration(self.shape, len(self.tokenizer), special)
        self.model = build(self.shape, config)
        fitted = self._train(self._make_job(train, validation), train.count)
        metrics = self.walk.once("measures", lambda: {"metrics": self._measure(validation)})
        self.walk.once("publication", lambda: {
            "version": self._publish(fitted, metrics["metrics"], facts),
            "samples": self.samples[-3:],
        })  # fmt: skip

    def _train(self, job: TrainingJob, tokens: int) -> FitResult:
        """Fit the model; a training that was interrupted goes on from its checkpoint."""
        self.walk.begin("training")
        weights = sum(each.numel() for each in self.model.parameters())
        self.runtime.progress(0, 0, f"{weights:,} weights, {tokens:,} tokens of text")
        fitted = fit(job)
        self.walk.record("training", {
            "weights": weights, "steps": fitted.steps, "tokens": fitted.tokens,
            "seconds": fitted.seconds, "peak_mb": fitted.peak_mb,
            "tokens_per_second": round(fitted.tokens_per_second, 1), "reason": fitted.reason,
        })  # fmt: skip
        if fitted.status == "stopped":
            raise RunStopped(f"At step {fitted.steps}: {self.walk.resume}")
        return fitted

    def _make_tokenizer(self) -> Any:
        given = self.config.tokenizer
        if given not in KINDS:
            return load_tokenizer(Path(given))
        kind = "wordpiece" if given == "bpe" and self.shape.family in MASKED else given
        folder = self.folder / "tokenizer"
        if not folder.is_dir():
            special = [f"<extra_id_{i}>" for i in range(100)] if self._is_corrupted() else []
            if self.shape.family in MASKED and kind != "wordpiece":
                special.append("[MASK]")
            train_tokenizer(
                self.config.texts, folder, kind=kind, vocabulary=self.config.vocabulary,
                special=special,
            )  # fmt: skip
        return load_tokenizer(folder)

    def _make_token_files(self) -> tuple[TokenFile, TokenFile, dict[str, DataFacts]]:
        texts = dict(
            zip(("train", "validation"), split_held_out(self.config.texts, self.config.held_out),
                strict=True)
        )  # fmt: skip
        made, facts = {}, {}
        for part, text in texts.items():
            path = self.folder / f"{part}.tokens"
            made[part] = write_tokens([text], self.tokenizer, None, path)
            facts[part] = DataFacts(
                name=", ".join(path.name for path in self.config.texts),
                sha256=_digest(text), rows=1, form="text",
            )  # fmt: skip
        return made["train"], made["validation"], facts

    def _make_job(self, train: TokenFile, validation: TokenFile) -> TrainingJob:
        config = self.config.train
        size = config.batch_size * config.gradient_accumulation_steps
        length = self.shape.context
        per_epoch = max(1, train.count // (size * length))
        steps = config.max_steps or math.ceil(per_epoch * config.epochs)
        if config.time_limit_minutes:
            steps = max(steps, 1_000_000)  # the time limit decides
        numbers = min(steps, 2_000_000) * size
        crops = CropDataset(train.open_array(), length, min(numbers, 20_000_000), config.seed)
        return TrainingJob(
            model=self.model,
            train=crops,
            validation=cut_blocks(validation.open_array(), length, VALIDATED),
            collate=self._make_collator(),
            config=config.model_copy(update={"max_steps": steps}),
            method="pretraining",
            folder=self.folder / "train",
            record=self._record,
            stop=self.runtime.stop,
            steps_per_epoch=max(1, len(crops) // size),
            samples=self._sample,
        )

    def _make_collator(self) -> Any:
        from genwright.training.pretraining.corruption import (
            SpanCorruptor,
            TokenMasker,
            collate_next_tokens,
        )

        tokenizer, seed = self.tokenizer, self.config.train.seed
        if self._is_masked():
            if tokenizer.mask_token_id is None:
                raise UsageError(
                    "This tokenizer has no mask token: train one with --tokenizer bpe."
                )
            special = tokenizer.all_special_ids
            return TokenMasker(tokenizer.mask_token_id, len(tokenizer), special, seed)
        if self._is_corrupted():
            ids = [tokenizer.convert_tokens_to_ids(f"<extra_id_{i}>") for i in range(100)]
            if None in ids:
                raise UsageError("T5 needs a tokenizer with <extra_id_0> to <extra_id_99>.")
            return SpanCorruptor(
                ids, int(tokenizer.eos_token_id), int(tokenizer.pad_token_id), seed
            )
        return collate_next_tokens

    def _is_masked(self) -> bool:
        return self.shape.family in MASKED

    def _is_corrupted(self) -> bool:
        return self.shape.family in CORRUPTED

    def _record(self, step: int, values: Mapping[str, float]) -> None:
        self.runtime.runs.record(self.run, step, values)
        shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items() if "loss" in name)
        if shown:
            self.runtime.progress(step, 0, f"step {step}, {shown}")

    def _sample(self, step: int) -> None:
        """A text that the model writes now; only decoders write."""
        if self._is_masked() or self._is_corrupted():
            return
        import torch

        self.model.eval()
        ids = self.tokenizer(self.config.sample, return_tensors="pt", add_special_tokens=False)
        start = ids["input_ids"].to(self.model.device)
        with torch.random.fork_rng(devices=[]), torch.inference_mode():
            torch.manual_seed(step)
            room = min(SAMPLE, self.shape.context - start.shape[1] - 1)
            written = self.model.generate(
                start, attention_mask=torch.ones_like(start), max_new_tokens=room, do_sample=True,
                temperature=0.8, top_k=50, pad_token_id=self.tokenizer.pad_token_id,
            )  # fmt: skip
        self.model.train()
        text = self.tokenizer.decode(written[0])
        self.samples.append({"step": step, "text": text})
        with (self.folder / "samples.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(self.samples[-1], ensure_ascii=False) + "\n")

    def _measure(self, validation: TokenFile) -> Json:
        """Loss over the whole held-out part, in several units."""
        from genwright.training.devices import may_use_bfloat16

        blocks = cut_blocks(validation.open_array(), self.shape.context)
        total, count = sum_losses(
            self.model, blocks, self._make_collator(), may_use_bfloat16(self.config.train)
        )
        per_token = total / count
        metrics: Json = {
            "loss_per_token": round(per_token, 5),
            "perplexity": round(math.exp(min(per_token, 700)), 4),
            "held_out_tokens": validation.count,
        }
        if not self._is_masked() and not self._is_corrupted():
            nats = per_token * validation.count
            metrics["nats_per_character"] = round(nats / validation.characters, 5)
            metrics["bits_per_byte"] = round(nats / validation.bytes / math.log(2), 5)
        return metrics

    def _publish(self, fitted: FitResult, metrics: Json, data: dict[str, DataFacts]) -> str:
        import shutil

        stage = self.folder / "stage"
        shutil.rmtree(stage, ignore_errors=True)
        self.model.to("cpu").save_pretrained(stage / WHOLE)
        self.tokenizer.save_pretrained(stage / WHOLE)
        family = self.model.config.model_type
        as_base = BaseModel("", stage / WHOLE, None, family, "", "", self.shape.context)
        written = [] if self._is_masked() else self._export(stage, as_base)
        facts = VersionFacts(
            kind="model",
            family=family,
            objective="pretraining",
            method="pretraining",
            engine="llamacpp" if written else "transformers",
            context=self.shape.context,
            license=self.config.license,
            data=data,
            config=self.config.model_dump(mode="json"),
            evaluation={"measures": metrics},
            measured={"seconds": fitted.seconds, "peak_mb": fitted.peak_mb,
                      "tokens": fitted.tokens,
                      "tokens_per_second": round(fitted.tokens_per_second, 1)},
            seed=self.config.train.seed,
        )  # fmt: skip
        name = self.runtime.runs.get(self.run).name
        made = self.runtime.versions.publish(
            self.runtime.principal, name, stage, facts, run=self.run
        )
        return made.label

    def _export(self, stage: Path, base: BaseModel) -> Sequence[Path]:
        try:
            return export_kinds(stage, base, self.config.quantization)
        except Refused as error:
            self.runtime.progress(0, 0, str(error))
            return []


def _digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()
