"""Every error that genwright raises on purpose, in one tree.

::

    GenwrightError
    ├── UsageError        exit 2, HTTP 400   the request itself is wrong
    │   └── SettingsError                    a setting is unknown or out of range
    ├── NotFound          exit 3, HTTP 404   what was asked for is not there
    │   └── UnknownName                      no implementation or model has that name
    ├── Refused           exit 4, HTTP 422   understood, and not done on purpose
    │   ├── UnreadableDocument               a file that cannot become text
    │   ├── UntrustedWeights                 a model file that fails a check
    │   ├── RunStopped                       somebody has asked a run to stop
    │   ├── NotAllowed    HTTP 403           somebody else may do it
    │   └── TooMany       HTTP 429           later, it will be done
    └── Unavailable       exit 5, HTTP 503   an engine or a dependency fails
        ├── MissingDependency                an optional package is not installed
        ├── DownloadFailed                   no source delivered a model
        ├── EngineFailed                     a model process died or returned an invalid response
        └── StoreFailed                      the database is damaged, locked or too new

A message says what was expected, what was given and what to do now, in one line. Anything else
that escapes is a bug: exit 1, HTTP 500.
"""


class GenwrightError(Exception):
    """Root of the tree; doors turn it into one line with ``exit_code`` or ``http_status``."""

    exit_code = 1
    http_status = 500


class UsageError(GenwrightError):
    """The request itself is wrong: a bad argument, an unreadable input format."""

    exit_code = 2
    http_status = 400


class SettingsError(UsageError):
    """A setting is unknown, out of range, or contradicts another."""


class NotFound(GenwrightError):
    """What was asked for is not there, or is not the caller's to see."""

    exit_code = 3
    http_status = 404


class UnknownName(NotFound):
    """No implementation, model or prompt has that name; the message lists those there are."""


class Refused(GenwrightError):
    """Understood, and not done on purpose."""

    exit_code = 4
    http_status = 422


class UnreadableDocument(Refused):
    """A file that cannot become text: broken, encrypted, empty, hostile or of no known format."""


class UntrustedWeights(Refused):
    """A model file whose digest, format or header fails a check."""


class RunStopped(Refused):
    """Somebody has asked a run to stop; the message says how to go on with it."""


class NotAllowed(Refused):
    """Whoever asks has no role or right for this; the message says which one it takes."""

    http_status = 403


class TooMany(Refused):
    """A queue is full or a quota used up.

    Args:
        message: Which one.
        retry_after: Seconds after which it should be free again.
    """

    http_status = 429

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(GenwrightError):
    """An engine, a dependency or a resource outside genwright fails."""

    exit_code = 5
    http_status = 503


class MissingDependency(Unavailable):
    """An optional package is not installed; the message has the command that installs it."""


class DownloadFailed(Unavailable):
    """No source delivered a model; the message lists each with its reason."""


class EngineFailed(Unavailable):
    """A model process could not start, died, or answered what cannot be understood."""


class StoreFailed(Unavailable):
    """The database is damaged, locked for too long, or written by a newer genwright."""
