"""Assistants: versions that never change, an alias that moves, one default."""

import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from genwright.errors import NotFound, Refused, UsageError
from genwright.registry import Assistants, find_differences
from genwright.settings import Settings
from genwright.storage import Database
from genwright.storage.serving import Assistant, AssistantVersion
from genwright.types import OWNER, Principal

ANN = Principal("ann")


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "genwright.db")
    yield database
    database.close()


@pytest.fixture
def assistants(database, tmp_path):
    return Assistants(database, Settings(), tmp_path / "prompts")


def live(assistants: Assistants, name: str = "assistant") -> int:
    return assistants.resolve(OWNER, name).version.number


def test_a_workspace_starts_with_one_assistant_over_the_default_collection(assistants):
    [first] = assistants.list_assistants(OWNER)
    assert first.default and first.aliases == {"live": 1}
    assert assistants.resolve(OWNER).version.config.collections == ("default",)


def test_many_who_come_first_at_once_make_one(database):
    made = [Assistants(database, Settings()) for _ in range(8)]
    threads = [threading.Thread(target=each.resolve, args=(OWNER,)) for each in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made[0].list_assistants(OWNER)) == 1


def test_a_change_makes_a_version_and_promotes_nothing(assistants):
    new = assistants.revise(ANN, "assistant", {"retrieval": {"top_k": 3}}, note="fewer")
    assert (new.label, new.version.note, new.version.created_by) == ("assistant@2", "fewer", "ann")
    assert live(assistants) == 1
    assert assistants.resolve(OWNER, "assistant@candidate").label == "assistant@2"
    old = assistants.resolve(OWNER, "assistant@1").version.config
    assert find_differences(old, new.version.config) == {"retrieval.top_k": (8, 3)}


def test_promotion_and_rollback_move_live_and_nothing_else(assistants):
    for k in (2, 3):
        assistants.revise(OWNER, "assistant", {"retrieval": {"top_k": k}})
        assistants.promote(OWNER, "assistant")
    assert live(assistants) == 3
    assert [assistants.rollback(OWNER, "assistant").version.number for _ in range(2)] == [2, 1]
    with pytest.raises(Refused, match="nothing to go back to"):
        assistants.rollback(OWNER, "assistant")
    assistants.promote(OWNER, "assistant", "3")
    assert live(assistants) == 3
    assert [each.number for each in assistants.list_versions(OWNER, "assistant")] == [1, 2, 3]


def test_a_version_cannot_be_changed_in_the_store(assistants, database):
    assistants.resolve(OWNER)
    with pytest.raises(DatabaseError, match="never changed"), database.write(OWNER) as session:
        session.execute(text("UPDATE assistant_version SET note = 'other'"))


def test_a_prompt_is_kept_by_its_words(assistants, tmp_path):
    folder = tmp_path / "prompts"
    folder.mkdir()
    file = folder / "terse.md"
    file.write_text("---\ndescription: d\nsystem: Be terse.\n---\n{{ question }}\n")
    assistants.create(OWNER, "terse", prompt="terse")
    file.write_text("---\ndescription: d\nsystem: Ramble.\n---\n{{ question }}\n")
    assert assistants.resolve(OWNER, "terse").version.config.prompt.system == "Be terse."
    new = assistants.revise(OWNER, "terse", {}, prompt="terse")
    assert new.version.config.prompt.system == "Ramble."


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"retrieval": {"top_k": 0}}, r"retrieval\.top_k = 0"),
        ({"retrieval": {"speed": 1}}, r"retrieval\.speed"),
        ({"retrieval": {"k": 3}}, r"retrieval\.k is called retrieval\.top_k now"),
        ({"model": "x"}, "model"),
        ({}, "Nothing differs"),
    ],
)
def test_a_change_that_is_not_possible_is_refused(assistants, changes, says):
    with pytest.raises(UsageError, match=says):
        assistants.revise(OWNER, "assistant", changes)
    assert len(assistants.list_versions(OWNER, "assistant")) == 1


def test_a_version_that_was_stored_under_earlier_names_is_the_same_one(assistants, database):
    config = assistants.resolve(OWNER).version.config.model_dump(mode="json")
    del config["retrieval"]["top_k"]
    config["retrieval"]["k"] = 3
    with database.write(OWNER) as session:
        owner = session.scalars(select(Assistant)).one()
        session.add(AssistantVersion(
            assistant_id=owner.id, number=2, config=config, digest="0" * 64, note="",
            created_by="local",
        ))  # fmt: skip
    found = assistants.list_versions(OWNER, "assistant")[-1].config
    assert found.retrieval.top_k == 3
    with pytest.raises(UsageError, match="Nothing differs"):
        assistants.revise(OWNER, "assistant", {"retrieval": {"top_k": 3}})


@pytest.mark.parametrize("name", ["", "A", "a b", "a@1", "../x", "a" * 65])
def test_a_name_is_a_plain_word(assistants, name):
    with pytest.raises(UsageError, match="a-z"):
        assistants.create(OWNER, name)


@pytest.mark.parametrize("named", ["nobody", "assistant@9", "assistant@best", "assistant@-1"])
def test_what_is_not_there_is_not_found(assistants, named):
    with pytest.raises(NotFound):
        assistants.resolve(OWNER, named)


def test_one_is_the_default_and_it_cannot_be_removed(assistants):
    assistants.resolve(OWNER)
    assistants.create(OWNER, "manuals")
    with pytest.raises(Refused, match="default"):
        assistants.remove(OWNER, "assistant")
    assistants.make_default(OWNER, "manuals")
    assistants.remove(OWNER, "assistant")
    assert [each.name for each in assistants.list_assistants(OWNER)] == ["manuals"]
    assert assistants.resolve(OWNER).name == "manuals"
    with pytest.raises(Refused, match="manuals"):
        assistants.create(OWNER, "manuals")
