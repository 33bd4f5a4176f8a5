"""The alert rules and the dashboard under config/: well-formed, and about metrics that there are."""

import json
import re

import pytest

from rig.daemon import ROOT
from rig.metrics import promtool, scrape

RULES = ROOT / "config" / "prometheus" / "alerts.yml"
CASES = ROOT / "tests" / "e2e" / "alerts_test.yml"
DASHBOARD = ROOT / "config" / "grafana" / "fetchpool.json"
OPERATIONS = ROOT / "docs" / "operations.md"

METRIC = re.compile(r"\b(?:fetchpool|process)_[a-z_]+\b")
SELECTOR = re.compile(r"\b((?:fetchpool|process)_[a-z_]+)\{([^{}]*)\}")
GRID_WIDTH = 24


def alerts():
    return re.findall(r"^ +- alert: (\w+)$", RULES.read_text(), re.M)


def expressions_of_rules():
    """What stands between `expr:` and the next key, on one line or folded."""
    found = re.findall(r"^ +expr: (?:>-\n)?((?:.*\n)+?) +(?:for|labels):", RULES.read_text(), re.M)
    return [" ".join(text.split()) for text in found]


@pytest.fixture(scope="module")
def dashboard():
    return json.loads(DASHBOARD.read_text())


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions_of_dashboard(dashboard):
    return [target["expr"] for panel in panels(dashboard) for target in panel["targets"]] + [
        annotation["expr"] for annotation in dashboard["annotations"]["list"]]


# ---- alerts ----

def test_promtool_finds_nothing_wrong_with_the_rules():
    assert f"{len(alerts())} rules found" in promtool("check", "rules", str(RULES))


def test_alerts_fire_when_they_should_and_not_otherwise():
    assert "SUCCESS" in promtool("test", "rules", str(CASES))


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not():
    parts = re.split(r"^ +- eval_time: ", CASES.read_text(), flags=re.M)[1:]
    fires, rests = set(), set()
    for part in parts:
        (fires if "exp_alerts:" in part else rests).add(re.search(r"alertname: (\w+)", part)[1])
    assert fires == rests == set(alerts())


def test_each_alert_is_explained():
    explained = re.findall(r"^\| `(Fetchpool\w+)` \|", OPERATIONS.read_text(), re.M)
    assert explained == alerts()


# ---- both ----

@pytest.fixture(scope="module")
def metrics(steady_daemon):
    return scrape(steady_daemon)


def names_of(metrics):
    return {name for family in metrics.families.values() for name, _ in family.samples}


def test_rules_and_dashboard_are_about_metrics_that_there_are(metrics, dashboard):
    rules, shown = expressions_of_rules(), expressions_of_dashboard(dashboard)
    assert len(rules) == len(alerts()) and len(shown) > 40
    for text in rules + shown:
        used = set(METRIC.findall(text)) - {"process_start_time"}
        assert used or "up{" in text, text
        assert used <= names_of(metrics), text


def test_rules_and_dashboard_ask_for_labels_that_there_are(metrics, dashboard):
    """Prometheus adds job and instance. A label value that is compared with must be one that is sent."""
    for text in expressions_of_rules() + expressions_of_dashboard(dashboard):
        for name, selector in SELECTOR.findall(text):
            labels = [dict(pairs) for family in metrics.families.values() for sample, pairs in family.samples if sample == name]
            for label, how, values in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', selector):
                if label in ("job", "instance"):
                    continue
                there = {pairs.get(label) for pairs in labels}
                assert set(values.split("|")) <= there, (text, label, values)
        for grouping in re.findall(r"by \(([^)]*)\)", text):
            sent = {label for _, pairs in (key for family in metrics.families.values() for key in family.samples) for label, _ in pairs}
            assert set(grouping.replace(" ", "").split(",")) <= sent | {"job", "instance"}, text


def test_the_dashboard_leaves_no_metric_out(metrics, dashboard):
    """But for what is a constant, or there for the alerts."""
    shown = {re.sub("_(bucket|sum|count)$", "", name) for text in expressions_of_dashboard(dashboard) for name in METRIC.findall(text)}
    variables = {name for variable in dashboard["templating"]["list"] for name in METRIC.findall(str(variable["query"]))}
    unshown = set(metrics.families) - shown - variables
    assert unshown == {"fetchpool_items_accepted_total", "fetchpool_items_finished_total", "fetchpool_draining",
                       "fetchpool_api_connections_accepted_total", "process_virtual_memory_bytes"}


# ---- the dashboard ----

def test_the_dashboard_asks_the_source_that_is_chosen(dashboard):
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"
    source = {"type": "prometheus", "uid": "${datasource}"}
    assert variables["job"]["datasource"] == variables["instance"]["datasource"] == source
    for panel in panels(dashboard):
        assert panel["datasource"] == source
        assert all(target["datasource"] == source for target in panel["targets"])
    for text in expressions_of_dashboard(dashboard):
        for _, selector in SELECTOR.findall(text):
            assert 'job=~"$job",instance=~"$instance"' in selector, text
        assert len(METRIC.findall(text)) == len(SELECTOR.findall(text)), text


def test_panels_have_what_grafana_wants_of_them(dashboard):
    assert dashboard["uid"] == "fetchpool" and dashboard["title"] and dashboard["schemaVersion"] >= 36
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) and "id" not in dashboard
    for panel in panels(dashboard):
        assert panel["title"] and panel["type"] in ("timeseries", "stat") and panel["fieldConfig"]["defaults"]["unit"]
        letters = [target["refId"] for target in panel["targets"]]
        assert letters and len(set(letters)) == len(letters)
        for target in panel["targets"]:
            assert panel["type"] == "stat" or target["legendFormat"]
        assert panel["options"]["orientation"] if panel["type"] == "stat" else panel["options"]["legend"]["calcs"] == []
        assert None not in panel["fieldConfig"]["defaults"].values()


def test_no_panel_covers_another(dashboard):
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= GRID_WIDTH
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_promtool_reads_what_the_dashboard_asks(dashboard, tmp_path):
    """As if each expression were a rule, with the variables that Grafana fills in."""
    def filled(text):
        return text.replace("$__rate_interval", "5m").replace("$__interval", "1m").replace("$job", ".*").replace("$instance", ".*")

    expressions = [filled(text) for text in expressions_of_dashboard(dashboard)]
    rules = {"groups": [{"name": "dashboard", "rules": [
        {"record": f"dashboard:panel:{number}", "expr": text} for number, text in enumerate(expressions)]}]}
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(rules))
    assert f"{len(expressions)} rules found" in promtool("check", "rules", str(path))
