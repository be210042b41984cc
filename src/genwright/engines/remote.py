"""Requests to an OpenAI-compatible server over HTTP, asked again where that may help."""

import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property
from threading import Event

import httpx

from genwright.engines import wire
from genwright.types import Json

CONNECT_SECONDS, REPLY_SECONDS = 5.0, 600.0
"""How long a connection may take, and how long a server may say nothing."""
RETRIES, FIRST_DELAY = 2, 0.5
LONGEST_DELAY = 60.0
"""Seconds; a server that asks for more is not asked again."""
WORTH_ANOTHER_TRY = frozenset({408, 409, 429, 500, 502, 503, 504})
NEVER_ARRIVED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError)


class BadStatus(Exception):
    """A server answered with an error.

    Args:
        status: Of HTTP.
        said: What its body says.
        after: Seconds after which it may be asked again; 0 where it does not say.
    """

    def __init__(self, status: int, said: str, after: float) -> None:
        super().__init__(f"{status}: {said}")
        self.status, self.said, self.after = status, said, after


class RemoteServer:
    """Speaks JSON to the server at ``base_url``; any number of threads may use it at once.

    Tried again are requests that never arrived, and those that were refused for a reason that
    passes: 408, 409, 429 and errors of the server, after the time that it asks for.

    Args:
        base_url: What paths are relative to.
        key: Sent as a bearer token, where there is one.
        first_delay: Seconds before the first retry; doubled for each after it.
    """

    def __init__(self, base_url: str, key: str = "", first_delay: float = FIRST_DELAY) -> None:
        self._url, self._key, self._first_delay = base_url.rstrip("/"), key, first_delay

    def post(self, path: str, body: Json) -> Json:
        """The reply to a request.

        Args:
            path: Relative to the base, or a whole URL.
            body: Sent as JSON.

        Raises:
            httpx.HTTPError: There was no whole reply.
            BadStatus: The server refused.
            ValueError: The reply is no JSON object.
        """
        with closing(self._ask(path, body, None)) as response:
            response.read()
            return _object(response.json())

    @contextmanager
    def stream(
        self, path: str, body: Json, cancel: Event | None = None
    ) -> Iterator[Iterator[Json]]:
        """The events of a streamed reply; leaving the block ends the request.

        Args:
            path: As for ``post``.
            body: Sent as JSON.
            cancel: Ends the waiting between retries.

        Raises:
            httpx.HTTPError, BadStatus, ValueError: As for ``post``.
        """
        with closing(self._ask(path, body, cancel)) as response:
            yield map(_object, wire.read_events(read_lines(response.iter_bytes())))

    def close(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> httpx.Client:
        """Made at the first request: reading the certificates takes time."""
        return httpx.Client(
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=httpx.Timeout(REPLY_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=True,
        )

    def _ask(self, path: str, body: Json, cancel: Event | None) -> httpx.Response:
        """A response whose body has yet to be read, after as many tries as it takes."""
        url = path if "://" in path else self._url + path
        tries = 0
        while True:
            try:
                return self._send(url, body)
            except (BadStatus, *NEVER_ARRIVED) as error:
                tries += 1
                delay = self._delay(error, tries)
                if delay is None or (cancel or Event()).wait(delay):
                    raise

    def _send(self, url: str, body: Json) -> httpx.Response:
        request = self._client.build_request("POST", url, json=body)
        response = self._client.send(request, stream=True)
        if not response.is_error:
            return response
        with closing(response):
            response.read()
        try:
            said = wire.read_error_text(response.json())
        except ValueError:
            said = response.text[:500]
        raise BadStatus(response.status_code, said, _after(response.headers))

    def _delay(self, error: Exception, tries: int) -> float | None:
        """Seconds until the next try; None where there should be none."""
        delay = self._first_delay * 2 ** (tries - 1) * random.uniform(0.75, 1)
        if isinstance(error, BadStatus):
            if error.status not in WORTH_ANOTHER_TRY or error.after > LONGEST_DELAY:
                return None
            delay = max(delay, error.after)
        return delay if tries <= RETRIES else None


def read_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    r"""Lines of a stream, ended by a line feed and nothing else.

    A reply may hold U+2028 or other marks that Python and httpx take for the end of a line.

    Example:
        >>> list(read_lines([b"data: 1", b"2\r\n", "data: a\u2028b".encode()]))
        ['data: 12', 'data: a\u2028b']
    """
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.rstrip(b"\r").decode() for line in lines)
    if rest:
        yield rest.decode()


def _after(headers: Mapping[str, str]) -> float:
    """Seconds of ``Retry-After``; 0 where there is none, or a date."""
    try:
        return max(0.0, float(headers.get("retry-after", "0")))
    except ValueError:
        return 0.0


def _object(reply: object) -> Json:
    if not isinstance(reply, dict):
        raise ValueError(f"expected a JSON object, got {type(reply).__name__}")
    return reply
