#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The part of real/test_go_versions.py whose programs are large to fetch: Go 1.21, 1.24 and, as a client, 1.25,
and every protocol that a request can use. tests/go_binaries.py."""

from go_binaries import ask_bazelisk, ask_buf, ask_sst
from support import main, test

BUFS = {"1.27.0": "1.21", "1.50.1": "1.24", "1.75.0": "1.27"}
WAYS = ["http", "https", "HTTP/2", "HTTP/2 by TLS"]


@test("the last user of a connection is named in buf {} (Go {}, {})", timeout=300,
      each=[(version, go, way) for version, go in BUFS.items() for way in WAYS])
def _(version, _go, way):
    ask_buf(version, way)


@test("the last user of a connection is named in bazelisk (Go 1.23)", timeout=300)
def _():
    ask_bazelisk("1.22.1")


@test("the last user of a connection is named in sst (Go 1.25)", timeout=300)
def _():
    ask_sst("4.6.11")


main()
