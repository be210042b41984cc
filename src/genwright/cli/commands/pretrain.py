"""``genwright pretrain``: a model from scratch on any text."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.context import open_runtime
from genwright.cli.options import AsJson, RegistryName, Resume, TimeLimit
from genwright.cli.printing.output import print_fields, print_json, print_remark
from genwright.cli.signals import catch_signals


def command(
    ctx: typer.Context,
    texts: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="UTF-8 texts.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML or YAML; options win over it.")
    ] = None,
    name: RegistryName = "",
    family: Annotated[str, typer.Option(help="llama, gpt2, qwen2, bert, t5 and others.")] = "",
    tokenizer: Annotated[
        str, typer.Option(help="A folder, or bpe, wordpiece, unigram or bytes to train one.")
    ] = "",
    minutes: TimeLimit = 0,
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--param", "-p", metavar="KEY=VALUE", help="Such as layers=6 or learning_rate=1e-3."
        ),
    ] = None,
    resume: Resume = None,
    as_json: AsJson = False,
) -> None:
    """Train a model from scratch: decoder, encoder or encoder-decoder, by its family.

    Example: genwright pretrain shakespeare.txt --family llama --tokenizer bytes --time-limit 15
    """
    from genwright.hardware import let_threads_rest
    from genwright.training.pretrain import begin_pretraining, pretrain
    from genwright.training.pretrain_request import read_pretrain_config

    let_threads_rest()
    with catch_signals() as stop, open_runtime(ctx, stop=stop) as runtime:
        if resume is None:
            wanted = read_pretrain_config(
                config, texts or [], name, family, tokenizer, minutes, options or []
            )
            resume = begin_pretraining(runtime, wanted)
        print_remark(
            f"run {resume}: genwright runs show {resume}; if interrupted: --resume {resume}"
        )
        result = pretrain(runtime, resume)
    print_json(result) if as_json else print_fields(
        {key: value for key, value in result.items() if key not in ("samples", "reason")}
    )
