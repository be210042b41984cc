"""Killed at any point, an ingest leaves each document wholly in or wholly out."""

import hashlib
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from genwright.maintenance.doctor import examine
from genwright.runtime import Runtime
from genwright.storage import Document, Passage, Vector
from genwright.types import OWNER
from genwright.workspace import create_workspace, open_workspace

FILES = 200
DERIVED = ("schema", "store", "documents", "keyword index", "vectors", "vector index")
WORDS = "pump valve hall oil gauge belt motor filter shaft gear pipe tank bolt lamp fuse".split()

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of a few passages each, so that an ingest has several transactions."""
    made, draw = tmp_path_factory.mktemp("documents"), random.Random(1)
    for number in range(FILES):
        sections = [
            f"## Part {part}\n\n" + " ".join(draw.choices(WORDS, k=90)) + "."
            for part in range(draw.randint(4, 9))
        ]
        (made / f"{number:03}.md").write_text(f"# File {number}\n\n" + "\n\n".join(sections))
    return made


def start(workspace: Path, folder: Path, environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "genwright", "-w", workspace, "add", folder],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        text=True,
    )


def kill_somewhere(process: "subprocess.Popen[str]", draw: random.Random) -> dict[str, int]:
    """End it after some number of lines and a moment; what it reported, with passages."""
    assert process.stderr
    lines: list[str] = []
    for _ in range(draw.choice((0, 1, 1, draw.randint(1, FILES)))):
        if not (line := process.stderr.readline()):
            break
        lines.append(line)
    # From before its first import to well into the next transaction.
    time.sleep(draw.uniform(0, 0.3) if lines else draw.uniform(0, 3))
    process.kill()
    lines += process.stderr.readlines()
    process.wait()
    process.stderr.close()
    reported = (re.fullmatch(r"added (.+) \((\d+) passages\)\n", line) for line in lines)
    return {match[1]: int(match[2]) for match in reported if match}


def stored(runtime: Runtime) -> dict[str, tuple[str, int, int]]:
    """Digest, passages and vectors by source; a source that is there twice fails."""
    with runtime.database.read(OWNER) as session:
        rows = session.execute(
            select(
                Document.source,
                Document.sha256,
                func.count(Passage.id),
                func.count(Vector.passage_id),
            )
            .join(Passage, Passage.document_id == Document.id, isouter=True)
            .join(Vector, Vector.passage_id == Passage.id, isouter=True)
            .group_by(Document.id)
        ).all()
    assert max(Counter(source for source, *_ in rows).values(), default=1) == 1
    return {source: (digest, passages, vectors) for source, digest, passages, vectors in rows}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("model", "kills"),
    [
        ("hashing", 15),
        ("multilingual-e5-small", 2),
        pytest.param("hashing", 45, marks=pytest.mark.nightly),
        pytest.param("multilingual-e5-small", 5, marks=pytest.mark.nightly),
    ],
)
def test_an_ingest_killed_at_random_points_loses_doubles_and_halves_nothing(
    model, kills, folder: Path, tmp_path: Path, request: pytest.FixtureRequest
):
    environment = {
        "GENWRIGHT_EMBEDDING__MODEL": model,
        "GENWRIGHT_ANSWER__MODEL": "scripted",
        "TMPDIR": str(tmp_path),  # what is killed cannot tidy up
    }
    overrides = {"embedding": {"model": model}, "answer": {"model": "scripted"}}
    if model != "hashing":
        environment["GENWRIGHT_MODELS_DIR"] = overrides["models_dir"] = str(
            request.getfixturevalue("models_dir")
        )
    draw, digests = (
        random.Random(2),
        {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()},
    )
    whole: dict[str, int] = {}
    reported: dict[str, int] = {}
    workspace = create_workspace(tmp_path / "0")
    for kill in range(kills):
        if len(reported) == FILES:  # all in: begin anew
            workspace, reported = create_workspace(tmp_path / str(kill)), {}
        reported |= kill_somewhere(start(workspace, folder, environment), draw)

        with Runtime(open_workspace(workspace, overrides)) as runtime:
            there = stored(runtime)
            assert set(reported) <= set(there)
            for source, (digest, passages, vectors) in there.items():
                assert (digest, vectors) == (digests[source], passages)
                assert passages == whole.setdefault(source, passages) > 0
                assert reported.setdefault(source, passages) == passages
            wrong = [each for each in examine(runtime, DERIVED) if each.level == "wrong"]
            assert wrong == []
            runtime.workspace.close()

    process = start(workspace, folder, environment)
    assert process.stderr
    lines = process.stderr.readlines()
    assert process.wait() == 0
    process.stderr.close()
    went_on = [line for line in lines if line.startswith("added ")]
    assert len(went_on) == FILES - len(reported)
    with Runtime(open_workspace(workspace, overrides)) as runtime:
        assert set(stored(runtime)) == set(digests)
        assert [each for each in examine(runtime) if each.level == "wrong"] == []
        runtime.workspace.close()
