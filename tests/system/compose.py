"""compose.py TOP NORMALISED: what compose.yaml promises, and that its parts fit together. Complains and fails, or is silent.

The provisioning files are held against what Grafana's documentation says of them: apiVersion 1, data sources with name, type,
access and url, providers with name, type and options.path."""

import json
import sys
from pathlib import Path

import yaml

top, normalised = map(Path, sys.argv[1:])
services = yaml.safe_load(normalised.read_text())["services"]
complaints = []


def expect(is_so, what):
    if not is_so:
        complaints.append(what)


def mounted(service, target):
    """The file here that a service finds at `target`."""
    for volume in services[service]["volumes"]:
        source, place = volume.split(":")[:2] if isinstance(volume, str) else (volume["source"], volume["target"])
        if source.startswith("/") and (target == place or target.startswith(place + "/")):
            return Path(source + target[len(place):])
    complaints.append(f"{service} has no {target}")
    return top


for name, service in services.items():
    for port in service.get("ports", []):
        address = port if isinstance(port, str) else f"{port.get('host_ip', '')}:{port['published']}"
        expect(address.startswith("127.0.0.1:"), f"{name}: {port} is published beyond loopback")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0] if isinstance(volume, str) else volume["source"]
        expect(not source.startswith("/") or Path(source).exists(), f"{name}: {source} is not there")
    expect(name == "fetchpool" or ":" in service["image"], f"{name}: an image without a version")

daemon = services["fetchpool"]
expect(daemon["read_only"] and daemon["cap_drop"] == ["ALL"], "the daemon may more than it needs")
expect(daemon["environment"]["FETCHPOOL_SERVER_ALLOWED_HOSTS"] == "fetchpool", "the daemon does not go by its name")

scraped = yaml.safe_load(mounted("prometheus", "/etc/prometheus/prometheus.yml").read_text())
targets = [target for job in scraped["scrape_configs"] for group in job["static_configs"] for target in group["targets"]]
expect(targets == ["fetchpool:8080"], f"Prometheus asks {targets}")
for rules in scraped["rule_files"]:
    expect(mounted("prometheus", f"/etc/prometheus/{rules}").is_file(), f"Prometheus has no {rules}")

provisioning = mounted("grafana", "/etc/grafana/provisioning")
for file in provisioning.rglob("*.yaml"):
    expect(yaml.safe_load(file.read_text())["apiVersion"] == 1, f"{file}: apiVersion")
[source] = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())["datasources"]
expect((source["type"], source["access"], source["url"]) == ("prometheus", "proxy", "http://prometheus:9090"), f"{source}")
[provider] = yaml.safe_load((provisioning / "dashboards" / "fetchpool.yaml").read_text())["providers"]
expect(provider["type"] == "file", f"{provider}")
home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
expect(home.startswith(provider["options"]["path"] + "/"), f"{home} is not where dashboards are")
dashboard = json.loads(mounted("grafana", home).read_text())
expect(dashboard["title"] and dashboard["panels"] and dashboard["schemaVersion"], "the dashboard is none")
uids = {panel["datasource"]["uid"] for panel in dashboard["panels"] if isinstance(panel.get("datasource"), dict)}
expect(all(uid == source["uid"] or uid.startswith(("${", "$", "--")) for uid in uids), f"the dashboard asks data sources {uids}")

print("\n".join(complaints), end="")
sys.exit(bool(complaints))
