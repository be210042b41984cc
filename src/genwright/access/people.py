"""Users and groups: making, changing and listing them."""

import re
from dataclasses import dataclass
from datetime import UTC
from typing import get_args

from sqlalchemy import delete, func, select

from genwright.access.audit import record
from genwright.access.passwords import check_strength, hash_password
from genwright.errors import NotFound, Refused, UsageError
from genwright.storage import Database, Group, Login, Membership, StoreSession, User
from genwright.types import EVERYONE, OWNER, Json, Principal, Role

NAME = re.compile(r"[\w][\w.@ -]{0,98}[\w.]|\w")
RESERVED = ("owner", "nobody", "everyone")


@dataclass(frozen=True)
class Person:
    """A user as lists show it."""

    id: int
    name: str
    email: str
    role: Role
    active: bool
    has_password: bool
    openid: bool
    """Whether an OpenID login is linked."""
    groups: tuple[str, ...]
    created_at: str

    def json(self) -> Json:
        """Every field."""
        return {**self.__dict__, "groups": list(self.groups)}

    @property
    def principal(self) -> Principal:
        """Whom they act as."""
        groups = (EVERYONE, *(f"group:{name}" for name in self.groups))
        return Principal(self.name, groups, self.role)


def create_user(
    database: Database,
    principal: Principal,
    name: str,
    *,
    role: str = "reader",
    password: str = "",
    email: str = "",
    subject: str | None = None,
) -> Person:
    """Make a user.

    Args:
        database: The store.
        principal: Who does it.
        name: Letters, digits, ``. @ - _`` and spaces; never used by a group or the owner.
        role: ``reader``, ``editor`` or ``admin``.
        password: Empty for somebody who has keys or an OpenID login only.
        email: Where to reach them; nothing is sent.
        subject: Issuer and subject of an OpenID login.

    Raises:
        UsageError: Name, role or password will not do.
        Refused: There is one of that name.
    """
    _check_name(name)
    if password:
        check_strength(password, name)
    hashed = hash_password(password) if password else ""
    with database.write(principal) as session:
        if session.scalar(select(User.id).where(User.name == name)) is not None:
            raise Refused(f"There is a user {name!r}: choose another name.")
        row = User(
            name=name,
            email=email,
            role=_parse_role(role),
            password=hashed,
            subject=subject,
            active=True,
        )
        session.add(row)
        session.flush()
        record(session, "user.create", f"user-{row.id}", {"role": role})
        return _read_person(session, row)


def change_user(
    database: Database,
    principal: Principal,
    name: str,
    *,
    role: str | None = None,
    active: bool | None = None,
    password: str | None = None,
    email: str | None = None,
) -> Person:
    """Change what is given; a new password, or the end of an account, ends its logins.

    Raises:
        NotFound: There is no such user.
        UsageError: Role or password will not do.
        Refused: It would leave no active admin.
    """
    if password:
        check_strength(password, name)
    hashed = hash_password(password) if password else None
    with database.write(principal) as session:
        row = find_user(session, name)
        changed = [key for key, value in (("role", role), ("active", active)) if value is not None]
        row.role = _parse_role(role) if role is not None else row.role
        row.active = active if active is not None else row.active
        row.email = email if email is not None else row.email
        if hashed is not None:
            row.password = hashed
            changed.append("password")
        session.flush()
        _keep_an_admin(session)
        if hashed is not None or active is False:
            session.execute(delete(Login).where(Login.user_id == row.id))
        record(session, "user.change", f"user-{row.id}", {"changed": changed})
        return _read_person(session, row)


def remove_user(database: Database, principal: Principal, name: str) -> None:
    """Remove an account with its keys and logins. What it owns stays: see ``forget``.

    Raises:
        NotFound: There is no such user.
        Refused: It is the last active admin.
    """
    with database.write(principal) as session:
        row = find_user(session, name)
        record(session, "user.remove", f"user-{row.id}")
        session.delete(row)
        session.flush()
        if session.scalar(select(func.count()).select_from(User)):
            _keep_an_admin(session)


def list_users(database: Database, principal: Principal) -> list[Person]:
    """Every user, by name."""
    with database.read(principal) as session:
        return [
            _read_person(session, row) for row in session.scalars(select(User).order_by(User.name))
        ]


def get_user(database: Database, principal: Principal, name: str) -> Person:
    """One user.

    Raises:
        NotFound: There is none of that name.
    """
    with database.read(principal) as session:
        return _read_person(session, find_user(session, name))


def create_group(database: Database, principal: Principal, name: str) -> None:
    """Make a group.

    Raises:
        UsageError: The name will not do.
        Refused: There is one of that name.
    """
    _check_name(name)
    with database.write(principal) as session:
        if session.scalar(select(Group.id).where(Group.name == name)) is not None:
            raise Refused(f"There is a group {name!r}: choose another name.")
        row = Group(name=name)
        session.add(row)
        session.flush()
        record(session, "group.create", f"group-{row.id}")


def remove_group(database: Database, principal: Principal, name: str) -> None:
    """Remove a group with the rights it holds.

    Raises:
        NotFound: There is none of that name.
    """
    from genwright.storage import Grant

    with database.write(principal) as session:
        row = _find_group(session, name)
        session.execute(delete(Grant).where(Grant.holder == f"group:{name}"))
        record(session, "group.remove", f"group-{row.id}")
        session.delete(row)


def join(database: Database, principal: Principal, group: str, user: str) -> None:
    """Put a user into a group; being there already is no error.

    Raises:
        NotFound: There is no such user or group.
    """
    with database.write(principal) as session:
        found, who = _find_group(session, group), find_user(session, user)
        if session.get(Membership, (found.id, who.id)) is None:
            session.add(Membership(group_id=found.id, user_id=who.id))
            record(session, "group.join", f"group-{found.id}", {"user": who.id})


def leave(database: Database, principal: Principal, group: str, user: str) -> None:
    """Take a user out of a group.

    Raises:
        NotFound: There is no such user or group, or the user is not in it.
    """
    with database.write(principal) as session:
        found, who = _find_group(session, group), find_user(session, user)
        member = session.get(Membership, (found.id, who.id))
        if member is None:
            raise NotFound(f"{user!r} is not in {group!r}.")
        session.delete(member)
        record(session, "group.leave", f"group-{found.id}", {"user": who.id})


def list_groups(database: Database, principal: Principal) -> dict[str, list[str]]:
    """Names of members by name of group."""
    with database.read(principal) as session:
        groups: dict[str, list[str]] = {
            name: [] for name in session.scalars(select(Group.name).order_by(Group.name))
        }
        rows = session.execute(
            select(Group.name, User.name)
            .join(Membership, Membership.group_id == Group.id)
            .join(User, Membership.user_id == User.id)
            .order_by(User.name)
        )
        for group, user in rows:
            groups[group].append(user)
        return groups


def find_user(session: StoreSession, name: str) -> User:
    """The row of a user.

    Raises:
        NotFound: There is none of that name.
    """
    row = session.scalar(select(User).where(User.name == name))
    if row is None:
        raise NotFound(f"There is no user {name!r}: genwright users list shows those there are.")
    return row


def build_principal(session: StoreSession, row: User) -> Principal:
    """Whom a user acts as."""
    return _read_person(session, row).principal


def _find_group(session: StoreSession, name: str) -> Group:
    row = session.scalar(select(Group).where(Group.name == name))
    if row is None:
        raise NotFound(f"There is no group {name!r}: genwright groups list shows those there are.")
    return row


def _keep_an_admin(session: StoreSession) -> None:
    admins = select(User.id).where(User.role == "admin", User.active)
    if session.principal != OWNER and session.scalar(admins.limit(1)) is None:
        raise Refused("This would leave no active admin: make another one first.")


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name) or name.lower() in RESERVED or name != name.strip():
        raise UsageError(
            f"Expected a name of letters, digits, '.', '@', '-', '_' and spaces that is none of "
            f"{', '.join(RESERVED)}; got {name!r}."
        )


def _parse_role(role: str) -> Role:
    if role not in get_args(Role):
        raise UsageError(f"Expected a role of {', '.join(get_args(Role))}; got {role!r}.")
    return role  # type: ignore[return-value]


def _read_person(session: StoreSession, row: User) -> Person:
    groups = session.scalars(
        select(Group.name)
        .join(Membership, Membership.group_id == Group.id)
        .where(Membership.user_id == row.id)
        .order_by(Group.name)
    )
    return Person(
        id=row.id,
        name=row.name,
        email=row.email,
        role=_parse_role(row.role),
        active=row.active,
        has_password=bool(row.password),
        openid=row.subject is not None,
        groups=tuple(groups),
        created_at=row.created_at.replace(tzinfo=UTC).isoformat(timespec="seconds"),
    )
