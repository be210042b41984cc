"""Alerts: what a rule may say, when it fires, whom it reaches."""

import json
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from genwright.errors import SettingsError
from genwright.monitoring.alerts import AGAIN, DEFAULT_RULES, Alerts, list_firing, list_history
from genwright.monitoring.expressions import compile_expression
from genwright.monitoring.notify import Notifier, build_payload
from genwright.monitoring.series import record_samples
from genwright.settings import AlertRule, NotifySettings
from genwright.storage import Database
from genwright.types import OWNER

RULE = AlertRule(name="Errors", expr="avg(error_share, 60) > 0.1", for_seconds=30, summary="Bad.")


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "genwright.db")
    yield database
    database.close()


class Heard(Notifier):
    """A notifier without receivers that keeps what it would tell."""

    def __init__(self) -> None:
        super().__init__(NotifySettings())
        self.told = []

    def notify(self, alert) -> None:
        self.told.append((alert.rule, alert.resolved_at is not None))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def at(database):
    """Moves the clock, records a value, and looks."""
    clock, heard = Clock(), Heard()
    alerts = Alerts(database, [RULE], heard, clock)

    def step(seconds: float, value: float | None, engine: Alerts = alerts) -> int:
        clock.now += seconds
        if value is not None:
            record_samples(database, {"error_share": value}, at=clock.now)
        return len(engine.check())

    step.heard, step.clock = heard, clock
    return step


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("a > 1", {"a": [0.0, 2.0]}, 1.0),
        ("avg(a, 300) > 1 and last(b) < 5", {"a": [1, 3], "b": [4]}, 1.0),
        ("max(a) - min(a)", {"a": [1, 5, 3]}, 4.0),
        ("not a", {"a": [0.0]}, 1.0),
        ("1 < a < 3", {"a": [2]}, 1.0),
        ("-a + sum(a) * 2 / 4", {"a": [4]}, -2.0),
        ("count(a) == 0", {"a": []}, 1.0),
        ("a > 1", {"a": []}, None),
    ],
)
def test_an_expression_means_what_it_says(text, values, expected):
    assert compile_expression(text).evaluate(lambda name, seconds: values[name]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "a >", "__import__('os')", "a.b", "a[0]", "avg('x')", "avg(a, b)", "avg(a, -1)",
        "avg(a, 1e99)", "lambda: 1", "[a]", "f(a)", "a ** 9", "'text'", "True", "a if b else c",
        "(" * 300, "a + " * 200 + "a", "avg(a, 300, 1)", "avg(a=1)", "x := 1", "a\n\nb",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with pytest.raises(SettingsError):
        compile_expression(text)


def test_dividing_by_zero_fails_its_rule_alone(database):
    rules = [AlertRule(name="Bad", expr="1 / idle > 1"), AlertRule(name="Good", expr="idle == 0")]
    alerts = Alerts(database, rules, Heard(), lambda: 1_000_000.0)
    record_samples(database, {"idle": 0.0}, at=1_000_000)
    assert [each.rule for each in alerts.check()] == ["Good"]


def test_an_alert_fires_after_its_time_once_and_is_resolved(at):
    assert at(0, 0.5) == 0
    assert at(20, 0.5) == 0
    assert at(15, 0.5) == 1
    assert at(10, 0.5) == 1
    assert at.heard.told == [("Errors", False)]
    assert at(70, 0.0) == 0
    assert at.heard.told == [("Errors", False), ("Errors", True)]


def test_what_does_not_last_does_not_fire(at):
    at(0, 0.5)
    at(20, 0.0)
    at(70, 0.0)
    at(1, 0.5)
    assert at(10, 0.5) == 0 and at.heard.told == []


def test_a_restart_neither_forgets_nor_repeats(at, database):
    at(0, 0.5)
    assert at(35, 0.5) == 1
    heard = Heard()
    again = Alerts(database, [RULE], heard, at.clock)
    assert at(10, 0.5, again) == 1 and heard.told == []
    assert at(100, 0.0, again) == 0 and heard.told == [("Errors", True)]
    [one] = list_history(database, OWNER)
    assert one.resolved_at > one.fired_at and list_firing(database, OWNER) == []


def test_what_goes_on_for_hours_is_told_again(at):
    at(0, 0.5)
    at(35, 0.5)
    for _ in range(3):
        at(AGAIN / 2 + 1, 0.5)
    assert at.heard.told == [("Errors", False)] * 2


def test_the_built_in_rules_can_be_read_and_names_are_unique(database):
    Alerts(database, DEFAULT_RULES, Heard())
    with pytest.raises(SettingsError, match="same name"):
        Alerts(database, [RULE, RULE], Heard())


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.server.tries += 1
        self.send_response(500 if self.server.tries <= self.server.failures else 200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def webhook():
    server = HTTPServer(("127.0.0.1", 0), Webhook)
    server.bodies, server.tries, server.failures = [], 0, 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class Mailbox(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs."""

    def handle(self) -> None:
        say = lambda text: self.wfile.write(text.encode() + b"\r\n")  # noqa: E731
        say("220 here")
        while line := self.rfile.readline():
            if line.upper().startswith(b"DATA"):
                say("354 go on")
                text = b""
                while (more := self.rfile.readline()) != b".\r\n":
                    text += more
                self.server.mails.append(text.decode())
            if line.upper().startswith(b"QUIT"):
                say("221 bye")
                return
            say("250 well")


@pytest.fixture
def mailbox():
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox)
    server.mails = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def address(server) -> str:
    return f"127.0.0.1:{server.server_address[1]}"


def fired(at, database):
    at(0, 0.5)
    at(35, 0.5)
    return list_firing(database, OWNER)[0]


def test_every_receiver_gets_it(at, database, webhook, mailbox, tmp_path):
    out = tmp_path / "out.json"
    script = f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read())"
    settings = NotifySettings(
        webhook=f"http://{address(webhook)}/alerts",
        email_to=("ops@example.org",),
        smtp=address(mailbox),
        command=(sys.executable, "-c", script),
    )
    notifier = Notifier(settings, "http://here")
    notifier.notify(fired(at, database))
    notifier.close()
    [body] = webhook.bodies
    assert body["version"] == "4" and body["status"] == "firing"
    assert body["groupLabels"] == {"alertname": "Errors"} and body["externalURL"] == "http://here"
    [alert] = body["alerts"]
    assert alert["labels"] == {"alertname": "Errors", "severity": "warning", "job": "genwright"}
    assert alert["endsAt"].startswith("0001") and len(alert["fingerprint"]) == 16
    assert "[firing] Errors" in mailbox.mails[0]
    assert json.loads(out.read_text()) == body


def test_a_receiver_that_fails_is_tried_again(at, database, webhook):
    webhook.failures = 2
    waits: list[float] = []
    settings = NotifySettings(webhook=f"http://{address(webhook)}/")
    notifier = Notifier(settings, wait=waits.append)
    notifier.notify(fired(at, database))
    notifier.close()
    assert webhook.tries == 3 and waits == [1.0, 3.0]


def test_a_test_says_what_went_wrong_for_each(webhook, tmp_path):
    settings = NotifySettings(
        webhook=f"http://{address(webhook)}/",
        email_to=("ops@example.org",),
        smtp="127.0.0.1:9",
        command=(str(tmp_path / "nothing"),),
    )
    outcomes = Notifier(settings).send_test()
    assert outcomes["webhook"] == ""
    assert "refused" in outcomes["email"].lower() and "No such file" in outcomes["command"]


def test_the_same_labels_have_the_same_fingerprint(at, database):
    one = fired(at, database)
    first, second = build_payload(one), build_payload(one)
    assert first["alerts"][0]["fingerprint"] == second["alerts"][0]["fingerprint"]
