# SPDX-License-Identifier: MIT
"""A plugin for pytest: tells fdtrail which test runs, so that its report says which test leaked.

    PYTHONPATH=FOLDER_OF_THIS_FILE fdtrail run --per-test -- python3 -m pytest -p pytest_fdtrail

Without fdtrail it does nothing."""

import ctypes

import pytest

_mark = getattr(ctypes.CDLL(None), "libfdtrail_mark", None)
if _mark:
    _mark.argtypes, _mark.restype = [ctypes.c_char_p], None


def mark(text):
    if _mark:
        _mark(text.encode("utf-8", "surrogateescape"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """The whole test, with its fixtures. A fixture of a module or a session belongs to the test that needs it first."""
    mark(item.nodeid)
    yield
    mark("between tests")
