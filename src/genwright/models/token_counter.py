"""Counting tokens as a model does."""

from collections.abc import Callable, Sequence
from pathlib import Path

from genwright.errors import GenwrightError, NotFound
from genwright.models.pool import Models


def make_token_counter(models: Models, named: str) -> Callable[[Sequence[str]], list[int]]:
    """Counts tokens as a model does: by its own tokenizer file, else by its engine.

    Raises:
        NotFound: There is no such model.
    """
    file = _find_tokenizer_file(models, named)
    if file is None:
        return models.get_engine(named).count_tokens
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(texts: Sequence[str]) -> list[int]:
        return [
            len(each) for each in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        ]

    return count


def _find_tokenizer_file(models: Models, named: str) -> Path | None:
    path = Path(named).expanduser()
    if path.is_file():
        return path
    if (path / "tokenizer.json").is_file():
        return path / "tokenizer.json"
    try:
        found = models.open_base(named).folder / "tokenizer.json"
    except NotFound:
        raise
    except GenwrightError:  # the training libraries are not here: the engine counts
        return None
    return found if found.is_file() else None
