# SPDX-License-Identifier: MIT
"""The snapshot text, parsed for tests. Its grammar is in preload/core/snapshot/README.md. This parser needs
little of it, so that a change of wording breaks only the tests of wording:

    fdtrail snapshot, format 1      the version
    name: value                     fields, up to the first empty line
                                    then paragraphs, with empty lines between them:
    peak 1: 100 open at once ...    a peak: its sentence, and the frames of its stack
    8 tcp sockets ...               a group: its sentence, which begins with its count,
        #0 0x... in name ...        the frames of its stack, innermost first,
        #1 in name FILE:LINE (python)   or a frame of an interpreted language,
        12 tcp ...                  and its descriptors, each with its number and kind
    anything else                   the footer: the paragraphs without frames and descriptors
    end of fdtrail snapshot, format 1
"""

import re

FIRST = re.compile(r"fdtrail snapshot, format (\d+)$")
FRAME = re.compile(r"\s+#(\d+) 0x([0-9a-f]+) *(?:in (.+?))?(?: +(\(\S.*|/\S.*))?$")
LANGUAGE_FRAME = re.compile(r'\s+#(\d+)() in ("(?:[^"\\]|\\.)*"|\S+)(?: (\S.*))? \((\w+)(, library)?\)$')
DESCRIPTOR = re.compile(r"\s+(\d+) ([a-z_]\w*) ?(.*)$")
# The name that a compiler gives to a part or a specialised copy of a function is shortened to the function's.
COPIES = re.compile(r"(\.(constprop|isra|part|cold|lto_priv)(\.\d+)?)+$")


def frame_of(line):
    return FRAME.match(line) or LANGUAGE_FRAME.match(line)


class Frame:
    """number, address, text (the whole line); function and where, None if not given; language, None for a
native frame, which alone has an address."""

    def __init__(self, found):
        self.number, self.address = int(found[1]), int(found[2], 16) if found[2] else None
        self.language = None if found[2] else found[5]
        self.function, self.where = found[3], found[4]
        self.text = found[0].strip()
        if self.function and not self.language:
            self.function = COPIES.sub("", re.sub(r"\+0x[0-9a-f]+$", "", self.function))


class Descriptor:
    """fd, kind, text (the rest of the line)."""

    def __init__(self, found):
        self.fd, self.kind, self.text = int(found[1]), found[2], found[3]


class Group:
    """sentence, count, kind; frames, functions (names, None for a frame without one), descriptors;
    text, the whole paragraph; closers, the stacks that closed others of the same stack. `frames` holds every other stack that the paragraph has, one after another."""

    def __init__(self, lines):
        self.text = "\n".join(lines)
        closed = next((i for i, line in enumerate(lines) if line.startswith("  closed ")), len(lines))
        lines, closers = lines[:closed], lines[closed:]
        self.closers = _closers(closers)
        self.frames = [Frame(found) for found in map(frame_of, lines) if found]
        self.descriptors = [Descriptor(found) for found in map(DESCRIPTOR.match, lines) if found]
        self.sentence = re.sub(r"^(?:group|peak) \d+: ", "", lines[0].strip())
        found = re.match(r"(\d+) (\S+)", self.sentence)
        self.count = int(found[1]) if found else len(self.descriptors)
        self.kind = self.descriptors[0].kind if self.descriptors else found and found[2]

    @property
    def functions(self):
        return [frame.function for frame in self.frames]

    @property
    def fds(self):
        return [descriptor.fd for descriptor in self.descriptors]


class Closer:
    """count; functions (names, None for a frame without one)."""

    def __init__(self, count):
        self.count, self.functions = count, []


def _closers(lines):
    found = []
    for line in lines:
        begins, frame = re.match(r"  closed at \((\d+)\):$", line), frame_of(line)
        if begins:
            found.append(Closer(int(begins[1])))
        elif frame and found:
            found[-1].functions.append(Frame(frame).function)
    return found


class Snapshot:
    """version, fields (by name), pid, number, why; groups; peaks (groups without descriptors); footer
    (text); text, all of it."""

    def __init__(self, lines):
        self.text = "\n".join(lines) + "\n"
        self.version = int(FIRST.match(lines[0])[1])
        paragraphs = [[]]
        for line in lines[1:-1]:
            if line.strip():
                paragraphs[-1].append(line)
            elif paragraphs[-1]:
                paragraphs.append([])
        self.fields = dict(found.groups() for found in
                           (re.match(r"\s*([\w -]+): *(.*)$", line) for line in paragraphs[0]) if found)
        peaks = [part for part in paragraphs[1:] if part and re.match(r"peak \d+: ", part[0])]
        self.peaks = [Group(part) for part in peaks]
        groups = [part for part in paragraphs[1:]
                  if part and part not in peaks and not part[0].startswith(("not listed", "not seen"))
                  and any(frame_of(line) or DESCRIPTOR.match(line) for line in part)]
        self.groups = [Group(part) for part in groups]
        self.footer = "\n".join(line for part in paragraphs[1:]
                                if part not in groups + peaks for line in part)
        header = "\n".join(paragraphs[0])
        self.why = self.fields.get("why", "")
        self.pid = _number(header, r"^\s*(?:process|pid): *(\d+)")
        self.number = _number(header, r"^\s*(?:number|snapshot): *(\d+)")

    @property
    def descriptors(self):
        """The descriptors of all groups, by number."""
        return {found.fd: found for group in self.groups for found in group.descriptors}

    def group_of(self, function):
        """The first group with this function in its stack, or None."""
        return next((group for group in self.groups if function in group.functions), None)


def _number(text, pattern):
    found = re.search(pattern, text, re.MULTILINE)
    return int(found[1]) if found else None


def parse_all(text):
    """The complete snapshots in a text that may hold other lines before, between and after them."""
    found, lines = [], None
    for line in text.split("\n"):
        first = FIRST.match(line)
        if first:
            lines = [line]
        elif lines is not None:
            lines.append(line)
            if line == f"end of {lines[0]}":
                found.append(Snapshot(lines))
                lines = None
    return found
