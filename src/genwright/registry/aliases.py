"""Aliases: names that point to one version each, moved by adding a row, so that moves are history.

The same for assistants and for models, which each have a table of moves.
"""

from dataclasses import dataclass

from sqlalchemy import func, select

from genwright.storage import AliasMove, ModelAliasMove, StoreSession

LIVE = "live"
"""The alias whose version answers where no other is named."""
CANDIDATE = "candidate"
"""The alias of the newest version, which waits to be promoted."""


@dataclass(frozen=True)
class Aliases:
    """The aliases of one kind of thing.

    Args:
        table: Its moves.
        key: Name of the column that says whose move it is.
    """

    table: type[AliasMove] | type[ModelAliasMove]
    key: str

    def map_current(self, session: StoreSession, id_: int) -> dict[str, int]:
        """Version id by alias: where the last move of each went."""
        table, of = self.table, getattr(self.table, self.key)
        last = select(func.max(table.id)).where(of == id_).group_by(table.alias)
        rows = session.execute(
            select(table.alias, table.version_id).where(table.id.in_(last)).order_by(table.alias)
        )
        return dict(rows.all())

    def move(self, session: StoreSession, id_: int, alias: str, version_id: int) -> None:
        """Let an alias point to a version from now on."""
        by = session.principal.name
        values = {self.key: id_, "alias": alias, "version_id": version_id, "moved_by": by}
        session.add(self.table(**values))

    def find_previous(self, session: StoreSession, id_: int, alias: str = LIVE) -> int | None:
        """The version that an alias pointed to before the present one; None where there is none.

        A rollback takes the move it undoes from the history, so that two go back two steps.
        """
        table, of = self.table, getattr(self.table, self.key)
        moves = session.scalars(
            select(table.version_id).where(of == id_, table.alias == alias).order_by(table.id)
        )
        history: list[int] = []
        for version in moves:
            if len(history) > 1 and history[-2] == version:
                history.pop()
            elif not history or history[-1] != version:
                history.append(version)
        return history[-2] if len(history) > 1 else None
