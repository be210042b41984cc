"""The model hub: where its files are, and what it says their digests are."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import httpx

from genwright.catalog.download import TIMEOUT, check_status
from genwright.catalog.entries import ModelFile, ModelSource
from genwright.environment import read_variable
from genwright.errors import DownloadFailed

ENDPOINT = "https://huggingface.co"
_REDIRECTS = 5
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubFile:
    """What the hub says of one file, before it is fetched."""

    sha256: str
    """Empty where the hub states none: it does for files in large-file storage, as weights are."""
    size: int
    commit: str
    """Of the repository, or the revision that was asked for where none is stated."""


def build_url(source: ModelSource, file: ModelFile, revision: str = "") -> str:
    """Where a file of a repository is; ``HF_ENDPOINT`` names a mirror."""
    endpoint = (read_variable("HF_ENDPOINT") or ENDPOINT).rstrip("/")
    name = quote(f"{source.folder.strip('/')}/{file.name}".lstrip("/"))
    at = quote(revision or source.revision, safe="")
    return f"{endpoint}/{source.repo}/resolve/{at}/{name}"


def build_headers() -> dict[str, str]:
    """The user's token, where ``HF_TOKEN`` holds one; httpx does not pass it on to other hosts."""
    token = read_variable("HF_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}


def ask(source: ModelSource, file: ModelFile) -> HubFile:
    """Read the hub's metadata of a file.

    Raises:
        DownloadFailed: The hub cannot be reached, or has no such file.
    """
    url = build_url(source, file)
    try:
        with httpx.Client(timeout=TIMEOUT, headers=build_headers()) as client:
            response = _request_head(client, url)
            check_status(response)
    except (httpx.InvalidURL, httpx.RequestError) as error:
        raise DownloadFailed(f"{url}: {error or type(error).__name__}") from error
    found = response.headers
    tag = found.get("X-Linked-Etag", "").removeprefix("W/").strip('"')
    size, commit = found.get("X-Linked-Size", ""), found.get("X-Repo-Commit", "")
    return HubFile(
        sha256=tag if _SHA256.fullmatch(tag) else "",
        size=int(size) if size.isdecimal() else 0,
        commit=commit if _COMMIT.fullmatch(commit) else source.revision,
    )


def _request_head(client: httpx.Client, url: str) -> httpx.Response:
    """Follow redirects within the hub (a renamed repository), not those to its storage.

    The metadata are in the hub's own answer; its storage does not repeat them.
    """
    for _ in range(_REDIRECTS):
        response = client.head(url, headers={"Accept-Encoding": "identity"})
        place = urljoin(url, response.headers.get("Location", ""))
        if not response.is_redirect or "X-Linked-Etag" in response.headers:
            return response
        if urlsplit(place).netloc != urlsplit(url).netloc:
            return response
        url = place
    raise DownloadFailed(f"{url}: redirected more than {_REDIRECTS} times")
