# SPDX-License-Identifier: MIT
"""Faults on purpose: reads tests/faults/*.faults, and changes a copy of the sources by one of them.

A fault names no path and no line number, so that files can be moved and renamed: its old text has to be in the
sources exactly once, however it is indented and broken into lines. A fault that does not apply any more is an error,
and is never skipped. faults/README.md has the format.
"""

import contextlib
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOMS = ("preload", "tools")
ENDINGS = (".c", ".h", ".S", ".list")


class Broken(Exception):
    """A fault that can't be parsed, or does not apply."""


class Fault:
    def __init__(self, room):
        self.room, self.name, self.where, self.old, self.new, self.killers = room, "", "", "", "", []

    def __str__(self):
        return f"{self.room}: {self.name}"


def _take(fault, line):
    """Parses a line of a fault; returns False if it is not one."""
    if line[0] in "-+":
        if line[0] == "-":
            fault.old += line[1:] + "\n"
        else:
            fault.new += line[1:] + "\n"
        return True
    key, _, value = line.partition(": ")
    if key == "fault":
        fault.name = value
    elif key == "in":
        fault.where = value
    elif key == "killed by":
        fault.killers.append(value)
    else:
        return False
    return True


def _read(path):
    found = []
    for paragraph in path.read_text().split("\n\n"):
        lines = [line for line in paragraph.splitlines() if line and line[0] != "#"]
        if not lines:
            continue
        fault = Fault(path.stem)
        for line in lines:
            if not _take(fault, line):
                raise Broken(f"{path.name}: not understood: {line!r}")
        if not (fault.name and fault.old and fault.killers) or fault.old == fault.new:
            raise Broken(f"{path.name}: incomplete: {lines[0]!r}")
        found.append(fault)
    return found


def read_all():
    """All faults, by room."""
    found = [fault for path in sorted((TESTS / "faults").glob("*.faults")) for fault in _read(path)]
    if len({str(fault) for fault in found}) != len(found):
        raise Broken("two faults have one name")
    return found


def read_sources(source):
    """The text of each file that a fault may change, by path."""
    return {path: path.read_text() for room in ROOMS for path in sorted((source / room).rglob("*"))
            if path.suffix in ENDINGS}


BLANK = r"(?:\s|/\*(?:[^*]|\*(?!/))*\*/)"  # or a comment


def _pattern(text):
    """Matches the text's words and signs, with any blanks, newlines and comments between them."""
    tokens = re.findall(r"\w+|[^\w\s]", text)
    parts = [re.escape(tokens[0])]
    for before, token in zip(tokens, tokens[1:]):
        apart = re.match(r"\w", before[-1]) and re.match(r"\w", token)
        parts.append(BLANK + ("+" if apart else "*") + re.escape(token))
    start = r"(?<!\w)" if re.match(r"\w", tokens[0]) else ""
    end = r"(?!\w)" if re.match(r"\w", tokens[-1]) else ""
    return re.compile(start + "".join(parts) + end)


def place(fault, sources):
    """The file that has the fault's old text exactly once, and the match there."""
    pattern, word = _pattern(fault.old), max(re.findall(r"\w+", fault.old), key=len)
    places = [(path, match) for path, whole in sources.items() if word in whole and fault.where in ("", path.name)
              for match in pattern.finditer(whole)]
    if len(places) != 1:
        raise Broken(f"{fault}: the old text is in {len(places)} places, not in one:\n{fault.old}"
                     + "".join(f"{path}\n" for path, _ in places))
    return places[0]


@contextlib.contextmanager
def applied(fault, sources):
    """Changes the file; restores it at the end."""
    path, match = place(fault, sources)
    path.write_text(sources[path][:match.start()] + fault.new.strip() + sources[path][match.end():])
    try:
        yield
    finally:
        path.write_text(sources[path])
