"""The public names: each is found, documented and light, and the verbs do what they say."""

import importlib.util
import json
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import genwright
from genwright.errors import NotFound, Refused, UsageError

DOCS = Path(__file__).parent.parent / "docs"
HEAVY = ("alembic", "faiss", "httpx", "numpy", "pydantic", "sqlalchemy", "torch", "transformers")
HASHING = {"embedding": {"model": "hashing"}}


@pytest.fixture
def runtime(tmp_path: Path):
    root = genwright.create_workspace(tmp_path / "workspace")
    settings = {**HASHING, "arena": {"contenders": ["scripted", "obedient"]}}
    with closing(genwright.open_workspace(root, settings)) as workspace:
        with genwright.Runtime(workspace) as made:
            yield made


@pytest.fixture
def pump(tmp_path: Path) -> Path:
    file = tmp_path / "pump.txt"
    file.write_text("The oil of the pump is changed every 400 hours.")
    return file


def test_importing_genwright_imports_nothing_heavy():
    script = "import json, sys, genwright; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    modules = json.loads(done.stdout)
    assert not {name.partition(".")[0] for name in modules}.intersection(HEAVY)
    assert [name for name in modules if name.startswith("genwright")] == ["genwright"]


@pytest.mark.parametrize("name", genwright.__all__)
def test_every_public_name_is_found_and_has_a_docstring(name):
    found = getattr(genwright, name)
    assert found.__name__ == name
    assert found.__doc__
    assert found.__module__.startswith("genwright.")


def test_all_is_what_is_resolved_and_what_is_typed():
    assert genwright.__all__ == sorted(genwright.__all__)
    homes = " ".join(genwright._HOMES.values()).split()
    assert sorted(homes) == genwright.__all__
    source = Path(genwright.__file__).read_text(encoding="utf-8")
    typed = re.search(r"^if TYPE_CHECKING:\n((?:    .*\n)+)", source, re.MULTILINE)
    imports = re.sub(r"from genwright\.[\w.]+ import", "", typed[1])
    assert sorted(re.findall(r"\w+", imports)) == genwright.__all__


def test_dir_lists_the_public_names():
    assert set(genwright.__all__) <= set(dir(genwright))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'unknown'"):
        getattr(genwright, "unknown")  # noqa: B009 - that it raises is the point


def test_no_public_name_is_also_a_module():
    # Importing genwright.NAME would put the module in the function's place.
    assert not [each for each in genwright.__all__ if importlib.util.find_spec(f"genwright.{each}")]


def test_every_public_name_is_in_the_documentation():
    page = (DOCS / "python.md").read_text(encoding="utf-8")
    assert not [name for name in genwright.__all__ if not re.search(rf"`{name}\b", page)]


def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    page = (DOCS / "python.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert examples
    monkeypatch.chdir(tmp_path)
    for example in examples:
        exec(compile(example, "docs/python.md", "exec"), {"__name__": "example"})


def test_documents_go_in_and_are_found(runtime, pump: Path):
    report = genwright.add(runtime, str(pump), collection="manuals")
    assert (report.added, report.skipped) == (1, [])
    assert genwright.add(runtime, pump, collection="manuals").unchanged == 1
    [hit] = genwright.search(runtime, "oil", scope=genwright.Scope(("manuals",)))
    assert isinstance(hit, genwright.Hit)
    assert "400 hours" in hit.text
    with pytest.raises(NotFound):
        genwright.search(runtime, "oil", scope=genwright.Scope(("nowhere",)))


def test_a_question_is_answered_with_its_source_or_refused(runtime, pump: Path):
    genwright.add(runtime, pump)
    answer = genwright.ask(runtime, "When is the oil of the pump changed?", extractive=True)
    assert isinstance(answer, genwright.Answer)
    assert answer.sentences[0].citations[0].source == str(pump)
    assert genwright.ask(runtime, "Who won the battle of Zama?", extractive=True).refused


def test_a_question_may_be_put_to_an_assistant(runtime, pump: Path):
    genwright.add(runtime, pump)
    changes = {"answer": {"extractive": True}}
    runtime.assistants.create(runtime.principal, "manuals", changes)
    answer = genwright.ask(runtime, "When is the oil of the pump changed?", assistant="manuals")
    assert "400 hours" in answer.answer
    with pytest.raises(UsageError, match="got both"):
        genwright.ask(runtime, "When?", assistant="manuals", extractive=True)
    with pytest.raises(NotFound):
        genwright.ask(runtime, "When?", assistant="nobody")


def test_an_evaluation_is_kept_as_a_run(runtime, tmp_path: Path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"question": "When?", "answer": "Every 400 hours."}))
    found = genwright.evaluate(runtime, "scripted", rows)
    assert runtime.runs.get(found["run"]).status == "done"


def test_a_match_takes_one_vote_of_whoever_started_it(runtime):
    match = genwright.start_match(runtime, "What is a pump?")
    assert match.is_complete
    assert not match.voted
    voted = genwright.vote(runtime, match.id, "left")
    assert {voted.left, voted.right} == {"scripted", "obedient"}
    with pytest.raises(Refused):
        genwright.vote(runtime, match.id, "right")
    with pytest.raises(NotFound):
        genwright.vote(runtime, "0" * 32, "left")


def test_improving_without_feedback_changes_nothing(runtime):
    found = genwright.improve_assistant(runtime)
    assert isinstance(found, genwright.ImprovementResult)
    assert (found.status, found.candidate) == ("nothing", "")


def test_tuning_makes_a_version(runtime, tmp_path: Path):
    pytest.importorskip("torch", reason="needs the train extra: pip install 'genwright[train]'")
    from tests.fixtures.tiny_families import TEMPLATE, build
    from tests.fixtures.tuning import pairs

    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in pairs(30)))
    base = build("llama2", tmp_path / "llama", template=TEMPLATE)
    quick = {"rank": 2, "max_steps": 2, "batch_size": 4, "max_length": 64, "max_new_tokens": 4}
    tuned = genwright.tune(runtime, str(base), rows, method="lora", name="numbers", options=quick)
    assert isinstance(tuned, genwright.TuneResult)
    assert tuned.version == "numbers@1"
