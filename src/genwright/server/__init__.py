"""The server: an OpenAI-compatible API and pages over one workspace.

Example:
    >>> from genwright.server import is_loopback
    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, False)
"""

from genwright.server.serve import is_loopback, serve

__all__ = ["is_loopback", "serve"]
