"""Examinations that were held: kept beside the models, by what identifies each model."""

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING

from genwright.engines import Engine, is_stub
from genwright.errors import GenwrightError
from genwright.models.examination import ALL, EDITION, Examination, examine_engine
from genwright.types import Progress

if TYPE_CHECKING:
    from genwright.catalog import Catalog

FOLDER = ".examinations"
RETRY_SECONDS = 600.0
"""A model whose examination failed is not examined again for so long."""
FAILED = Examination({ALL: 0.0})
STUB = Examination({ALL: 1.0})
"""Engines without a model say what they are told, so they are able."""


class ExaminationStore:
    """Results by model, in files beside the models, so that workspaces share them.

    Args:
        catalog: Whose models.
    """

    def __init__(self, catalog: "Catalog") -> None:
        self._catalog = catalog

    def find(self, name: str) -> Examination | None:
        """The result of a model of the catalog; None where it was not examined."""
        entry = self._catalog.entries.get(name)
        held = self.read(self.identify(name))
        if held is None and entry is not None and entry.examined and self._is_pinned(name):
            return Examination(entry.examined)
        return held

    def identify(self, name: str) -> str:
        """What a model of the catalog is known by: the digest of its weights, or its name."""
        held, entry = self._catalog.read_manifest(name), self._catalog.entries.get(name)
        files = held.files if held is not None else entry.files if entry is not None else ()
        digests = [file.sha256 for file in files if file.name.endswith(".gguf")]
        return next(filter(None, digests), name)

    def _is_pinned(self, name: str) -> bool:
        """Whether what is here, if anything, are the files that the catalog names."""
        digests = {file.sha256 for file in self._catalog.entries[name].files}
        return self.identify(name) in digests

    def read(self, identity: str) -> Examination | None:
        """The result kept for an identity; None where there is none of this edition."""
        try:
            told = json.loads(self._find_place(identity).read_text(encoding="utf-8"))
            return Examination(dict(told["shares"]), told["seconds"], tuple(told["replies"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, identity: str, name: str, examination: Examination) -> None:
        """Keep a result, there wholly or not at all; where nobody may write it is not kept."""
        place = self._find_place(identity)
        told = {"model": name, "edition": EDITION, **asdict(examination)}
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            partial = place.with_suffix(".new")
            partial.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
            partial.replace(place)
        except OSError:
            return

    def _find_place(self, identity: str) -> Path:
        digest = hashlib.sha256(f"{EDITION} {identity}".encode()).hexdigest()[:24]
        return self._catalog.models_dir / FOLDER / f"{digest}.json"


class Examinations:
    """Who of a workspace's chat models may word answers. Safe to use from threads.

    Args:
        store: Keeps the results.
        get_engine: Opens a chat model by its name.
        identify: What a model is known by that is not of the catalog; None where it is.
        progress: Told of examinations.
    """

    def __init__(
        self,
        store: ExaminationStore,
        get_engine: Callable[[str], Engine],
        identify: Callable[[str], str | None],
        progress: Progress,
    ) -> None:
        self.store, self._get_engine, self._progress = store, get_engine, progress
        self._identify_other = identify
        self._known: dict[str, Examination] = {}
        self._failed: dict[str, float] = {}
        self._examining: defaultdict[str, Lock] = defaultdict(Lock)

    def find(self, name: str) -> Examination | None:
        """The result of a chat model, by any name that ``Models.get_engine`` takes."""
        if is_stub(name):
            return STUB
        identity = self._identify(name)
        if identity in self._known:
            return self._known[identity]
        found = self.store.read(identity) or self.store.find(name)
        if found is not None:
            self._known[identity] = found
        return found

    def require(self, name: str, cancel: Event | None = None) -> Examination:
        """The result of a chat model, which is examined where it never was.

        One that fails counts as not able for a while, and is not kept.

        Raises:
            NotFound: The model is not here.
            EngineFailed: It does not load.
        """
        with self._examining[name]:
            if (found := self.find(name)) is not None:
                return found
            if time.monotonic() < self._failed.get(name, 0.0):
                return FAILED
            self._get_engine(name)
            try:
                return self.examine(name, cancel)
            except GenwrightError:
                if cancel is None or not cancel.is_set():
                    self._failed[name] = time.monotonic() + RETRY_SECONDS
                return FAILED

    def examine(self, name: str, cancel: Event | None = None) -> Examination:
        """Examine a chat model, again where it was, and keep the result.

        Raises:
            NotFound: The model is not here.
            EngineFailed: It does not load, fails or takes too long.
        """
        engine = self._get_engine(name)
        found = examine_engine(engine, self._progress, cancel)
        identity = self._identify(name)
        self.store.keep(identity, name, found)
        self._known[identity] = found
        return found

    def _identify(self, name: str) -> str:
        return self._identify_other(name) or self.store.identify(name)
