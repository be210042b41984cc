"""Pages: templates rendered for whoever asks, with what every page has in common.

Everything a template is given is escaped unless it is ``Markup``, which only ``markdown.py`` and
the plots make. No page holds inline scripts or styles: the content security policy forbids them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from genwright.access import Identity, is_allowed
from genwright.answers.understanding.kinds import MEANS
from genwright.types import Json

MOST_TOLD = 500
"""Characters."""
THEMES = ("light", "dark")
THEME_COOKIE = "genwright_theme"

HEADERS = {
    # Under no-referrer, which is the default of other replies, browsers send forms with the origin
    # "null", and the gate could not tell them from another site's.
    "referrer-policy": "same-origin",
    "vary": "cookie",
}


@dataclass(frozen=True)
class NavigationEntry:
    """A line of the navigation."""

    path: str
    label: str
    icon: str
    """Id of a symbol in ``static/icons.svg``."""
    action: str
    """Shown to those who may do this; see ``access.ACTIONS``."""


NAVIGATION = (
    NavigationEntry("/chat", "Chat", "chat", "ask"),
    NavigationEntry("/documents", "Documents", "documents", "ask"),
    NavigationEntry("/assistants", "Assistants", "assistant", "ask"),
    NavigationEntry("/arena", "Arena", "arena", "arena.vote"),
    NavigationEntry("/feedback", "Feedback", "feedback", "feedback.give"),
    NavigationEntry("/improve", "Improve", "improve", "improve.read"),
    NavigationEntry("/models", "Models", "models", "ask"),
    NavigationEntry("/training", "Training", "training", "training.read"),
    NavigationEntry("/registry", "Registry", "registry", "training.read"),
    NavigationEntry("/traces", "Traces", "traces", "ask"),
    NavigationEntry("/monitoring", "Monitoring", "monitoring", "monitoring.read"),
    NavigationEntry("/settings", "Settings", "settings", "ask"),
)


@lru_cache(maxsize=1)
def make_environment() -> Environment:
    """The templates. Undefined names raise: a page with a hole in it is a bug."""
    made = Environment(
        loader=PackageLoader("genwright.server", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["icon"] = render_icon
    made.globals["kinds"] = MEANS
    made.filters["number"] = lambda value: f"{value:,}".replace(",", "\N{THIN SPACE}")
    made.filters["day"] = lambda at: at[:10]
    made.filters["stamp"] = _format_stamp
    made.filters["minute"] = lambda at: at[:16].replace("T", " ")
    return made


def _format_stamp(at: float | str) -> str:
    """Seconds since 1970 as a date and a time, UTC."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%d %H:%M")


def render_icon(name: str) -> Markup:
    """A symbol of ``static/icons.svg``; the words beside it say what it means."""
    return Markup(
        '<svg class="icon" aria-hidden="true" focusable="false">'
        '<use href="/static/icons.svg#{}"></use></svg>'
    ).format(name)


def render(request: Request, template: str, status: int = 200, /, **values: object) -> HTMLResponse:
    """A page.

    Args:
        request: Who asks, and for what.
        template: Its file name.
        status: Of the reply.
        values: What the template shows, beside ``identity`` (None before login), ``may(action)``,
            ``navigation``, ``path``, ``theme`` and ``signed_in``.
    """
    text = render_fragment(request, template, **values)
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def render_fragment(request: Request, template: str, **values: object) -> str:
    """The text of a template, for a page or a part of one."""
    identity: Identity | None = getattr(request.state, "identity", None)
    theme = request.cookies.get(THEME_COOKIE, "")

    def may(action: str) -> bool:
        return identity is not None and is_allowed(identity.principal, action)

    known = {
        "identity": identity,
        "may": may,
        "navigation": [entry for entry in NAVIGATION if may(entry.action)],
        "path": request.url.path,
        "theme": theme if theme in THEMES else "",
        "signed_in": identity is not None and identity.login_id is not None,
    }
    return make_environment().get_template(template).render({**known, **values})


def redirect_back(path: str, told: str = "") -> Response:
    """Go to a page after a form was sent, and have it say something.

    Args:
        path: Where to, perhaps with a fragment.
        told: At most a line; pages show it as text, and it claims nothing by itself.
    """
    where, _, fragment = path.partition("#")
    query = f"?told={quote(told[:MOST_TOLD])}" if told else ""
    return RedirectResponse(where + query + (f"#{fragment}" if fragment else ""), 303)


def read_flash(request: Request) -> str:
    """What the form before this page has to say. Only where this site's own page led here."""
    same = request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    return request.query_params.get("told", "")[:MOST_TOLD] if same else ""


def is_page_request(request: Request) -> bool:
    """Whether a reply should be a page for people: a browser asks, and not for the API."""
    accept = request.headers.get("accept", "")
    return "text/html" in accept and not request.url.path.startswith("/v1/")


HEADINGS = {
    403: "You may not do this",
    404: "Not found",
    405: "Not possible here",
    429: "Too much at once",
    500: "Something broke",
    503: "Not available just now",
}
"""Of error pages; others say that the request was not understood."""


def render_error(request: Request, status: int, body: Json) -> Response | None:
    """An error as a page; None where a program asked, which reads JSON."""
    if not is_page_request(request):
        return None
    return render(
        request,
        "error.html",
        status,
        code=status,
        heading=HEADINGS.get(status, "That did not work"),
        message=body["error"]["message"],
        request_id=getattr(request.state, "request_id", ""),
    )
