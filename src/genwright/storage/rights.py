"""Who may see what, as conditions that searches and listings put into their queries."""

from sqlalchemy import ColumnElement, true

from genwright.storage.tables import Document
from genwright.types import OWNER, Principal


def readable(principal: Principal) -> ColumnElement[bool]:
    """The condition on ``Document`` that holds for the documents a principal may read.

    The owner of the workspace reads all of them, everybody else what is theirs or their groups'.
    What is not readable looks exactly like what is not there.
    """
    if principal == OWNER:
        return true()
    return Document.owner.in_((principal.name, *principal.groups))
