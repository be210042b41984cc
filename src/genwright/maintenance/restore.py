"""Restoring a backup without bringing back what was forgotten since it was taken."""

from pathlib import Path

from genwright.maintenance.erase import apply_tombstones, compact, read_tombstones
from genwright.storage.backup import restore
from genwright.workspace import SETTINGS_FILE, open_workspace


def restore_workspace(archive: Path, folder: Path) -> tuple[Path | None, int]:
    """Make a workspace of a backup.

    Args:
        archive: The backup.
        folder: Where to; what is there now is moved aside, and its tombstones count.

    Returns:
        Where the former workspace went (None where there was none), and how many things were
        forgotten again.
    """
    tombstones = []
    if (folder / SETTINGS_FILE).is_file():
        former = open_workspace(folder)
        tombstones = read_tombstones(former.database)
        former.close()
    aside = restore(archive, folder)
    restored = open_workspace(folder)
    try:
        gone = apply_tombstones(restored, tombstones)
        if gone:
            compact(restored)
    finally:
        restored.close()
    return aside, gone
