"""What the steps of an improvement come to, and how a run keeps it.

Each is a frozen value with one way to JSON and one way back, ``json`` and ``from_json``; nothing
else knows the keys. What runs of earlier versions kept is read, too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from genwright.improve.gate import GateDecision, GateGuard, GateTarget
from genwright.types import Json

STEPS = ("collect", "check", "propose", "gate", "candidate", "promote")


class FlatValues:
    """Values whose fields are JSON as they are."""

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """What ``json`` gave."""
        return cls(**values)


@dataclass(frozen=True)
class KeptRows(FlatValues):
    """A data set of the workspace, and how much of it can be learnt from."""

    sha256: str = ""
    """Of the rows; empty where there are none."""
    rows: int = 0
    form: str = ""
    bad: int = 0
    """Rows with errors: they are left out of what is learnt."""


@dataclass(frozen=True)
class CollectedFeedback:
    """What people said, and the data sets that were made of it."""

    new: int
    """Opinions and votes since the improvement before."""
    kept: Mapping[str, KeptRows]
    """By name: ``pairs``, ``thumbs``, ``good`` and ``intents``."""
    last: int
    """Id of the last row of feedback that was seen."""
    last_vote: int
    voices: int
    """Opinions in all."""
    votes: int
    pairs: int
    thumbs: int
    good: int
    refused: int
    """Left out: without consent, or with identifiers of persons."""
    intents: int = 0
    """Requests with the kind of what they want."""
    told: int = 0
    """New opinions that say what was wanted."""

    def json(self) -> Json:
        """Every field."""
        return {**self.__dict__, "kept": {name: each.json() for name, each in self.kept.items()}}

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """What ``json`` gave."""
        kept = {name: KeptRows.from_json(each) for name, each in values["kept"].items()}
        return cls(**{**values, "kept": kept})


@dataclass(frozen=True)
class CheckedRows:
    """How many rows of a data set there are, and how many have errors."""

    rows: int
    bad: int


@dataclass(frozen=True)
class DataCheck:
    """What the check of each data set said, by its name."""

    datasets: Mapping[str, CheckedRows]

    def json(self) -> Json:
        """``{"pairs": {"rows", "bad"}, …}``."""
        return {name: dict(each.__dict__) for name, each in self.datasets.items()}

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """What ``json`` gave."""
        return cls({name: CheckedRows(**each) for name, each in values.items()})


@dataclass(frozen=True)
class Proposal:
    """A change to an assistant, with the reason for it."""

    method: str
    changes: Mapping[str, Any]
    """Laid over the live configuration."""
    reason: str
    facts: Json = field(default_factory=dict)
    target: GateTarget | None = None
    """What it must be better at, where that is not the quality of answers; the method has measured
    it on both versions."""
    guards: tuple[GateGuard, ...] = ()
    """What else it must not be worse at, beside what every candidate must not."""


@dataclass(frozen=True)
class TriedMethod:
    """How far a method is: it trains, has found a change, or has said why there is none."""

    proposal: Proposal | None = None
    left: str | None = None
    """Why it found nothing; None where it did, or still tries."""
    run: int | None = None
    """In which it trains or has trained."""

    @property
    def is_over(self) -> bool:
        """Whether it has come to an end."""
        return self.proposal is not None or self.left is not None

    def describe(self) -> str:
        """For people."""
        if self.proposal is not None:
            return self.proposal.reason
        return "in training" if self.left is None else f"left: {self.left}"

    def json(self) -> Json:
        """The proposal, or ``{"not"}``; ``{"run"}`` while it trains."""
        if self.proposal is not None:
            made = self.proposal
            told = {"changes": _to_plain(made.changes), "reason": made.reason, "facts": made.facts}
            measured = {} if made.target is None else {
                "target": made.target.json(), "guards": [each.json() for each in made.guards],
            }  # fmt: skip
            return told | measured
        if self.left is not None:
            return {"not": self.left}
        return {} if self.run is None else {"run": self.run}

    @classmethod
    def from_json(cls, method: str, values: Json) -> Self:
        """What ``json`` gave for a method."""
        if "changes" not in values:
            return cls(left=values.get("not"), run=values.get("run"))
        target = GateTarget(**values["target"]) if "target" in values else None
        guards = tuple(GateGuard(**each) for each in values.get("guards", ()))
        changes, reason, facts = values["changes"], values["reason"], values["facts"]
        made = Proposal(method, changes, reason, facts, target, guards)
        return cls(made, run=made.facts.get("run"))


@dataclass(frozen=True)
class TrialSummary:
    """What one version answered: means over its cases, None where there were none."""

    quality: float | None
    supported: float | None
    refused: float | None
    seconds: float | None
    suite: float | None
    safe: float | None
    questions: int
    failures: tuple[str, ...]
    """Cases of the regression suite that fail, with the reason."""
    nats: float | None = None

    def json(self) -> Json:
        """Every field."""
        return {**self.__dict__, "failures": list(self.failures)}

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """What ``json`` gave."""
        return cls(**{**values, "failures": tuple(values["failures"])})


@dataclass(frozen=True)
class AnswerExample:
    """A held-out question that both versions answered."""

    question: str
    reference: str
    live: str
    candidate: str
    change: float
    """Of the quality, from live to candidate."""


@dataclass(frozen=True)
class GateResult:
    """What the gate came to for one proposal."""

    decision: GateDecision | None = None
    """None where nothing could be decided."""
    failure: str = ""
    """Why nothing could be decided."""
    tried: TrialSummary | None = None
    examples: tuple[AnswerExample, ...] = ()
    """Answers that changed most."""

    @property
    def passed(self) -> bool:
        """Whether the proposal may take the live version's place."""
        return self.decision is not None and self.decision.passed

    @property
    def reasons(self) -> list[str]:
        """Why it does not pass; empty where it does."""
        return [self.failure] if self.decision is None else self.decision.reasons

    def json(self) -> Json:
        """Every field of the decision, with the trial and the examples."""
        if self.decision is None:
            return {"passed": False, "reasons": self.reasons}
        examples = [dict(each.__dict__) for each in self.examples]
        tried = {} if self.tried is None else {"tried": self.tried.json()}
        return {**self.decision.json(), **tried, "examples": examples}

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """What ``json`` gave."""
        if "target" not in values:
            return cls(failure="; ".join(values["reasons"]))
        tried = values.get("tried")
        return cls(
            GateDecision.from_json(values),
            tried=None if tried is None else TrialSummary.from_json(tried),
            examples=tuple(AnswerExample(**each) for each in values.get("examples", ())),
        )


@dataclass(frozen=True)
class PreparedCandidate(FlatValues):
    """A version of the assistant that passed the gate."""

    label: str
    """Such as ``faq@4``."""
    method: str


@dataclass(frozen=True)
class Promotion(FlatValues):
    """A version that became live."""

    label: str
    at: float
    """Seconds since 1970."""
    seconds: float = 0.0
    """That it took; 0 where a person promoted it."""


@dataclass(frozen=True)
class ImprovementSteps:
    """What the steps came to, as far as they are done."""

    collect: CollectedFeedback | None = None
    check: DataCheck | None = None
    propose: Mapping[str, TriedMethod] = field(default_factory=dict)
    """By method."""
    live: TrialSummary | None = None
    """What the live version answered when the gate asked it."""
    gate: Mapping[str, GateResult] = field(default_factory=dict)
    """By method."""
    candidate: PreparedCandidate | None = None
    promote: Promotion | None = None

    @property
    def candidate_label(self) -> str:
        """Of the version that passed; empty where there is none."""
        return self.candidate.label if self.candidate else ""

    def json(self) -> Json:
        """By step; what is not done is left out."""
        parts = {name: {key: each.json() for key, each in getattr(self, name).items()}
                 for name in ("propose", "gate")}  # fmt: skip
        whole = ((name, getattr(self, name)) for name in _READERS)
        done = {name: each.json() for name, each in whole if each is not None}
        return done | {name: each for name, each in parts.items() if each}

    def list_steps(self) -> Iterator[Json]:
        """Each that is done, in their order: ``{"step", …}``."""
        done = self.json()
        yield from ({"step": step, **done[step]} for step in STEPS if step in done)

    @classmethod
    def from_json(cls, state: Json) -> Self:
        """What ``json`` gave."""
        whole: dict[str, Any] = {
            name: read(state[name]) for name, read in _READERS.items() if state.get(name)
        }
        tried, gate = state.get("propose", {}), state.get("gate", {})
        return cls(
            propose={name: TriedMethod.from_json(name, each) for name, each in tried.items()},
            gate={name: GateResult.from_json(each) for name, each in gate.items()},
            **whole,
        )


@dataclass(frozen=True)
class TakenBack:
    """A promotion that an alert has taken back."""

    assistant: str
    before: str
    """The version that was live."""
    after: str
    """The version that is live again."""
    alert: str

    def json(self) -> Json:
        """``{"assistant", "from", "to", "alert"}``."""
        return {"assistant": self.assistant, "from": self.before, "to": self.after,
                "alert": self.alert}  # fmt: skip

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """What ``json`` gave."""
        return cls(values["assistant"], values["from"], values["to"], values["alert"])


@dataclass(frozen=True)
class ImprovementRecord:
    """All that the run of an improvement keeps."""

    steps: ImprovementSteps = ImprovementSteps()
    outcome: str = ""
    """``promoted``, ``waiting``, ``rejected`` or ``nothing``; empty while it is not over."""
    taken_back: TakenBack | None = None
    canary: float = 0.0
    """Share of conversations that its candidate was given by itself."""

    def json(self) -> Json:
        """As the results of the run; what is not known is left out."""
        back = None if self.taken_back is None else self.taken_back.json()
        every = {"state": self.steps.json(), "outcome": self.outcome, "rolled_back": back,
                 "canary": self.canary}  # fmt: skip
        return {name: each for name, each in every.items() if each}

    @classmethod
    def from_json(cls, results: Json) -> Self:
        """What ``json`` gave."""
        back = results.get("rolled_back")
        return cls(
            ImprovementSteps.from_json(results.get("state", {})),
            results.get("outcome", ""),
            None if back is None else TakenBack.from_json(back),
            float(results.get("canary", 0.0)),
        )


_READERS = {
    "collect": CollectedFeedback.from_json,
    "check": DataCheck.from_json,
    "live": TrialSummary.from_json,
    "candidate": PreparedCandidate.from_json,
    "promote": Promotion.from_json,
}


def _to_plain(value: Any) -> Any:  # noqa: ANN401 - nested settings
    """As JSON keeps it."""
    if isinstance(value, Mapping):
        return {str(key): _to_plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_plain(each) for each in value]
    return value
