"""Prompts by name, tried and compared with the models of a workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genwright.datasets import Dataset, read_dataset
from genwright.engines import ChatMessage, ChatRequest, Sampling, collect_chat
from genwright.errors import UsageError
from genwright.evaluation.prompt_comparison import compare_prompts, list_variants
from genwright.evaluation.records import keep_evaluation
from genwright.evaluation.tasks import TaskCase
from genwright.options import parse_pairs
from genwright.prompts import Prompt, Shot, list_prompt_names, load_prompt, read_prompt
from genwright.runtime import Runtime
from genwright.training.chat_rendering import read_messages, read_references
from genwright.types import Json


@dataclass(frozen=True)
class PromptComparison:
    """What is compared."""

    prompts: tuple[str, ...]
    data: Path
    model: str = ""
    metric: str = "accuracy"
    shots: str = "0,1,4"
    """Numbers, with commas."""
    pickers: str = "fixed"
    """Names, with commas."""
    limit: int | None = 100
    form: str = ""
    columns: tuple[str, ...] = ()


def find_prompt(named: str, folder: Path) -> Prompt:
    """A prompt by name, or by the path of its file.

    Raises:
        UnknownName: There is none.
    """
    path = Path(named)
    if path.suffix == ".md" and path.is_file():
        return read_prompt(path)
    return load_prompt(named, folder)


def list_known_prompts(folder: Path) -> list[Json]:
    """Every prompt by name, with its version; the team's own win over the built-in ones."""
    own = {path.stem for path in folder.glob("*.md")} if folder.is_dir() else set()
    rows = []
    for name in sorted({*list_prompt_names(), *own}):
        prompt = load_prompt(name, folder)
        pool = len(prompt.examples.pool) if prompt.examples else 0
        shots = f"{len(prompt.shots)}" + (f" + {prompt.examples.k} of {pool}" if prompt.examples
                                          else "")  # fmt: skip
        rows.append({
            "name": name, "from": "prompts/" if name in own else "built in", "shots": shots,
            "version": prompt.version, "description": prompt.description,
        })  # fmt: skip
    return rows


def format_prompt(prompt: Prompt) -> str:
    """Everything that a prompt says, as text."""
    lines = [f"# {prompt.version}", prompt.description, "", "--- system", prompt.system.strip()]
    for number, (user, assistant) in enumerate(prompt.shots, 1):
        name = prompt.names[number - 1] if number <= len(prompt.names) else ""
        lines += [f"--- shot {name or number}: user", user, "--- assistant", assistant]
    if prompt.examples is not None:
        each = prompt.examples
        lines.append(f"--- {each.k} of {len(each.pool)} examples, {each.picker}")
        lines += [f"{shot.user!r} -> {shot.assistant!r}" for shot in each.pool]
    return "\n".join([*lines, "--- user", prompt.user.strip(), ""])


def try_prompt(runtime: Runtime, named: str, values: Sequence[str], model: str) -> Json:
    """The messages that a prompt makes of values, and a model's reply where one is named.

    Raises:
        SettingsError: The prompt names a value that is not given.
    """
    prompt = find_prompt(named, runtime.workspace.prompts_dir)
    given: dict[str, object] = dict(parse_pairs(values, "--value KEY=VALUE"))
    given = {"passages": (), "messages": (), "today": "", "question": ""} | given
    system, user = prompt.render(**given)
    shots = list(prompt.shots)
    if prompt.examples is not None:
        picked = runtime.models.get_picker(prompt).pick(
            str(given["question"] or user), prompt.examples.k
        )
        shots += [(shot.user, shot.assistant) for shot in picked]
    messages = [ChatMessage("system", system)] if system else []
    for said, replied in shots:
        messages += [ChatMessage("user", said), ChatMessage("assistant", replied)]
    messages.append(ChatMessage("user", user))
    told = [{"role": each.role, "content": each.content} for each in messages]
    result: Json = {"prompt": prompt.version, "messages": told}
    if model:
        request = ChatRequest(tuple(messages), Sampling(max_tokens=256))
        result["reply"], usage = collect_chat(runtime.models.get_engine(model), request)
        result["prompt_tokens"] = usage.prompt_tokens
    return result


def run_prompt_comparison(runtime: Runtime, wanted: PromptComparison) -> Json:
    """Run every variant over a data set, and keep the run.

    Half of the rows are a pool of examples; the others are asked.

    Raises:
        UsageError: The data has no answers, or a number is none.
    """
    columns = parse_pairs(wanted.columns, "--map FIELD=COLUMN")
    dataset = read_dataset(wanted.data, form=wanted.form, columns=columns)
    prompts = [find_prompt(each, runtime.workspace.prompts_dir) for each in wanted.prompts]
    pool, cases, rows = _divide_rows(dataset, wanted.limit)
    model = wanted.model or runtime.settings.answer.model

    def render(prompt: Prompt, case: TaskCase) -> tuple[str, str]:
        question = case.messages[-1].content
        labels = sorted({shot.assistant for shot in pool})
        fields = {"question": question, "labels": labels, "passages": (), "today": "",
                  "messages": (), **rows[case.row]}  # fmt: skip
        return prompt.render(**fields)

    variants = list_variants(prompts, _parse_numbers(wanted.shots), wanted.pickers.split(","))
    config = {"model": model, "metric": wanted.metric, "shots": wanted.shots,
              "pickers": wanted.pickers,
              "prompts": [each.version for each in prompts]}  # fmt: skip
    data = {"name": dataset.name, "sha256": dataset.sha256, "rows": len(cases)}
    with keep_evaluation(runtime.database, runtime.principal, "eval.prompts", config, data) as walk:
        found = compare_prompts(
            runtime.models.get_engine(model), variants, cases, pool, wanted.metric,
            render=render, embed=runtime.models.embedder.embed_queries, progress=runtime.progress,
        )  # fmt: skip
        walk.finish(results={"variants": found})
    return {"run": walk.run, "model": model, "data": data, "variants": found}


def _divide_rows(
    dataset: Dataset, limit: int | None
) -> tuple[list[Shot], list[TaskCase], dict[int, Json]]:
    """Examples of the odd rows, cases of the even ones, and the fields of each case's row."""
    pool: list[Shot] = []
    cases: list[TaskCase] = []
    fields: dict[int, Json] = {}
    for number, row in enumerate(dataset.rows):
        messages = read_messages(row)
        user, reply = messages[-2].content, read_references(row)
        if number % 2:
            pool.append(Shot(user, reply[0], str(row.get("label", ""))))
        elif limit is None or len(cases) < limit:
            fields[number] = {key: value for key, value in row.items() if key != "lineage"}
            cases.append(TaskCase((ChatMessage("user", user),), tuple(reply), "", number))
    if not cases:
        raise UsageError(f"{dataset.name} has no rows to ask.")
    return pool, cases, fields


def _parse_numbers(text: str) -> list[int]:
    try:
        return [int(each) for each in text.split(",")]
    except ValueError as error:
        raise UsageError(f"Expected --shots as numbers with commas, got {text!r}.") from error
