#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Servers under load for minutes: tests/loads.py."""

from loads import nginx_under_load, redis_under_load
from support import main, test


@test("redis answers a long benchmark, and saves by forks at the same time, as without the tracer", timeout=3300)
def _():
    redis_under_load(300000)


@test("nginx drops no request through many reopens, reloads and upgrades, as without the tracer", timeout=600)
def _():
    nginx_under_load(60, 10)


main()
