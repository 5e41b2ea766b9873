#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The files of docs/fleet/ (alert rules, the dashboard, units for systemd) and their page: held against what the
command exports, and tried with a real Prometheus."""

import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import prometheus_text
from leaker import Leaker
from prometheus_text import labelled
from run_verb import FDTRAIL
from support import (LIBRARY, SOURCE, check, free_port, main, public, require, run_bare, skip, start_traced, temp_dir,
                     test, wait_for_port, wait_until)

FLEET = SOURCE / "docs" / "fleet"
RULES, RULES_TEST, DASHBOARD = (FLEET / f"fdtrail-{name}" for name in ("rules.yml", "rules-test.yml", "dashboard.json"))
UNITS = sorted(path.name for path in FLEET.iterdir() if path.suffix in (".service", ".timer"))
PAGES = [RULES, RULES_TEST, DASHBOARD, SOURCE / "docs/fleet.md", SOURCE / "tools/man/fdtrail.1.scd",
         SOURCE / "tools/export/prometheus.h"]


def rules():
    """The rules, as far as they are needed: [(kind, name, expression)]."""
    text = re.sub(r"expr: >\n((?: {10}.*\n)+)", lambda found: f"expr: {' '.join(found[1].split())}\n", RULES.read_text())
    found = re.findall(r"- (record|alert): (\S+)\n +expr: (.*)\n", text)
    check.equal(len(found), text.count("expr:"))
    return found


def queries():
    """The expressions of the dashboard, with its variables replaced."""
    found = []

    def collect(value):
        if isinstance(value, dict):
            if "expr" in value:
                found.append(value["expr"].replace("$instance", ".*").replace("$program", ".*"))
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    collect(json.loads(DASHBOARD.read_text()))
    check.at_least(len(found), 15)
    return found


def scraped():
    """The text of a scrape that has every metric, and the exporter."""
    leaker = Leaker()
    exporter = start_traced([FDTRAIL, "export", "--listen=0", "--interval=0", "--name=nobody-has-this", leaker.pid], traced=False)
    wait_until(lambda: "http://" in exporter.out)
    url = re.search(r"http://\S+", exporter.out)[0]
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode(), url, leaker


@test("every metric that {} names is one of the table", each=[str(path.relative_to(SOURCE)) for path in PAGES])
def _(page):
    text = (SOURCE / page).read_text()
    used = set(re.findall(r"\bfdtrail_[a-z_]+[a-z]\b", text)) - {"fdtrail_mark"}
    check.true(used, "there are some")
    check.equal(sorted(used - set(prometheus_text.names())), [])
    recorded = set(re.findall(r"\bfdtrail:[a-z_:]+[a-z]\b", text))
    check.equal(sorted(recorded - {name for kind, name, _ in rules() if kind == "record"}), [])


@test("docs/fleet.md names every metric, with its labels")
def _():
    series, _, _ = scraped()
    real = {}
    for key in prometheus_text.parse(series):
        name, labels = key.split("{", 1)
        real.setdefault(name, set()).update(re.findall(r'(?:^|,)(\w+)="', labels.rstrip("}")))
    told, before = {}, None
    for names, labels in re.findall(r"^\| (`fdtrail_.*?) \|(.*?)\|", (SOURCE / "docs/fleet.md").read_text(), re.MULTILINE):
        before = before if labels.strip() == "the same" else set(labels.strip().split(", ")) - {""}
        for name in re.findall(r"`(\w+)`", names):
            told[name] = before
    check.equal(told, real)


@test("the rules and the dashboard use only labels that the metrics have")
def _():
    series, _, _ = scraped()
    known = set(re.findall(r'[{,](\w+)="', series)) | {"instance"}
    used = set()
    for expression in [*queries(), *(expression for _, _, expression in rules())]:
        used |= set(re.findall(r"[{,] *(\w+) *(?:=~|!~|!=|=)\"", expression))
        for names in re.findall(r"\b(?:by|without) \(([\w, ]+)\)", expression):
            used |= set(re.findall(r"\w+", names))
    used |= set(re.findall(r"\$labels\.(\w+)", RULES.read_text()))
    used |= set(re.findall(r"\{\{(\w+)\}\}", DASHBOARD.read_text()))
    used |= set(re.findall(r"label_values\(\w+, (\w+)\)", DASHBOARD.read_text()))
    check.at_least(len(used), 7)
    check.equal(sorted(used - known), [])


@test("every alert has a test that it fires, and promtool accepts the rules and runs the tests", timeout=120)
def _():
    tests = RULES_TEST.read_text()
    alerts = [name for kind, name, _ in rules() if kind == "alert"]
    check.at_least(len(alerts), 10)
    fired = set(re.findall(r"- alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:\n +- exp_labels", tests))
    check.equal(sorted(fired), sorted(alerts))
    promtool = require("promtool")
    for words in (["check", "rules", RULES.name], ["test", "rules", RULES_TEST.name]):
        done = subprocess.run([promtool, *words], cwd=FLEET, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        check.equal(done.returncode, 0, done.stdout)


@test("the rules' tests notice a rule that is wrong: {}", each=[
    ("> 20", "> 2000"), ("== 0", "== 1"), ("> 0.8", "> 0.99"), ("offset 40m) + 10", "offset 40m) - 100"),
    ("4 * 3600", "60"), ("> 900", "> 9000"), ("[1h]) > 3", "[1h]) > 300")])
def _(right, wrong):
    folder = temp_dir()
    check.contains(RULES.read_text(), right)
    (folder / RULES.name).write_text(re.sub(re.escape(right) + r"(?!\d)", wrong, RULES.read_text()))
    shutil.copy(RULES_TEST, folder)
    done = subprocess.run([require("promtool"), "test", "rules", RULES_TEST.name], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    check.true(done.returncode != 0, f"a rule with {wrong} fails\n{done.stdout}")


@test("the dashboard's panels have ids of their own, places, titles and queries")
def _():
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    check.equal(len({panel["id"] for panel in panels}), len(panels))
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        check.at_most(at["x"] + at["w"], 24, panel["title"])
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        check.equal(taken & cells, set(), f"{panel['title']} covers another panel")
        taken |= cells
        if panel["type"] != "row":
            check.true(panel["targets"] and panel["title"], panel["title"])
            check.equal({target["datasource"]["uid"] for target in panel["targets"]}, {"${datasource}"})
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    check.equal(set(re.findall(r"\$\{?(\w+)", DASHBOARD.read_text())) - variables, {"__all"})


def ask(url, path, **words):
    """An answer of Prometheus' API."""
    try:
        with urllib.request.urlopen(f"{url}/api/v1/{path}?{urllib.parse.urlencode(words)}", timeout=20) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        check.true(False, f"{path} {words}: {error.read().decode()}")


@test("a real Prometheus scrapes the metrics, evaluates the rules, and answers each query of the dashboard", timeout=120)
def _():
    text, url, leaker = scraped()
    folder, port = temp_dir(), free_port()
    target = url.split("/")[2]
    (folder / "prometheus.yml").write_text(
        "global: { scrape_interval: 1s, evaluation_interval: 1s }\n"
        f"rule_files: ['{RULES}']\n"
        f"scrape_configs: [{{ job_name: fdtrail, static_configs: [{{ targets: ['{target}'] }}] }}]\n")
    server = start_traced([require("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                           f"--web.listen-address=127.0.0.1:{port}"], traced=False)
    wait_for_port(port)
    prometheus = f"http://127.0.0.1:{port}"

    def ready():
        try:
            with urllib.request.urlopen(f"{prometheus}/-/ready", timeout=20):
                return True
        except urllib.error.URLError:
            return False

    def value(query):
        found = ask(prometheus, "query", query=query)["result"]
        return float(found[0]["value"][1]) if found else None

    wait_until(ready, 40, "a Prometheus that is ready")
    leak = 'sum(fdtrail:open_descriptors:by_stack{program="python3", function="leak"})'
    wait_until(lambda: value(leak) == 1, 40, "the rule's series")
    leaker.leak(6)
    wait_until(lambda: value(leak) == 7, 20, "the leak")
    targets = ask(prometheus, "targets")["activeTargets"]
    check.equal([(one["health"], one["lastError"]) for one in targets], [("up", "")])
    for group in ask(prometheus, "rules")["groups"]:
        for rule in group["rules"]:
            check.equal((rule["health"], rule.get("lastError", "")), ("ok", ""), rule["name"])
    # Some have an answer only after a while, or when something has gone wrong; all are queries.
    answered = [query for query in queries() if ask(prometheus, "query", query=query)["result"]]
    check.at_least(len(answered), len(queries()) - 3, f"queries with an answer, of {queries()}")
    server.send(15)
    server.wait()


def command_of(unit):
    return re.search(r"^ExecStart=/usr/bin/(fdtrail .*)$", (FLEET / unit).read_text(), re.MULTILINE)[1].split()


@test("the timer's command writes the file; the service's command is one")
def _():
    folder = temp_dir()
    words = command_of("fdtrail-textfile.service")
    at = words.index("-o") + 1
    check.equal(words[at], "/var/lib/node_exporter/fdtrail.prom")
    run = run_bare([FDTRAIL, *words[1:at], folder / "fdtrail.prom"])
    check.equal((run.status, run.err), (0, ""))
    check.contains(prometheus_text.parse((folder / "fdtrail.prom").read_text()), 'fdtrail_named_processes{name="server"}')
    words = [re.sub(r"^(--listen=127\.0\.0\.1:)\d+$", r"\g<1>0", word) for word in command_of("fdtrail-export.service")]
    check.contains(words, "--listen=127.0.0.1:0")
    started = start_traced([FDTRAIL, *words[1:]], traced=False)
    wait_until(lambda: "http://127.0.0.1:" in started.out)
    started.send(15)
    check.equal(started.wait().status, 0)


@test("the rights that {} leaves are enough for traced and untraced processes of other users",
      each=[unit for unit in UNITS if unit.endswith(".service")])
def _(unit):
    if os.geteuid() != 0:
        skip("only root can run as another user")

    def drop():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)

    words = re.search(r"^CapabilityBoundingSet=(.*)$", (FLEET / unit).read_text(), re.MULTILINE)[1].split()
    check.contains((FLEET / unit).read_text(), "\nNoNewPrivileges=yes\nProtectSystem=strict\n")
    sandbox = ["unshare", "--mount", "sh", "-c", 'mount --bind / / && mount -o remount,bind,ro / && exec "$@"', "sh",
               require("setpriv"), "--bounding-set=-all," + ",".join("+" + word.removeprefix("CAP_").lower() for word in words),
               "--inh-caps=-all", "--no-new-privs"]
    # The library and the programs lie below a folder of root's, which the other user can't enter.
    library = public(LIBRARY)
    own = Leaker()
    traced = start_traced(["sleep", 100], traced=False, env={"LD_PRELOAD": library}, preexec=drop)
    plain = start_traced(["sleep", 100], traced=False, preexec=drop)
    run = run_bare([*sandbox, FDTRAIL, "export", own.pid, traced.pid, plain.pid])
    check.equal((run.status, run.err), (0, ""))
    found = prometheus_text.parse(run.out)
    for pid, is_traced in ((own.pid, 1), (traced.pid, 1), (plain.pid, 0)):
        check.equal((labelled(found, "fdtrail_process_up", pid=pid), labelled(found, "fdtrail_process_traced", pid=pid)),
                    (1, is_traced), f"process {pid}")


@test("systemd accepts {}", each=UNITS)
def _(unit):
    command = require("systemd-analyze")
    folder = temp_dir()
    for path in UNITS:
        (folder / path).write_text((FLEET / path).read_text().replace("/usr/bin/fdtrail", str(FDTRAIL)))
    done = subprocess.run([command, "verify", "--man=no", folder / unit], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    check.equal([line for line in done.stdout.splitlines() if unit.split(".")[0] in line], [])


main()
