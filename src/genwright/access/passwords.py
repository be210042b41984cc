"""Passwords: hashed by scrypt (RFC 7914), never stored, never shown."""

import base64
import hashlib
import hmac
import secrets

from genwright.errors import UsageError

COST, BLOCK, PARALLEL = 2**15, 8, 1
"""OWASP's parameters for scrypt: 32 MiB and a tenth of a second for each guess."""
SALT_BYTES, KEY_BYTES = 16, 32
SHORTEST, LONGEST = 12, 1024
"""Characters."""
_COMMON = ("password", "passwort", "123456789", "qwertyuiop", "letmein", "iloveyou", "genwright")


def check_strength(password: str, name: str = "") -> None:
    """Refuse what is guessed first.

    Raises:
        UsageError: It is too short or too long, holds the name, or is a common one.
    """
    lower = password.lower()
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            f"Expected a password of {SHORTEST} to {LONGEST} characters, got {len(password)}."
        )
    if len(set(lower)) < 5 or any(
        lower.replace(word, "").strip("0123456789!") == "" for word in _COMMON
    ):
        raise UsageError("This password is among the first that are guessed: choose another one.")
    if name and name.lower() in lower:
        raise UsageError("A password should not hold the name: choose another one.")


def hash_password(password: str) -> str:
    """``scrypt$N$r$p$salt$key``, both in base64."""
    salt = secrets.token_bytes(SALT_BYTES)
    parts = (salt, _derive(password, salt, COST, BLOCK, PARALLEL))
    encoded = "$".join(base64.b64encode(part).decode() for part in parts)
    return f"scrypt${COST}${BLOCK}${PARALLEL}${encoded}"


def verify_password(password: str, stored: str) -> bool:
    """Whether a password is the one that was hashed; takes as long where there is none."""
    known = stored or _NOBODYS
    _, cost, block, parallel, salt, key = known.split("$")
    made = _derive(password[:LONGEST], base64.b64decode(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(made, base64.b64decode(key)) and bool(stored)


def _derive(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(
        password.encode(errors="surrogatepass"),
        salt=salt,
        n=cost,
        r=block,
        p=parallel,
        maxmem=256 * cost * block,
        dklen=KEY_BYTES,
    )


_NOBODYS = f"scrypt${COST}${BLOCK}${PARALLEL}$AAAAAAAAAAAAAAAAAAAAAA==${'A' * 43}="
"""What a guess for an unknown name is compared with."""
