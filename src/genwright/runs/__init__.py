"""Runs: begun, resumed, recorded and ended alike, whatever they do.

Example:
    >>> import pathlib, tempfile
    >>> from genwright.runs import Runs
    >>> from genwright.storage import Database
    >>> from genwright.types import OWNER
    >>> database = Database(pathlib.Path(tempfile.mkdtemp()) / "genwright.db")
    >>> runs = Runs(database, OWNER)
    >>> runs.get(runs.begin("tune", "calls", {}, {})).status
    'running'
    >>> database.close()
"""

from genwright.runs.store import RunRow, Runs, find_process

__all__ = ["RunRow", "Runs", "find_process"]
