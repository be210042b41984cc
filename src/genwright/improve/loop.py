"""The loop: feedback becomes data, data become candidates, the gate decides, the better one serves.

::

    collect → check → propose (each method) → gate (each proposal) → candidate → promote
        every step is kept in the run as soon as it is done: a run that was interrupted goes on

Nothing is promoted that the gate did not pass, and nothing that it passed is lost.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genwright.arena.judging import UNREADABLE
from genwright.datasets import Dataset, check_dataset, keep_dataset, read_kept
from genwright.errors import EngineFailed, GenwrightError, NotFound, Refused, UsageError
from genwright.evaluation.judge import Pair, judge_pairs
from genwright.feedback.job import collected
from genwright.improve.candidates import Tried, as_served, try_version
from genwright.improve.gate import Decision, Guard, Target, decide
from genwright.improve.methods import Material, NotPossible, Proposal, methods
from genwright.improve.questions import HeldOut, from_feedback, from_file, plain
from genwright.improve.report import write_report
from genwright.improve.suites import cases
from genwright.registry import Assistants, Served
from genwright.registry.config import AssistantConfig, changed
from genwright.runs import Runs
from genwright.runtime import Runtime
from genwright.settings import ImproveSettings
from genwright.types import Json

KIND = "improve"
STEPS = ("collect", "check", "propose", "gate", "candidate", "promote")
FAST = 0.5
"""Seconds below which an answer is fast enough."""
DRIFT = 0.5
"""Nats by which right answers may become less likely under a candidate's model."""
ROWS = ("pairs", "thumbs", "good")


@dataclass(frozen=True)
class Wanted:
    """What an improvement is to do."""

    assistant: str = ""
    methods: tuple[str, ...] = ()
    """By default the settings'."""
    questions: str = ""
    """File of held-out questions; empty to take them from feedback."""
    limit: int = 100
    """Held-out questions at most."""
    all_feedback: bool = False
    """Use feedback that an earlier improvement has used, too."""
    promote: bool | None = None
    """Promote what passes; by default as the settings say."""
    judge: str = ""
    """Chat model that judges both versions' answers in both orders; empty for none."""
    look: int = 1
    looks: int = 1
    """Which look at growing data this is, of how many: the gate spends its error over them."""
    seed: int = 0

    def json(self) -> Json:
        """Every field."""
        return {**self.__dict__, "methods": list(self.methods)}


@dataclass(frozen=True)
class Improved:
    """What came of it."""

    run: int
    status: str
    """``promoted``, ``waiting`` (a candidate passed and a person decides), ``rejected`` or
    ``nothing`` (too little feedback, or no method found anything)."""
    assistant: str
    candidate: str
    """Such as ``faq@4``; empty where none passed."""
    decisions: Mapping[str, Json]
    report: Path
    steps: Sequence[Json] = field(default_factory=tuple)

    def json(self) -> Json:
        """Every field."""
        return {**self.__dict__, "decisions": dict(self.decisions), "report": str(self.report),
                "steps": list(self.steps)}  # fmt: skip


def begin(runtime: Runtime, wanted: Wanted) -> int:
    """Keep an improvement that is asked for, and return the id of its run.

    Raises:
        NotFound: There is no such assistant, or no such file of questions.
        UsageError: There is no such method.
    """
    served = assistants_of(runtime).resolve(runtime.principal, wanted.assistant)
    known = methods.names()
    chosen = wanted.methods or runtime.settings.improve.methods
    if unknown := sorted(set(chosen) - set(known)):
        raise UsageError(f"There is no method {unknown[0]!r}. Known: {', '.join(known)}.")
    if wanted.questions and not Path(wanted.questions).is_file():
        raise NotFound(f"There is no file {wanted.questions}: name one of held-out questions.")
    config = {**wanted.json(), "assistant": served.name, "methods": list(chosen),
              "live": served.version.number}  # fmt: skip
    return runs_of(runtime).begin(KIND, served.name, config, {})


def improve(runtime: Runtime, run: int) -> Improved:
    """Walk the steps of an improvement that was begun, or go on with one that was interrupted.

    Raises:
        NotFound: There is no such run.
        Refused: The live version has changed since it was begun, or the run is over.
    """
    return _Walk(runtime, run).go()


def assistants_of(runtime: Runtime) -> Assistants:
    """The assistants of a workspace."""
    workspace = runtime.workspace
    return Assistants(workspace.database, workspace.settings, workspace.prompts_dir)


def runs_of(runtime: Runtime) -> Runs:
    """Its runs."""
    return Runs(runtime.database, runtime.principal)


class _Walk:
    """One improvement, step by step."""

    def __init__(self, runtime: Runtime, run: int) -> None:
        self.runtime, self.run = runtime, run
        self.runs, self.assistants = runs_of(runtime), assistants_of(runtime)
        row = self.runs.get(run)
        if row.kind != KIND:
            raise NotFound(f"Run {run} is no improvement: genwright runs list --kind improve")
        known = {name: row.config[name] for name in Wanted.__dataclass_fields__}
        self.wanted = Wanted(**{**known, "methods": tuple(known["methods"])})
        self.number = int(row.config["live"])
        self.state: Json = dict(row.results.get("state", {}))
        self.folder = runtime.workspace.runs_dir / str(run)
        self.began = time.monotonic() - row.seconds
        self.settings: ImproveSettings = runtime.settings.improve

    def go(self) -> Improved:
        """All the steps; an error is kept in the run and raised on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.runs.take_up(self.run)
        try:
            return self._walk()
        except BaseException as error:
            status = "failed" if isinstance(error, GenwrightError) else "stopped"
            said = str(error) or type(error).__name__
            self.runs.update(self.run, status=status, message=said, process=None)
            raise

    def _walk(self) -> Improved:
        live = self._live()
        rows = self._once("collect", self._collect)
        if rows["new"] < self.settings.least and not self.wanted.all_feedback:
            least = self.settings.least
            return self._end("nothing", f"{rows['new']} new opinions, {least} are needed")
        self._once("check", self._check)
        proposals = self._proposals(live)
        if not proposals:
            return self._end("nothing", "no method found anything to change")
        passed = self._gated(live, proposals)
        if not passed:
            return self._end("rejected", "no candidate passed the gate")
        best = max(passed, key=lambda name: passed[name]["target"]["difference"]["value"])
        made = self._once("candidate", lambda: self._candidate(live, proposals[best]))
        promote = self.settings.promote if self.wanted.promote is None else self.wanted.promote
        if not promote:
            return self._end("waiting", f"{made['label']} passed: promote it or leave it")
        self._once("promote", lambda: self._promote(made["label"]))
        return self._end("promoted", f"{made['label']} is live")

    def _live(self) -> Served:
        live = self.assistants.resolve(self.runtime.principal, self.wanted.assistant)
        mine = self.state.get("promote", {}).get("label")
        if live.version.number != self.number and live.label != mine:
            raise Refused(
                f"{live.name!r} is live at version {live.version.number} now, this improvement was "
                f"begun over version {self.number}: begin another one."
            )
        return self.assistants.resolve(
            self.runtime.principal, f"{self.wanted.assistant}@{self.number}"
        )

    def _collect(self) -> Json:
        """Feedback as rows, kept as data sets of the workspace."""
        after, after_vote = (0, 0) if self.wanted.all_feedback else self._seen()
        new = collected(self.runtime, self.wanted.assistant, after, after_vote)
        every = collected(self.runtime, self.wanted.assistant)  # pairs need ratings of all times
        kept = {name: self._keep(every.dataset(name, f"{self.wanted.assistant}-{name}"))
                for name in ROWS}  # fmt: skip
        return {
            "new": new.voices + new.votes, "kept": kept, "last": max(every.last, after),
            "last_vote": max(every.last_vote, after_vote), **every.json(),
        }  # fmt: skip

    def _seen(self) -> tuple[int, int]:
        """Ids of the last feedback and vote that an improvement of this assistant has used."""
        for row in self.runs.newest([KIND]):
            seen = row.results.get("state", {}).get("collect")
            if row.id != self.run and row.name == self.wanted.assistant and seen and (
                row.results.get("outcome") in ("promoted", "waiting", "rejected")
            ):  # fmt: skip
                return int(seen["last"]), int(seen["last_vote"])
        return 0, 0

    def _keep(self, dataset: Dataset) -> Json:
        if not len(dataset):
            return {"sha256": "", "rows": 0}
        workspace, report = self.runtime.workspace, check_dataset(dataset)
        keep_dataset(
            workspace.database, workspace.datasets_dir, self.runtime.principal, dataset, report
        )
        return {"sha256": dataset.sha256, "rows": len(dataset), "form": dataset.form,
                "bad": len(report.bad_rows())}  # fmt: skip

    def _check(self) -> Json:
        """What the check of the data says; rows with errors are left out of what is learnt."""
        kept = self.state["collect"]["kept"]
        return {name: {"rows": each["rows"], "bad": each.get("bad", 0)}
                for name, each in kept.items()}  # fmt: skip

    def _rows(self, name: str) -> list[Json]:
        each = self.state["collect"]["kept"][name]
        if not each["rows"]:
            return []
        folder = self.runtime.workspace.datasets_dir
        dataset = read_kept(folder, each["sha256"], name, each["form"])
        bad = set(check_dataset(dataset).bad_rows())
        return [row for number, row in enumerate(dataset.rows, 1) if number not in bad]

    def _proposals(self, live: Served) -> dict[str, Proposal]:
        known: Json = self.state.setdefault("propose", {})
        rows = {name: self._rows(name) for name in ROWS}
        material = Material(
            self.runtime, self.wanted.assistant, live.version.config, rows["pairs"],
            rows["thumbs"], rows["good"], self.run, self.wanted.seed, self._held(),
        )  # fmt: skip
        for name in self.wanted.methods:
            if name in known:
                continue
            self.runs_message(f"{name}: looking for a change", keep=f"{name}: training in run ")
            try:
                made = methods.get(name)().propose(material)
                known[name] = {"changes": _plain(made.changes), "reason": made.reason,
                               "facts": made.facts}  # fmt: skip
            except (
                NotPossible,
                Refused,
                UsageError,
            ) as error:
                # The others may still find something.
                known[name] = {"not": str(error)}
            self._save()
        return {
            name: Proposal(name, each["changes"], each["reason"], each["facts"])
            for name, each in known.items()
            if "changes" in each
        }

    def _gated(self, live: Served, proposals: Mapping[str, Proposal]) -> dict[str, Json]:
        known: Json = self.state.setdefault("gate", {})
        held_out = self._held_out()
        suite = cases(self.runtime.database, self.runtime.principal, self.settings.suite)
        tried_live: Tried | None = None
        for name, proposal in proposals.items():
            if name in known:
                continue
            self.runs_message(f"gate: {name}")
            if tried_live is None:
                tried_live = try_version(self.runtime, live, held_out, suite)
                self.state["live"] = tried_live.json()
            config = changed(live.version.config, proposal.changes)
            candidate = as_served(f"{live.name}+{name}", config)
            try:
                tried = try_version(self.runtime, candidate, held_out, suite)
            except (NotFound, GenwrightError) as error:
                known[name] = {"passed": False, "reasons": [f"it does not answer: {error}"]}
                self._save()
                continue
            decision = self._decide(tried_live, tried, self._judged(held_out, tried_live, tried))
            known[name] = {**decision.json(), "tried": tried.json(),
                           "examples": _examples(held_out, tried_live, tried)}  # fmt: skip
            self._save()
        return {name: each for name, each in known.items() if each["passed"]}

    def _held(self) -> frozenset[str] | None:
        """Questions of the file; None where feedback holds out a share of its own."""
        if not self.wanted.questions:
            return None
        return frozenset(plain(each.question) for each in self._held_out())

    def _held_out(self) -> list[HeldOut]:
        if self.wanted.questions:
            found = from_file(Path(self.wanted.questions), self.wanted.limit)
        else:
            every = collected(self.runtime, self.wanted.assistant)
            found = from_feedback(every)[: self.wanted.limit]
        if not found:
            raise UsageError(
                "There are no held-out questions: give right answers as corrections, or name a "
                "file with --questions (columns question and answer)."
            )
        return found

    def _judged(
        self, held_out: Sequence[HeldOut], live: Tried, candidate: Tried
    ) -> tuple[float, ...]:
        """1 for each answer of the candidate that the judge prefers, 0.5 for a tie."""
        if not self.wanted.judge:
            return ()
        pairs = [
            Pair(each.question, theirs, mine, each.reference)
            for each, theirs, mine in zip(held_out, live.answers, candidate.answers, strict=True)
        ]
        engine = self.runtime.models.engine(self.wanted.judge)
        report = judge_pairs(engine, pairs, self.runtime.progress)
        if report.unread > UNREADABLE * len(pairs):
            raise EngineFailed(
                f"The judge {self.wanted.judge!r} gave no verdict on {report.unread} of "
                f"{len(pairs)} pairs: choose another one. Nothing was promoted."
            )
        values = {"a": 0.0, "b": 1.0, "tie": 0.5, "unread": 0.5}
        return tuple(values[each.verdict] for each in report.judged)

    def _decide(self, live: Tried, candidate: Tried, judged: Sequence[float]) -> Decision:
        margin, slower = self.settings.margin, self.settings.slower
        guards = [
            Guard("supported sentences", live.supported, candidate.supported, margin),
            Guard("refusals", live.refused, candidate.refused, max(margin, 0.05), False),
            Guard("regression suite", live.suite, candidate.suite, margin),
            Guard("safety probes", live.safe, candidate.safe, 0.0),
            Guard("win rate by the judge", [0.5] * len(judged), judged, margin),
            Guard(
                "seconds an answer", live.seconds, candidate.seconds, slower, ratio=True, floor=FAST
            ),
        ]
        if len(live.nats) == len(candidate.nats):
            guards.append(Guard("nats a token", live.nats, candidate.nats, DRIFT, False))
        target = Target("quality of answers", live.quality, candidate.quality)
        return decide(
            target, guards, look=self.wanted.look, looks=self.wanted.looks, seed=self.wanted.seed
        )

    def _candidate(self, live: Served, proposal: Proposal) -> Json:
        config: AssistantConfig = changed(live.version.config, proposal.changes)
        newest = self.assistants.versions(self.runtime.principal, live.name)[-1]
        if newest.digest == config.digest():
            return {"label": f"{live.name}@{newest.number}", "method": proposal.method}
        made = self.assistants.adopt(
            self.runtime.principal, live.name, config,
            note=f"improvement {self.run}: {proposal.reason}",
        )  # fmt: skip
        return {"label": made.label, "method": proposal.method}

    def _promote(self, label: str) -> Json:
        name, _, number = label.partition("@")
        began = time.monotonic()
        self.assistants.promote(self.runtime.principal, name, number)
        return {"label": label, "at": time.time(), "seconds": round(time.monotonic() - began, 3)}

    def _once(self, step: str, do: Callable[[], Json]) -> Json:
        """What a step came to: kept as soon as it is done, and not done twice."""
        if step not in self.state:
            self.runs_message(step)
            self.state[step] = do()
            self._save()
        found: Json = self.state[step]
        return found

    def _save(self) -> None:
        self.runs.update(
            self.run, results={"state": self.state}, seconds=time.monotonic() - self.began
        )

    def runs_message(self, message: str, keep: str = "") -> None:
        """Say where the run is; a message that begins with ``keep`` stays."""
        if keep and self.runs.get(self.run).message.startswith(keep):
            return
        self.runs.update(self.run, message=message)
        self.runtime.progress(0, 0, message)

    def _end(self, status: str, message: str) -> Improved:
        about = {**self.wanted.json(), "run": self.run}
        report = write_report(self.folder, about, self.state, status, message)
        self.runs.update(
            self.run, status="done", message=message, process=None,
            results={"state": self.state, "outcome": status},
            seconds=time.monotonic() - self.began,
        )  # fmt: skip
        return Improved(
            run=self.run, status=status, assistant=self.wanted.assistant,
            candidate=self.state.get("candidate", {}).get("label", ""),
            decisions=self.state.get("gate", {}), report=report,
            steps=[{"step": step, **_short(self.state[step])} for step in STEPS
                   if step in self.state],
        )  # fmt: skip


def _examples(held_out: Sequence[HeldOut], live: Tried, candidate: Tried) -> list[Json]:
    """The questions whose answers changed most, for whoever reads the report."""
    gaps = [c - a for a, c in zip(live.quality, candidate.quality, strict=True)]
    order = sorted(range(len(gaps)), key=lambda place: -abs(gaps[place]))[:6]
    return [
        {
            "question": held_out[place].question, "reference": held_out[place].reference,
            "live": live.answers[place], "candidate": candidate.answers[place],
            "change": round(gaps[place], 3),
        }
        for place in order
    ]  # fmt: skip


def _plain(value: Any) -> Any:  # noqa: ANN401 - nested settings
    """As JSON keeps it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value


def _short(step: Json) -> Json:
    """A step without what only the report shows."""
    return {name: each for name, each in step.items() if name not in ("examples", "tried")}
