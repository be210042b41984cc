"""Public benchmarks from local files, by EleutherAI's lm-evaluation-harness.

The harness renders, scores and aggregates; the questions come from a file, in the form that the
benchmark is published in, and the model is any engine. HumanEval's programs run confined.
"""

import csv
import gzip
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genwright.engines import Engine, Sampling
from genwright.errors import NotFound, UnknownName, UsageError
from genwright.evaluation.benchmarks.sandbox import run_code
from genwright.evaluation.intervals import bootstrap_mean
from genwright.extras import need
from genwright.types import Json, Progress, ignore_progress

Rows = list[Json]
LETTERS = "ABCD"


@dataclass(frozen=True)
class Benchmark:
    """One benchmark: how its file is read, and what the harness does with it."""

    read: Callable[[Path], Rows]
    task: Json
    """Of the harness's YAML, without name and data."""
    metric: str
    """Of the harness, whose value for each question is reported with an interval."""


def run_bench(
    engine: Engine,
    name: str,
    files: Path,
    *,
    limit: int | None = None,
    shots: int = 0,
    progress: Progress = ignore_progress,
) -> Json:
    """Ask a model the questions of a benchmark.

    Args:
        engine: Scores and completes.
        name: ``arc_easy``, ``arc_challenge``, ``hellaswag``, ``mmlu``, ``openbookqa``,
            ``winogrande``, ``truthfulqa``, ``gsm8k`` or ``humaneval``.
        files: The file of the benchmark, or the folder that holds it.
        limit: Only so many of its questions, the first ones.
        shots: Questions with answers before each.
        progress: Told of requests that are answered.

    Returns:
        ``{"task", "metric", "value", "low", "high", "rows", "shots", "sha256"}``.

    Raises:
        UnknownName: There is no such benchmark.
        NotFound: There is no file of it.
        UsageError: A file is not in its form.
    """
    if name == "humaneval":
        return _run_human_eval(engine, files, limit, progress)
    if name not in BENCHES:
        known = ", ".join([*BENCHES, "humaneval"])
        raise UnknownName(f"There is no benchmark {name!r}. Known: {known}.")
    bench, path = BENCHES[name], _find_file(name, files)
    rows = bench.read(path)
    if not rows:
        raise UsageError(f"{path} holds no questions.")
    values = _run_harness(engine, name, bench, rows, limit, shots, progress)
    found = bootstrap_mean(values)
    return {"task": name, "metric": bench.metric, **found.json(), "rows": len(values),
            "shots": shots, "sha256": _digest(path), "of_rows": len(rows)}  # fmt: skip


def _run_harness(
    engine: Engine,
    name: str,
    bench: Benchmark,
    rows: Rows,
    limit: int | None,
    shots: int,
    progress: Progress,
) -> list[float]:
    """The metric of each question."""
    os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    harness = need("lm_eval", "train", "Benchmarks")
    tasks = need("lm_eval.tasks", "train", "Benchmarks")
    from genwright.evaluation.benchmarks.harness import wrap_engine

    with tempfile.TemporaryDirectory(prefix="genwright-bench-") as folder:
        data = Path(folder) / "rows.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        described = {
            "task": f"genwright_{name}",
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(data)}, "cache_dir": f"{folder}/cache"},
            "test_split": "test",
            "fewshot_split": "test",
            **bench.task,
        }
        (Path(folder) / f"{name}.yaml").write_text(json.dumps(described), encoding="utf-8")
        manager = tasks.TaskManager(include_path=folder, include_defaults=False)
        result = harness.simple_evaluate(
            model=wrap_engine(engine, progress),
            tasks=[f"genwright_{name}"],
            num_fewshot=shots,
            limit=limit,
            task_manager=manager,
            bootstrap_iters=0,
            log_samples=True,
            verbosity="ERROR",
        )
    samples = result["samples"][f"genwright_{name}"]
    return [float(sample[bench.metric]) for sample in samples]


def _run_human_eval(engine: Engine, files: Path, limit: int | None, progress: Progress) -> Json:
    """pass@1 with the likeliest completion. Chen et al. 2021, arXiv:2107.03374."""
    path = _find_file("humaneval", files)
    rows = _read_lines(path)[:limit]
    values = []
    stops = ("\nclass", "\ndef", "\n#", "\nif", "\nprint", "\n```")
    for number, row in enumerate(rows, 1):
        sampling = Sampling(max_tokens=384, stop=stops)
        written = "".join(delta.text for delta in engine.complete(row["prompt"].rstrip(), sampling))
        values.append(float(has_passed(row, written)))
        progress(number, len(rows), f"{number} of {len(rows)} programs written")
    return {"task": "humaneval", "metric": "pass@1", **bootstrap_mean(values).json(),
            "rows": len(values), "shots": 0, "sha256": _digest(path)}  # fmt: skip


def has_passed(row: Json, written: str) -> bool:
    """Whether a completion of HumanEval's prompt passes its tests, run confined."""
    program = f"{row['prompt'].rstrip()}{written}\n\n{row['test']}\n\ncheck({row['entry_point']})\n"
    return run_code(program).passed


def _find_file(name: str, files: Path) -> Path:
    if files.is_file():
        return files
    suffixes = (".jsonl", ".jsonl.gz", ".tar.gz", ".json", ".csv")
    found = sorted(path for path in files.rglob("*") if path.name.endswith(suffixes))
    exact = [path for path in found if path.name.split(".")[0].lower() == name]
    tests = [path for path in found if path.name.startswith("test.")]
    chosen = exact or tests or (found if len(found) == 1 else [])
    if not chosen:
        raise NotFound(f"There is no file of {name} in {files}: name it with --files.")
    return chosen[0]


def _read_text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")


def _read_lines(path: Path) -> Rows:
    try:
        return [json.loads(line) for line in _read_text(path).splitlines() if line.strip()]
    except (ValueError, OSError) as error:
        raise UsageError(f"{path} is not valid JSON Lines: {error}.") from error


def _read_multiple_choice(path: Path) -> Rows:
    """``{"query", "choices", "gold"}`` rows, as several collections publish these tasks."""
    rows = []
    for row in _read_lines(path):
        if "query" in row:
            gold = int(row["gold"])
            rows.append({"query": row["query"], "choices": row["choices"], "gold": gold})
        elif "endings" in row:  # HellaSwag
            rows.append({"query": row["ctx"], "choices": row["endings"], "gold": int(row["label"])})
        elif "choices" in row and isinstance(row["choices"], dict):  # ARC and OpenBookQA of AI2
            labels = list(row["choices"]["label"])
            question = row.get("question") or row.get("question_stem")
            rows.append({
                "query": f"Question: {question}", "choices": list(row["choices"]["text"]),
                "gold": labels.index(row["answerKey"]),
            })  # fmt: skip
        else:
            raise UsageError(f"{path} holds rows of {sorted(row)}: expected query, choices, gold.")
    return rows


def _read_truthful(path: Path) -> Rows:
    """TruthfulQA's multiple choice with one right answer, mc1."""
    rows = []
    for row in _read_lines(path):
        targets = row["mc1_targets"]
        pairs = (
            list(zip(targets["choices"], targets["labels"], strict=True))
            if "choices" in targets
            else list(targets.items())
        )
        choices = [text for text, _ in pairs]
        gold = next(place for place, (_, label) in enumerate(pairs) if label)
        rows.append({"query": f"Q: {row['question']}\nA:", "choices": choices, "gold": gold})
    return rows


def _read_winogrande(path: Path) -> Rows:
    """The two contexts become two choices; what follows is the same."""
    rows = []
    for row in _read_lines(path):
        if "context_options" in row:
            contexts, ending, gold = row["context_options"], row["continuation"], row["gold"]
        else:
            before, _, ending = row["sentence"].partition("_")
            contexts = [before + row["option1"], before + row["option2"]]
            gold = int(row["answer"]) - 1
        rows.append({"contexts": contexts, "ending": ending.strip(), "gold": int(gold)})
    return rows


def _read_mmlu(path: Path) -> Rows:
    """Questions of all subjects, from one CSV file or an archive with one for each."""
    rows: Rows = []
    for name, text in _read_tables(path):
        subject = Path(name).stem.rsplit("_", 1)[0].replace("_", " ")
        for cells in csv.reader(io.StringIO(text)):
            if len(cells) == 6:
                query, gold = _format_mmlu_prompt(subject, cells), LETTERS.index(cells[5])
                rows.append({"query": query, "choices": list(LETTERS), "gold": gold})
    return rows


def _format_mmlu_prompt(subject: str, cells: Sequence[str]) -> str:
    """As Hendrycks et al. 2020, arXiv:2009.03300, ask."""
    listed = "\n".join(f"{a}. {text}" for a, text in zip(LETTERS, cells[1:5], strict=True))
    first = f"The following are multiple choice questions (with answers) about {subject}.\n\n"
    return f"{first}{cells[0]}\n{listed}\nAnswer:"


def _read_tables(path: Path) -> Iterator[tuple[str, str]]:
    if not path.name.endswith((".tar.gz", ".tgz", ".tar")):
        yield path.name, _read_text(path)
        return
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda each: each.name):
            file = archive.extractfile(member) if member.name.endswith(".csv") else None
            if file is not None:
                yield member.name, file.read().decode("utf-8")


def _digest(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make_choice_config(query: str, between: str = " ") -> Json:
    return {
        "output_type": "multiple_choice",
        "doc_to_text": query,
        "doc_to_choice": "{{choices}}",
        "doc_to_target": "{{gold}}",
        "target_delimiter": between,
        "metric_list": [
            {"metric": "acc", "aggregation": "mean", "higher_is_better": True},
            {"metric": "acc_norm", "aggregation": "mean", "higher_is_better": True},
        ],
    }


BENCHES: dict[str, Benchmark] = {
    "arc_easy": Benchmark(_read_multiple_choice, _make_choice_config("{{query}}\nAnswer:"), "acc"),
    "arc_challenge": Benchmark(
        _read_multiple_choice, _make_choice_config("{{query}}\nAnswer:"), "acc_norm"
    ),
    "hellaswag": Benchmark(_read_multiple_choice, _make_choice_config("{{query}}"), "acc_norm"),
    "openbookqa": Benchmark(_read_multiple_choice, _make_choice_config("{{query}}"), "acc_norm"),
    "mmlu": Benchmark(_read_mmlu, _make_choice_config("{{query}}"), "acc"),
    "truthfulqa": Benchmark(_read_truthful, _make_choice_config("{{query}}"), "acc"),
    "winogrande": Benchmark(
        _read_winogrande,
        {
            "output_type": "multiple_choice",
            "doc_to_text": "{{gold}}",
            "doc_to_target": "{{ending}}",
            "doc_to_choice": "{{contexts}}",
            "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
        },
        "acc",
    ),
    "gsm8k": Benchmark(
        _read_lines,
        {
            "output_type": "generate_until",
            "doc_to_text": "Question: {{question}}\nAnswer:",
            "doc_to_target": "{{answer}}",
            "generation_kwargs": {"until": ["Question:", "</s>", "<|im_end|>"], "max_gen_toks": 256,
                                  "do_sample": False, "temperature": 0.0},
            "filter_list": [{
                "name": "last-number",
                "filter": [
                    {"function": "regex", "group_select": -1,
                     "regex_pattern": "(-?[$0-9.,]{2,})|(-?[0-9]+)"},
                    {"function": "take_first"},
                ],
            }],
            "metric_list": [{
                "metric": "exact_match", "aggregation": "mean", "higher_is_better": True,
                "ignore_case": True, "ignore_punctuation": False,
                "regexes_to_ignore": [",", "\\$", "(?s).*#### ", "\\.$"],
            }],
        },
        "exact_match",
    ),
}  # fmt: skip
"""By name: prompts and metrics as the harness's own tasks have them."""
