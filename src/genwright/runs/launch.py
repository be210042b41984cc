"""Trainings in processes of their own: begun, and asked to end."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from genwright.errors import Refused
from genwright.runs import Runs, find_process
from genwright.storage import Database
from genwright.types import Principal
from genwright.workspace import Workspace


def launch(workspace: Workspace, principal: Principal, run: int, resume: Sequence[str]) -> int:
    """Start a process that goes on with a run, and return its id.

    It goes on when this process ends; what it says is in ``runs/<run>/log.txt``.

    Args:
        workspace: Of the run.
        principal: Who starts it.
        run: Its id.
        resume: Arguments of the program that go on with a run of its kind, before the id: each
            kind of run says its own.
    """
    folder = workspace.runs_dir / str(run)
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "genwright", "-w", str(workspace.root), *resume, str(run),
        "--json",
    ]  # fmt: skip
    environment = {**os.environ, "GENWRIGHT_MODELS_DIR": str(workspace.models_dir)}
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
            start_new_session=True,
        )  # fmt: skip
    Runs(workspace.database, principal).update(
        run, status="running", process=process.pid, message="starting"
    )
    return process.pid


def stop_run(database: Database, principal: Principal, run: int) -> None:
    """Ask a run to end at its next step.

    Raises:
        NotFound: There is no such run that the principal may see.
        Refused: Nothing is at work on it.
    """
    Runs(database, principal).get(run)
    process = find_process(database, principal, run)
    if process is None or process == os.getpid():
        raise Refused(f"Run {run} is not at work.")
    os.kill(process, signal.SIGTERM)
