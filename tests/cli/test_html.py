#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail report --format=html: one file that opens in a browser, is complete without its script, and runs nothing
that a snapshot contains."""

import json
import re
import resource
import subprocess
from html.parser import HTMLParser

from browser import Browser
from loads import table
from support import BUILD, PYTHON, check, main, run_bare, start_traced, temp_dir, test, wait_until

FDTRAIL = BUILD / "tools" / "fdtrail"

HEADER = """fdtrail snapshot, format 1
why: SIGUSR1 from process 1
number: {number}
when: 2026-11-23T11:{minute:02}:59.689Z
process: 4711 {program}, parent 1 (init), user 1000
command: /srv/server --port=80
uptime: 2h04m02s
descriptors: {open} open, limit 20000 (9 %)
versions: fdtrail 0.1.0, libunwind 1.6, glibc 2.36, Linux 6.1, x86_64
host: box
unclosed: {open} in {groups} groups; 3 inherited

"""
GROUP = """group {number}: {count} {noun}, opened in {function}
  ages: 1.0s to {count}.0s
  stack: {count} opened, 0 closed, {count} live{growth}
  opened at:
    #0 0x{address:x} in {function} (/srv/server+0x{offset:x})
    #1 0x5500000000a9 in {caller} (/srv/server+0xa9)
    #2 0x550000000019 in main (/srv/server+0x19)
  descriptors:
"""
DESCRIPTOR = '    {fd} file {name}, read-only, age {age}.0s, thread 4711 ({thread})\n'
END = """modules:
  0x550000000000-0x560000000000 /srv/server, BuildId bb

end of fdtrail snapshot, format 1
"""

RUNS = "window.caught=1"
# Attempts to leave a text, an attribute, the data or a comment, and to run a script. The blanks and quotes of names
# are escaped as the writer does.
ATTACKS = [f"</script><script>{RUNS}</script>", f"<img src=x onerror={RUNS}>", f"--><script>{RUNS}</script><!--",
           f"</pre></td><svg onload={RUNS}>", f"' autofocus onfocus={RUNS} '", "\u2028\u2029</SCRIPT ><!--<script>",
           f"]]>{{{{{RUNS}}}}}${{{RUNS}}}", "&lt;b&gt;&#60;i&#62;", f"javascript:{RUNS}", "\\u003cscript\\u003e",
           "<meta http-equiv=refresh content=0;url=http://127.0.0.1:1/>", "<link rel=stylesheet href=//127.0.0.1:1/a>",
           "<base href=http://127.0.0.1:1/>", f"\" onmouseover=\"{RUNS}"]


def quoted(text):
    """A word in the snapshot's grammar."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\u2028", "\\xe2\\x80\\xa8").replace(
        "\u2029", "\\xe2\\x80\\xa9") + '"'


def snapshot(counts, number=1, minute=0, named="server", growth="", function="open_{}", caller="serve",
             name="/var/log/{}.log", thread="server"):
    """The text of a snapshot with a group for each count."""
    text = HEADER.format(number=number, minute=minute, program=named, open=sum(counts), groups=len(counts))
    for i, count in enumerate(counts):
        text += GROUP.format(number=i + 1, count=count, noun="file" if count == 1 else "files",
                             function=function.format(i), growth=growth, caller=caller,
                             address=0x550000010000 + 64 * i, offset=0x10000 + 64 * i)
        text += "".join(DESCRIPTOR.format(fd=3 + sum(counts[:i]) + j, name=name.format(f"{i}.{j}"), age=j + 1,
                                          thread=thread) for j in range(count)) + "\n"
    return text + END


def page_of(text, *options):
    """The path of the page of a text."""
    folder = temp_dir()
    (folder / "snapshots.txt").write_text(text)
    done = subprocess.run([FDTRAIL, "report", "--format=html", "-o", "page.html", *options, "snapshots.txt"], cwd=folder,
                          capture_output=True, text=True, check=False, timeout=60)
    check.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "fdtrail report --format=html")
    return folder / "page.html"


def report_of(path, *options):
    return subprocess.run([FDTRAIL, "report", *options, path.parent / "snapshots.txt"], capture_output=True, text=True,
                          check=True, timeout=60).stdout


class Reader(HTMLParser):
    """What a reader without a script sees: texts by element, rows of the table, and all tags."""

    def __init__(self, path):
        super().__init__()
        self.open, self.texts, self.tags, self.rows = [], {}, [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in ("meta", "link", "img", "br"):
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        check.equal(self.open.pop(), tag, "the element that ends")

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1]][-1] += data
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


def opened(path, **arguments):
    """The page in Chromium, once its script has run."""
    browser = Browser(path, **arguments)
    check.equal(browser.value("document.documentElement.dataset.ready"), "yes", "the script has run")
    return browser


def closed(browser, path):
    """Chromium had nothing to complain about, and fetched only the page."""
    check.equal(browser.close(), [], "errors in the console")
    check.equal(browser.requests, [f"file://{path}"], "requests")


# Without the script

@test("the page is complete without its script: verdict, groups, stacks, descriptors, and what is missing")
def _():
    path = page_of(snapshot([8, 3]).replace("end of fdtrail snapshot, format 1\n", ""))
    seen, lines = Reader(path), report_of(path).splitlines()
    check.equal(seen.open, [], "elements that are left open")
    check.equal(seen.texts["h1"], lines[:1])
    check.equal(seen.texts["p"][:3], [line.strip() for line in lines[1:4]])
    check.contains(lines[1], "look first at: 8 files, opened in open_0")
    check.equal(seen.rows[0], ["#", "open", "growth", "kind", "state", "oldest", "opened in", "line", "evidence"])
    check.equal(seen.rows[1], ["1", "8", "", "file", "", "8.0s", "open_0", "", "look here first"])
    check.equal(seen.rows[3], ["2", "3", "", "file", "", "3.0s", "open_1", "", ""])
    details = seen.texts["pre"]
    full = report_of(path, "--full", "--show=all")
    for part in ("1. 8 files, opened in open_0", "#0 open_0", "3 file /var/log/0.0.log, read-only, age 1.0s"):
        check.contains(details[0], part)
    for detail in details:
        for line in detail.strip().splitlines():
            check.contains(full, line, "the report")
    check.contains(details[-1], "cut off", "what is missing")


@test("the evidence is the report's: growing, in CLOSE_WAIT, suppressed")
def _():
    check.equal([row[8] for row in Reader(page_of(snapshot([8, 3], growth=", +2 since the last snapshot"))).rows[1::2]],
                ["growing", "growing"])
    waiting = snapshot([2, 1]).replace("group 2: 1 file,", "group 2: 1 tcp socket in CLOSE_WAIT,")
    check.equal({row[6]: row[8] for row in Reader(page_of(waiting)).rows[1::2]},
                {"open_1": "in CLOSE_WAIT", "open_0": ""})
    rules = temp_dir() / "rules"
    rules.write_text("leak:open_0\n")
    seen = Reader(page_of(snapshot([8, 3]), f"--suppressions={rules}"))
    check.equal({row[6]: row[8] for row in seen.rows[1::2]}["open_0"], "suppressed")


NOTHING = re.sub(r"unclosed: .*", "unclosed: 0; 3 inherited", snapshot([])).replace(
    "modules:", "Nothing that this program opened is left open.\n\nmodules:")


@test("nothing open, nothing that the filter leaves, and descriptors that can't be read are three texts")
def _():
    seen = Reader(page_of(NOTHING))
    check.equal((seen.texts["h1"], seen.rows), (["server, process 4711: nothing is unclosed; 3 inherited"], []))
    check.lacks(seen.texts, "pre", "notes")
    seen = Reader(page_of(snapshot([8]), "--kind=tcp"))
    check.equal((seen.texts["h1"], seen.rows), (["server, process 4711: nothing matches the filters; 3 inherited"], []))
    unread = re.sub(r"unclosed: .*", "unclosed: unknown: process 7 is private", snapshot([]))
    check.equal(Reader(page_of(unread)).texts["h1"],
                ["server, process 4711: its open descriptors are not known: process 7 is private"])


@test("each process has a section with its newest snapshot")
def _():
    text = snapshot([2], 1, 1) + snapshot([3], 1, 2).replace("4711", "4712") + snapshot([5], 2, 3)
    seen = Reader(page_of(text))
    check.equal([line.split(" unclosed")[0] for line in seen.texts["h1"]],
                ["server, process 4712: 3", "server, process 4711: 5"])


@test("`fdtrail snapshot --format=html` writes the page of a running process")
def _():
    traced = start_traced([PYTHON, "-c", "import os, signal; os.open('/dev/zero', 0); signal.pause()"])
    path = temp_dir() / "page.html"
    wait_until(lambda: "/dev/zero" in table(traced.pid).values())
    done = run_bare([FDTRAIL, "snapshot", "--format=html", "-o", path, str(traced.pid)])
    check.equal((done.status, done.err), (0, ""))
    check.contains(Reader(path).texts["h1"][0], f", process {traced.pid}: 1 unclosed descriptor in 1 group")


# In Chromium

@test("it opens without an error and fetches nothing, {}", each=["light", "dark"], timeout=120)
def _(look):
    path = page_of(snapshot([8, 3]))
    browser = opened(path, dark=look == "dark")
    colour = browser.value("getComputedStyle(document.body).backgroundColor")
    check.equal(sum(map(int, re.findall(r"\d+", colour))) > 384, look == "light", colour)
    check.equal(browser.texts("h2"), ["Groups", "Open descriptors by stack", "When open descriptors were opened", "Notes"])
    check.equal(browser.texts("td pre"), [], "details that are open")
    closed(browser, path)


@test("a row opens by a click or by the keyboard, and arrows lead from row to row", timeout=120)
def _():
    path = page_of(snapshot([8, 3]))
    browser = opened(path)
    browser.click("tbody td:nth-child(7)")
    check.contains(browser.texts("td pre")[0], "3 file /var/log/0.0.log")
    browser.value("document.querySelector('td button').focus()")
    browser.key("ArrowDown")
    browser.key("Enter")
    check.equal(len(browser.texts("td pre")), 2)
    browser.key("ArrowUp")
    browser.key("Enter")
    check.equal([text.split()[0] for text in browser.texts("td pre")], ["2."])
    check.equal(browser.value("[...document.querySelectorAll('td button')].map(b => b.ariaExpanded)"),
                ["false", "true"])
    closed(browser, path)


@test("columns sort the groups, numbers the greatest first", timeout=120)
def _():
    path = page_of(snapshot([8, 30, 4], function="f{}_open"))
    browser = opened(path)

    def order():
        return browser.texts("tbody td:nth-child(2)")
    check.equal(order(), ["30", "8", "4"])
    browser.click("th:nth-child(1) button")
    check.equal(order(), ["30", "8", "4"])
    browser.click("th:nth-child(1) button")
    check.equal(order(), ["4", "8", "30"])
    browser.click("th:nth-child(2) button")
    check.equal(order(), ["30", "8", "4"])
    check.equal(browser.value("document.querySelector('th:nth-child(2)').ariaSort"), "descending")
    browser.click("th:nth-child(2) button")
    check.equal(order(), ["4", "8", "30"])
    browser.click("th:nth-child(7) button")
    check.equal(browser.texts("tbody td:nth-child(7)"), ["f0_open", "f1_open", "f2_open"])
    check.equal(browser.value("document.querySelector('th:nth-child(2)').ariaSort"), None)
    closed(browser, path)


@test("the search finds groups also by their descriptors", timeout=120)
def _():
    path = page_of(snapshot([8, 3, 5]))
    browser = opened(path)
    browser.key("/", "/")
    check.equal(browser.value("document.activeElement.placeholder"), "Search groups, functions, files, addresses")
    browser.type("input[type=search]", "/VAR/log/1.2")
    check.equal(browser.texts("tbody td:nth-child(7)"), ["open_1"])
    check.equal(browser.texts(".tools output")[0], "1 of 3 groups")
    browser.type("input[type=search]", "nowhere")
    check.equal(browser.texts("tbody td:nth-child(7)"), [])
    browser.type("input[type=search]", "")
    check.equal(len(browser.texts("tbody td:nth-child(7)")), 3)
    closed(browser, path)


WIDTHS = "[...document.querySelectorAll('.icicle button')].map(b => [b.ariaLabel.split(':')[0], parseFloat(b.style.width)])"


@test("the icicle is as wide as descriptors are many or old, tells leaks without colour, searches and zooms", timeout=120)
def _():
    path = page_of(snapshot([8, 2]).replace("8 live\n", "8 live, +8 since the last snapshot\n"))
    browser = opened(path)
    check.equal(dict(browser.value(WIDTHS)), {"all": 100, "main": 100, "serve": 100, "open_0": 80, "open_1": 20,
                                              "[file]": 80})
    check.contains(browser.texts(".icicle button"), "! open_0")
    check.contains(browser.texts(".icicle button"), "open_1")
    check.equal(browser.value("[...document.querySelectorAll('.icicle button')].map(b => b.title)"
                              ".filter(t => t.startsWith('serve') || t.startsWith('open'))"),
                ["serve: 10 descriptors (100%) in 2 groups, 8 likely leaked",
                 "open_1: 2 descriptors (20%) in 1 group", "open_0: 8 descriptors (80%) in 1 group, likely leaked"])
    browser.value("(s => (s.value = 'age', s.dispatchEvent(new Event('change'))))(document.querySelector('select'))")
    check.equal(round(dict(browser.value(WIDTHS))["open_0"], 3), round(100 * 36 / 39, 3))
    browser.type(".pictures input", "OPEN_1")
    check.equal(browser.texts(".icicle .found"), ["open_1"])
    check.equal(browser.texts(".pictures output"), ["2 of 10 descriptors match"])
    browser.type(".pictures input", "")
    browser.click(".icicle button[title^=open_1]")
    check.equal(dict(browser.value(WIDTHS)), {"all": 100, "main": 100, "serve": 100, "open_1": 100, "[file]": 100})
    browser.key("ArrowUp")
    browser.key("Enter")
    check.equal(len(browser.value(WIDTHS)), 7)
    browser.key("ArrowDown")
    check.contains(browser.value("document.activeElement.title"), "open_0: ")
    browser.key("ArrowRight")
    check.contains(browser.value("document.activeElement.title"), "open_1: ")
    browser.key("Enter")
    browser.key("Escape")
    check.equal(round(dict(browser.value(WIDTHS))["open_1"], 3), round(100 * 3 / 39, 3))
    closed(browser, path)


@test("several snapshots are a time line for each group", timeout=120)
def _():
    text = "".join(snapshot([count, 5, pool], number + 1, minute=10 * number)
                   for number, (count, pool) in enumerate(((2, 1), (3, 4), (5, 4))))
    path = page_of(text)
    check.equal({row[6]: row[8] for row in Reader(path).rows[1::2]},
                {"open_0": "growing", "open_1": "", "open_2": ""}, "a pool that has filled does not grow")
    browser = opened(path)
    check.contains(browser.texts("h2"), "Open descriptors over 3 snapshots")
    check.equal(sorted(browser.value("[...document.querySelectorAll('figure svg')].map(s => s.ariaLabel)")),
                ["1 to 4 open", "2 to 5 open", "5 to 5 open"])
    stairs = browser.value("document.querySelector('figure.leak path').getAttribute('d')")
    heights = [float(found) for found in re.findall(r"V([\d.]+)", stairs)]
    check.equal(len(heights), 2)
    check.true(heights[0] > heights[1], f"a staircase: {stairs}")
    check.contains(browser.texts("figure .axis span")[0], "20m00s before")
    closed(browser, path)


@test("a long series is a time line of some snapshots, the first and the last among them, and that is said")
def _():
    folder = temp_dir()
    (folder / "snapshots.txt").write_text("".join(snapshot([count], count, minute=count // 5) for count in range(1, 201)))
    done = run_bare([FDTRAIL, "report", "--format=html", "-o", folder / "page.html", folder / "snapshots.txt"])
    found = check.matches(done.err, r"^fdtrail report: the time line has (\d+) of 200 snapshots\n$")
    data = json.loads(Reader(folder / "page.html").texts["script"][0])[0]
    history = data["groups"][0]["history"]
    check.equal((len(history), history[0], history[-1]), (int(found[1]), 1, 200))
    check.at_least(len(history), 33)
    check.at_most(len(history), 80)
    check.equal(history, sorted(history))


@test("nothing open is a page without pictures", timeout=120)
def _():
    path = page_of(NOTHING)
    browser = opened(path)
    check.equal((browser.texts("h1"), browser.texts("svg, .icicle, table")),
                (["server, process 4711: nothing is unclosed; 3 inherited"], []))
    closed(browser, path)


@test("10,000 descriptors in 1,000 groups take less than a second of a processor to write, and to show", timeout=180)
def _():
    text = snapshot([10] * 1000)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    path = page_of(text)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    check.at_most(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1, "seconds to write")
    browser = opened(path)
    check.at_most(browser.processor_seconds(), 1, "seconds to show")
    browser.type("input[type=search]", "/var/log/999.9.log")
    check.equal(browser.texts("tbody td:nth-child(7)"), ["open_999"])
    browser.type("input[type=search]", "")
    check.equal(len(browser.texts("tbody td:nth-child(2)")), 21)
    browser.click(".table + .more")
    check.equal(len(browser.texts("tbody td:nth-child(2)")), 1000)
    closed(browser, path)


@test("on paper the page is light, and has all groups and no fields", timeout=120)
def _():
    path = page_of(snapshot([2] * 30, growth=", +2 since the last snapshot"))
    browser = opened(path, dark=True)
    check.equal((len(browser.texts("tbody td:nth-child(2)")), len(browser.texts(".tools"))), (21, 2))
    browser.call("Emulation.setEmulatedMedia", media="print",
                 features=[{"name": "prefers-color-scheme", "value": "dark"}])
    check.equal((len(browser.texts("tbody td:nth-child(2)")), len(browser.texts(".tools"))), (30, 0))
    for place, property in (("body", "backgroundColor"), (".icicle button", "backgroundColor")):
        colour = browser.value(f"getComputedStyle(document.querySelector({place!r})).{property}")
        check.at_least(sum(map(int, re.findall(r"\d+", colour)[:3])), 384, f"{place}: {colour}")
    closed(browser, path)


# Hostile snapshots

def hostile():
    """A snapshot with attacks in all texts that come from outside."""
    return "".join(snapshot([2, 1], number, number, named=quoted(attack), function=quoted(attack + "{}"),
                            caller=quoted(attack), name=quoted("/" + attack.replace("{", "").replace("}", "") + "{}"),
                            thread=quoted(attack))
                   .replace("4711", str(5000 + i)).replace("/srv/server --port", quoted(attack) + " --port")
                   .replace("host: box", f"host: {quoted(attack)}")
                   for i, attack in enumerate(ATTACKS) for number in (1, 2)
                   if "{" not in attack) + snapshot([1], named=quoted(ATTACKS[6]))


@test("no name becomes markup: the page has its own elements only")
def _():
    seen = Reader(page_of(hostile()))
    check.equal({tag for tag, _ in seen.tags}, {
        "html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "p", "div", "table", "thead",
        "tr", "th", "tbody", "td", "details", "summary", "pre", "footer", "script"})
    check.equal({name for _, names in seen.tags for name in names}, {
        "lang", "charset", "http-equiv", "content", "name", "class", "scope", "colspan", "data-key", "type", "id"})
    check.equal([tag for tag, _ in seen.tags if tag in ("script", "style")], ["style", "script", "script"])
    texts = " ".join(seen.texts["pre"])
    check.contains(texts, ATTACKS[0], "the name, as text")
    check.lacks(texts, "could not be understood")


@test("a hostile snapshot runs nothing, and its names are shown as they are", timeout=180)
def _():
    path = page_of(hostile())
    browser = opened(path)
    for selector in ("tbody td:nth-child(7)", ".icicle button", "figcaption"):
        browser.click(selector)
    check.equal(browser.value("window.caught"), None)
    check.equal(browser.value("document.querySelectorAll('img, iframe, link, base, object').length"), 0)
    check.equal(browser.value("document.scripts.length"), 2)
    check.contains(browser.texts("h1")[0], ATTACKS[0])
    check.true(any(ATTACKS[1] in text for text in browser.texts(".icicle button")), "in the icicle")
    closed(browser, path)


@test("if markup got into the page, the policy would not let it run or fetch", timeout=120)
def _():
    path = page_of(snapshot([8]))
    path.write_text(path.read_text().replace("<main>", f"<main><script>{RUNS}</script><img src=x onerror={RUNS}>"
                                             "<link rel=stylesheet href=http://127.0.0.1:1/a.css>"))
    browser = opened(path)
    check.equal(browser.value("window.caught"), None)
    check.equal(len([error for error in browser.close() if "Content Security Policy" in error]), 4)


main()
