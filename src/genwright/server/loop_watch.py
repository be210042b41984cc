"""What a server does for the loop: canaries that are worse end, promotions go back, runs begin."""

import logging
import time
from dataclasses import replace

from genwright.access import audit
from genwright.errors import GenwrightError
from genwright.improve.canaries import end_worse_canaries, start_canary
from genwright.improve.loop import KIND, RESUME, ImprovementRequest, submit_improvement
from genwright.improve.results import ImprovementRecord
from genwright.improve.rollback import roll_back_promotions
from genwright.runs import Runs
from genwright.runs.launch import launch
from genwright.server.service import Service
from genwright.types import OWNER

log = logging.getLogger("genwright.server")


def look_after(service: Service) -> None:
    """One look; what is done goes into the audit log."""
    database, assistants = service.workspace.database, service.assistants
    for ended in end_worse_canaries(database, assistants):
        log.warning("a canary was ended", extra={"canary": ended.assistant, "why": ended.reason})
        with database.write(OWNER) as session:
            audit.record(session, "canary.end", f"{ended.assistant}@{ended.version}")
    for told in roll_back_promotions(database, assistants):
        log.warning("a promotion was taken back", extra=told.json())
        with database.write(OWNER) as session:
            audit.record(session, "assistant.rollback", told.after, {"alert": told.alert})
    _canary_of_candidates(service)
    _begin_when_due(service)


def _canary_of_candidates(service: Service) -> None:
    """Give a new candidate that waits its share of conversations, where settings ask for it."""
    share = service.settings.improve.canary
    if not share:
        return
    runs = Runs(service.workspace.database, OWNER)
    for row in runs.list_newest([KIND], 5, only_done=True):
        record = ImprovementRecord.from_json(row.results)
        label = record.steps.candidate_label
        if record.outcome != "waiting" or not label or record.canary:
            continue
        name, _, number = label.partition("@")
        try:
            start_canary(service.workspace.database, OWNER, service.assistants, name, number, share)
        except GenwrightError as error:
            log.info("no canary", extra={"error": str(error)})
        runs.update(row.id, results=row.results | replace(record, canary=share).json())


def _begin_when_due(service: Service) -> None:
    """Begin scheduled improvements, one at a time."""
    settings = service.settings.improve
    if not settings.every_hours:
        return
    runs = Runs(service.workspace.database, OWNER)
    if runs.list_running([KIND]):
        return
    for name in settings.assistants or ("",):
        served = service.assistants.resolve(OWNER, name)
        if _age_hours(runs, served.name) < settings.every_hours:
            continue
        run = submit_improvement(service.runtime, ImprovementRequest(served.name))
        launch(service.workspace, OWNER, run, RESUME)
        log.info("an improvement has begun", extra={"run": run, "assistant": served.name})
        return


def _age_hours(runs: Runs, name: str) -> float:
    """Hours since an improvement of an assistant was last begun."""
    from datetime import datetime

    for row in runs.list_newest([KIND], 1, name=name):
        return (time.time() - datetime.fromisoformat(row.created_at).timestamp()) / 3600
    return float("inf")
