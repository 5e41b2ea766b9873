#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Servers under load for some seconds: tests/loads.py. tests/long/test_loads_long.py has the long form."""

from loads import nginx_under_load, redis_under_load
from support import main, test


@test("redis answers a benchmark, and saves by forks at the same time, as without the tracer", timeout=200)
def _():
    redis_under_load(4000)


@test("nginx drops no request while it reopens, reloads and is upgraded, as without the tracer", timeout=200)
def _():
    nginx_under_load(4, 1)


main()
