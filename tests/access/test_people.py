"""Users, groups, passwords: made, changed, never left without an admin."""

import pytest

from genwright.access import logins
from genwright.access.passwords import check_strength, hash_password, verify_password
from genwright.access.people import (
    change_user,
    create_group,
    create_user,
    get_user,
    join,
    leave,
    list_groups,
    remove_group,
    remove_user,
)
from genwright.errors import NotAllowed, NotFound, Refused, TooMany, UsageError
from genwright.storage import Database, Grant, Login
from genwright.types import EVERYONE, OWNER, Principal

PASSWORD = "correct horse battery"
ADMIN = Principal("ann", role="admin")


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "genwright.db")
    yield database
    database.close()


def test_a_user_is_in_everyone_and_in_their_groups(database):
    create_user(database, OWNER, "bob", role="editor")
    create_group(database, OWNER, "sales")
    join(database, OWNER, "sales", "bob")
    join(database, OWNER, "sales", "bob")
    principal = get_user(database, OWNER, "bob").principal
    assert principal == Principal("bob", (EVERYONE, "group:sales"), "editor")
    leave(database, OWNER, "sales", "bob")
    assert list_groups(database, OWNER) == {"sales": []}


@pytest.mark.parametrize(
    "name", ["", "owner", "everyone", "a:b", "group:x", " a", "a\n", "x" * 101]
)
def test_a_name_that_could_pass_for_another_is_refused(database, name):
    with pytest.raises(UsageError, match="name"):
        create_user(database, OWNER, name)


def test_there_is_one_user_of_a_name(database):
    create_user(database, OWNER, "bob")
    with pytest.raises(Refused, match="bob"):
        create_user(database, OWNER, "bob")


def test_the_last_admin_stays(database):
    create_user(database, OWNER, "ann", role="admin")
    create_user(database, OWNER, "bob")
    for change in ({"role": "reader"}, {"active": False}):
        with pytest.raises(Refused, match="no active admin"):
            change_user(database, ADMIN, "ann", **change)
    with pytest.raises(Refused, match="no active admin"):
        remove_user(database, ADMIN, "ann")
    change_user(database, ADMIN, "bob", role="admin")
    assert change_user(database, ADMIN, "ann", role="reader").role == "reader"


def test_a_group_goes_with_its_rights(database):
    create_group(database, OWNER, "sales")
    with database.write(OWNER) as session:
        from tests.fixtures.rows import add_document

        home = add_document(session, "a", ["one"]).collection_id
        session.add(Grant(holder="group:sales", right="read", collection_id=home))
    remove_group(database, OWNER, "sales")
    with database.read(OWNER) as session:
        assert session.query(Grant).count() == 0


def test_a_hash_fits_its_password_and_no_other():
    stored = hash_password(PASSWORD)
    assert PASSWORD not in stored and stored != hash_password(PASSWORD)
    assert verify_password(PASSWORD, stored)
    assert not verify_password(PASSWORD + " ", stored)
    assert not verify_password(PASSWORD, "")


@pytest.mark.parametrize("password", ["short", "password1234!", "aaaaaaaaaaaaaaaa", "x" * 2000])
def test_a_password_that_is_guessed_first_is_refused(password):
    with pytest.raises(UsageError, match="password"):
        check_strength(password)


def test_a_password_does_not_hold_the_name():
    with pytest.raises(UsageError, match="name"):
        check_strength("annabelle-the-great", "annabelle")


def test_a_login_says_the_same_for_a_wrong_name_and_a_wrong_password(database):
    create_user(database, OWNER, "bob", password=PASSWORD)
    attempts = logins.LoginAttempts()
    said = set()
    for name, password in (("bob", "wrong wrong wrong"), ("nobody", PASSWORD)):
        with pytest.raises(NotAllowed) as refused:
            logins.log_in(database, name, password, hours=1, attempts=attempts)
        said.add(str(refused.value))
    assert len(said) == 1
    change_user(database, OWNER, "bob", active=False)
    with pytest.raises(NotAllowed):
        logins.log_in(database, "bob", PASSWORD, hours=1, attempts=attempts)


def test_wrong_passwords_have_to_wait_longer_and_longer(database):
    create_user(database, OWNER, "bob", password=PASSWORD)
    attempts = logins.LoginAttempts()
    for _ in range(logins.FREE_ATTEMPTS):
        attempts.record_failure("name bob", "address 1")
    with pytest.raises(TooMany) as first:
        attempts.check("name bob")
    attempts.record_failure("name bob")
    with pytest.raises(TooMany) as second:
        logins.log_in(database, "bob", PASSWORD, hours=1, attempts=attempts)
    assert 0 < first.value.retry_after < second.value.retry_after
    attempts.check("name ann", "address 2")


def test_a_new_password_ends_sessions(database):
    create_user(database, OWNER, "bob", password=PASSWORD)
    logins.log_in(database, "bob", PASSWORD, hours=1, attempts=logins.LoginAttempts())
    change_user(database, OWNER, "bob", password="another horse battery")
    with database.read(OWNER) as session:
        assert session.query(Login).count() == 0


def test_what_is_not_there_is_not_found(database):
    for do in (get_user, remove_user):
        with pytest.raises(NotFound):
            do(database, OWNER, "nobody")
    with pytest.raises(NotFound):
        join(database, OWNER, "nothing", "nobody")
