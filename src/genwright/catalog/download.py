"""Files over HTTP, gone on with after a break: at once, or in the next run."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from genwright.errors import DownloadFailed, UntrustedWeights
from genwright.types import Progress

ATTEMPTS = 4
"""Tries in a row that bring nothing before it is given up."""
WAIT_SECONDS = 0.5
"""Before the second try without success; doubled each time."""
TIMEOUT = httpx.Timeout(30, connect=15)

OK, PARTIAL, UNSATISFIABLE = 200, 206, 416
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_REASONS = {
    401: "it wants a login: accept the model's licence there and set HF_TOKEN",
    403: "it is not allowed: accept the model's licence there and set HF_TOKEN",
    404: "there is no such file",
}


def download(
    url: str, target: Path, size: int, progress: Progress, headers: Mapping[str, str] | None = None
) -> None:
    """Fetch a file; what an earlier try left in ``NAME.part`` is kept and continued.

    Args:
        url: Where it is.
        target: Where it goes, when it is whole.
        size: Bytes it must have; 0 when that is not known.
        progress: Told of bytes.
        headers: Sent along, to the first host only.

    Raises:
        DownloadFailed: It is not there, or the connection breaks again and again.
        UntrustedWeights: It has another size. What came is deleted.
    """
    part = target.with_name(f"{target.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    with httpx.Client(timeout=TIMEOUT, follow_redirects=True, headers=headers) as client:
        failures = 0
        while not (size and _measure_length(part) == size):
            before = _measure_length(part)
            try:
                _continue(client, url, part, size, progress)
                break
            except httpx.TransportError as error:
                failures = 0 if _measure_length(part) > before else failures + 1
                if failures >= ATTEMPTS:
                    raise DownloadFailed(f"{url}: {error or type(error).__name__}") from error
                time.sleep(min(8, WAIT_SECONDS * 2 ** (failures - 1)) if failures else 0)
            except (httpx.InvalidURL, httpx.RequestError) as error:
                raise DownloadFailed(f"{url}: {error}") from error
    if size and _measure_length(part) != size:
        got = _measure_length(part)
        part.unlink(missing_ok=True)
        raise UntrustedWeights(f"{url} has {got} bytes, expected {size}; it is deleted")
    os.replace(part, target)


def check_status(response: httpx.Response) -> None:
    """Raise for what is not success: passing trouble as TransportError, to be tried again."""
    code = response.status_code
    if code in _PASSING:
        raise httpx.TransportError(f"the server answered {code}")
    if code >= 400:
        raise DownloadFailed(f"{response.url}: {_REASONS.get(code, f'it answered {code}')}")


def _continue(client: httpx.Client, url: str, part: Path, size: int, progress: Progress) -> None:
    """Fetch what is missing of the file, in one request."""
    done = _measure_length(part)
    # Packed bytes could not be continued at an offset of the file.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == UNSATISFIABLE:
            part.unlink(missing_ok=True)
            raise httpx.TransportError("the server has less than was fetched before")
        check_status(response)
        continued = response.status_code == PARTIAL and _starts_at(response, done)
        if response.status_code == PARTIAL and not continued:
            part.unlink(missing_ok=True)
            raise httpx.TransportError("the server sent another range than was asked for")
        done = done if continued else 0
        total = size or done + int(response.headers.get("Content-Length", 0))
        with part.open("ab" if continued else "wb") as file:
            for block in response.iter_raw():  # as they come, so that a break loses none
                file.write(block)
                done += len(block)
                if size and done > size:
                    break  # the caller sees that it is too long
                progress(done, total, f"bytes of {part.stem}")


def _starts_at(response: httpx.Response, start: int) -> bool:
    return response.headers.get("Content-Range", "").startswith(f"bytes {start}-")


def _measure_length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
