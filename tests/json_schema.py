# SPDX-License-Identifier: MIT
"""Holds values against a JSON Schema (draft 2020-12), as far as ours uses it. A keyword that is not supported here
is an error, so that no rule of the schema is passed over.

It is stricter than the draft in one thing: each member of an object must be known by one of the rules for this
object, as if "unevaluatedProperties" were false everywhere. A published schema has to accept members of later
versions; a test has to notice those that nobody has documented."""

import json
import re

ANNOTATIONS = {"$schema", "$comment", "title", "description", "$defs"}
TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}


class Schema:
    """A schema, read from its text. An unknown keyword or reference in it raises ValueError."""

    def __init__(self, text):
        self.root = json.loads(text)
        self._check(self.root, "#")

    def errors(self, value):
        """What is wrong with a value: a list of "PLACE: text"."""
        return self._located(self.root, value, "$")

    def _resolve(self, reference):
        at = self.root
        if not reference.startswith("#/"):
            raise ValueError(f"only references into the schema itself are supported: {reference}")
        for part in reference[2:].split("/"):
            if part not in at:
                raise ValueError(f"there is no {reference}")
            at = at[part]
        return at

    def _check(self, schema, place):
        """Refuses what this module would pass over."""
        if not isinstance(schema, dict):
            raise ValueError(f"{place}: not an object")
        for keyword, rule in schema.items():
            inside = f"{place}/{keyword}"
            if keyword in ("$defs", "properties", "patternProperties"):
                for name, part in rule.items():
                    self._check(part, f"{inside}/{name}")
            elif keyword == "items":
                self._check(rule, inside)
            elif keyword == "oneOf":
                for number, part in enumerate(rule):
                    self._check(part, f"{inside}/{number}")
            elif keyword == "$ref":
                self._resolve(rule)
            elif keyword == "type":
                if rule not in TYPES:
                    raise ValueError(f"{inside}: the type {rule!r} is not supported")
            elif keyword not in ANNOTATIONS and f"_{keyword}" not in dir(self):
                raise ValueError(f"{inside}: this keyword is not supported")

    def _located(self, schema, value, place):
        """The errors of a value at a new place: also members that no rule knows."""
        known = set()
        errors = self._apply(schema, value, place, known)
        if isinstance(value, dict):
            errors += [f"{place}: the member {name!r} is not in the schema" for name in value if name not in known]
        return errors

    def _apply(self, schema, value, place, known):
        """Applies a schema; adds to known the names of the members that it has rules for."""
        errors = []
        for keyword, rule in schema.items():
            if keyword == "$ref":
                errors += self._apply(self._resolve(rule), value, place, known)
            elif keyword in ("properties", "patternProperties"):
                errors += self._members(keyword, rule, value, place, known)
            elif keyword == "oneOf":
                errors += self._one(rule, value, place, known)
            elif keyword not in ANNOTATIONS:
                errors += getattr(self, f"_{keyword}")(rule, value, place)
        return errors

    def _members(self, keyword, rules, value, place, known):
        if not isinstance(value, dict):
            return []
        errors = []
        for name, inner in value.items():
            for wanted, rule in rules.items():
                if name == wanted if keyword == "properties" else re.search(wanted, name):
                    known.add(name)
                    errors += self._located(rule, inner, f"{place}.{name}")
        return errors

    def _one(self, rules, value, place, known):
        tried = []
        for rule in rules:
            here = set()
            found = self._apply(rule, value, place, here)
            # At this place only: two rules may know different members.
            tried.append((found, here))
        good = [here for found, here in tried if not found]
        if len(good) == 1:
            known |= good[0]
            return []
        if good:
            return [f"{place}: {len(good)} alternatives of oneOf hold"]
        known |= set(value) if isinstance(value, dict) else set()
        nearest = min((found for found, _ in tried), key=len)
        return [f"{place}: no alternative of oneOf holds; the nearest:", *nearest]

    @staticmethod
    def _type(rule, value, place):
        return [] if TYPES[rule](value) else [f"{place}: {_shown(value)} is no {rule}"]

    @staticmethod
    def _const(rule, value, place):
        return [] if _same(rule, value) else [f"{place}: {_shown(value)} is not {rule!r}"]

    @staticmethod
    def _enum(rule, value, place):
        return [] if any(_same(word, value) for word in rule) else [f"{place}: {_shown(value)} is not one of {rule}"]

    @staticmethod
    def _minimum(rule, value, place):
        return [f"{place}: {value} is less than {rule}"] if TYPES["number"](value) and value < rule else []

    @staticmethod
    def _pattern(rule, value, place):
        if not isinstance(value, str) or re.search(rule, value):
            return []
        return [f"{place}: {_shown(value)} does not match {rule}"]

    @staticmethod
    def _required(rule, value, place):
        if not isinstance(value, dict):
            return []
        return [f"{place}: the member {name!r} is missing" for name in rule if name not in value]

    @staticmethod
    def _maxProperties(rule, value, place):
        return [f"{place}: more than {rule} members"] if isinstance(value, dict) and len(value) > rule else []

    @staticmethod
    def _minItems(rule, value, place):
        return [f"{place}: fewer than {rule} items"] if isinstance(value, list) and len(value) < rule else []

    def _items(self, rule, value, place):
        if not isinstance(value, list):
            return []
        return [error for number, inner in enumerate(value) for error in self._located(rule, inner, f"{place}[{number}]")]


def _same(one, other):
    """JSON's equality: true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _shown(value):
    text = json.dumps(value)
    return text if len(text) < 80 else text[:77] + "..."
