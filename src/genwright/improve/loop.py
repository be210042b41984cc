"""The loop: feedback becomes data, data become candidates, the gate decides, the better one serves.

::

    collect → check → propose (each method) → gate (each proposal) → candidate → promote
        every step is kept in the run as soon as it is done: a run that was interrupted goes on

Nothing is promoted that the gate did not pass, and nothing that it passed is lost.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genwright.errors import GenwrightError, NotFound, Refused, RunStopped, UsageError
from genwright.feedback.exchanges import normalize_question
from genwright.feedback.job import collect_feedback
from genwright.improve.candidates import CandidateTrial, to_served_version, try_version
from genwright.improve.feedback_rows import read_rows, store_rows
from genwright.improve.gate import GateDecision, GateGuard, GateTarget, decide
from genwright.improve.guards import judge_answers, make_guards, pick_examples
from genwright.improve.methods import Material, MethodNotApplicable, Proposal, methods
from genwright.improve.questions import (
    HeldOutQuestion,
    read_questions,
    select_held_out,
)
from genwright.improve.report import write_report
from genwright.improve.results import (
    CheckedRows,
    CollectedFeedback,
    DataCheck,
    GateResult,
    ImprovementRecord,
    ImprovementSteps,
    KeptRows,
    PreparedCandidate,
    Promotion,
    TriedMethod,
)
from genwright.improve.suites import RegressionCase, list_cases
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
ROWS = ("pairs", "thumbs", "good", "intents")


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
    decisions: Mapping[str, GateResult]
    """By method."""
    report: Path
    steps: ImprovementSteps

    def json(self) -> Json:
        """Every field."""
        decisions = {name: each.json() for name, each in self.decisions.items()}
        return {**self.__dict__, "decisions": decisions, "report": str(self.report),
                "steps": list(self.steps.list_steps())}  # fmt: skip


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

    @property
    def steps(self) -> ImprovementSteps:
        """What they came to, as far as they are done."""
        return ImprovementSteps.from_json(self.walk.state)

    def execute(self) -> ImprovementResult:
        """All the steps; an error is kept in the run and raised on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.walk.running():
            return self._run_steps()

    def _run_steps(self) -> ImprovementResult:
        live = self._resolve_live()
        collected = self._collect()
        enough = collected.new >= self.settings.min_feedback or bool(collected.told)
        if not enough and not self.wanted.all_feedback:
            least = self.settings.min_feedback
            return self._finish("nothing", f"{collected.new} new opinions, {least} are needed")
        self.walk.once("check", lambda: _check_rows(collected).json())
        proposals = self._make_proposals(live, collected)
        if not proposals:
            return self._finish("nothing", "no method found anything to change")
        passed = self._gate_proposals(live, proposals)
        if not passed:
            return self._finish("rejected", "no candidate passed the gate")
        best = max(passed, key=lambda name: passed[name].target.difference.value)
        label = self._make_candidate(live, proposals[best]).label
        promote = self.settings.promote if self.wanted.promote is None else self.wanted.promote
        if not promote:
            return self._finish("waiting", f"{label} passed: promote it or leave it")
        self.walk.once("promote", lambda: self._promote(label).json())
        return self._finish("promoted", f"{label} is live")

    def _resolve_live(self) -> ServedAssistant:
        live = self.assistants.resolve(self.runtime.principal, self.wanted.assistant)
        mine = self.steps.promote
        is_mine = mine is not None and live.label == mine.label
        if live.version.number != self.number and not is_mine:
            raise Refused(
                f"{live.name!r} is live at version {live.version.number} now, this improvement was "
                f"begun over version {self.number}: begin another one."
            )
        return self.assistants.resolve(
            self.runtime.principal, f"{self.wanted.assistant}@{self.number}"
        )

    def _collect(self) -> CollectedFeedback:
        """Feedback as rows, kept as data sets of the workspace."""
        return CollectedFeedback.from_json(
            self.walk.once("collect", lambda: self._keep_feedback().json())
        )

    def _keep_feedback(self) -> CollectedFeedback:
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
        return CollectedFeedback(
            new=new.voices + new.votes, told=new.told, kept=kept, last=max(every.last, after),
            last_vote=max(every.last_vote, after_vote), **every.json(),
        )  # fmt: skip

    def _find_last_used(self) -> tuple[int, int]:
        """Ids of the last feedback and vote that an improvement of this assistant has used."""
        for row in self.runs.list_newest([KIND], name=self.wanted.assistant, only_done=True):
            record = ImprovementRecord.from_json(row.results)
            seen = record.steps.collect
            used = record.outcome in ("promoted", "waiting", "rejected")
            if row.id != self.run and seen and used:
                return seen.last, seen.last_vote
        return 0, 0

    def _make_proposals(
        self, live: ServedAssistant, collected: CollectedFeedback
    ) -> dict[str, Proposal]:
        kept = {name: collected.kept.get(name, KeptRows()) for name in ROWS}
        rows = {name: read_rows(self.runtime, name, each) for name, each in kept.items()}
        material = Material(
            self.runtime, self.wanted.assistant, live.version.config, rows["pairs"],
            rows["thumbs"], rows["good"], self._begin_training, self.wanted.seed,
            self._find_held_questions(), rows["intents"],
        )  # fmt: skip
        for name in self.wanted.methods:
            if not self.steps.propose.get(name, TriedMethod()).is_over:
                self.walk.begin(f"{name}: looking for a change")
                self.walk.record_part("propose", name, self._propose(name, material).json())
        tried = self.steps.propose
        return {name: each.proposal for name, each in tried.items() if each.proposal is not None}

    def _propose(self, name: str, material: Material) -> TriedMethod:
        try:
            return TriedMethod(methods.get(name)().propose(material))
        except RunStopped:
            raise
        except (MethodNotApplicable, Refused, UsageError) as error:
            return TriedMethod(left=str(error))  # the others may still find something

    def _begin_training(self, method: str, begin: Callable[[], int]) -> int:
        """Id of the run in which a method trains, the same after an interruption."""
        known = self.walk.state.setdefault("propose", {}).setdefault(method, {})
        run = self.walk.begin_inner(known, begin)
        self.walk.tell(f"{method}: training in run {run}")
        return run

    def _gate_proposals(
        self, live: ServedAssistant, proposals: Mapping[str, Proposal]
    ) -> dict[str, GateDecision]:
        """Decisions on those that pass."""
        needed = any(each.target is None for each in proposals.values())
        held_out = self._load_held_out(needed)
        suite = list_cases(self.runtime.database, self.runtime.principal, self.settings.suite)
        tried_live: CandidateTrial | None = None
        for name, proposal in proposals.items():
            if name in self.steps.gate:
                continue
            self.walk.begin(f"gate: {name}")
            if tried_live is None:
                tried_live = try_version(self.runtime, live, held_out, suite)
                self.walk.state["live"] = tried_live.summarize().json()
            found = self._gate_proposal(live, proposal, tried_live, held_out, suite)
            self.walk.record_part("gate", name, found.json())
        decided = {name: each.decision for name, each in self.steps.gate.items()}
        return {name: each for name, each in decided.items() if each is not None and each.passed}

    def _gate_proposal(
        self,
        live: ServedAssistant,
        proposal: Proposal,
        tried_live: CandidateTrial,
        held_out: Sequence[HeldOutQuestion],
        suite: Sequence[RegressionCase],
    ) -> GateResult:
        config = apply_changes(live.version.config, proposal.changes, stored=True)
        candidate = to_served_version(f"{live.name}+{proposal.method}", config)
        try:
            tried = try_version(self.runtime, candidate, held_out, suite)
        except GenwrightError as error:
            if self.runtime.stop.is_set():  # it is not the candidate's fault
                raise
            return GateResult(failure=f"it does not answer: {error}")
        decision = self._decide(held_out, tried_live, tried, proposal)
        examples = pick_examples(held_out, tried_live, tried)
        return GateResult(decision, "", tried.summarize(), examples)

    def _find_held_questions(self) -> frozenset[str] | None:
        """Questions of the file; None where feedback holds out a share of its own."""
        if not self.wanted.questions:
            return None
        return frozenset(normalize_question(each.question) for each in self._load_held_out())

    def _load_held_out(self, needed: bool = True) -> list[HeldOutQuestion]:
        if self.wanted.questions:
            found = read_questions(Path(self.wanted.questions), self.wanted.limit)
        else:
            every = collect_feedback(self.runtime, self.wanted.assistant)
            found = select_held_out(every)[: self.wanted.limit]
        if not found and needed:
            raise UsageError(
                "There are no held-out questions: give right answers as corrections, or name a "
                "file with --questions (columns question and answer)."
            )
        return found

    def _decide(
        self,
        held_out: Sequence[HeldOutQuestion],
        live: CandidateTrial,
        candidate: CandidateTrial,
        proposal: Proposal,
    ) -> GateDecision:
        judged: tuple[float, ...] = ()
        if judge := self.wanted.judge:
            engine = self.runtime.models.get_engine(judge)
            judged = judge_answers(engine, held_out, live, candidate, self.runtime.progress)
        name, margin = "quality of answers", self.settings.margin
        target = GateTarget(name, live.quality, candidate.quality)
        guards = make_guards(self.settings, live, candidate, judged)
        if proposal.target is not None:
            kept = GateGuard(name, live.quality, candidate.quality, margin)
            target, guards = proposal.target, [*proposal.guards, kept, *guards]
        return decide(
            target, guards,
            look=self.wanted.look, looks=self.wanted.looks, seed=self.wanted.seed,
        )  # fmt: skip

    def _make_candidate(self, live: ServedAssistant, proposal: Proposal) -> PreparedCandidate:
        return PreparedCandidate.from_json(
            self.walk.once("candidate", lambda: self._adopt(live, proposal).json())
        )

    def _adopt(self, live: ServedAssistant, proposal: Proposal) -> PreparedCandidate:
        """A new version of the assistant, or the newest where it is the same."""
        config: AssistantConfig = apply_changes(live.version.config, proposal.changes, stored=True)
        newest = self.assistants.list_versions(self.runtime.principal, live.name)[-1]
        if newest.config == config:
            return PreparedCandidate(f"{live.name}@{newest.number}", proposal.method)
        made = self.assistants.adopt(
            self.runtime.principal, live.name, config,
            note=f"improvement {self.run}: {proposal.reason}",
        )  # fmt: skip
        return PreparedCandidate(made.label, proposal.method)

    def _promote(self, label: str) -> Promotion:
        name, _, number = label.partition("@")
        began = time.monotonic()
        self.assistants.promote(self.runtime.principal, name, number)
        return Promotion(label, time.time(), round(time.monotonic() - began, 3))

    def _finish(self, status: str, message: str) -> ImprovementResult:
        steps, assistant = self.steps, self.wanted.assistant
        report = write_report(self.folder, self.run, assistant, steps, status, message)
        self.walk.finish(message, {"outcome": status})
        return ImprovementResult(
            self.run, status, assistant, steps.candidate_label, steps.gate, report, steps
        )


def _check_rows(collected: CollectedFeedback) -> DataCheck:
    """What the check of the data says; rows with errors are left out of what is learnt."""
    return DataCheck({name: CheckedRows(each.rows, each.bad)
                      for name, each in collected.kept.items()})  # fmt: skip
