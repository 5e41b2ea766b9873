#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A Java server under load for a minute: tests/java_programs.py."""

from java_programs import server_under_load
from support import main, test


@test("a Java server of 64 connections answers for a minute, and its snapshot equals /proc", timeout=400)
def _():
    server_under_load(60)


main()
