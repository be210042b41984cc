"""Telling of alerts: by webhook in Alertmanager's form, by e-mail, or by a command."""

import hashlib
import json
import logging
import smtplib
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage

import httpx

from genwright.monitoring.alert import FiredAlert
from genwright.settings import NotifySettings
from genwright.types import Json

SECONDS = 10.0
"""Longest time a receiver may take."""
TRIES = 3
FIRST_WAIT = 1.0
"""Seconds before the second try; three times as long before the third."""
NEVER = "0001-01-01T00:00:00Z"
"""How Alertmanager writes that an alert has not ended."""

_FAILURES = (
    httpx.HTTPError,
    OSError,
    ValueError,
    smtplib.SMTPException,
    subprocess.SubprocessError,
)

log = logging.getLogger("genwright.alerts")


class Notifier:
    """Tells every receiver that the settings name, from a thread; nobody waits.

    Args:
        settings: The receivers.
        url: Where this genwright is, for links.
        wait: Sleeps between tries.
    """

    def __init__(
        self,
        settings: NotifySettings,
        url: str = "",
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings, self._url, self._wait = settings, url, wait
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="alerts")

    @property
    def receivers(self) -> dict[str, Callable[[Json], None]]:
        """What delivers, by name."""
        found: dict[str, Callable[[Json], None]] = {}
        if self._settings.webhook:
            found["webhook"] = self._post
        if self._settings.email_to:
            found["email"] = self._mail
        if self._settings.command:
            found["command"] = self._run
        return found

    def notify(self, alert: FiredAlert) -> None:
        """Tell of an alert that began, goes on, or ended."""
        self._threads.submit(self._notify_all, build_payload(alert, self._url))

    def close(self) -> None:
        """Finish what is being told."""
        self._threads.shutdown()

    def send_test(self) -> dict[str, str]:
        """Tell every receiver of a made-up alert, now.

        Returns:
            By receiver, what went wrong; empty where it was taken.
        """
        from genwright.monitoring.alert import FiredAlert

        now = datetime.now(UTC)
        alert = FiredAlert(0, "Test", "info", "A test: genwright alerts reach you.", 1.0, now, None)
        message = build_payload(alert, self._url)
        return {name: self._try(send, message) for name, send in self.receivers.items()}

    def _notify_all(self, message: Json) -> None:
        for name, send in self.receivers.items():
            problem = ""
            for number in range(TRIES):
                if number:
                    self._wait(FIRST_WAIT * 3 ** (number - 1))
                problem = self._try(send, message)
                if not problem:
                    break
            else:
                log.error("alert not delivered", extra={"receiver": name, "error": problem})

    def _try(self, send: Callable[[Json], None], message: Json) -> str:
        try:
            send(message)
        except _FAILURES as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def _post(self, message: Json) -> None:
        httpx.post(self._settings.webhook, json=message, timeout=SECONDS).raise_for_status()

    def _mail(self, message: Json) -> None:
        host, _, port = self._settings.smtp.rpartition(":")
        mail = EmailMessage()
        first = message["alerts"][0]
        state = "resolved" if first["status"] == "resolved" else "firing"
        mail["Subject"] = f"[{state}] {first['labels']['alertname']}"
        mail["From"], mail["To"] = self._settings.email_from, ", ".join(self._settings.email_to)
        lines = [first["annotations"]["summary"], "", json.dumps(first, indent=1)]
        mail.set_content("\n".join(lines))
        with smtplib.SMTP(host, int(port), timeout=SECONDS) as server:
            server.send_message(mail)

    def _run(self, message: Json) -> None:
        subprocess.run(
            list(self._settings.command),
            input=json.dumps(message).encode(),
            check=True,
            timeout=SECONDS,
            capture_output=True,
        )


def build_payload(alert: FiredAlert, url: str = "") -> Json:
    """An alert as Alertmanager's webhook has it, version 4.

    https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.
    """
    status = "resolved" if alert.resolved_at else "firing"
    labels = {"alertname": alert.rule, "severity": alert.severity, "job": "genwright"}
    annotations = {"summary": alert.summary, "value": f"{alert.value:g}"}
    ended = alert.resolved_at.isoformat().replace("+00:00", "Z") if alert.resolved_at else NEVER
    group = {"alertname": alert.rule}
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{alert.rule}"}}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "genwright",
        "groupLabels": group,
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": url,
        "alerts": [
            {
                "status": status,
                "labels": labels,
                "annotations": annotations,
                "startsAt": alert.fired_at.isoformat().replace("+00:00", "Z"),
                "endsAt": ended,
                "generatorURL": f"{url}/monitoring" if url else "",
                "fingerprint": _hash_labels(labels),
            }
        ],
    }


def _hash_labels(labels: Json) -> str:
    """The same for the same labels: 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:16]
