"""Tokenizers: trained on any text, inspected, and compared.

Byte-level BPE (Sennrich et al. 2016, arXiv:1508.07909, over the bytes as in GPT-2), WordPiece
(Schuster and Nakajima 2012, doi:10.1109/ICASSP.2012.6289079) and Unigram (Kudo 2018,
arXiv:1804.10959), by HF's ``tokenizers``.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from genwright.errors import NotFound, UsageError
from genwright.types import Json

Kind = Literal["bpe", "wordpiece", "unigram", "bytes"]
KINDS: tuple[str, ...] = get_args(Kind)
END, PAD, UNKNOWN, MASK = "<|endoftext|>", "<|pad|>", "[UNK]", "[MASK]"
BERT = ("[PAD]", UNKNOWN, "[CLS]", "[SEP]", MASK)
BYTES = 256
PIECE = 1 << 20
"""Characters that are read at once."""


@dataclass(frozen=True)
class Inspection:
    """What a tokenizer makes of a text."""

    vocabulary: int
    kind: str
    special: tuple[str, ...]
    tokens: int
    words: int
    bytes: int
    fertility: float
    """Tokens a word."""
    bytes_per_token: float
    round_trip: bool
    """Whether the text comes back exactly."""
    difference: str
    """Where it first does not; empty where it does."""
    unknown: float
    """Share of tokens that stand for what the vocabulary has not."""
    pieces: tuple[str, ...]
    """The first tokens, as they stand in the vocabulary."""
    longest: tuple[str, ...]
    """The longest tokens that the text uses."""

    def json(self) -> Json:
        """Every field."""
        return asdict(self)


def train_tokenizer(
    files: Sequence[Path],
    target: Path,
    *,
    kind: str = "bpe",
    vocabulary: int = 8000,
    special: Sequence[str] = (),
    min_frequency: int = 2,
) -> Path:
    """Train a tokenizer on texts, and write it in the form that transformers reads.

    The same texts and settings give the same files.

    Args:
        files: UTF-8 texts.
        target: Folder to make; replaced when the new one is whole.
        kind: ``bpe``, ``wordpiece``, ``unigram``, or ``bytes`` for one token a byte.
        vocabulary: Tokens in all, with the special ones.
        special: More special tokens.
        min_frequency: Times that a pair must stand in the texts to become a token.

    Raises:
        UsageError: The kind is not known, the texts are empty, or the vocabulary is too small.
        NotFound: A file is not there.
    """
    if kind not in KINDS:
        raise UsageError(f"Expected a kind of {', '.join(KINDS)}, got {kind!r}.")
    if kind in ("bpe", "unigram") and vocabulary < BYTES + 2 + len(special):
        raise UsageError(
            f"A vocabulary of {vocabulary} is smaller than the {BYTES} bytes and the special "
            f"tokens: take at least {BYTES + 2 + len(special)}."
        )
    for path in files:
        if not path.is_file():
            raise NotFound(f"There is no file {path}.")
    if not any(text.strip() for text in read_texts(files)):
        raise UsageError("The texts are empty: there is nothing to learn a vocabulary from.")
    tokenizer, roles = _TRAINERS[kind](read_texts(files), vocabulary, tuple(special), min_frequency)
    _write(tokenizer, roles, target)
    return target


def load(path: Path) -> Any:
    """A ``tokenizers.Tokenizer`` of a ``tokenizer.json``, or of a folder that has one.

    Raises:
        NotFound: There is none.
        UsageError: It cannot be read.
    """
    from tokenizers import Tokenizer

    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise NotFound(f"There is no tokenizer.json at {path}.")
    try:
        return Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises plain Exception
        raise UsageError(f"{file} is not a readable tokenizer: {error}.") from error


def inspect_text(tokenizer: Any, text: str, most: int = 40) -> Inspection:
    """Measure a tokenizer on a text.

    Args:
        tokenizer: A ``tokenizers.Tokenizer``.
        text: Any text.
        most: Pieces that are shown.

    Raises:
        UsageError: The text is empty.
    """
    if not text:
        raise UsageError("Expected a text to split, got an empty one.")
    tokenizer.no_truncation()
    encoded = tokenizer.encode(text, add_special_tokens=False)
    back = tokenizer.decode(encoded.ids, skip_special_tokens=False)
    words = len(text.split())
    size = len(text.encode())
    saved = json.loads(tokenizer.to_str())
    unknown = tokenizer.token_to_id(saved["model"].get("unk_token") or UNKNOWN)
    used = sorted(set(encoded.tokens), key=lambda token: (-len(token), token))
    added = tokenizer.get_added_tokens_decoder()
    return Inspection(
        vocabulary=tokenizer.get_vocab_size(),
        kind=str(saved["model"]["type"]),
        special=tuple(str(each.content) for _, each in sorted(added.items()) if each.special),
        tokens=len(encoded.ids),
        words=words,
        bytes=size,
        fertility=round(len(encoded.ids) / max(1, words), 4),
        bytes_per_token=round(size / max(1, len(encoded.ids)), 4),
        round_trip=back == text,
        difference=find_first_difference(text, back),
        unknown=round(encoded.ids.count(unknown) / max(1, len(encoded.ids)), 6),
        pieces=tuple(encoded.tokens[:most]),
        longest=tuple(used[:10]),
    )


def find_first_difference(text: str, back: str, around: int = 15) -> str:
    """Where a text and what came back of it first differ; empty where they are the same.

    Example:
        >>> find_first_difference("The cat", "the cat")
        "at 0: 'The cat' came back as 'the cat'"
    """
    if text == back:
        return ""
    pairs = zip(text, back, strict=False)
    place = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(text), len(back)))
    end = place + around
    return f"at {place}: {text[place:end]!r} came back as {back[place:end]!r}"


def read_texts(files: Iterable[Path]) -> Iterator[str]:
    """The texts of files, piece by piece, so that large ones need no memory.

    Raises:
        UsageError: One is not UTF-8.
    """
    for path in files:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                while piece := file.read(PIECE):
                    yield piece
        except UnicodeDecodeError as error:
            raise UsageError(f"{path.name} is not UTF-8: convert it first.") from error


Made = tuple[Any, dict[str, str]]
"""A tokenizer, and its special tokens by role."""


def _train_bpe(texts: Iterator[str], size: int, special: tuple[str, ...], least: int) -> Made:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=least,
        special_tokens=[END, PAD, *special],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer, {"bos_token": END, "eos_token": END, "pad_token": PAD}


def _train_bytes(texts: Iterator[str], size: int, special: tuple[str, ...], least: int) -> Made:
    del texts, size, least
    return _train_bpe(iter([]), BYTES + 2 + len(special), special, 2)


def _train_wordpiece(texts: Iterator[str], size: int, special: tuple[str, ...], least: int) -> Made:
    from tokenizers import (
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )

    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=least,
        special_tokens=[*BERT, *special],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    # The trainer numbers equal vocabularies differently each time; which tokens match does not
    # depend on their numbers.
    first = [*BERT, *special]
    rest = sorted(set(tokenizer.get_vocab()) - set(first))
    numbers = {token: place for place, token in enumerate([*first, *rest])}
    tokenizer.model = models.WordPiece(numbers, unk_token=UNKNOWN)
    tokenizer.add_special_tokens(first)
    ends: Any = [(name, tokenizer.token_to_id(name)) for name in ("[SEP]", "[CLS]")]
    tokenizer.post_processor = processors.BertProcessing(*ends)
    roles = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    return tokenizer, dict(zip(roles, BERT, strict=True))


def _train_unigram(texts: Iterator[str], size: int, special: tuple[str, ...], least: int) -> Made:
    del least  # Unigram keeps tokens by likelihood
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.UnigramTrainer(
        vocab_size=size,
        special_tokens=[PAD, "</s>", "<unk>", *special],
        unk_token="<unk>",
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer, {"eos_token": "</s>", "pad_token": PAD, "unk_token": "<unk>"}


_TRAINERS: dict[str, Callable[[Iterator[str], int, tuple[str, ...], int], Made]] = {
    "bpe": _train_bpe,
    "bytes": _train_bytes,
    "wordpiece": _train_wordpiece,
    "unigram": _train_unigram,
}


def _write(tokenizer: Any, roles: dict[str, str], target: Path) -> None:
    """Write the folder, there wholly or not at all."""
    stage = target.with_name(f".{target.name}.part")
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    tokenizer.save(str(stage / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    (stage / "tokenizer_config.json").write_text(
        json.dumps({**config, **roles}, indent=1) + "\n", encoding="utf-8"
    )
    if target.exists():
        shutil.rmtree(target)
    os.replace(stage, target)
