"""Access: who gets in, what they may do, and the log of what they did.

Example:
    >>> import pathlib, tempfile
    >>> from genwright.access import Doorman, create_key, create_user
    >>> from genwright.storage import Database
    >>> from genwright.types import OWNER
    >>> database = Database(pathlib.Path(tempfile.mkdtemp()) / "genwright.db")
    >>> user = create_user(database, OWNER, "ann", role="editor")
    >>> key, secret = create_key(database, OWNER, "ann", "laptop")
    >>> doorman = Doorman(database)
    >>> doorman.find_by_key(secret).principal.name
    'ann'
    >>> doorman.close()
    >>> database.close()
"""

from genwright.access.actions import ACTIONS, is_allowed, require
from genwright.access.identity import Doorman, Identity
from genwright.access.keys import create_key, list_keys, revoke_key
from genwright.access.people import create_user, list_users
from genwright.access.quotas import Quotas

__all__ = [
    "ACTIONS",
    "Doorman",
    "Identity",
    "Quotas",
    "create_key",
    "create_user",
    "is_allowed",
    "list_keys",
    "list_users",
    "require",
    "revoke_key",
]
