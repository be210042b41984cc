"""Secrets that a data set should not hold: keys and tokens by their forms.

The forms are those that their issuers publish; a word that assigns a value counts where the value
looks drawn at random.
"""

import math
import re
from collections import Counter

_FORMS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{50,}\b"
    r"|\bglpat-[A-Za-z0-9_-]{20,}\b"
    r"|\bsk-[A-Za-z0-9_-]{20,}\b|\bhf_[A-Za-z0-9]{30,}\b"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}\b"
    r"|\bAIza[0-9A-Za-z_-]{35}\b|\bSG\.[\w-]{20,}\.[\w-]{20,}"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"
)
_ASSIGNED = re.compile(
    r"(?:password|passwd|secret|token|api_?key)[\"']?\s{0,3}[:=]\s{0,3}[\"']?([\w/+=.-]{16,128})",
    re.IGNORECASE,
)
_HINTS = ("PRIVATE KEY", "AKIA", "gh", "glpat-", "sk-", "hf_", "xox", "AIza", "SG.", "eyJ")
RANDOM = 3.5
"""Bits a character from which a value looks drawn at random."""


def find_secret(text: str) -> tuple[int, int] | None:
    """Where the first secret of a text stands; None where there is none.

    Example:
        >>> find_secret("key AKIAABCDEFGHIJKLMNOP here")
        (4, 24)
    """
    if any(hint in text for hint in _HINTS) and (match := _FORMS.search(text)):
        return match.span()
    if "=" in text or ":" in text:
        for match in _ASSIGNED.finditer(text):
            if measure_entropy(match[1]) >= RANDOM and any(c.isdigit() for c in match[1]):
                return match.span(1)
    return None


def measure_entropy(text: str) -> float:
    """Shannon entropy of the characters of a text, in bits."""
    counts, total = Counter(text), len(text)
    return -sum(n / total * math.log2(n / total) for n in counts.values())
