"""Login by OpenID Connect: the authorization code flow with PKCE, state and nonce.

OpenID Connect Core 1.0, section 3.1, and RFC 7636. An account is found by issuer and subject and
never by its e-mail address, which providers let people change.
"""

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy import select

from genwright import extras
from genwright.access.people import create_group, create_user, join, leave, list_groups
from genwright.errors import NotAllowed, Refused, SettingsError, Unavailable
from genwright.settings import OIDCSettings
from genwright.storage import Database, User
from genwright.types import OWNER

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Signatures that are taken; never ``none`` and none with a shared secret."""
SECONDS = 10.0
"""Longest time a provider may take to answer."""
LEEWAY = 60
"""Seconds by which its clock may differ."""
PENDING_SECONDS = 600
"""Time somebody has to log in at the provider."""


@dataclass(frozen=True)
class PendingLogin:
    """A login that was begun: kept here, never in the browser."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    began: float


@dataclass(frozen=True)
class Claims:
    """What the provider says of somebody."""

    subject: str
    """Issuer and subject, joined by a space."""
    name: str
    email: str
    groups: tuple[str, ...] | None
    """None where the settings name no claim for them."""


class Provider:
    """One OpenID provider.

    Args:
        settings: Its issuer and what it calls this installation.
        secret: The client's secret.

    Raises:
        SettingsError: The issuer is no https address (http is taken on this machine only).
        MissingDependency: The extra ``oidc`` is not installed.
    """

    def __init__(self, settings: OIDCSettings, secret: str) -> None:
        parts = urlsplit(settings.issuer)
        local = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise SettingsError(
                f"Expected an https address as access.oidc.issuer, got {settings.issuer!r}."
            )
        extras.need("joserfc", extra="oidc", why="Login by OpenID")
        self.settings, self._secret = settings, secret
        self._client = httpx.Client(timeout=SECONDS, follow_redirects=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def begin(self, redirect_uri: str) -> tuple[str, PendingLogin]:
        """Where to send the browser, and what to keep until it comes back."""
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        pending = PendingLogin(state, nonce, verifier, redirect_uri, time.time())
        hashed = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email profile",
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": base64.urlsafe_b64encode(hashed).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        url = httpx.URL(self._fetch_metadata()["authorization_endpoint"])
        return str(url.copy_merge_params(query)), pending

    def finish(self, pending: PendingLogin, query: Mapping[str, str]) -> Claims:
        """Who came back from the provider.

        Raises:
            NotAllowed: The answer is not for this login, or its token does not hold.
            Unavailable: The provider does not answer.
        """
        if query.get("state") != pending.state or time.time() - pending.began > PENDING_SECONDS:
            raise NotAllowed("This login is not the one that was begun: log in again.")
        if "code" not in query:
            raise NotAllowed("The provider did not let you in: log in again.")
        metadata = self._fetch_metadata()
        token = self._post(
            metadata["token_endpoint"],
            {
                "grant_type": "authorization_code",
                "code": query["code"],
                "redirect_uri": pending.redirect_uri,
                "code_verifier": pending.verifier,
                "client_id": self.settings.client_id,
                "client_secret": self._secret,
            },
        )
        claims = self._verify_token(str(token.get("id_token", "")), metadata, pending)
        return self._parse_claims(claims)

    def _verify_token(
        self, token: str, metadata: Mapping[str, Any], pending: PendingLogin
    ) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            keys = KeySet.import_key_set({"keys": self._get(metadata["jwks_uri"])["keys"]})
            decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
            jwt.JWTClaimsRegistry(
                leeway=LEEWAY,
                iss={"essential": True, "value": self.settings.issuer},
                aud={"essential": True, "value": self.settings.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": pending.nonce},
            ).validate(decoded.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise NotAllowed(
                f"The provider's token does not hold ({type(error).__name__}): log in again."
            ) from error
        audience = decoded.claims["aud"]
        if isinstance(audience, list) and len(audience) > 1:
            if decoded.claims.get("azp") != self.settings.client_id:
                raise NotAllowed("The provider's token is for another client: log in again.")
        return dict(decoded.claims)

    def _parse_claims(self, claims: Mapping[str, Any]) -> Claims:
        wanted = self.settings.groups_claim
        given = claims.get(wanted, []) if wanted else None
        groups = tuple(str(each) for each in given) if isinstance(given, list) else None
        name = claims.get("preferred_username") or claims.get("email") or claims["sub"]
        return Claims(
            f"{claims['iss']} {claims['sub']}", str(name), str(claims.get("email") or ""), groups
        )

    def _fetch_metadata(self) -> dict[str, Any]:
        where = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = self._get(where)
        if found.get("issuer") != self.settings.issuer:
            raise Unavailable(f"{where} names another issuer: check access.oidc.issuer.")
        return found

    def _get(self, url: str) -> dict[str, Any]:
        return self._read(lambda: self._client.get(url))

    def _post(self, url: str, data: Mapping[str, str]) -> dict[str, Any]:
        return self._read(lambda: self._client.post(url, data=dict(data)))

    def _read(self, send: "Any") -> dict[str, Any]:  # noqa: ANN401 - a request to be made
        try:
            response: httpx.Response = send()
            if response.status_code in (400, 401):
                raise NotAllowed("The provider refused this login: log in again.")
            response.raise_for_status()
            found = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(
                f"The OpenID provider does not answer as it should: {error}."
            ) from error
        if not isinstance(found, dict):
            raise Unavailable("The OpenID provider does not answer well: no JSON object.")
        return found


def find_or_create_account(database: Database, settings: OIDCSettings, claims: Claims) -> str:
    """The name of the account of somebody who logged in; made at their first login.

    Groups of the claim are made where they are missing; groups given here by hand that the provider
    does not name are left again, where the settings name a claim.
    """
    with database.read(OWNER) as session:
        name = session.scalar(select(User.name).where(User.subject == claims.subject))
    if name is None:
        name = _create_account(database, settings, claims)
    if claims.groups is not None:
        _follow_groups(database, name, claims.groups)
    return name


def _create_account(database: Database, settings: OIDCSettings, claims: Claims) -> str:
    """A new account; a name that is taken gets a number, and is never linked by likeness."""
    plain = re.sub(r"[^\w.@ -]", "-", claims.name).strip(" -.@")[:80] or "user"
    for number in range(1, 1000):
        name = plain if number == 1 else f"{plain}-{number}"
        try:
            create_user(
                database,
                OWNER,
                name,
                role=settings.role,
                email=claims.email[:320],
                subject=claims.subject,
            )
        except Refused:
            continue
        return name
    raise Refused(f"There are too many users called {plain!r}: ask an admin.")


def _follow_groups(database: Database, name: str, wanted: tuple[str, ...]) -> None:
    known = list_groups(database, OWNER)
    for group in wanted:
        if group not in known:
            create_group(database, OWNER, group)
        join(database, OWNER, group, name)
    for group, members in known.items():
        if name in members and group not in wanted:
            leave(database, OWNER, group, name)
