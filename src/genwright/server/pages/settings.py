"""Settings: one's own keys; for admins people, groups, quotas, retention, privacy, the audit."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from genwright import __version__
from genwright.access import audit, create_key, is_allowed, list_keys, people, require, revoke_key
from genwright.errors import GenwrightError, NotFound
from genwright.privacy import KINDS
from genwright.server.deps import Asking, Serving, require_action
from genwright.server.pages.views.rendering import read_flash, redirect_back, render
from genwright.server.service import Service
from genwright.settings_file import write_settings
from genwright.types import Principal
from genwright.workspace import SETTINGS_FILE

router = APIRouter(prefix="/settings", include_in_schema=False)
Word = Annotated[str, Form(max_length=320)]
Number = Annotated[int | None, Form(ge=0, le=10**9)]
TABS = ("keys", "people", "groups", "limits", "privacy", "audit", "about")
OWN = ("keys", "about")
"""Tabs that everybody has."""
PAGE = 50


@router.get("")
def redirect_to_first_tab() -> Response:
    """The first tab."""
    return RedirectResponse("/settings/keys", 303)


@router.get("/{tab}")
def show_tab(
    request: Request,
    service: Serving,
    identity: Asking,
    tab: str,
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """One tab of the settings."""
    return _render(request, service, identity.principal, tab, before=before)


@router.post("/keys")
def add_key(
    request: Request,
    service: Serving,
    identity: Asking,
    name: Word,
    user: Word = "",
    days: Annotated[float | None, Form(gt=0)] = None,
    assistants: Annotated[list[str] | None, Form()] = None,
    requests_per_minute: Number = None,
    tokens_per_day: Number = None,
) -> Response:
    """Make a key, one's own or, as an admin, somebody else's; the secret is shown this once."""
    principal = identity.principal
    if user and user != principal.name:
        require(principal, "keys.manage")
    key, secret = create_key(
        service.workspace.database,
        principal,
        user or principal.name,
        name,
        days=days,
        assistants=assistants or (),
        requests_per_minute=requests_per_minute or None,
        tokens_per_day=tokens_per_day or None,
    )
    return _render(request, service, principal, "keys", secret=secret, made=key.id)


@router.post("/keys/{key}/revoke")
def end_key(service: Serving, identity: Asking, key: int) -> Response:
    """End a key for good."""
    mine = "" if is_allowed(identity.principal, "keys.manage") else identity.principal.name
    revoke_key(service.workspace.database, identity.principal, key, mine)
    return _redirect_back("keys", f"Key {key} was revoked.")


@router.post("/people", dependencies=[Depends(require_action("people.manage"))])
def add_person(
    service: Serving,
    identity: Asking,
    name: Word,
    role: Word,
    email: Word = "",
    password: Annotated[str, Form(max_length=1024)] = "",
) -> Response:
    """Make a user."""
    people.create_user(
        service.workspace.database,
        identity.principal,
        name.strip(),
        role=role,
        email=email,
        password=password,
    )
    return _redirect_back("people", f"{name} was made.")


@router.post("/people/{name}", dependencies=[Depends(require_action("people.manage"))])
def change_person(
    service: Serving,
    identity: Asking,
    name: str,
    role: Annotated[str | None, Form(max_length=20)] = None,
    active: Annotated[bool | None, Form()] = None,
    password: Annotated[str, Form(max_length=1024)] = "",
) -> Response:
    """Change a user: role, whether they get in, password."""
    people.change_user(
        service.workspace.database,
        identity.principal,
        name,
        role=role,
        active=active,
        password=password or None,
    )
    return _redirect_back("people", f"{name} was changed.")


@router.post("/groups", dependencies=[Depends(require_action("people.manage"))])
def add_group(service: Serving, identity: Asking, name: Word) -> Response:
    """Make a group."""
    people.create_group(service.workspace.database, identity.principal, name.strip())
    return _redirect_back("groups", f"group:{name} was made.")


@router.post("/groups/{name}", dependencies=[Depends(require_action("people.manage"))])
def change_group(
    service: Serving, identity: Asking, name: str, what: Word, user: Word = ""
) -> Response:
    """Put a user in, take one out, or remove the group."""
    database, principal = service.workspace.database, identity.principal
    if what == "join":
        people.join(database, principal, name, user)
    elif what == "leave":
        people.leave(database, principal, name, user)
    else:
        people.remove_group(database, principal, name)
    return _redirect_back("groups")


@router.post("/limits", dependencies=[Depends(require_action("settings.edit"))])
def set_limits(
    service: Serving,
    identity: Asking,
    requests_per_minute: Annotated[int, Form(ge=0)],
    tokens_per_day: Annotated[int, Form(ge=0)],
    traces: Annotated[int, Form(ge=0)],
    conversations: Annotated[int, Form(ge=0)],
    responses: Annotated[int, Form(ge=0)],
    files: Annotated[int, Form(ge=0)],
    series: Annotated[int, Form(ge=0)],
) -> Response:
    """Quotas of those who have none of their own, and how long things are kept."""
    values: dict[str, object] = {
        "access.requests_per_minute": requests_per_minute,
        "access.tokens_per_day": tokens_per_day,
    }
    kept = {
        "traces": traces,
        "conversations": conversations,
        "responses": responses,
        "files": files,
        "series": series,
    }
    values |= {f"retention.{name}_days": days for name, days in kept.items()}
    return _write(service, identity.principal, "limits", values)


@router.post("/privacy", dependencies=[Depends(require_action("settings.edit"))])
def set_privacy(
    service: Serving,
    identity: Asking,
    ingest: Word,
    prompts: Word,
    logs: Word,
    kinds: Annotated[list[str] | None, Form()] = None,
    regions: Word = "",
) -> Response:
    """What happens to identifiers of persons."""
    countries = [each.strip().upper() for each in regions.split(",") if each.strip()]
    values: dict[str, object] = {
        "privacy.ingest": ingest,
        "privacy.prompts": prompts,
        "privacy.logs": logs,
        "privacy.kinds": list(kinds or []),
        "privacy.regions": countries,
    }
    return _write(service, identity.principal, "privacy", values)


@router.post("/audit/verify", dependencies=[Depends(require_action("audit.read"))])
def verify(service: Serving) -> Response:
    """Follow the chain of the audit log."""
    found = audit.verify(service.workspace.database)
    if found.broken_at is not None:
        return _redirect_back(
            "audit", f"Audit log altered at entry {found.broken_at} (hash mismatch)."
        )
    return _redirect_back("audit", f"{found.entries} entries, unbroken. Head: {found.head}")


def _write(service: Service, principal: Principal, tab: str, values: dict[str, object]) -> Response:
    """Write settings, and note that they were; they hold when the server starts again."""
    write_settings(service.workspace.root / SETTINGS_FILE, values)
    with service.workspace.database.write(principal) as session:
        audit.record(session, "settings.change", tab, {"names": sorted(values)})
    return _redirect_back(tab, "Saved. It holds from the next start of the server on.")


def _render(
    request: Request,
    service: Service,
    principal: Principal,
    tab: str,
    *,
    before: int | None = None,
    secret: str = "",
    made: int = 0,
) -> Response:
    if tab not in TABS or (tab not in OWN and not is_allowed(principal, "people.manage")):
        raise NotFound(f"There is no page /settings/{tab[:40]}.")
    database = service.workspace.database
    manages = is_allowed(principal, "keys.manage")
    entries = (
        audit.list_entries(database, principal, before=before, limit=PAGE) if tab == "audit" else []
    )
    return render(
        request,
        "settings.html",
        tab=tab,
        tabs=[each for each in TABS if each in OWN or is_allowed(principal, "people.manage")],
        keys=list_keys(database, principal, "" if manages else principal.name),
        people=people.list_users(database, principal) if manages else [],
        groups=people.list_groups(database, principal) if manages else {},
        assistants=[each.name for each in service.assistants.list_assistants(principal)],
        settings=_read_written_settings(service),
        kinds=KINDS,
        entries=entries,
        names=audit.find_actor_names(database, principal, {each.actor for each in entries}),
        secret=secret,
        made=made,
        can_have_keys=any(each.name == principal.name for each in _list_people(service, principal)),
        used=service.quotas.count_tokens_today,
        version=__version__,
        root=str(service.workspace.root),
        message=read_flash(request),
    )


def _list_people(service: Service, principal: Principal) -> "list[people.Person]":
    return people.list_users(service.workspace.database, principal)


def _read_written_settings(service: Service) -> object:
    """The settings as the file has them now, which hold from the next start on."""
    from genwright.settings import load_settings

    try:
        return load_settings(service.workspace.root / SETTINGS_FILE)
    except GenwrightError:
        return service.settings


def _redirect_back(tab: str, told: str = "") -> Response:
    return redirect_back(f"/settings/{tab}", told)
