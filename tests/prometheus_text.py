# SPDX-License-Identifier: MIT
"""Metrics in Prometheus' text format, parsed; shared by the tests of all that writes them."""

import re
import shutil
import subprocess

from support import SOURCE, check


def names():
    """The names of all metrics, from the one table."""
    table = (SOURCE / "tools" / "export" / "metric_names.c").read_text()
    found = re.findall(r'= \{"(fdtrail_\w+)"', re.sub(r"=\s+\{\s*", "= {", table))
    check.at_least(len(found), 20)
    return found


def parse(text):
    """The values by name and labels. promtool checks the text, too, where it is installed."""
    promtool = shutil.which("promtool")
    if promtool:
        judged = subprocess.run([promtool, "check", "metrics"], input=text.encode(), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, check=False)
        check.equal((judged.returncode, judged.stdout.decode()), (0, ""), f"promtool check metrics\n{text}")
    series = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        labels, value = line.rsplit(" ", 1)
        check.lacks(series, labels, "series before it")
        series[labels] = float(value)
    return series


def chosen(series, metric, /, **labels):
    """The series with this name and these labels."""
    wanted = [f'[{{,]{label}="{re.escape(str(value))}"' for label, value in labels.items()]
    return {key: value for key, value in series.items()
            if key.startswith(metric + "{") and all(re.search(pattern, key) for pattern in wanted)}


def labelled(series, metric, /, **labels):
    """The sum of these series."""
    return sum(chosen(series, metric, **labels).values())
