"""Assistants in the store: versions that never change, aliases that move in one transaction."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from genwright.errors import NotFound, Refused, UsageError
from genwright.prompts import load_prompt
from genwright.registry.aliases import CANDIDATE, LIVE, Aliases
from genwright.registry.config import AssistantConfig, apply_changes, build_config, read_prompt_text
from genwright.settings import STORED, Settings
from genwright.storage import AliasMove, Assistant, AssistantVersion, Database, StoreSession
from genwright.types import OWNER, Json, Principal

FIRST = "assistant"
"""The assistant that a workspace starts with."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ALIASES = Aliases(AliasMove, "assistant_id")


@dataclass(frozen=True)
class ConfigVersion:
    """One configuration with where it comes from."""

    number: int
    config: AssistantConfig
    digest: str
    note: str
    created_by: str
    created_at: str
    """ISO 8601, UTC."""

    def json(self) -> Json:
        """Every field."""
        return {**self.__dict__, "config": self.config.model_dump(mode="json")}


@dataclass(frozen=True)
class ServedAssistant:
    """What answers a request: an assistant at one version."""

    name: str
    version: ConfigVersion

    @property
    def label(self) -> str:
        """Its exact name, such as ``assistant@3``, as traces have it."""
        return f"{self.name}@{self.version.number}"


@dataclass(frozen=True)
class AssistantSummary:
    """An assistant as lists show it."""

    name: str
    default: bool
    versions: int
    aliases: Mapping[str, int]
    """Version by alias."""
    description: str
    model: str

    def json(self) -> Json:
        """Every field."""
        return {**self.__dict__, "aliases": dict(self.aliases)}


class Assistants:
    """The assistants of a workspace. The first one is made when it is first asked for.

    Args:
        database: The store.
        settings: The workspace's; a new assistant begins with them.
        prompts: Folder of the team's own prompts.
    """

    def __init__(self, database: Database, settings: Settings, prompts: Path | None = None) -> None:
        self.database, self.settings, self.prompts = database, settings, prompts

    def create(
        self,
        principal: Principal,
        name: str,
        changes: Mapping[str, Any] | None = None,
        *,
        prompt: str = "answer",
        note: str = "",
    ) -> ServedAssistant:
        """Make an assistant; its first version is live at once.

        Raises:
            UsageError: The name has other characters than a-z, 0-9, ``.``, ``_`` and ``-``.
            Refused: There is one of that name.
        """
        if not NAME.fullmatch(name):
            raise UsageError(
                f"Expected a name of a-z, 0-9, '.', '_' and '-' (at most 64), got {name!r}."
            )
        config = apply_changes(build_config(self.settings, self.prompts, prompt), changes or {})
        with self.database.write(principal) as session:
            if session.scalar(select(Assistant.id).where(Assistant.name == name)) is not None:
                raise Refused(f"There is an assistant {name!r}: genwright assistants set {name} …")
            first = session.scalar(select(func.count()).select_from(Assistant)) == 0
            row = Assistant(name=name, owner=principal.name, default=first)
            session.add(row)
            session.flush()
            return ServedAssistant(
                name, _add_version(session, principal, row, config, note or "created", (LIVE,))
            )

    def revise(
        self,
        principal: Principal,
        name: str,
        changes: Mapping[str, Any],
        *,
        prompt: str = "",
        note: str = "",
    ) -> ServedAssistant:
        """Make a new version: the newest with changes. Nothing is promoted.

        Raises:
            NotFound: There is no such assistant.
            UsageError: A change is not possible, or there is none.
        """
        self._ensure_first()
        with self.database.write(principal) as session:
            row = _find_row(session, name)
            newest = _list_versions(session, row)[-1]
            if prompt:
                words = read_prompt_text(load_prompt(prompt, self.prompts)).model_dump()
                changes = {**changes, "prompt": {**words, **changes.get("prompt", {})}}
            config = apply_changes(newest.config, changes)
            if config == newest.config:
                raise UsageError(f"Nothing differs from {name}@{newest.number}: name a change.")
            return ServedAssistant(
                name, _add_version(session, principal, row, config, note, (CANDIDATE,))
            )

    def adopt(
        self, principal: Principal, name: str, config: AssistantConfig, *, note: str = ""
    ) -> ServedAssistant:
        """Make a new version of a whole configuration; it becomes the candidate.

        Raises:
            NotFound: There is no such assistant.
            UsageError: It is the newest version already.
        """
        with self.database.write(principal) as session:
            row = _find_row(session, name)
            newest = _list_versions(session, row)[-1]
            if config == newest.config:
                raise UsageError(f"Nothing differs from {name}@{newest.number}: name a change.")
            return ServedAssistant(
                name, _add_version(session, principal, row, config, note, (CANDIDATE,))
            )

    def promote(
        self, principal: Principal, name: str, version: str = "candidate"
    ) -> ServedAssistant:
        """Let ``live`` point to a version, by number or alias.

        Raises:
            NotFound: There is no such assistant or version.
        """
        self._ensure_first()
        with self.database.write(principal) as session:
            row = _find_row(session, name)
            found = _find_version(session, row, version)
            _ALIASES.move(session, row.id, LIVE, _find_version_id(session, row, found.number))
            return ServedAssistant(name, found)

    def rollback(self, principal: Principal, name: str) -> ServedAssistant:
        """Let ``live`` point to the version that it pointed to before the present one.

        Raises:
            Refused: It has always pointed to this one.
        """
        with self.database.write(principal) as session:
            row = _find_row(session, name)
            before = _ALIASES.find_previous(session, row.id)
            if before is None:
                raise Refused(f"{name!r} has had one live version only: nothing to go back to.")
            _ALIASES.move(session, row.id, LIVE, before)
            return ServedAssistant(name, _read_version(session.get_one(AssistantVersion, before)))

    def make_default(self, principal: Principal, name: str) -> None:
        """Let this one be asked where none is named."""
        with self.database.write(principal) as session:
            row = _find_row(session, name)
            session.execute(update(Assistant).values(default=Assistant.id == row.id))

    def remove(self, principal: Principal, name: str) -> None:
        """Remove an assistant with its versions.

        Raises:
            Refused: It is the default one.
        """
        with self.database.write(principal) as session:
            row = _find_row(session, name)
            if row.default:
                raise Refused(f"{name!r} is the default: make another one that first.")
            session.delete(row)

    def list_assistants(self, principal: Principal) -> list[AssistantSummary]:
        """All of them, the default first, then by name."""
        self._ensure_first()
        with self.database.read(principal) as session:
            rows = session.scalars(
                select(Assistant).order_by(Assistant.default.desc(), Assistant.name)
            ).all()
            return [_summarize(session, row) for row in rows]

    def list_versions(self, principal: Principal, name: str) -> list[ConfigVersion]:
        """Every version, oldest first.

        Raises:
            NotFound: There is no such assistant.
        """
        self._ensure_first()
        with self.database.read(principal) as session:
            return _list_versions(session, _find_row(session, name))

    def resolve(self, principal: Principal, named: str = "") -> ServedAssistant:
        """What answers under a name: ``NAME`` (its live version), ``NAME@3`` or ``NAME@alias``.

        Args:
            principal: Who asks.
            named: Empty for the default assistant.

        Raises:
            NotFound: There is no such assistant or version.
        """
        self._ensure_first()
        name, _, version = named.partition("@")
        with self.database.read(principal) as session:
            if name:
                row = _find_row(session, name)
            else:
                row = session.scalars(select(Assistant).where(Assistant.default)).one()
            return ServedAssistant(row.name, _find_version(session, row, version or LIVE))

    def _ensure_first(self) -> None:
        with self.database.read(OWNER) as session:
            if session.scalar(select(Assistant.id).limit(1)) is not None:
                return
        try:
            changes = {"description": "Answers from the documents, with citations."}
            self.create(OWNER, FIRST, changes, note="the workspace's first")
        except Refused:
            return  # another process has just made it


def _find_row(session: StoreSession, name: str) -> Assistant:
    row = session.scalar(select(Assistant).where(Assistant.name == name))
    if row is None:
        known = ", ".join(session.scalars(select(Assistant.name).order_by(Assistant.name)))
        raise NotFound(f"No assistant {name!r}. Known: {known or 'none yet'}.")
    return row


def _list_versions(session: StoreSession, row: Assistant) -> list[ConfigVersion]:
    rows = session.scalars(
        select(AssistantVersion)
        .where(AssistantVersion.assistant_id == row.id)
        .order_by(AssistantVersion.number)
    )
    return [_read_version(each) for each in rows]


def _find_version(session: StoreSession, row: Assistant, named: str) -> ConfigVersion:
    """A version by number or alias."""
    number = int(named) if named.isascii() and named.isdigit() and len(named) < 10 else None
    if number is None:
        number = _map_aliases(session, row).get(named)
    found = session.scalar(
        select(AssistantVersion).where(
            AssistantVersion.assistant_id == row.id, AssistantVersion.number == number
        )
    )
    if found is None:
        raise NotFound(
            f"{row.name!r} has no version {named!r}: genwright assistants show {row.name}"
        )
    return _read_version(found)


def _map_aliases(session: StoreSession, row: Assistant) -> dict[str, int]:
    """Version number by alias: where its last move went."""
    moves = _ALIASES.map_current(session, row.id)
    rows = session.execute(
        select(AssistantVersion.id, AssistantVersion.number).where(
            AssistantVersion.id.in_(moves.values())
        )
    )
    numbers = dict(rows.all())
    return {alias: numbers[id_] for alias, id_ in moves.items()}


def _add_version(
    session: StoreSession,
    principal: Principal,
    row: Assistant,
    config: AssistantConfig,
    note: str,
    aliases: tuple[str, ...],
) -> ConfigVersion:
    last = session.scalar(
        select(func.max(AssistantVersion.number)).where(AssistantVersion.assistant_id == row.id)
    )
    made = AssistantVersion(
        assistant_id=row.id,
        number=(last or 0) + 1,
        config=config.model_dump(mode="json"),
        digest=config.compute_digest(),
        note=note,
        created_by=principal.name,
    )
    session.add(made)
    session.flush()
    version = _read_version(made)
    for alias in aliases:
        _ALIASES.move(session, row.id, alias, made.id)
    return version


def _find_version_id(session: StoreSession, row: Assistant, number: int) -> int:
    wanted = select(AssistantVersion.id).where(
        AssistantVersion.assistant_id == row.id, AssistantVersion.number == number
    )
    return session.scalars(wanted).one()


def _summarize(session: StoreSession, row: Assistant) -> AssistantSummary:
    aliases = _map_aliases(session, row)
    live = _find_version(session, row, LIVE).config
    count = session.scalar(
        select(func.count())
        .select_from(AssistantVersion)
        .where(AssistantVersion.assistant_id == row.id)
    )
    model = "extractive" if live.answer.extractive else live.answer.model
    return AssistantSummary(row.name, row.default, count or 0, aliases, live.description, model)


def _read_version(row: AssistantVersion) -> ConfigVersion:
    return ConfigVersion(
        number=row.number,
        config=AssistantConfig.model_validate(row.config, context=STORED),
        digest=row.digest,
        note=row.note,
        created_by=row.created_by,
        created_at=row.created_at.replace(tzinfo=UTC).isoformat(timespec="seconds"),
    )
