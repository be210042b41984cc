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

from genwright.errors import GenwrightError, NotFound, Refused, RunStopped, UsageError
from genwright.feedback.job import collect_feedback
from genwright.improve.candidates import CandidateTrial, to_served_version, try_version
from genwright.improve.feedback_rows import read_rows, store_rows
from genwright.improve.gate import GateDecision, GateTarget, decide
from genwright.improve.guards import judge_answers, make_guards, pick_examples
from genwright.improve.methods import Material, MethodNotApplicable, Proposal, methods
from genwright.improve.questions import (
    HeldOutQuestion,
    normalize_question,
    read_questions,
    select_held_out,
)
from genwright.improve.report import write_report
from genwright.improve.suites import list_cases
from genwright.registry import Assistants, ServedAssistant
from genwright.registry.config import AssistantConfig, apply_changes
from genwright.runs import Runs
from genwright.runs.steps import StepWalk, format_resume
from genwright.runtime import Runtime
from genwright.settings import ImproveSettings
from genwright.types import Json

KIND = "improve"
RESUME = ("improve", "--resume")
"""Arguments of the program that go on with a run, before its id."""
STEPS = ("collect", "check", "propose", "gate", "candidate", "promote")
ROWS = ("pairs", "thumbs", "good")


@dataclass(frozen=True)
class ImprovementRequest:
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
class ImprovementResult:
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


def submit_improvement(runtime: Runtime, wanted: ImprovementRequest) -> int:
    """Keep an improvement that is asked for, and return the id of its run.

    Raises:
        NotFound: There is no such assistant, or no such file of questions.
        UsageError: There is no such method.
    """
    served = open_assistants(runtime).resolve(runtime.principal, wanted.assistant)
    known = methods.names()
    chosen = wanted.methods or runtime.settings.improve.methods
    if unknown := sorted(set(chosen) - set(known)):
        raise UsageError(f"There is no method {unknown[0]!r}. Known: {', '.join(known)}.")
    if wanted.questions and not Path(wanted.questions).is_file():
        raise NotFound(f"There is no file {wanted.questions}: name one of held-out questions.")
    config = {**wanted.json(), "assistant": served.name, "methods": list(chosen),
              "live": served.version.number}  # fmt: skip
    return open_runs(runtime).begin(KIND, served.name, config, {})


def run_improvement(runtime: Runtime, run: int) -> ImprovementResult:
    """Walk the steps of an improvement that was begun, or go on with one that was interrupted.

    Raises:
        NotFound: There is no such run.
        Refused: The live version has changed since it was begun, or the run is over.
    """
    return _ImprovementLoop(runtime, run).execute()


def open_assistants(runtime: Runtime) -> Assistants:
    """The assistants of a workspace."""
    workspace = runtime.workspace
    return Assistants(workspace.database, workspace.settings, workspace.prompts_dir)


def open_runs(runtime: Runtime) -> Runs:
    """Its runs."""
    return Runs(runtime.database, runtime.principal)


class _ImprovementLoop:
    """One improvement, step by step."""

    def __init__(self, runtime: Runtime, run: int) -> None:
        self.runtime, self.run = runtime, run
        self.runs, self.assistants = open_runs(runtime), open_assistants(runtime)
        row = self.runs.get(run)
        if row.kind != KIND:
            raise NotFound(
                f"Run {run} is not an improvement run: genwright runs list --kind improve"
            )
        known = {name: row.config[name] for name in ImprovementRequest.__dataclass_fields__}
        self.wanted = ImprovementRequest(**{**known, "methods": tuple(known["methods"])})
        self.number = int(row.config["live"])
        self.folder = runtime.workspace.runs_dir / str(run)
        self.settings: ImproveSettings = runtime.settings.improve
        self.walk = StepWalk(
            self.runs, run, format_resume(RESUME, run),
            stop=runtime.stop, progress=runtime.progress,
        )  # fmt: skip
        self.state = self.walk.state

    def execute(self) -> ImprovementResult:
        """All the steps; an error is kept in the run and raised on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.walk.running():
            return self._run_steps()

    def _run_steps(self) -> ImprovementResult:
        live = self._resolve_live()
        rows = self.walk.once("collect", self._collect)
        if rows["new"] < self.settings.min_feedback and not self.wanted.all_feedback:
            least = self.settings.min_feedback
            return self._finish("nothing", f"{rows['new']} new opinions, {least} are needed")
        self.walk.once("check", self._check_data)
        proposals = self._make_proposals(live)
        if not proposals:
            return self._finish("nothing", "no method found anything to change")
        passed = self._gate_proposals(live, proposals)
        if not passed:
            return self._finish("rejected", "no candidate passed the gate")
        best = max(passed, key=lambda name: passed[name]["target"]["difference"]["value"])
        made = self.walk.once("candidate", lambda: self._make_candidate(live, proposals[best]))
        promote = self.settings.promote if self.wanted.promote is None else self.wanted.promote
        if not promote:
            return self._finish("waiting", f"{made['label']} passed: promote it or leave it")
        self.walk.once("promote", lambda: self._promote(made["label"]))
        return self._finish("promoted", f"{made['label']} is live")

    def _resolve_live(self) -> ServedAssistant:
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
        after, after_vote = (0, 0) if self.wanted.all_feedback else self._find_last_used()
        new = collect_feedback(self.runtime, self.wanted.assistant, after, after_vote)
        every = collect_feedback(
            self.runtime, self.wanted.assistant
        )  # pairs need ratings of all times
        kept = {
            name: store_rows(
                self.runtime, every.make_dataset(name, f"{self.wanted.assistant}-{name}")
            )
            for name in ROWS
        }
        return {
            "new": new.voices + new.votes, "kept": kept, "last": max(every.last, after),
            "last_vote": max(every.last_vote, after_vote), **every.json(),
        }  # fmt: skip

    def _find_last_used(self) -> tuple[int, int]:
        """Ids of the last feedback and vote that an improvement of this assistant has used."""
        for row in self.runs.list_newest([KIND], name=self.wanted.assistant, only_done=True):
            seen = row.results.get("state", {}).get("collect")
            used = row.results.get("outcome") in ("promoted", "waiting", "rejected")
            if row.id != self.run and seen and used:
                return int(seen["last"]), int(seen["last_vote"])
        return 0, 0

    def _check_data(self) -> Json:
        """What the check of the data says; rows with errors are left out of what is learnt."""
        kept = self.state["collect"]["kept"]
        return {name: {"rows": each["rows"], "bad": each.get("bad", 0)}
                for name, each in kept.items()}  # fmt: skip

    def _make_proposals(self, live: ServedAssistant) -> dict[str, Proposal]:
        known: Json = self.state.setdefault("propose", {})
        kept = self.state["collect"]["kept"]
        rows = {name: read_rows(self.runtime, name, kept[name]) for name in ROWS}
        material = Material(
            self.runtime, self.wanted.assistant, live.version.config, rows["pairs"],
            rows["thumbs"], rows["good"], self._begin_training, self.wanted.seed,
            self._find_held_questions(),
        )  # fmt: skip
        for name in self.wanted.methods:
            if not known.get(name, {}).keys() & {"changes", "not"}:
                self.walk.begin(f"{name}: looking for a change")
                known[name] = self._propose(name, material)
                self.walk.save()
        return {
            name: Proposal(name, each["changes"], each["reason"], each["facts"])
            for name, each in known.items()
            if "changes" in each
        }

    def _propose(self, name: str, material: Material) -> Json:
        try:
            made = methods.get(name)().propose(material)
        except RunStopped:
            raise
        except (MethodNotApplicable, Refused, UsageError) as error:
            return {"not": str(error)}  # the others may still find something
        return {"changes": _to_plain(made.changes), "reason": made.reason, "facts": made.facts}

    def _begin_training(self, method: str, begin: Callable[[], int]) -> int:
        """Id of the run in which a method trains, the same after an interruption."""
        run = self.walk.begin_inner(self.state["propose"].setdefault(method, {}), begin)
        self.walk.tell(f"{method}: training in run {run}")
        return run

    def _gate_proposals(
        self, live: ServedAssistant, proposals: Mapping[str, Proposal]
    ) -> dict[str, Json]:
        known: Json = self.state.setdefault("gate", {})
        held_out = self._load_held_out()
        suite = list_cases(self.runtime.database, self.runtime.principal, self.settings.suite)
        tried_live: CandidateTrial | None = None
        for name, proposal in proposals.items():
            if name in known:
                continue
            self.walk.begin(f"gate: {name}")
            if tried_live is None:
                tried_live = try_version(self.runtime, live, held_out, suite)
                self.state["live"] = tried_live.json()
            config = apply_changes(live.version.config, proposal.changes, stored=True)
            candidate = to_served_version(f"{live.name}+{name}", config)
            try:
                tried = try_version(self.runtime, candidate, held_out, suite)
            except GenwrightError as error:
                if self.runtime.stop.is_set():  # it is not the candidate's fault
                    raise
                known[name] = {"passed": False, "reasons": [f"it does not answer: {error}"]}
                self.walk.save()
                continue
            decision = self._decide(held_out, tried_live, tried)
            known[name] = {**decision.json(), "tried": tried.json(),
                           "examples": pick_examples(held_out, tried_live, tried)}  # fmt: skip
            self.walk.save()
        return {name: each for name, each in known.items() if each["passed"]}

    def _find_held_questions(self) -> frozenset[str] | None:
        """Questions of the file; None where feedback holds out a share of its own."""
        if not self.wanted.questions:
            return None
        return frozenset(normalize_question(each.question) for each in self._load_held_out())

    def _load_held_out(self) -> list[HeldOutQuestion]:
        if self.wanted.questions:
            found = read_questions(Path(self.wanted.questions), self.wanted.limit)
        else:
            every = collect_feedback(self.runtime, self.wanted.assistant)
            found = select_held_out(every)[: self.wanted.limit]
        if not found:
            raise UsageError(
                "There are no held-out questions: give right answers as corrections, or name a "
                "file with --questions (columns question and answer)."
            )
        return found

    def _decide(
        self, held_out: Sequence[HeldOutQuestion], live: CandidateTrial, candidate: CandidateTrial
    ) -> GateDecision:
        judged: tuple[float, ...] = ()
        if judge := self.wanted.judge:
            engine = self.runtime.models.get_engine(judge)
            judged = judge_answers(engine, held_out, live, candidate, self.runtime.progress)
        return decide(
            GateTarget("quality of answers", live.quality, candidate.quality),
            make_guards(self.settings, live, candidate, judged),
            look=self.wanted.look, looks=self.wanted.looks, seed=self.wanted.seed,
        )  # fmt: skip

    def _make_candidate(self, live: ServedAssistant, proposal: Proposal) -> Json:
        config: AssistantConfig = apply_changes(live.version.config, proposal.changes, stored=True)
        newest = self.assistants.list_versions(self.runtime.principal, live.name)[-1]
        if newest.config == config:
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

    def _finish(self, status: str, message: str) -> ImprovementResult:
        about = {**self.wanted.json(), "run": self.run}
        report = write_report(self.folder, about, self.state, status, message)
        self.walk.finish(message, {"outcome": status})
        return ImprovementResult(
            run=self.run, status=status, assistant=self.wanted.assistant,
            candidate=self.state.get("candidate", {}).get("label", ""),
            decisions=self.state.get("gate", {}), report=report,
            steps=[{"step": step, **_shorten_step(self.state[step])} for step in STEPS
                   if step in self.state],
        )  # fmt: skip


def _to_plain(value: Any) -> Any:  # noqa: ANN401 - nested settings
    """As JSON keeps it."""
    if isinstance(value, Mapping):
        return {str(key): _to_plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_plain(each) for each in value]
    return value


def _shorten_step(step: Json) -> Json:
    """A step without what only the report shows."""
    return {name: each for name, each in step.items() if name not in ("examples", "tried")}
