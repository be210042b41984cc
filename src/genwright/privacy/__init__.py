"""Privacy: structured identifiers of persons in texts, found by their form and check digits.

Example:
    >>> from genwright.privacy import redact
    >>> redact("Write to ann@example.org or call +44 20 7946 0958.")
    'Write to [email] or call [phone].'
"""

from genwright.privacy.identifiers import KINDS, PiiMatch, find_identifiers, redact
from genwright.privacy.policy import Privacy

__all__ = ["KINDS", "PiiMatch", "Privacy", "find_identifiers", "redact"]
