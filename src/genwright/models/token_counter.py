"""Checking a data set with what a workspace has: tokenizers of its models, its embedder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from genwright.datasets import (
    CheckReport,
    Limits,
    check_dataset,
    mended,
    read_dataset,
    write_dataset,
)
from genwright.errors import GenwrightError, NotFound
from genwright.runtime import Runtime
from genwright.tuning.job import parse_pairs


@dataclass(frozen=True)
class Check:
    """What is to be checked."""

    file: Path
    form: str = ""
    columns: tuple[str, ...] = ()
    """``FIELD=COLUMN`` each."""
    tokens: str = ""
    """Model whose tokens are counted, or a ``tokenizer.json``; empty to leave lengths alone."""
    limit: int = 2048
    against: tuple[Path, ...] = ()
    embed: bool = False


def checked(parts: Runtime, wanted: Check, mend: Path | None = None) -> CheckReport:
    """Check a file, and write a mended copy where one is wanted.

    Raises:
        NotFound: There is no such file or model.
        UsageError: A file cannot be read.
    """
    columns = parse_pairs(wanted.columns, "--map FIELD=COLUMN")
    dataset = read_dataset(wanted.file, form=wanted.form, columns=columns)
    limits = Limits(counter(parts, wanted.tokens), wanted.limit) if wanted.tokens else None
    report = check_dataset(
        dataset,
        limits=limits,
        against=[read_dataset(path, form=wanted.form, columns=columns) for path in wanted.against],
        embed=parts.embedder.embed if wanted.embed else None,
    )
    if mend is not None:
        write_dataset(mended(dataset, report), mend)
    return report


def counter(parts: Runtime, named: str) -> Callable[[Sequence[str]], list[int]]:
    """Counts tokens as a model does: by its own tokenizer file, else by its engine.

    Raises:
        NotFound: There is no such model.
    """
    file = _tokenizer_file(parts, named)
    if file is None:
        return parts.engine(named).count_tokens
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(texts: Sequence[str]) -> list[int]:
        return [
            len(each) for each in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        ]

    return count


def _tokenizer_file(parts: Runtime, named: str) -> Path | None:
    path = Path(named).expanduser()
    if path.is_file():
        return path
    if (path / "tokenizer.json").is_file():
        return path / "tokenizer.json"
    try:
        found = parts.models.base(named).folder / "tokenizer.json"
    except NotFound:
        raise
    except GenwrightError:  # the training libraries are not here: the engine counts
        return None
    return found if found.is_file() else None
