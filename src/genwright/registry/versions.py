"""Models in the registry: versions of weights by digest, there wholly or not at all.

The files of a version lie in ``versions/<digest>/``; a version is what the store says is one. They
are put there first, in one step, and the row is written last: a process that dies in between
leaves a folder that nobody refers to, which the next publication clears away.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from sqlalchemy import func, select

from genwright.errors import NotFound, Refused, UntrustedWeights, UsageError
from genwright.registry.aliases import CANDIDATE, LIVE, Aliases
from genwright.registry.facts import VersionFacts
from genwright.settings import STORED
from genwright.storage import Database, Model, ModelAliasMove, ModelVersion, StoreSession
from genwright.types import Json, Principal
from genwright.workspace import Workspace

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ALIASES = Aliases(ModelAliasMove, "model_id")


@dataclass(frozen=True)
class TrainedVersion:
    """One version of a model."""

    name: str
    number: int
    digest: str
    """SHA-256 over the names and digests of its files."""
    facts: VersionFacts
    files: tuple[Json, ...]
    """``{"name", "size", "sha256"}`` of each."""
    folder: Path
    run: int | None
    card: str
    """What a person wrote in place of the generated card."""
    created_by: str
    created_at: str
    """ISO 8601, UTC."""

    @property
    def label(self) -> str:
        """Its exact name, such as ``toolcalls@3``."""
        return f"{self.name}@{self.number}"

    @property
    def serving_name(self) -> str:
        """What the API calls it: ``base+name@3`` for an adapter, else its label.

        A base that is a folder has no name that an API could use.
        """
        named = self.facts.kind == "adapter" and "/" not in self.facts.base
        return f"{self.facts.base}+{self.label}" if named else self.label

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(int(file["size"]) for file in self.files)

    def json(self) -> Json:
        """Every field."""
        facts = self.facts.model_dump(mode="json")
        values = {**self.__dict__, "facts": facts, "folder": str(self.folder)}
        return {**values, "files": list(self.files), "label": self.label, "size": self.size}


@dataclass(frozen=True)
class ModelSummary:
    """A model as lists show it."""

    name: str
    versions: int
    aliases: Mapping[str, int]
    """Version number by alias."""
    newest: TrainedVersion

    def json(self) -> Json:
        """Every field, of the newest version only what lists show."""
        facts = self.newest.facts
        return {
            "name": self.name,
            "versions": self.versions,
            "aliases": dict(self.aliases),
            "base": facts.base,
            "method": facts.method,
            "objective": facts.objective,
            "created_at": self.newest.created_at,
        }


class ModelVersions:
    """The trained models of a workspace.

    Args:
        database: The store.
        folder: Where the files of versions lie.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder

    def publish(
        self,
        principal: Principal,
        name: str,
        stage: Path,
        facts: VersionFacts,
        *,
        run: int | None = None,
    ) -> TrainedVersion:
        """Make a folder of finished files a version; it is the candidate, and the first is live.

        Args:
            principal: Who publishes.
            name: Of the model; it is made where there is none.
            stage: The folder, on the same disk; it is moved away.
            facts: What is known of the weights.
            run: The run that made them.

        Raises:
            UsageError: The name has other characters than a-z, 0-9, ``.``, ``_`` and ``-``.
            Refused: The folder is empty.
        """
        if not NAME.fullmatch(name):
            raise UsageError(
                f"Expected a name of a-z, 0-9, '.', '_' and '-' (at most 64), got {name!r}."
            )
        files = _list_files(stage)
        if not files:
            raise Refused(f"{stage} holds no files to publish.")
        digest = digest_files(files)
        with self._lock():
            self._settle(stage, digest)
            with self.database.write(principal) as session:
                row = session.scalar(select(Model).where(Model.name == name))
                if row is None:
                    row = Model(name=name, owner=principal.name)
                    session.add(row)
                    session.flush()
                return self._add_version(session, row, digest, files, facts, run)

    def list_models(self, principal: Principal) -> list[ModelSummary]:
        """All models by name, each with its newest version."""
        with self.database.read(principal) as session:
            rows = session.scalars(select(Model).order_by(Model.name)).all()
            return [self._summarize(session, row) for row in rows]

    def list_versions(self, principal: Principal, name: str) -> list[TrainedVersion]:
        """Every version of a model, oldest first.

        Raises:
            NotFound: There is no such model.
        """
        with self.database.read(principal) as session:
            row = _find_row(session, name)
            rows = session.scalars(
                select(ModelVersion)
                .where(ModelVersion.model_id == row.id)
                .order_by(ModelVersion.number)
            )
            return [self._read_version(name, each) for each in rows]

    def resolve(self, principal: Principal, named: str) -> TrainedVersion:
        """A version by ``NAME`` (its live one), ``NAME@3`` or ``NAME@alias``.

        What stands before a ``+`` must be the base that the version is for.

        Raises:
            NotFound: There is no such model or version.
            UsageError: The base that is named is not the version's.
        """
        base, plus, rest = named.rpartition("+")
        name, _, which = rest.partition("@")
        with self.database.read(principal) as session:
            found = self._find_version(session, _find_row(session, name), which or LIVE)
        if plus and base != found.facts.base:
            raise UsageError(
                f"{found.label} is for the base {found.facts.base!r}, not {base!r}: ask for "
                f"{found.serving_name}."
            )
        return found

    def promote(self, principal: Principal, name: str, version: str = CANDIDATE) -> TrainedVersion:
        """Let ``live`` point to a version, by number or alias.

        Raises:
            NotFound: There is no such model or version.
        """
        return self.point_alias(principal, name, LIVE, version)

    def point_alias(
        self, principal: Principal, name: str, alias: str, version: str
    ) -> TrainedVersion:
        """Let any alias point to a version.

        Raises:
            NotFound: There is no such model or version.
            UsageError: The alias is a number or not possible.
        """
        if not NAME.fullmatch(alias) or alias.isdigit():
            raise UsageError(f"Expected an alias such as 'live' or 'friday', got {alias!r}.")
        with self.database.write(principal) as session:
            row = _find_row(session, name)
            found = self._find_version(session, row, version)
            _ALIASES.move(session, row.id, alias, _find_version_id(session, row, found.number))
            return found

    def rollback(self, principal: Principal, name: str) -> TrainedVersion:
        """Let ``live`` point to the version that it pointed to before the present one.

        Raises:
            NotFound: There is no such model.
            Refused: It has always pointed to this one.
        """
        with self.database.write(principal) as session:
            row = _find_row(session, name)
            before = _ALIASES.find_previous(session, row.id)
            if before is None:
                raise Refused(f"{name!r} has had one live version only: nothing to go back to.")
            _ALIASES.move(session, row.id, LIVE, before)
            return self._read_version(name, session.get_one(ModelVersion, before))

    def write_card(self, principal: Principal, named: str, card: str) -> None:
        """Put a person's words in place of the generated card; empty brings that one back."""
        found = self.resolve(principal, named)
        with self.database.write(principal) as session:
            row = _find_row(session, found.name)
            version = session.get_one(ModelVersion, _find_version_id(session, row, found.number))
            version.card = card

    def check(self, trained: TrainedVersion) -> None:
        """Compare the files of a version with their digests.

        Raises:
            UntrustedWeights: One is missing or not as it was published.
        """
        there = {str(file["name"]): file for file in _list_files(trained.folder)}
        for file in trained.files:
            if there.get(str(file["name"])) != dict(file):
                raise UntrustedWeights(
                    f"{trained.label}: {file['name']} is missing or not as it was published. "
                    "Restore it from a backup or an export."
                )

    def _add_version(
        self,
        session: StoreSession,
        row: Model,
        digest: str,
        files: list[Json],
        facts: VersionFacts,
        run: int | None,
    ) -> TrainedVersion:
        last = session.scalar(
            select(func.max(ModelVersion.number)).where(ModelVersion.model_id == row.id)
        )
        made = ModelVersion(
            model_id=row.id, number=(last or 0) + 1, digest=digest, files=files,
            facts=facts.model_dump(mode="json"), run_id=run, created_by=session.principal.name,
        )  # fmt: skip
        session.add(made)
        session.flush()
        for alias in (CANDIDATE,) if last else (CANDIDATE, LIVE):
            _ALIASES.move(session, row.id, alias, made.id)
        return self._read_version(row.name, made)

    def _summarize(self, session: StoreSession, row: Model) -> ModelSummary:
        rows = session.scalars(
            select(ModelVersion)
            .where(ModelVersion.model_id == row.id)
            .order_by(ModelVersion.number)
        ).all()
        numbers = {each.id: each.number for each in rows}
        aliases = {
            alias: numbers[id_] for alias, id_ in _ALIASES.map_current(session, row.id).items()
        }
        return ModelSummary(row.name, len(rows), aliases, self._read_version(row.name, rows[-1]))

    def _find_version(self, session: StoreSession, row: Model, named: str) -> TrainedVersion:
        is_number = named.isascii() and named.isdigit() and len(named) < 10
        wanted = select(ModelVersion).where(ModelVersion.model_id == row.id)
        if is_number:
            wanted = wanted.where(ModelVersion.number == int(named))
        else:
            wanted = wanted.where(
                ModelVersion.id == _ALIASES.map_current(session, row.id).get(named, -1)
            )
        found = session.scalar(wanted)
        if found is None:
            raise NotFound(
                f"{row.name!r} has no version {named!r}: genwright registry show {row.name}"
            )
        return self._read_version(row.name, found)

    def _read_version(self, name: str, row: ModelVersion) -> TrainedVersion:
        return TrainedVersion(
            name=name, number=row.number, digest=row.digest,
            facts=VersionFacts.model_validate(row.facts, context=STORED), files=tuple(row.files),
            folder=self.folder / row.digest, run=row.run_id, card=row.card,
            created_by=row.created_by,
            created_at=row.created_at.replace(tzinfo=UTC).isoformat(timespec="seconds"),
        )  # fmt: skip

    def _settle(self, stage: Path, digest: str) -> None:
        """Move a finished folder into place, on disk before its row is; clear what is nobody's."""
        with self.database.engine.connect() as connection:
            kept = set(connection.execute(select(ModelVersion.digest)).scalars())
        for orphan in self.folder.iterdir():
            if orphan.is_dir() and orphan.name not in kept:
                shutil.rmtree(orphan, ignore_errors=True)
        target = self.folder / digest
        if target.exists():  # the same files were published before
            shutil.rmtree(stage)
            return
        for path in stage.rglob("*"):
            _sync(path)
        _sync(stage)
        os.replace(stage, target)
        _sync(self.folder)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        from filelock import FileLock

        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock"):
            yield


def digest_files(files: list[Json]) -> str:
    """SHA-256 over the names and digests of a version's files, in the order of their names."""
    lines = "\n".join(f"{file['sha256']}  {file['name']}" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _list_files(folder: Path) -> list[Json]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.tell()
            name = path.relative_to(folder).as_posix()
            found.append({"name": name, "size": size, "sha256": sha256})
    return found


def _find_row(session: StoreSession, name: str) -> Model:
    row = session.scalar(select(Model).where(Model.name == name))
    if row is None:
        known = ", ".join(session.scalars(select(Model.name).order_by(Model.name)))
        raise NotFound(f"No trained model {name!r}. Known: {known or 'none yet'}.")
    return row


def _find_version_id(session: StoreSession, row: Model, number: int) -> int:
    wanted = select(ModelVersion.id).where(
        ModelVersion.model_id == row.id, ModelVersion.number == number
    )
    return session.scalars(wanted).one()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_versions(workspace: Workspace) -> ModelVersions:
    """The trained models of a workspace."""
    return ModelVersions(workspace.database, workspace.versions_dir)
