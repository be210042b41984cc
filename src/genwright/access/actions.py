"""What each role may do: one table for routes, pages and commands."""

from genwright.errors import NotAllowed
from genwright.types import Principal, Role

ROLES: tuple[Role, ...] = ("reader", "editor", "admin")
"""From the least to the most."""

ACTIONS: dict[str, Role] = {
    "ask": "reader",
    "feedback.give": "reader",
    "keys.own": "reader",
    "conversations.share": "reader",
    "documents.add": "editor",
    "collections.create": "editor",
    "rights.grant": "editor",
    "assistants.edit": "editor",
    "assistants.promote": "admin",
    "models.pull": "admin",
    "training.read": "editor",
    "training.run": "admin",
    "models.promote": "admin",
    "arena.vote": "reader",
    "arena.read": "editor",
    "feedback.read": "editor",
    "improve.read": "editor",
    "improve.run": "admin",
    "suite.edit": "editor",
    "reindex": "admin",
    "people.manage": "admin",
    "keys.manage": "admin",
    "settings.edit": "admin",
    "audit.read": "admin",
    "monitoring.read": "admin",
    "backup": "admin",
    "forget": "admin",
}
"""Least role that an action takes. Rights on documents are asked beside it, in every query."""


def is_allowed(principal: Principal, action: str) -> bool:
    """Whether somebody's role reaches to an action of ``ACTIONS``."""
    return ROLES.index(principal.role) >= ROLES.index(ACTIONS[action])


def require(principal: Principal, action: str) -> None:
    """Raise unless somebody may do something.

    Raises:
        NotAllowed: Their role does not reach to it.
    """
    if not is_allowed(principal, action):
        raise NotAllowed(
            f"{action!r} takes the role {ACTIONS[action]!r}; you have {principal.role!r}. Ask an "
            "admin of this genwright."
        )
