"""Model versions: whole or not at all, aliases, rollback, cards, bundles, lineage."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from genwright.errors import NotFound, Refused, UntrustedWeights, UsageError
from genwright.registry import DataFacts, ModelVersions, VersionFacts
from genwright.registry.bundles import export_version, import_version
from genwright.registry.cards import render_card
from genwright.storage import Database, ModelVersion
from genwright.types import OWNER


@pytest.fixture
def versions(tmp_path):
    database = Database(tmp_path / "genwright.db")
    yield ModelVersions(database, tmp_path / "versions")
    database.close()


def facts(**changes) -> VersionFacts:
    usual = {"kind": "adapter", "family": "llama", "objective": "generation", "method": "lora",
             "base": "small", "base_digest": "ab" * 32, "engine": "llamacpp",
             "license": "Apache-2.0",
             "data": {"train": DataFacts(name="calls", sha256="cd" * 32, rows=7)}}  # fmt: skip
    return VersionFacts(**usual | changes)


def publish(versions, tmp_path, content: str, name: str = "calls", **changes):
    stage = tmp_path / f"stage-{content}"
    (stage / "adapter").mkdir(parents=True)
    (stage / "adapter.gguf").write_text(content)
    (stage / "adapter" / "config.json").write_text("{}")
    return versions.publish(OWNER, name, stage, facts(**changes))


def test_a_version_has_its_files_by_digest_and_the_first_is_live(versions, tmp_path):
    first = publish(versions, tmp_path, "one")
    assert first.label == "calls@1" and first.serving_name == "small+calls@1"
    assert first.folder.name == first.digest
    assert {file["name"] for file in first.files} == {"adapter.gguf", "adapter/config.json"}
    assert versions.resolve(OWNER, "calls").label == "calls@1"
    second = publish(versions, tmp_path, "two")
    assert versions.resolve(OWNER, "calls").label == "calls@1", "a later one waits"
    assert versions.resolve(OWNER, "small+calls@candidate").digest == second.digest
    versions.check(second)


def test_promotion_and_rollback_move_live(versions, tmp_path):
    for content in ("one", "two", "three"):
        publish(versions, tmp_path, content)
    versions.promote(OWNER, "calls")
    versions.promote(OWNER, "calls", "2")
    assert versions.resolve(OWNER, "calls").number == 2
    assert versions.rollback(OWNER, "calls").number == 3
    assert versions.rollback(OWNER, "calls").number == 1
    with pytest.raises(Refused, match="nothing to go back to"):
        versions.rollback(OWNER, "calls")
    versions.point_alias(OWNER, "calls", "friday", "2")
    assert versions.resolve(OWNER, "calls@friday").number == 2
    assert versions.list_models(OWNER)[0].aliases == {"candidate": 3, "friday": 2, "live": 1}


@pytest.mark.parametrize("named", ["calls@9", "calls@nobody", "other", "other@1"])
def test_what_is_not_there_is_not_found(versions, tmp_path, named):
    publish(versions, tmp_path, "one")
    with pytest.raises(NotFound):
        versions.resolve(OWNER, named)


def test_another_base_and_impossible_names_are_usage_errors(versions, tmp_path):
    publish(versions, tmp_path, "one")
    with pytest.raises(UsageError, match="is for the base 'small'"):
        versions.resolve(OWNER, "large+calls@1")
    with pytest.raises(UsageError, match="Expected a name"):
        publish(versions, tmp_path, "two", name="../up")
    with pytest.raises(UsageError, match="Expected an alias"):
        versions.point_alias(OWNER, "calls", "7", "1")


def test_a_version_never_changes_but_its_card_may(versions, tmp_path):
    made = publish(versions, tmp_path, "one")
    with pytest.raises((IntegrityError, OperationalError), match="never changed"):
        with versions.database.write(OWNER) as session:
            session.query(ModelVersion).first().digest = "00"
    versions.write_card(OWNER, "calls@1", "Mine.")
    assert render_card(versions.resolve(OWNER, "calls@1")) == "Mine."
    versions.write_card(OWNER, "calls@1", "")
    assert render_card(versions.resolve(OWNER, "calls@1")).startswith(f"# {made.label}")


def test_the_card_says_what_is_known(versions, tmp_path):
    evaluation = {"metric": "accuracy", "test": {"accuracy": {"value": 0.9, "low": 0.8, "high": 1}},
                  "base": {"accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}}, "against": {
                      "base": {"value": 0.4, "low": 0.3, "high": 0.5, "p": 0.01,
                               "distinguishable": True}}}  # fmt: skip
    card = render_card(publish(versions, tmp_path, "one", evaluation=evaluation))
    for words in ("Apache-2.0", "| train | calls | 7 |", "0.900 [0.800, 1.000]", "differs",
                  "small+calls@1"):  # fmt: skip
        assert words in card


def test_a_damaged_file_is_found(versions, tmp_path):
    made = publish(versions, tmp_path, "one")
    (made.folder / "adapter.gguf").write_text("other")
    with pytest.raises(UntrustedWeights, match=r"adapter.gguf is missing or not as it was"):
        versions.check(made)


def test_a_bundle_goes_elsewhere_whole(versions, tmp_path):
    made = publish(versions, tmp_path, "one")
    versions.write_card(OWNER, "calls@1", "Mine.")
    export_version(versions.resolve(OWNER, "calls@1"), tmp_path / "calls.tar")
    other = ModelVersions(Database(tmp_path / "other.db"), tmp_path / "elsewhere" / "versions")
    back = import_version(other, OWNER, tmp_path / "calls.tar", "theirs")
    assert (back.label, back.digest, back.facts) == ("theirs@1", made.digest, made.facts)
    assert other.resolve(OWNER, "theirs").card == "Mine."
    other.database.close()


def test_a_bundle_that_was_changed_is_refused(versions, tmp_path):
    made = publish(versions, tmp_path, "one")
    export_version(made, tmp_path / "calls.tar")
    data = (tmp_path / "calls.tar").read_bytes().replace(b"one\0", b"two\0", 1)
    (tmp_path / "bad.tar").write_bytes(data)
    with pytest.raises(UntrustedWeights, match="not what its manifest says"):
        import_version(versions, OWNER, tmp_path / "bad.tar")
    (tmp_path / "none.tar").write_bytes(b"rubbish")
    with pytest.raises(UsageError, match="not an export"):
        import_version(versions, OWNER, tmp_path / "none.tar")
    assert len(versions.list_versions(OWNER, "calls")) == 1


def test_many_who_publish_at_once_get_numbers_of_their_own(versions, tmp_path):
    made = []

    def work(number: int) -> None:
        made.append(publish(versions, tmp_path, f"content {number}").number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == list(range(1, 9))


@pytest.mark.slow
def test_killed_while_publishing_a_version_is_whole_or_not_there(tmp_path):
    code = textwrap.dedent("""
        import sys
        from pathlib import Path
        from genwright.registry import VersionFacts, ModelVersions
        from genwright.storage import Database
        from genwright.types import OWNER
        root = Path(sys.argv[1])
        versions = ModelVersions(Database(root / "genwright.db"), root / "versions")
        facts = VersionFacts(kind="adapter", family="llama", objective="generation", method="lora")
        number = int(sys.argv[2])
        while True:
            stage = root / f"stage-{number}"
            stage.mkdir(parents=True)
            for part in range(3):
                (stage / f"part-{part}").write_bytes(bytes([number % 256]) * 300_000)
            versions.publish(OWNER, "calls", stage, facts)
            number += 1
            print(number, flush=True)
    """)
    for attempt in range(10):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(attempt * 1000)],
            stdout=subprocess.PIPE,
        )
        assert process.stdout.readline()
        time.sleep(0.05 * attempt)  # each dies at another moment of its work
        process.send_signal(signal.SIGKILL)
        process.wait()
    database = Database(tmp_path / "genwright.db")
    versions = ModelVersions(database, tmp_path / "versions")
    known = versions.list_versions(OWNER, "calls")
    assert len(known) >= 10
    for each in known:
        versions.check(each)
        assert len(each.files) == 3
    publish(versions, tmp_path, "last")
    kept = {each.digest for each in versions.list_versions(OWNER, "calls")}
    assert {path.name for path in versions.folder.iterdir() if path.is_dir()} == kept
    assert json.dumps([each.json() for each in known])
    assert os.path.isdir(tmp_path / "versions")
    database.close()
