"""The dashboard and the rules that ship name metrics that there are."""

import json
import re
from pathlib import Path

import yaml

from genwright.monitoring import Metrics
from genwright.monitoring.alerts import DEFAULT_RULES

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
NAME = re.compile(r"\b((?:vllm:|genwright_)\w+?)(?:_bucket)?(?=[{\[)\s]|$)")


def exposed() -> set[str]:
    """Every name of a server that has seen one of each."""
    metrics = Metrics()
    seen = metrics.start_request("m")
    seen.record_queue_time(0.1)
    seen.record_token()
    seen.record_token()
    seen.record_end("stop", 3, 2)
    metrics.count_http_request("/v1/models", "GET", 200, 0.1)
    metrics.count_answer("assistant", "answered", 1, 1)
    metrics.count_thumb(1)
    metrics.count_refusal("m")
    metrics.count_restart("m")
    metrics.set_queues({"m": (1, 2)})
    text = metrics.render_exposition()[0].decode()
    names = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[:1] != "#"}
    return names | {name.removesuffix("_bucket") for name in names}


def test_the_dashboard_shows_what_is_exposed():
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    named = {name for each in expressions for name in NAME.findall(each)}
    assert len(named) > 12 and named <= exposed()


def test_the_rules_are_the_built_in_ones():
    [group] = yaml.safe_load((DEPLOY / "prometheus-rules.yml").read_text())["groups"]
    built_in = {rule.name: rule for rule in DEFAULT_RULES}
    for rule in group["rules"]:
        assert set(NAME.findall(rule["expr"])) <= exposed()
        assert rule["annotations"]["summary"] == built_in[rule["alert"]].summary
        assert rule["labels"]["severity"] == built_in[rule["alert"]].severity
    # Drift and the disk are not among Prometheus' metrics of genwright.
    assert built_in.keys() - {rule["alert"] for rule in group["rules"]} == {"Drift", "DiskFull"}
