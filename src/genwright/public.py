"""genwright from Python: what a program does with a workspace, a function each.

Every function takes a ``Runtime`` first and acts in its principal's rights. Import them from
``genwright`` itself, which re-exports them. What a function needs is imported when it is called.
"""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from genwright.types import Json

if TYPE_CHECKING:
    from genwright.arena.matches import Match
    from genwright.grounding.citations import Answer
    from genwright.improve.loop import ImprovementResult
    from genwright.library.ingest import IngestReport
    from genwright.retrieval import Hit, Scope
    from genwright.runtime import Runtime
    from genwright.tuning.steps.results import TuneResult

    FilePath = str | PathLike[str]

SIDES = ("left", "right")


def add(runtime: "Runtime", *paths: "FilePath", collection: str = "") -> "IngestReport":
    """Read files and folders and make them searchable.

    What is in already and unchanged is skipped; a file that cannot be read is in the report's
    ``skipped``, with the reason, and does not keep the others out.

    Args:
        runtime: Where to; the documents are its principal's.
        paths: Files and folders.
        collection: Where to put them; by default the settings' collection.

    Raises:
        NotFound: A path is not there.

    Example:
        >>> import pathlib, tempfile
        >>> from genwright import Runtime, add, create_workspace, open_workspace
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "pump.txt").write_text("The oil is changed every 400 hours.")
        >>> root = create_workspace(folder / "workspace")
        >>> workspace = open_workspace(root, {"embedding": {"model": "hashing"}})
        >>> with Runtime(workspace) as runtime:
        ...     report = add(runtime, folder / "pump.txt")
        >>> report.added, report.skipped
        (1, [])
        >>> workspace.close()
    """
    from genwright.library.ingest import DocumentIngester

    return DocumentIngester(runtime, collection).add_paths([Path(path) for path in paths])


def search(
    runtime: "Runtime",
    query: str,
    *,
    k: int | None = None,
    mode: Literal["keyword", "vector", "hybrid"] | None = None,
    scope: "Scope | None" = None,
) -> "list[Hit]":
    """Find the passages that fit a query, best first.

    Args:
        runtime: Whose documents.
        query: Any text.
        k: Hits at most; by default the settings'.
        mode: What ranks; by default the settings'.
        scope: Where to look; by default everywhere that the principal may read.

    Raises:
        NotFound: The scope names a collection that is not there.

    Example:
        >>> import pathlib, tempfile
        >>> from genwright import Runtime, add, create_workspace, open_workspace, search
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "pump.txt").write_text("The oil is changed every 400 hours.")
        >>> root = create_workspace(folder / "workspace")
        >>> workspace = open_workspace(root, {"embedding": {"model": "hashing"}})
        >>> with Runtime(workspace) as runtime:
        ...     _ = add(runtime, folder / "pump.txt")
        ...     [hit] = search(runtime, "when is the oil changed?")
        >>> hit.text
        'The oil is changed every 400 hours.'
        >>> workspace.close()
    """
    from genwright.library.search import find_passages
    from genwright.retrieval import EVERYWHERE

    return find_passages(runtime, query, k=k, mode=mode, scope=scope or EVERYWHERE)


def ask(
    runtime: "Runtime",
    question: str,
    *,
    assistant: str = "",
    model: str = "",
    extractive: bool | None = None,
    k: int | None = None,
    scope: "Scope | None" = None,
) -> "Answer":
    """Answer a question from the documents, each sentence with its source, or refuse.

    Args:
        runtime: Whose documents, and which models.
        question: What is asked; it must be understood without a conversation before it.
        assistant: Ask as this assistant, ``NAME`` or ``NAME@VERSION``; it decides everything below
            but ``k`` and ``scope``. By default the workspace's settings answer.
        model: Chat model; by default the settings'.
        extractive: Quote the sources and ask no model; by default as the settings say.
        k: Passages to look at; by default the settings'.
        scope: Where to look; by default the assistant's collections, or everywhere.

    Raises:
        NotFound: There is no such assistant or collection, or the model is not pulled.
        UsageError: An assistant is named together with something that it decides itself.

    Example:
        >>> import pathlib, tempfile
        >>> from genwright import Runtime, add, ask, create_workspace, open_workspace
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "pump.txt").write_text("The pump's oil is changed every 400 hours.")
        >>> root = create_workspace(folder / "workspace")
        >>> workspace = open_workspace(root, {"embedding": {"model": "hashing"}})
        >>> with Runtime(workspace) as runtime:
        ...     _ = add(runtime, folder / "pump.txt")
        ...     answer = ask(runtime, "When is the pump's oil changed?", extractive=True)
        >>> answer.answer
        "The pump's oil is changed every 400 hours."
        >>> [citation] = answer.sentences[0].citations
        >>> citation.start, citation.end
        (0, 42)
        >>> workspace.close()
    """
    from genwright.answers.answerer import Answerer
    from genwright.answers.assistants import open_assistant
    from genwright.errors import UsageError
    from genwright.retrieval import EVERYWHERE

    if not assistant:
        answerer, where = Answerer(runtime, model=model, extractive=extractive), EVERYWHERE
    elif model or extractive is not None:
        raise UsageError("Expected an assistant, or a model and extractive; got both.")
    else:
        opened = open_assistant(runtime, assistant)
        answerer, where = opened.answerer, opened.scope
    return answerer.ask(question, k=k, scope=scope or where)


def evaluate(
    runtime: "Runtime",
    name: str,
    data: "FilePath",
    *,
    metric: str = "",
    shots: int = 0,
    limit: int | None = None,
    seed: int = 0,
) -> Json:
    """Measure a model, a trained version or an assistant on rows with known answers.

    The evaluation is kept as a run.

    Args:
        runtime: Which models and assistants.
        name: What is measured.
        data: File or folder of rows; docs/data.md lists the formats.
        metric: By default the usual one of the rows' format.
        shots: Rows that are shown as examples and not asked.
        limit: Rows at most, drawn at random.
        seed: Random seed.

    Returns:
        What ``genwright eval task --json`` prints: the run, and each metric with its 95 % interval.

    Raises:
        NotFound: There is nothing of that name.
        UsageError: The rows cannot be read, or have no answers.

    Example:
        >>> import pathlib, tempfile
        >>> from genwright import Runtime, create_workspace, evaluate, open_workspace
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> row = '{"question": "When is the oil changed?", "answer": "Every 400 hours."}'
        >>> _ = (folder / "rows.jsonl").write_text(row)
        >>> root = create_workspace(folder / "workspace")
        >>> workspace = open_workspace(root, {"embedding": {"model": "hashing"}})
        >>> with Runtime(workspace) as runtime:
        ...     evaluate(runtime, "scripted", folder / "rows.jsonl")["metric"]
        'token_f1'
        >>> workspace.close()
    """
    from genwright.evaluation.jobs.qa import EvaluationRequest, run_task_trial

    wanted = EvaluationRequest(Path(data), metric=metric, shots=shots, limit=limit, seed=seed)
    return run_task_trial(runtime, name, wanted)


def tune(
    runtime: "Runtime",
    base: str,
    data: "FilePath",
    *,
    objective: str = "generation",
    method: str | None = None,
    name: str = "",
    assistant: str = "",
    options: Mapping[str, object] | None = None,
) -> "TuneResult":
    """Fit a model to rows and register the result as a version; needs ``genwright[train]``.

    The run is kept: an interrupted one goes on with ``genwright tune --resume RUN``.

    Args:
        runtime: Which models; the version is its principal's.
        base: Model of the catalog or registry, or a folder of weights.
        data: File of rows, or a folder of train, validation and test.
        objective: Task or preference loss; docs/tuning.md lists them.
        method: Which weights are trained; chosen by base, data and memory by default.
        name: Name of the model in the registry.
        assistant: Make the result the candidate of this assistant.
        options: Settings of the training, such as ``{"rank": 8, "epochs": 2}``.

    Raises:
        NotFound: The base or the data are not there.
        UsageError: An option is unknown, or the rows do not fit the objective.
        Refused: The base or the machine does not allow it.

    Example:
        >>> import pathlib, tempfile
        >>> from genwright import Runtime, create_workspace, open_workspace, tune
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> workspace = open_workspace(create_workspace(folder))
        >>> with Runtime(workspace) as runtime:
        ...     tune(runtime, "smollm2-135m-instruct", folder / "rows.jsonl")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        genwright.errors.NotFound: There is no file ...rows.jsonl: name a data file (...).
        >>> workspace.close()
    """
    from genwright.tuning.job import TuneRequest, submit_tuning
    from genwright.tuning.steps.walk import tune as run_tuning

    pairs = [f"{key}={value}" for key, value in (options or {}).items()]
    wanted = TuneRequest(
        base=base, data=Path(data), objective=objective, method=method, name=name,
        assistant=assistant, options=pairs,
    )  # fmt: skip
    return run_tuning(runtime, submit_tuning(runtime, wanted))


def start_match(runtime: "Runtime", question: str) -> "Match":
    """Put a question before two contenders of the arena, drawn from the settings' contenders.

    Both answers are in ``match.turns``; whose they are should stay unseen until the ``vote``.

    Args:
        runtime: Who asks, and will vote.
        question: What both are asked.

    Raises:
        UsageError: There are fewer than two contenders, or no question.

    Example:
        See ``vote``.
    """
    from genwright.arena.contenders import Speaker, list_contenders
    from genwright.arena.matches import ask_match, begin_match, store_answer

    database, principal, assistants = runtime.database, runtime.principal, runtime.assistants
    names = list_contenders(runtime, assistants)
    match = begin_match(database, principal, names, runtime.settings.arena.pairing)
    match = ask_match(database, principal, match.id, question)
    for side, name in zip(SIDES, (match.left, match.right), strict=True):
        said = Speaker(runtime, assistants, name).answer(question)
        match = store_answer(database, principal, match.id, side, said.json())
    return match


def vote(
    runtime: "Runtime", match: str, winner: Literal["left", "right", "tie", "bothbad"]
) -> "Match":
    """Say which side of a match was better. A match takes one vote.

    Args:
        runtime: Who votes: whoever started the match.
        match: Id of the match.
        winner: The better side.

    Returns:
        The match, whose ``left`` and ``right`` name the contenders.

    Raises:
        NotFound: There is no such match of theirs.
        Refused: There was a vote already, or an answer is missing.
        TooMany: They have voted as often as one may in a day.

    Example:
        >>> import pathlib, tempfile
        >>> from genwright import Runtime, create_workspace, open_workspace, start_match, vote
        >>> root = create_workspace(pathlib.Path(tempfile.mkdtemp()))
        >>> arena = {"contenders": ["scripted", "obedient"]}
        >>> workspace = open_workspace(root, {"embedding": {"model": "hashing"}, "arena": arena})
        >>> with Runtime(workspace) as runtime:
        ...     match = start_match(runtime, "What is a pump?")
        ...     voted = vote(runtime, match.id, "tie")
        >>> voted.voted, sorted([voted.left, voted.right])
        (True, ['obedient', 'scripted'])
        >>> workspace.close()
    """
    from genwright.arena.categories import classify_question
    from genwright.arena.matches import cast_vote, read_match
    from genwright.arena.votes import parse_winner

    database, principal = runtime.database, runtime.principal
    turns = read_match(database, principal, match).turns
    embed = runtime.models.embedder.embed_queries
    topic = classify_question(turns[0]["question"], embed) if turns else ""
    most = runtime.settings.arena.per_day
    return cast_vote(database, principal, match, parse_winner(winner), per_day=most, category=topic)


def improve_assistant(
    runtime: "Runtime",
    assistant: str = "",
    *,
    methods: Sequence[str] = (),
    questions: "FilePath | None" = None,
    promote: bool | None = None,
    judge: str = "",
    seed: int = 0,
) -> "ImprovementResult":
    """Turn feedback into a better version of an assistant, through the gate.

    Args:
        runtime: Whose assistants.
        assistant: Which; the default assistant if empty.
        methods: What is tried; by default as the settings say.
        questions: Held-out questions with answers; by default they come from feedback.
        promote: Promote what passes at once; by default as the settings say.
        judge: Chat model that judges both versions' answers, too.
        seed: Random seed.

    Raises:
        NotFound: There is no such assistant or file.
        UsageError: There is no such method.

    Example:
        >>> import pathlib, tempfile
        >>> from genwright import Runtime, create_workspace, improve_assistant, open_workspace
        >>> root = create_workspace(pathlib.Path(tempfile.mkdtemp()))
        >>> workspace = open_workspace(root, {"embedding": {"model": "hashing"}})
        >>> with Runtime(workspace) as runtime:
        ...     improve_assistant(runtime).status  # nobody has said anything yet
        'nothing'
        >>> workspace.close()
    """
    from genwright.improve.loop import ImprovementRequest, run_improvement, submit_improvement

    file = str(Path(questions).resolve()) if questions else ""
    wanted = ImprovementRequest(
        assistant, tuple(methods), file, promote=promote, judge=judge, seed=seed
    )
    return run_improvement(runtime, submit_improvement(runtime, wanted))
