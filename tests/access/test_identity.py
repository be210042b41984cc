"""Keys and sessions: who is let in, until exactly when."""

import sqlite3
import time

import pytest

from genwright.access import Doorman, Identity, Quotas, create_key, list_keys, logins, revoke_key
from genwright.access.people import change_user, create_group, create_user, join, remove_user
from genwright.errors import NotFound, TooMany, UsageError
from genwright.settings import AccessSettings
from genwright.storage import ApiKey, Database
from genwright.types import OWNER


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "genwright.db")
    create_user(database, OWNER, "bob", password="correct horse battery")
    yield database
    database.close()


@pytest.fixture
def doorman(database):
    doorman = Doorman(database)
    yield doorman
    doorman.close()


@pytest.fixture
def quotas(database):
    made = []

    def make(**settings: int) -> Quotas:
        made.append(Quotas(database, AccessSettings(**settings)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_key_is_its_users_and_is_stored_nowhere(database, doorman):
    key, secret = create_key(database, OWNER, "bob", "laptop")
    identity = doorman.find_by_key(secret)
    assert (identity.principal.name, identity.subject) == ("bob", f"key-{key.id}")
    assert secret not in database.path.read_bytes().decode("latin-1")
    assert secret not in str(list_keys(database, OWNER))
    for other in ("", secret[:-1], secret + "x", "gw-" + "a" * 43, "x" * 100_000):
        assert doorman.find_by_key(other) is None


def test_another_connections_revocation_holds_at_once(database, doorman):
    key, secret = create_key(database, OWNER, "bob", "laptop")
    identity = doorman.find_by_key(secret)
    assert doorman.is_still_valid(identity)
    other = Database(database.path)
    revoke_key(other, OWNER, key.id)
    other.close()
    assert doorman.find_by_key(secret) is None
    assert not doorman.is_still_valid(identity)


def test_an_expired_key_is_nobodys(database, doorman):
    _, secret = create_key(database, OWNER, "bob", "brief", days=1)
    assert doorman.find_by_key(secret)
    with sqlite3.connect(database.path) as connection:
        connection.execute("UPDATE api_key SET expires_at = '2020-01-01 00:00:00'")
    assert doorman.find_by_key(secret) is None


@pytest.mark.parametrize("change", ["role", "group", "inactive", "removed"])
def test_a_change_of_the_person_ends_what_was_open(database, doorman, change):
    _, secret = create_key(database, OWNER, "bob", "laptop")
    identity = doorman.find_by_key(secret)
    if change == "role":
        change_user(database, OWNER, "bob", role="editor")
    elif change == "group":
        create_group(database, OWNER, "sales")
        join(database, OWNER, "sales", "bob")
    elif change == "inactive":
        change_user(database, OWNER, "bob", active=False)
    else:
        remove_user(database, OWNER, "bob")
    assert not doorman.is_still_valid(identity)


def test_a_session_lasts_until_it_is_ended(database, doorman):
    token = logins.begin(database, "bob", hours=1)
    identity = doorman.find_by_login(token)
    assert identity.principal.name == "bob" and doorman.find_by_key(token) is None
    logins.end(database, token)
    assert doorman.find_by_login(token) is None and not doorman.is_still_valid(identity)


def test_the_owner_is_let_in_until_there_are_users(tmp_path):
    database = Database(tmp_path / "empty.db")
    doorman = Doorman(database)
    owner = Identity(OWNER)
    assert not doorman.has_users() and doorman.is_still_valid(owner)
    create_user(database, OWNER, "ann", role="admin")
    assert doorman.has_users() and not doorman.is_still_valid(owner)
    doorman.close()
    database.close()


def test_a_scoped_key_may_ask_what_it_is_for():
    identity = Identity(OWNER, assistants=("manuals",))
    assert identity.may_ask("manuals") and identity.may_ask("manuals@3")
    assert not identity.may_ask("assistant") and Identity(OWNER).may_ask("anything")


@pytest.mark.parametrize("wrong", [{"name": ""}, {"days": 0}, {"tokens_per_day": -1}])
def test_a_key_with_a_wrong_number_is_not_made(database, wrong):
    with pytest.raises(UsageError):
        create_key(database, OWNER, "bob", **{"name": "x", **wrong})
    with database.read(OWNER) as session:
        assert session.query(ApiKey).count() == 0


def test_somebody_elses_key_cannot_be_revoked(database):
    create_user(database, OWNER, "cat")
    key, _ = create_key(database, OWNER, "bob", "laptop")
    with pytest.raises(NotFound):
        revoke_key(database, OWNER, key.id, "cat")


def test_requests_beyond_the_quota_are_told_when_to_come_back(quotas):
    counted, identity = quotas(requests_per_minute=3), Identity(OWNER, user_id=1)
    for _ in range(3):
        counted.admit(identity)
    with pytest.raises(TooMany) as refused:
        counted.admit(identity)
    assert 0 < refused.value.retry_after <= 20
    counted.admit(Identity(OWNER, user_id=2))
    counted.admit(Identity(OWNER, user_id=1, key_id=5, requests_per_minute=100))


def test_tokens_of_the_day_are_kept_over_a_restart(quotas, database):
    identity = Identity(OWNER, key_id=1, tokens_per_day=100)
    counted = quotas()
    counted.spend(identity, 60)
    counted.admit(identity)
    counted.spend(identity, 50)
    counted.close()
    again = quotas()
    assert again.count_tokens_today("key-1") == 110
    with pytest.raises(TooMany, match="100 tokens a day"):
        again.admit(identity)


def test_what_is_remembered_is_bounded(database, doorman):
    for number in range(200):
        doorman.find_by_key(f"gw-{number}")
    began = time.perf_counter()
    assert doorman.find_by_key("gw-1") is None
    assert time.perf_counter() - began < 5
    assert len(doorman._known) <= 200
