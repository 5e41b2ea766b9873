# SPDX-License-Identifier: MIT
"""The output of --format=json, as all tests read it: each document is held against the published schema, so a
member that is not in it, or has another type, fails the test that made it."""

import functools
import json

from json_schema import Schema
from support import SOURCE, check

SCHEMA = SOURCE / "docs" / "fdtrail-json.schema.json"


@functools.lru_cache(maxsize=None)
def _schema():
    return Schema(SCHEMA.read_text())


def _once(pairs):
    """An object; a name that comes twice fails, and so do bytes of a string that is not there."""
    found = dict(pairs)
    check.equal(len(found), len(pairs), f"names in {[name for name, value in pairs]}")
    for name in found:
        if name.endswith("_hex"):
            check.contains(found, name[:-len("_hex")])
    return found


def _refuse(constant):
    check.true(False, f"{constant} is no JSON")


def every(text):
    """The documents in the output of --format=json, one a line; each fits the schema."""
    text = (text if isinstance(text, bytes) else text.encode(errors="surrogateescape")).decode()  # strict UTF-8
    found = [json.loads(line, object_pairs_hook=_once, parse_constant=_refuse) for line in text.split("\n")[:-1]]
    check.equal(text[len(text.rstrip("\n")):], "\n" if found else "", "the last line's end")
    for document in found:
        check.equal(_schema().errors(document), [], f"held against {SCHEMA.name}")
    return found


def one(text):
    """The only document of the output."""
    found = every(text)
    check.equal(len(found), 1, "number of documents")
    return found[0]
