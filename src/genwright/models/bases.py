"""What a training starts from: a model of the catalog, of the registry, or a folder.

A GGUF model is read into weights that can be trained once, and kept beside the models as
safetensors: dequantising takes longer than a short training.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genwright.catalog import Catalog
from genwright.embeddings.e5s1 import unpack_e5s1
from genwright.errors import NotFound, Refused, UnknownName
from genwright.extras import need
from genwright.registry import TrainedVersion
from genwright.types import Progress, ignore_progress

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TRAINABLE = ".trainable"
"""Folder beside the models that holds what was made of GGUF files, by digest."""
CONFIG = "config.json"
CLOSED = ("non-commercial", "noncommercial", "cc-by-nc", "no derivatives", "-nd-", "research only")
"""Words of licences that do not let a team train and use what comes of it."""


@dataclass(frozen=True)
class BaseModel:
    """Weights to start from, in transformers' form."""

    name: str
    """As it was asked for."""
    folder: Path
    gguf: Path | None
    """The GGUF file that serves it; None where none does."""
    family: str
    """``model_type`` of its configuration."""
    digest: str
    license: str
    context: int
    """Longest input, in tokens."""
    parent: TrainedVersion | None = None
    """The version of the registry that it is, if it is one."""

    def read_config(self) -> dict[str, Any]:
        """Its ``config.json``."""
        return json.loads((self.folder / CONFIG).read_text(encoding="utf-8"))

    def open_tokenizer(self) -> "PreTrainedTokenizerBase":
        """Its tokenizer, with its chat template where it has one.

        Raises:
            Refused: There is none, or it does not fit the model.
        """
        return load_tokenizer(self.folder, self.read_config().get("vocab_size", 0))


Resolve = Callable[[str], TrainedVersion]
"""Finds a version of the registry by name, or raises NotFound."""


def find_base(
    name: str,
    catalog: Catalog,
    resolve: Resolve,
    progress: Progress = ignore_progress,
    *,
    accept_license: bool = False,
) -> BaseModel:
    """The base of that name.

    Args:
        name: A folder in the model hub's form, a version of the registry (``NAME@3``), or a model
            of the catalog, which is fetched where it is an embedded one and not here.
        catalog: The models there are.
        resolve: Finds versions.
        progress: Told of long work.
        accept_license: Train although the licence seems to forbid it.

    Raises:
        UnknownName: There is nothing of that name.
        Refused: It is no model that can be trained, or its licence forbids it.
    """
    known = name in catalog.entries or ("/" not in name and catalog.read_manifest(name) is not None)
    base = _find_in_folder(name) or (None if known else _find_in_registry(name, resolve))
    base = base or _find_in_catalog(name, catalog, progress)
    closed = [word for word in CLOSED if word in base.license.lower()]
    if closed and not accept_license:
        raise Refused(
            f"{name!r} is under {base.license!r}, which does not seem to allow this "
            f"({closed[0]}): take another base, or pass --accept-license if you hold a permission."
        )
    return base


def load_tokenizer(folder: Path, vocabulary: int = 0) -> "PreTrainedTokenizerBase":
    """The tokenizer of a folder, which always has a token to pad with.

    Args:
        folder: In the model hub's form.
        vocabulary: Rows of the model's embedding; 0 for not known.

    Raises:
        Refused: There is none, or it has more tokens than the model.
    """
    transformers = need("transformers", "train", "Training")
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise Refused(f"{folder} holds no tokenizer that can be read: {error}.") from error
    if vocabulary and len(tokenizer) > vocabulary:
        raise Refused(
            f"The tokenizer of {folder} has {len(tokenizer)} tokens, the model knows {vocabulary}: "
            "they do not belong together."
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return tokenizer


def _find_in_folder(name: str) -> BaseModel | None:
    folder = Path(name).expanduser()
    if not (folder / CONFIG).is_file():
        if folder.is_dir() and os.sep in name:
            raise Refused(f"{folder} has no {CONFIG}: name a folder in the model hub's form.")
        return None
    weights = [*folder.glob("*.safetensors"), *folder.glob("pytorch_model*.bin")]
    if any(path.suffix == ".bin" for path in weights):
        raise Refused(
            f"{folder} holds pickled weights, which can run code when they are read: convert them "
            "to safetensors first."
        )
    return _describe_base(name, folder.resolve(), None, _digest(weights), _read_license(folder))


def _find_in_registry(name: str, resolve: Resolve) -> BaseModel | None:
    try:
        trained = resolve(name)
    except NotFound:
        if "@" in name:
            raise
        return None
    if trained.facts.kind == "adapter":
        raise Refused(
            f"{trained.label} is an adapter on {trained.facts.base!r}: train on from it with "
            f"--base {trained.facts.base} --from {trained.label}, or merge it first: genwright "
            f"registry merge {trained.label}"
        )
    gguf = next(iter(sorted(trained.folder.glob("*.gguf"))), None)
    license = trained.facts.license
    return _describe_base(name, trained.folder / "hf", gguf, trained.digest, license, trained)


def _find_in_catalog(name: str, catalog: Catalog, progress: Progress) -> BaseModel:
    model, entry = catalog.find(name), catalog.entries.get(name)
    if entry is not None and entry.format != "gguf":
        folder = catalog.fetch_original(name, progress)
        if entry.format == "e5s1":
            with catalog.hold_lock(f"{name}.original"):
                unpack_e5s1(folder)
        sha256 = next(f.sha256 for f in entry.files if f.name.endswith(f".{entry.format}"))
        return _describe_base(name, folder, None, sha256, entry.license)
    if not model.pulled and name in catalog.list_embedded():
        catalog.pull(name, progress)
    path = catalog.find_path(name)
    held = catalog.read_manifest(name)
    assert held is not None  # path has just found it
    digest = held.files[0].sha256
    folder = catalog.models_dir / TRAINABLE / digest[:16]
    with catalog.hold_lock(f"{TRAINABLE}-{digest[:16]}"):
        if not (folder / CONFIG).is_file():
            progress(0, 0, f"reading {name} into trainable weights, once")
            _convert(path, folder)
    return _describe_base(name, folder, path, digest, held.license)


def _convert(gguf: Path, folder: Path) -> None:
    """Read a GGUF file into transformers' form, there wholly or not at all."""
    transformers = need("transformers", "train", "Training")
    import torch

    stage = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    where = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(**where)
        # Without dequantize=True transformers refuses to train or save it.
        model = transformers.AutoModelForCausalLM.from_pretrained(
            **where,
            dtype=torch.float32,
            quantization_config=transformers.GgufConfig(dequantize=True),
        )
    except (ValueError, OSError, KeyError, RuntimeError) as error:
        shutil.rmtree(stage, ignore_errors=True)
        raise Refused(
            f"{gguf.name} cannot be read into trainable weights: {error}. Take the model's own "
            "safetensors folder as the base instead."
        ) from error
    model.save_pretrained(stage)
    tokenizer.save_pretrained(stage)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(stage, folder)


def _describe_base(
    name: str,
    folder: Path,
    gguf: Path | None,
    digest: str,
    license: str,
    parent: TrainedVersion | None = None,
) -> BaseModel:
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    if "model_type" not in config:
        raise UnknownName(f"{folder / CONFIG} names no model_type: transformers cannot load it.")
    lengths = ("max_position_embeddings", "n_positions", "seq_length")
    context = next((int(config[key]) for key in lengths if config.get(key)), 2048)
    return BaseModel(name, folder, gguf, config["model_type"], digest, license, context, parent)


def _digest(weights: list[Path]) -> str:
    total = hashlib.sha256()
    for path in sorted(weights):
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def _read_license(folder: Path) -> str:
    """What the model card in a folder says in its front matter."""
    card = folder / "README.md"
    if not card.is_file():
        return "not stated"
    lines = card.read_text(encoding="utf-8", errors="replace").splitlines()[:60]
    found = next((line for line in lines if line.startswith("license:")), "")
    return found.removeprefix("license:").strip() or "not stated"
